"""Elasticsearch's `range`, `date_range`, `histogram`, `date_histogram`, and the order of buckets → the tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import Any

from bulkwark.errors import Invalid
from bulkwark.query.aggregation_scope import NUMERIC, Scope
from bulkwark.query.aggregations import (
    Aggregation,
    Column,
    DateHistogram,
    Filter,
    Histogram,
    Interval,
    Measure,
    Metric,
    Missing,
    Nested,
    Order,
    Percentiles,
    Ranges,
    ReverseNested,
)
from bulkwark.query.dateformats import require
from bulkwark.query.datemath import parse_zone, resolve
from bulkwark.query.fields import Kind
from bulkwark.query.members import Members

Children = Callable[[Scope], tuple[Aggregation, ...]]
MAX_RANGES = 1_000
_NUMBERS = frozenset({Kind.NUMBER, Kind.BOOL})
_DATES = frozenset({Kind.DATE})
_CALENDAR = {
    **{name: (name[0], 1) for name in ("day", "hour", "minute", "week", "year", "quarter")},
    **{"1d": ("d", 1), "1h": ("h", 1), "1m": ("m", 1), "1w": ("w", 1), "1y": ("y", 1), "1q": ("q", 1)},
    "month": ("M", 1),
    "1M": ("M", 1),
    "second": ("s", 1),
    "1s": ("s", 1),
}
_FIXED = re.compile(r"([+-]?)(\d{1,9})(ms|s|m|h|d)", re.ASCII)
_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_STATS = ("count", "min", "max", "avg", "sum")


def ranges(name: str, members: Members, scope: Scope, children: Children) -> Aggregation:
    """`range` over numbers; over a date field it is `date_range`."""
    found = _column(members, scope, NUMERIC)
    if found.kind is Kind.DATE:
        return _ranges(name, members, scope, children, found, dated=True)
    return _ranges(name, members, scope, children, found, dated=False)


def date_ranges(name: str, members: Members, scope: Scope, children: Children) -> Aggregation:
    """`date_range`."""
    return _ranges(name, members, scope, children, _column(members, scope, _DATES), dated=True)


def _ranges(
    name: str, members: Members, scope: Scope, children: Children, found: Column, *, dated: bool
) -> Aggregation:
    zone = members.made("time_zone", parse_zone, "UTC") if dated and "time_zone" in members else scope.zone
    members.ignore("time_zone") if dated else None
    given, where = members.raw("ranges"), members.at("ranges")
    if not isinstance(given, list) or not 0 < len(given) <= MAX_RANGES:
        raise Invalid(f"ranges are a list of 1 to {MAX_RANGES} objects", where=where)
    intervals = [_interval(one, f"{where}/{i}", scope, zone if dated else None) for i, one in enumerate(given)]
    lowest, highest = float("-inf"), float("inf")
    intervals.sort(key=lambda i: (lowest if i.low is None else i.low, highest if i.high is None else i.high))
    made = Ranges(
        name=name,
        where=members.where,
        column=found,
        intervals=tuple(intervals),
        keyed=members.flag("keyed"),
        missing=scope.stand_in(found, members, numeric=True),
        form=members.made("format", require, "") if dated else "",
        zone=zone,
        dated=dated,
        children=children(scope),
    )
    members.done()
    return made


def _interval(given: Any, where: str, scope: Scope, zone: tzinfo | None) -> Interval:
    members = Members(given, where, "a range")
    ends: list[float | None] = []
    for name in ("from", "to"):
        if name not in members:
            ends.append(None)
            members.raw(name)
        elif zone is None:
            ends.append(members.number(name))
        else:
            ends.append(_moment(str(members.raw(name)), members.at(name), scope, zone))
    found = Interval(ends[0], ends[1], members.text("key", ""))
    members.done()
    return found


def _moment(text: str, where: str, scope: Scope, zone: tzinfo) -> int:
    try:
        return resolve(text, now_ms=scope.now_ms, zone=zone)
    except ValueError as fault:
        raise Invalid(str(fault), where=where) from None


def histogram(name: str, members: Members, scope: Scope, children: Children) -> Aggregation:
    """`histogram`."""
    found = _column(members, scope, _NUMBERS)
    interval = members.number("interval")
    if interval is None or not interval > 0:
        raise Invalid("histogram needs an interval above 0", where=members.at("interval"))
    offset = members.number("offset", 0.0) or 0.0
    both = [_bounds(members, name, lambda m, end: m.number(end)) for name in ("extended_bounds", "hard_bounds")]
    extended = both[0]
    if extended is not None and None in extended:
        raise Invalid("extended_bounds of numbers need min and max", where=members.at("extended_bounds"))
    inner = children(scope)
    lowest, highest = float("-inf"), float("inf")
    limits = both[1]
    made = Histogram(
        name=name,
        where=members.where,
        column=found,
        interval=float(interval),
        offset=float(offset),
        min_doc_count=members.whole("min_doc_count", 0, 0, 2**31),
        bounds=extended,
        limits=limits and (lowest if limits[0] is None else limits[0], highest if limits[1] is None else limits[1]),
        order=order(members, inner, Order("_key", False)),
        keyed=members.flag("keyed"),
        missing=scope.stand_in(found, members, numeric=True),
        children=inner,
    )
    members.done()
    return made


def date_histogram(name: str, members: Members, scope: Scope, children: Children) -> Aggregation:
    """`date_histogram`: `calendar_interval`, `fixed_interval`, or the older `interval`, which can be either."""
    found = _column(members, scope, _DATES)
    unit, count = _unit(members)
    zone = members.made("time_zone", parse_zone, "UTC") if "time_zone" in members else scope.zone
    members.ignore("time_zone")

    def end(bounds: Members, which: str) -> int | None:
        given = bounds.raw(which)
        return None if given is None else _moment(str(given), bounds.at(which), scope, zone)

    extended, limits = (_bounds(members, which, end) for which in ("extended_bounds", "hard_bounds"))
    inner = children(scope)
    made = DateHistogram(
        name=name,
        where=members.where,
        column=found,
        unit=unit,
        count=count,
        offset=_duration(members.text("offset", "0ms"), members.at("offset")),
        zone=zone,
        form=members.made("format", require, ""),
        min_doc_count=members.whole("min_doc_count", 0, 0, 2**31),
        bounds=extended,
        limits=limits,
        order=order(members, inner, Order("_key", False)),
        keyed=members.flag("keyed"),
        missing=scope.stand_in(found, members, numeric=True),
        children=inner,
    )
    members.done()
    return made


def _unit(members: Members) -> tuple[str, int]:
    """The letter of a calendar unit, or `ms`, and how many."""
    given = [which for which in ("calendar_interval", "fixed_interval", "interval") if which in members]
    if len(given) != 1:
        raise Invalid("date_histogram needs calendar_interval or fixed_interval, and one of them", where=members.where)
    which, text = given[0], members.text(given[0])
    if which != "fixed_interval" and text in _CALENDAR:
        return _CALENDAR[text]
    if which == "calendar_interval":
        raise Invalid(f"{text!r} is no unit of the calendar", where=members.at(which), hint=", ".join(_CALENDAR))
    width = _duration(text, members.at(which))
    if width <= 0:
        raise Invalid("an interval is above 0", where=members.at(which))
    return "ms", width


def _duration(text: str, where: str) -> int:
    match = _FIXED.fullmatch(text)
    if match is None:
        raise Invalid(f"{text!r} is no span of time", where=where, hint="for example 30m, 12h, 7d")
    return int(match[1] + match[2]) * _MS[match[3]]


def _bounds(members: Members, name: str, end: Callable[[Members, str], Any]) -> Any:
    given = members.raw(name)
    if given is None:
        return None
    bounds = Members(given, members.at(name), name)
    low, high = end(bounds, "min"), end(bounds, "max")
    bounds.done()
    if low is not None and high is not None and low > high:
        raise Invalid("min is above max", where=members.at(name))
    return low, high


def order(members: Members, children: Sequence[Aggregation], default: Order) -> tuple[Order, ...]:
    """The member `order`: one key or several; ties are broken by the bucket's key."""
    given, where = members.raw("order"), members.at("order")
    if given is None:
        return (default,)
    found = []
    for one in given if isinstance(given, list) else [given]:
        if not isinstance(one, dict) or len(one) != 1:
            raise Invalid('an order is {"_count": "desc"} or a list of such objects', where=where)
        ((path, direction),) = one.items()
        if not isinstance(direction, str) or direction.lower() not in ("asc", "desc"):
            raise Invalid(f"the direction {direction!r} is neither asc nor desc", where=where)
        path = {"_term": "_key", "_time": "_key"}.get(str(path), str(path))
        if path not in ("_count", "_key"):
            _require_path(path, children, where)
        found.append(Order(path, direction.lower() == "desc"))
    return tuple(found) or (default,)


