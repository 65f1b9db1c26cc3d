"""How moments are written in answers: the named formats and letters of Elasticsearch's date formats that we serve."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CYCLE = 146_097 * 86_400_000  # ms of 400 years
ISO = frozenset({"", "strict_date_optional_time", "date_optional_time", "strict_date_time", "date_time"})
_NAMED = {
    "date": "yyyy-MM-dd",
    "strict_date": "yyyy-MM-dd",
    "year": "yyyy",
    "strict_year": "yyyy",
    "year_month": "yyyy-MM",
    "strict_year_month": "yyyy-MM",
    "year_month_day": "yyyy-MM-dd",
    "strict_year_month_day": "yyyy-MM-dd",
    "basic_date": "yyyyMMdd",
    "hour_minute": "HH:mm",
    "strict_hour_minute": "HH:mm",
}
_PART = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|([^A-Za-z']+)")
_LETTERS: dict[str, Callable[[datetime], str]] = {
    **{letters: lambda m: f"{m.year:04}" for letters in ("yyyy", "uuuu", "y", "u")},
    **{letters: lambda m: f"{m.year % 100:02}" for letters in ("yy", "uu")},
    "MM": lambda m: f"{m.month:02}",
    "M": lambda m: str(m.month),
    "dd": lambda m: f"{m.day:02}",
    "d": lambda m: str(m.day),
    "HH": lambda m: f"{m.hour:02}",
    "H": lambda m: str(m.hour),
    "mm": lambda m: f"{m.minute:02}",
    "m": lambda m: str(m.minute),
    "ss": lambda m: f"{m.second:02}",
    "s": lambda m: str(m.second),
    "SSS": lambda m: f"{m.microsecond // 1000:03}",
    "q": lambda m: str((m.month + 2) // 3),
    "XXX": lambda m: offset(m),
    "xxx": lambda m: offset(m).replace("Z", "+00:00"),
    "Z": lambda m: offset(m).replace("Z", "+0000").replace(":", ""),
}
MAX_LENGTH = 100


def shown(ms: float, zone: tzinfo = UTC, form: str = "") -> str:
    """The moment in a format; of several (`a||b`) in the first. `ValueError` for a format that we do not serve.

    >>> shown(1716822000000), shown(1716822000000, form="dd.MM.yyyy HH:mm")
    ('2024-05-27T15:00:00.000Z', '27.05.2024 15:00')
    """
    form = form.partition("||")[0]
    if form == "epoch_millis":
        return str(int(ms))
    if form == "epoch_second":
        return str(int(ms) // 1000)
    try:
        moment = (_EPOCH + timedelta(milliseconds=int(ms))).astimezone(zone)
    except OverflowError:
        return _beyond(int(ms))
    if form in ISO:
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}{offset(moment)}".rjust(24, "0")
    return "".join(part(moment) for part in _parts(form))


def _beyond(ms: int) -> str:
    """A moment outside the years 1 to 9999, which sums of dates reach: the calendar repeats itself every 400 years."""
    cycles, rest = divmod(ms, _CYCLE)
    moment = _EPOCH + timedelta(milliseconds=rest)
    year = moment.year + 400 * cycles
    return f"{'-' if year < 0 else '+'}{abs(year):04}-{shown(rest)[5:]}"


def require(form: str) -> str:
    """The format, when `shown` knows it."""
    shown(0, form=form)
    return form


def offset(moment: datetime) -> str:
    """`Z`, `+02:00`."""
    minutes = int((moment.utcoffset() or timedelta()).total_seconds()) // 60
    if not minutes:
        return "Z"
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}"


@lru_cache(maxsize=256)
def _parts(form: str) -> tuple[Callable[[datetime], str], ...]:
    pattern = _NAMED.get(form, form)
    if len(pattern) > MAX_LENGTH:
        raise ValueError(f"a date format has at most {MAX_LENGTH} characters")
    found: list[Callable[[datetime], str]] = []
    at = 0
    while at < len(pattern):
        match = _PART.match(pattern, at)
        letters = match[0] if match and match[2] else ""
        if match is None or (letters and letters not in _LETTERS):
            known = "yyyy MM dd HH mm ss SSS XXX, epoch_millis, strict_date_optional_time"
            raise ValueError(f"the date format {form!r} is not served; known are {known}")
        found.append(_LETTERS[letters] if letters else _literal(match[0]))
        at = match.end()
    return tuple(found)


def _literal(text: str) -> Callable[[datetime], str]:
    plain = (text[1:-1] or "'").replace("''", "'") if text.startswith("'") else text
    return lambda moment: plain
