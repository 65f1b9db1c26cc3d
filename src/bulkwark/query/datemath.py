"""Dates as queries write them, to whole milliseconds since 1970 UTC.

    date   = "now" { step }  |  iso [ "||" { step } ]  |  epoch milliseconds
    iso    = YYYY [ -MM [ -DD [ T hh [ :mm [ :ss [ .fraction ] ] ] [ zone ] ] ] ]
    step   = ( "+" | "-" ) [ digits ] unit  |  "/" unit                    ; unit: y M w d h H m s

Rounding (`/unit`, or parts that are left out) goes to the first or to the last millisecond of the unit, as the
bound asks. A zone applies to dates without an offset of their own and to days of `now`, never to `now` itself.
Source: Elasticsearch's date math and range query pages. Everything unreadable is a `ValueError`.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)
_FIXED_MS = {"h": 3_600_000, "H": 3_600_000, "m": 60_000, "s": 1_000}
_EPOCH_DIGITS = 11  # fewer are seconds or a date without hyphens, and would silently mean January 1970

_ISO = re.compile(
    r"(?P<y>\d{4})(?:-(?P<M>\d\d)(?:-(?P<d>\d\d)"
    r"(?:T(?P<h>\d\d)(?::(?P<m>\d\d)(?::(?P<s>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?)?"
    r"(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?)?)?)?",
    re.ASCII,
)
_STEP = re.compile(r"(?:(?P<sign>[+-])(?P<count>\d{0,9})|(?P<round>/))(?P<unit>[yMwdhHms])", re.ASCII)
# Files among the zones that say what this machine uses, or that nobody has chosen yet.
_NO_PLACES = frozenset({"localtime", "posixrules", "Factory"})
_OFFSET = re.compile(r"(?:UTC|GMT|UT)?([+-])(\d\d?)(?::?(\d\d))?", re.ASCII)


def parse_zone(text: str) -> tzinfo:
    """The time zone of that IANA name (`Europe/Berlin`) or offset (`+02:00`); `ValueError` when unknown."""
    if text in {"Z", "UTC", "GMT"}:
        return UTC
    match = _OFFSET.fullmatch(text)
    if match:
        offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        if offset > timedelta(hours=18) or int(match[3] or 0) > 59:
            raise ValueError(f"{text!r} is no offset from UTC between -18:00 and +18:00")
        return timezone(-offset if match[1] == "-" else offset)
    # ZoneInfo reads any file below the zones' directory: a query must not depend on what the machine keeps there.
    if text in _zones():
        return ZoneInfo(text)
    raise ValueError(f"unknown time zone {text!r}, expected a name like Europe/Berlin or an offset")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - _NO_PLACES


def resolve(text: str, *, now_ms: int, zone: tzinfo = UTC, round_up: bool = False, plain: bool = False) -> int:
    """The instant that `text` means; `round_up` chooses the last millisecond of a rounded unit.

    `plain` is Elasticsearch's way: a missing month or day is the first one, rounded up or not, and few digits are
    milliseconds since 1970 too.

    >>> resolve("2018-06", now_ms=0), resolve("2018-06", now_ms=0, round_up=True)
    (1527811200000, 1530403199999)
    """
    text = text.strip()
    try:
        if text.startswith("now"):
            return _in_ms(_math(_from_ms(now_ms, zone), text[3:], text, zone, round_up))
        date, bars, steps = text.partition("||")
        moment = _date(date, zone, round_up and not bars, plain)
        return _in_ms(_math(moment, steps, text, zone, round_up))
    except OverflowError:
        raise ValueError(f"{text[:60]!r} lies outside the years 1 to 9999") from None


def looks_like_date(text: str) -> bool:
    """Whether the text is plainly a date: `now…`, or a year with a month at least."""
    return bool(re.match(r"now(?:[-+/]|$)|\d{4}-\d\d(?:\D|$)", text.strip(), re.ASCII))


def _date(text: str, zone: tzinfo, round_up: bool, plain: bool) -> datetime:
    match = _ISO.fullmatch(text)
    if match is None:
        digits = text.removeprefix("-")
        if (
            digits.isascii()
            and digits.isdigit()
            and (((plain or len(digits) >= _EPOCH_DIGITS) and len(digits) < 17) or digits == "0")
        ):
            return _from_ms(int(text), zone)
        if digits.isascii() and digits.isdigit():
            raise ValueError(f"{text[:60]!r} is no date: write 2024-01-31, or milliseconds since 1970 with 13 digits")
        raise ValueError(f"{text[:60]!r} is no date: expected 2024-01-31, 2024-01-31T12:00:00Z or now-7d")
    parts = match.groupdict()
    own = parse_zone(parts["zone"]) if parts["zone"] else zone
    year, month, day = (int(parts[name] or 1) for name in "yMd")
    hour, minute, second = (int(parts[name] or 0) for name in "hms")
    fraction = int((parts["fraction"] or "0")[:3].ljust(3, "0"))
    try:
        moment = datetime(year, month, day, hour, minute, second, fraction * 1000, tzinfo=own)
    except ValueError as fault:
        raise ValueError(f"{text!r} is no date: {fault}") from None
    if not round_up or parts["fraction"]:
        return moment
    last_given = next(name for name in "smhdMy" if parts[name])
    if plain and last_given in "My":
        last_given = "d"
    return _end_of_unit(moment, last_given, own)


def _math(moment: datetime, steps: str, text: str, zone: tzinfo, round_up: bool) -> datetime:
    at = 0
    while at < len(steps):
        step = _STEP.match(steps, at)
        if step is None:
            raise ValueError(f"{text[:60]!r} is no date: after {steps[:at] or 'it'!r} expected +1d, -7d or /d")
        unit = step["unit"]
        moment = moment.astimezone(zone)
        if not step["round"]:
            count = int(step["count"] or 1) * (-1 if step["sign"] == "-" else 1)
            moment = _plus(moment, count, unit, zone)
        elif round_up:
            moment = _end_of_unit(_start_of_unit(moment, unit, zone), unit, zone)
        else:
            moment = _start_of_unit(moment, unit, zone)
        at = step.end()
    return moment


def _plus(moment: datetime, count: int, unit: str, zone: tzinfo) -> datetime:
    """`count` units later: hours and less as elapsed time, days and more by the calendar of the zone."""
    if unit in _FIXED_MS:
        return (moment.astimezone(UTC) + count * timedelta(milliseconds=_FIXED_MS[unit])).astimezone(zone)
    if unit in "dw":
        return (moment + timedelta(days=count * (7 if unit == "w" else 1))).replace(fold=moment.fold)
    months = moment.year * 12 + moment.month - 1 + count * (12 if unit == "y" else 1)
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    day = min(moment.day, monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def _start_of_unit(moment: datetime, unit: str, zone: tzinfo) -> datetime:
    if unit in _FIXED_MS:
        offset = moment.utcoffset() or timedelta()
        local = _in_ms(moment) + offset // MILLISECOND
        return _from_ms(local - local % _FIXED_MS[unit] - offset // MILLISECOND, zone)
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if unit == "w":
        day -= timedelta(days=day.weekday())
    elif unit == "M":
        day = day.replace(day=1)
    elif unit == "y":
        day = day.replace(month=1, day=1)
    return day


def _end_of_unit(start: datetime, unit: str, zone: tzinfo) -> datetime:
    try:
        return _from_ms(_in_ms(_plus(start, 1, unit, zone)) - 1, zone)
    except OverflowError:
        if start.year < 9999:
            raise
        return _LAST  # 9999-12-31 is written for "never" and must stay usable


def _from_ms(ms: int, zone: tzinfo) -> datetime:
    return (_EPOCH + timedelta(milliseconds=ms)).astimezone(zone)


def _in_ms(moment: datetime) -> int:
    return (moment.astimezone(UTC) - _EPOCH) // MILLISECOND


def starts(low: int, high: int, unit: str, *, zone: tzinfo = UTC, offset: int = 0, most: int) -> list[int]:
    """Where the units of a zone's calendar begin that hold the instants from `low` to `high`, and the next one.

    Units: y, q (quarters), M, w (from Monday), d, h, m, s; `offset` (ms) moves them all. `ValueError` when there are
    more than `most`.
    """
    step, count = ("M", 3) if unit == "q" else (unit, 1)
    try:
        moment = _start_of_unit(_from_ms(low - offset, zone), step, zone)
        if unit == "q":
            moment = moment.replace(month=moment.month - (moment.month - 1) % 3)
        found = [_in_ms(moment) + offset]
        while found[-1] <= high:
            if len(found) > most:
                raise ValueError(f"there are more than {most} buckets")
            moment = _plus(moment, count, step, zone)
            found.append(_in_ms(moment) + offset)
    except OverflowError:
        raise ValueError("the dates lie outside the years 1 to 9999") from None
    return found
