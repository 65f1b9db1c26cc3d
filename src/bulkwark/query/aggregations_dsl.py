"""Aggregations in Elasticsearch's own form (`aggregationsDsl`) → the tree. Whatever is not served is refused by name.

    { name: { type: { … }, "aggs": { … } }, … }

Differences from Elasticsearch, all supersets: a text field means its whole values (`name` is `name.exact`); from the
root a field of a nested array means the values of all elements.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bulkwark.errors import Invalid
from bulkwark.query import aggregation_intervals as intervals
from bulkwark.query.aggregation_scope import NUMERIC, Scope
from bulkwark.query.aggregations import (
    DEFAULT_PERCENTS,
    DEFAULT_SIZE,
    Aggregation,
    Choice,
    Column,
    Filter,
    Filters,
    Measure,
    Metric,
    Missing,
    Nested,
    Order,
    Percentiles,
    ReverseNested,
    Terms,
    walk,
)
from bulkwark.query.fields import Kind
from bulkwark.query.members import Members
from bulkwark.query.regexp import RegexpError
from bulkwark.query.regexp import compile as compile_regexp

MAX_DEPTH = 8
MAX_NODES = 200
MAX_SIZE = 65_535
MAX_FILTERS = 500
MAX_PERCENTS = 50
_COLLECTIONS = ("aggs", "aggregations")
_BAD_NAME = frozenset("[]>")


def read(given: Any, scope: Scope, where: str, depth: int = 1) -> tuple[Aggregation, ...]:
    """The aggregations of an `aggs` object. Raises Invalid with a JSON pointer."""
    if not isinstance(given, dict):
        raise Invalid("aggregations are an object of names", where=where)
    if depth > MAX_DEPTH:
        raise Invalid(f"aggregations stand more than {MAX_DEPTH} deep inside each other", where=where)
    found = tuple(_one(name, body, scope, f"{where}/{name}", depth) for name, body in given.items())
    if depth == 1 and sum(1 for _ in walk(found)) > MAX_NODES:
        raise Invalid(f"more than {MAX_NODES} aggregations", where=where)
    return found


def _one(name: str, body: Any, scope: Scope, where: str, depth: int) -> Aggregation:
    if not name or set(name) & _BAD_NAME:
        raise Invalid(f"{name!r} is no name of an aggregation: [, ] and > have a meaning in paths", where=where)
    if not isinstance(body, dict):
        raise Invalid("an aggregation is an object", where=where)
    kinds = [key for key in body if key not in _COLLECTIONS]
    if len(kinds) != 1:
        reason = f"has several types: {', '.join(kinds)}" if kinds else "has no type"
        raise Invalid(f"the aggregation {name!r} {reason}", where=where, hint=", ".join(TYPES))
    kind = kinds[0]
    if kind not in TYPES:
        raise Invalid(f"the aggregation {kind!r} is not served", where=f"{where}/{kind}", hint=", ".join(TYPES))
    below = [key for key in _COLLECTIONS if body.get(key)]
    if len(below) > 1:
        raise Invalid("aggs and aggregations are the same member", where=f"{where}/{below[1]}")

    def children(inner: Scope) -> tuple[Aggregation, ...]:
        return read(body[below[0]], inner, f"{where}/{below[0]}", depth + 1) if below else ()

    if kind in _LEAVES:
        if below:
            raise Invalid(f"{kind} has no buckets to aggregate further", where=f"{where}/{below[0]}")
        found = _LEAVES[kind](name, Members(body[kind], f"{where}/{kind}", kind), scope)
    elif kind == "filters":
        found = _filters(name, body[kind], scope, f"{where}/{kind}", children)
    elif kind == "filter":
        found = Filter(name=name, query=scope.queries(body[kind], f"{where}/{kind}"), children=children(scope))
    else:
        found = _BUCKETS[kind](name, Members(body[kind], f"{where}/{kind}", kind), scope, children)
    return found


Children = Callable[[Scope], tuple[Aggregation, ...]]


def column(members: Members, scope: Scope, kinds: Any = None) -> Column:
    """The member `field`."""
    if "script" in members:
        raise Invalid("scripts are not served", where=members.at("script"))
    name = members.text("field")
    return scope.column(name, members.at("field"), kinds or _ANY)


# --- without buckets -------------------------------------------------------------------------------------


def _metric(measure: Measure) -> Callable[[str, Members, Scope], Aggregation]:
    def make(name: str, members: Members, scope: Scope) -> Aggregation:
        any_kind = measure in (Measure.VALUE_COUNT, Measure.CARDINALITY)
        found = column(members, scope, None if any_kind else NUMERIC)
        made = Metric(
            name=name,
            where=members.where,
            column=found,
            measure=measure,
            missing=scope.stand_in(found, members, numeric=not any_kind),
        )
        if measure is Measure.CARDINALITY:
            members.ignore("precision_threshold", "execution_hint")
        members.done()
        return made

    return make


def _percentiles(name: str, members: Members, scope: Scope) -> Aggregation:
    found = column(members, scope, NUMERIC)
    given = members.raw("percents")
    percents: tuple[float, ...] = DEFAULT_PERCENTS
    if given is not None:
        if not isinstance(given, list) or not 0 < len(given) <= MAX_PERCENTS:
            raise Invalid(f"percents are a list of 1 to {MAX_PERCENTS} numbers", where=members.at("percents"))
        if not all(isinstance(p, int | float) and not isinstance(p, bool) and 0 <= p <= 100 for p in given):
            raise Invalid("a percent is a number from 0 to 100", where=members.at("percents"))
        percents = tuple(sorted(float(p) for p in given))
    made = Percentiles(
        name=name,
        where=members.where,
        column=found,
        percents=percents,
        keyed=members.flag("keyed", True),
        missing=scope.stand_in(found, members, numeric=True),
    )
    members.ignore("tdigest", "hdr", "compression")  # how Elasticsearch approximates; here they are exact
    members.done()
    return made


# --- buckets ---------------------------------------------------------------------------------------------


def _terms(name: str, members: Members, scope: Scope, children: Children) -> Aggregation:
    found = column(members, scope)
    size = members.whole("size", DEFAULT_SIZE, 1, MAX_SIZE)
    members.ignore("execution_hint", "collect_mode", "shard_size", "shard_min_doc_count")  # change no exact answer
    inner = children(scope)
    made = Terms(
        name=name,
        where=members.where,
        column=found,
        size=size,
        order=intervals.order(members, inner, Order("_count", True)),
        min_doc_count=members.whole("min_doc_count", 1, 0, 2**31),
        include=_choice(members, "include", scope, found),
        exclude=_choice(members, "exclude", scope, found),
        missing=scope.stand_in(found, members),
        show_error=members.flag("show_term_doc_count_error"),
        children=inner,
    )
    members.done()
    return made


def _choice(members: Members, name: str, scope: Scope, found: Column) -> Choice | None:
    given, where = members.raw(name), members.at(name)
    if given is None:
        return None
    if isinstance(given, list):
        if len(given) > MAX_SIZE:
            raise Invalid(f"{name} has more than {MAX_SIZE} terms", where=where)
        return Choice(values=frozenset(scope.value(found, one, f"{where}/{i}") for i, one in enumerate(given)))
    if not isinstance(given, str):
        raise Invalid(f"{name} is a list of terms or a regular expression", where=where)
    if found.kind in NUMERIC:
        raise Invalid(f"{name} of numbers is a list", where=where)
    try:
        return Choice(pattern=compile_regexp(given))
    except RegexpError as fault:
        raise Invalid(str(fault), where=where) from None


def _missing(name: str, members: Members, scope: Scope, children: Children) -> Aggregation:
    made = Missing(name=name, where=members.where, column=column(members, scope), children=children(scope))
    members.done()
    return made


def _nested(name: str, members: Members, scope: Scope, children: Children) -> Aggregation:
    if scope.nested:
        raise Invalid(f"{scope.nested} has no nested arrays of its own", where=members.where)
    path = scope.path(members.text("path"), members.at("path"))
    members.done()
    return Nested(name=name, where=members.where, path=path, children=children(scope.inside(path)))


def _reverse(name: str, members: Members, scope: Scope, children: Children) -> Aggregation:
    if not scope.nested:
        raise Invalid("reverse_nested stands inside nested only", where=members.where)
    if "path" in members:
        raise Invalid("the way back leads to the root only", where=members.at("path"))
    members.raw("path")
    members.done()
    return ReverseNested(name=name, where=members.where, children=children(scope.inside("")))


def _filters(name: str, given: Any, scope: Scope, where: str, children: Children) -> Aggregation:
    members = Members(given, where, "filters")
    queries = members.raw("filters")
    if not isinstance(queries, dict | list) or not queries:
        raise Invalid("filters are an object or a list of queries", where=members.at("filters"))
    if len(queries) > MAX_FILTERS:
        raise Invalid(f"{len(queries)} filters are named", where=members.at("filters"), hint=f"at most {MAX_FILTERS}")
    pairs = list(queries.items()) if isinstance(queries, dict) else [(str(i), one) for i, one in enumerate(queries)]
    key = members.text("other_bucket_key", "")
    other = key or ("_other_" if members.flag("other_bucket") else None)
    members.flag("other_bucket")
    members.done()
    return Filters(
        name=name,
        where=where,
        queries=tuple((label, scope.queries(query, f"{where}/filters/{label}")) for label, query in pairs),
        named=isinstance(queries, dict),
        other=other,
        children=children(scope),
    )


_ANY = frozenset(Kind)
_LEAVES: dict[str, Callable[[str, Members, Scope], Aggregation]] = {
    **{measure.value: _metric(measure) for measure in Measure},
    "percentiles": _percentiles,
}
_BUCKETS: dict[str, Callable[[str, Members, Scope, Children], Aggregation]] = {
    "terms": _terms,
    "missing": _missing,
    "nested": _nested,
    "reverse_nested": _reverse,
    "range": intervals.ranges,
    "date_range": intervals.date_ranges,
    "histogram": intervals.histogram,
    "date_histogram": intervals.date_histogram,
}
TYPES = ("terms", *_LEAVES, *(name for name in _BUCKETS if name != "terms"), "filter", "filters")
