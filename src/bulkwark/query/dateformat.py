"""`format` of a DSL range: dates written in another way, turned into the ISO text that `datemath` reads.

Named formats and patterns of Java's DateTimeFormatter as far as they are made of numbers: `yyyy-MM-dd||dd/MM/yyyy`,
`epoch_millis`, `dd.MM.yyyy HH:mm`. What is left out stays left out, so a partial date still means its whole unit.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_ISO_NAMES = frozenset(
    f"{strict}{name}"
    for strict in ("", "strict_")
    for name in (
        "date_optional_time",
        "date_optional_time_nanos",
        "date",
        "date_time",
        "date_time_no_millis",
        "date_hour",
        "date_hour_minute",
        "date_hour_minute_second",
        "date_hour_minute_second_millis",
        "year",
        "year_month",
        "year_month_day",
    )
)
_NAMED = {"basic_date": "yyyyMMdd", "basic_date_time_no_millis": "yyyyMMdd'T'HHmmssX"}
_LETTERS = {
    "y": ("y", r"\d{4}"),
    "u": ("y", r"\d{4}"),
    "M": ("M", r"\d\d"),
    "d": ("d", r"\d\d"),
    "H": ("h", r"\d\d"),
    "m": ("m", r"\d\d"),
    "s": ("s", r"\d\d"),
    "S": ("f", r"\d{1,9}"),
    "X": ("z", r"Z|[+-]\d\d(?::?\d\d)?"),
    "Z": ("z", r"Z|[+-]\d\d(?::?\d\d)?"),
}
_PIECE = re.compile(r"'((?:[^']|'')*)'|([a-zA-Z])\2*|[^a-zA-Z']", re.DOTALL)


def to_iso(text: str, formats: str) -> str:
    """The date as ISO text, its date math kept. `ValueError` when no format fits, or one is unknown."""
    if text.startswith("now"):
        return text
    date, bars, steps = text.partition("||")
    for name in formats.split("||"):
        found = _by_one(date.strip(), name.strip())
        if found:
            return found + bars + steps
    raise ValueError(f"{date[:60]!r} does not fit the format {formats[:60]!r}")


def _by_one(text: str, name: str) -> str:
    if name in _ISO_NAMES:
        return text if re.match(r"\d{4}(?!\d)", text, re.ASCII) else ""
    if name in {"epoch_millis", "epoch_second"}:
        if not re.fullmatch(r"-?\d{1,15}", text, re.ASCII):
            return ""
        unit = timedelta(milliseconds=1) if name == "epoch_millis" else timedelta(seconds=1)
        try:
            moment = datetime(1970, 1, 1, tzinfo=UTC) + int(text) * unit
        except OverflowError:
            raise ValueError(f"{text!r} lies outside the years 1 to 9999") from None
        return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    match = _pattern(_NAMED.get(name, name)).fullmatch(text)
    return _iso(match.groupdict()) if match else ""


def _pattern(name: str) -> re.Pattern[str]:
    found, used = "", set[str]()
    for piece in _PIECE.finditer(name):
        quoted, letter = piece[1], piece[2]
        if letter is None:
            found += re.escape(quoted.replace("''", "'") if quoted is not None else piece[0])
            continue
        group, digits = _LETTERS.get(letter, ("", ""))
        if not group or group in used:
            raise ValueError(f"the date format {name[:60]!r} is not served: {piece[0][:10]!r}")
        if letter in "MdHms" and len(piece[0]) == 1:
            digits = r"\d{1,2}"
        used.add(group)
        found += f"(?P<{group}>{digits})"
    if not name or "'" in _PIECE.sub("", name) or "y" not in used:
        raise ValueError(f"the date format {name[:60]!r} is not served: it needs a year, as in yyyy-MM-dd")
    return re.compile(found, re.ASCII)


def _iso(parts: dict[str, str | None]) -> str:
    text = parts["y"] or ""
    for name, sign in (("M", "-"), ("d", "-"), ("h", "T"), ("m", ":"), ("s", ":")):
        value = parts.get(name)
        if value is None:
            break
        text += sign + value.rjust(2, "0")
        if name == "s" and parts.get("f"):
            text += f".{parts['f']}"
    zone = parts.get("z")
    return text + zone if zone and "T" in text else text