def _require_path(path: str, children: Sequence[Aggregation], where: str) -> None:
    """Raise Invalid unless the path leads over single buckets to a number."""
    hint = "name a sub-aggregation that is one number, such as an avg, or stats.max"
    *way, last = path.split(">")
    for name in way:
        child = next((c for c in children if c.name == name), None)
        if not isinstance(child, Filter | Missing | Nested | ReverseNested):
            raise Invalid(f"buckets cannot be sorted by {path!r}", where=where, hint=hint)
        children = child.children
    name, _, part = last.partition(".")
    child = next((c for c in children if c.name in (last, name)), None)
    part = "" if child is not None and child.name == last else part
    allowed: tuple[str, ...] = ()
    if isinstance(child, Metric):
        allowed = _STATS if child.measure is Measure.STATS else ("", "value")
    elif isinstance(child, Percentiles):
        allowed = tuple(f"{percent:g}" for percent in child.percents)
        part = f"{float(part):g}" if part.replace(".", "", 1).isdigit() else part
    elif isinstance(child, Filter | Missing | Nested | ReverseNested):
        allowed = ("", "doc_count", "_count")
    if part not in allowed:
        raise Invalid(f"buckets cannot be sorted by {path!r}", where=where, hint=hint)


def _column(members: Members, scope: Scope, kinds: frozenset[Kind]) -> Column:
    if "script" in members:
        raise Invalid("scripts are not served", where=members.at("script"))
    return scope.column(members.text("field"), members.at("field"), kinds)
