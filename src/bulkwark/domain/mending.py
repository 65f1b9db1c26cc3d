"""What would mend a value: the date that was meant in the expected form, the closest of known names, an address.

A suggestion is a guess for people; nothing is ever applied by it.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta
from difflib import get_close_matches

from bulkwark.domain.non_employee_rows import moment

_CLOSE = 0.6  # share of letters that agree (difflib): below it a suggestion is no help
_SERIALS = range(20_000, 80_000)  # days since the last of 1899, as spreadsheets count: 1954 to 2119
_SERIAL_ZERO = date(1899, 12, 30)
_TIME = r"(?:[T ,]+(\d{1,2}):(\d\d)(?::(\d\d))?(?:\.\d+)?\s*(Z|UTC|[+-]\d\d:?\d\d)?)?"
_YEAR_FIRST = re.compile(r"(\d{4})[-./ ](\d{1,2})[-./ ](\d{1,2})" + _TIME, re.IGNORECASE)
_YEAR_LAST = re.compile(r"(\d{1,2})[-./ ](\d{1,2})[-./ ](\d{4}|\d\d)" + _TIME, re.IGNORECASE)
_NAMED = re.compile(r"(\d{1,2})[-. ]+([a-z]{3})[a-z]*[-., ]+(\d{4}|\d\d)", re.IGNORECASE)
_NAMED_FIRST = re.compile(r"([a-z]{3})[a-z]*[-. ]+(\d{1,2})[a-z]{0,2}[-., ]+(\d{4})", re.IGNORECASE)
# Characters. The search for ` at ` takes the square of a run of blanks, and a cell has room for many.
_LONGEST_EMAIL = 450
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def closest(value: str, known: Iterable[str], *, cutoff: float = _CLOSE) -> str:
    """The known name that is most like the value, without regard to case; '' when none is.

    >>> closest("firstname ", ["lastName", "firstName"]), closest("x", ["lastName"])
    ('firstName', '')
    """
    folded = {name.casefold(): name for name in known}
    found = get_close_matches(value.strip().casefold(), folded, n=1, cutoff=cutoff)
    return folded[found[0]] if found else ""


def mended_date(value: str) -> str:
    """The moments that a text may mean, in the expected form, joined by ` or `; '' when it means none that is taken.

    >>> mended_date("13.5.2024"), mended_date("2023-02-30"), mended_date("43926")
    ('2024-05-13T00:00:00Z', '2023-02-28T00:00:00Z', '2020-04-05T00:00:00Z')
    >>> mended_date("04/05/2020 08:00")
    '2020-05-04T08:00:00Z or 2020-04-05T08:00:00Z'
    >>> mended_date("2024-12-31T24:00"), mended_date("2024-04-05T08:00:00+25:00")
    ('2025-01-01T00:00:00Z', '')
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        return _of_digits(text)
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day = int(found[1]), int(found[2]), int(found[3])
        return _one_of(((year, month, day), (year, day, month)) if month > 12 else ((year, month, day),), found)
    if found := _YEAR_LAST.fullmatch(text):
        first, second, year = int(found[1]), int(found[2]), _year(found[3])
        return _one_of(((year, second, first), (year, first, second)), found)
    if found := _NAMED.fullmatch(text):
        return _named(found[3], found[2], found[1])
    if found := _NAMED_FIRST.fullmatch(text):
        return _named(found[3], found[1], found[2])
    return ""


def _of_digits(text: str) -> str:
    if len(text) == 8:
        return _moment(int(text[:4]), int(text[4:6]), int(text[6:])) or ""
    if len(text) == 5 and int(text) in _SERIALS:
        return f"{(_SERIAL_ZERO + timedelta(int(text))).isoformat()}T00:00:00Z"
    return ""


def _named(year: str, month: str, day: str) -> str:
    if month.lower() not in _MONTHS:
        return ""
    return _moment(_year(year), _MONTHS.index(month.lower()) + 1, int(day)) or ""


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _one_of(dates: Iterable[tuple[int, int, int]], found: re.Match[str]) -> str:
    hour, minute, second = (int(found[group] or 0) for group in (4, 5, 6))
    midnight = (hour, minute, second) == (24, 0, 0)  # the end of a day is the beginning of the next
    if hour > 23 or minute > 59 or second > 59:
        hour = minute = second = 0
    zone = (found[7] or "Z").upper().replace("UTC", "Z")
    if len(zone) == 5:
        zone = f"{zone[:3]}:{zone[3:]}"
    time = f"{hour:02}:{minute:02}:{second:02}{zone}"
    moments = [_moment(*one, time, days=int(midnight)) for one in dates]
    return " or ".join(dict.fromkeys(filter(None, moments)))


def _moment(year: int, month: int, day: int, time: str = "00:00:00Z", *, days: int = 0) -> str | None:
    """A day after the end of its month is meant to be the last. `days`: so many are added."""
    if not (1900 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= 31):
        return None
    try:
        found = date(year, month, min(day, monthrange(year, month)[1])) + timedelta(days)
    except OverflowError:
        return None
    text = f"{found.isoformat()}T{time}"
    return text if moment(text) is not None else None


def mended_email(value: str) -> str:
    """The address that a text may mean; '' when it means none.

    >>> mended_email("Jon Doe <jon@doe.com>"), mended_email("jon(at)doe.com"), mended_email("jon@doe,com")
    ('jon@doe.com', 'jon@doe.com', 'jon@doe.com')
    """
    if len(value) > _LONGEST_EMAIL:
        return ""
    text = value.strip().removeprefix("mailto:")
    if inner := re.search(r"<([^<>\s]+)>", text):
        text = inner[1]
    text = re.sub(r"\s*[(\[{]\s*at\s*[)\]}]\s*|\s+at\s+", "@", text, flags=re.IGNORECASE)
    text = re.sub(r"@@+", "@", text.replace(",", ".").rstrip(".;")).replace(" ", "")
    return text if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text) and text != value else ""
