"""The check of a record's values against the schema of its source: the same for a JSON body and a row of a file.

Texts are trimmed, since the official example of an export has blanks behind its commas. Moments are ISO 8601; without
an offset they are UTC, a date alone is its midnight.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache

import msgspec
from msgspec import Struct

from bulkwark.domain.non_employees import DATE, DEFAULTS, SYSTEM_NAMES, Attribute, Cells, Limits
from bulkwark.domain.times import iso_ms, parse_ms

# The last day of the calendar is written for "never".
FIRST_MOMENT, LAST_MOMENT = parse_ms("1900-01-01"), parse_ms("9999-12-31T23:59:59.999")
DATE_FORM = "2020-04-05T08:00:00-10:00"


class Fault(Struct, frozen=True):
    """Why a value cannot be taken. `code` is for programs, `message` and `fix` are for people."""

    column: str  # technical name
    value: str
    code: str  # required, too-long, character, date, order, email, manager
    message: str
    fix: str = ""


class Checker:
    """A schema, compiled. `columns`: the technical names in the order in which `row` gets the values.

    Columns that the schema does not know are left alone; of those that it knows and `columns` lacks, values are blank.
    """

    def __init__(
        self, attributes: Sequence[Attribute], limits: Limits = DEFAULTS, columns: Sequence[str] | None = None
    ) -> None:
        self.columns = tuple(one.name for one in attributes) if columns is None else tuple(columns)
        self.custom = tuple(one.name for one in attributes if not one.system)
        place = {name: position for position, name in enumerate(self.columns)}
        self._limits = limits
        self._width = len(self.columns)
        # Kept in the order of the schema, so that the faults of a row are.
        self._plan = [(place.get(one.name, -1), one) for one in attributes]
        self._simple = [place.get(name, -1) for name in SYSTEM_NAMES]
        self._own = sorted((name, place.get(name, -1)) for name in self.custom)

    def values(self, given: Mapping[str, str]) -> Cells | list[Fault]:
        """The same as `row` with the values by technical name."""
        return self.row([given.get(name, "") for name in self.columns])

    def row(self, values: Sequence[str]) -> Cells | list[Fault]:
        """The checked values, or what is wrong with them. `manager` stays as it was given: `manager_fault` is for it.

        The row has as many values as there are columns.
        """
        trimmed = [*map(str.strip, values), ""]  # a column that is not there has position -1
        faults: list[Fault] = []
        longest = self._limits.value
        for position, attribute in self._plan:
            value = trimmed[position]
            if not value:
                if attribute.required:
                    faults.append(_missing(attribute))
            elif len(value) > longest:
                faults.append(_too_long(attribute, value, longest))
            elif (_LOST in value or not value.isprintable()) and _CONTROL(value):
                faults.append(_unprintable(attribute, value))
        account, first, last, phone, email, manager, starts, ends = [trimmed[position] for position in self._simple]
        begins, finishes = moment(starts), moment(ends)
        if starts and begins is None:
            faults.append(_no_date("startDate", starts))
        if ends and finishes is None:
            faults.append(_no_date("endDate", ends))
        if begins is not None and finishes is not None and finishes <= begins:
            message = f"the end is not after the start, {iso_ms(begins)}"
            faults.append(Fault("endDate", ends, "order", message, "a moment after the start date"))
        if email and not _EMAIL(email):
            faults.append(Fault("email", email, "email", f"{email!r} is no email address", "as in name@example.com"))
        if faults or begins is None or finishes is None:
            return faults
        return Cells(account, first, last, email, phone, manager, begins, finishes, self._data(trimmed))

    def _data(self, trimmed: Sequence[str]) -> str:
        if not self._own:
            return "{}"
        # In the order of their names, blank ones left out: as `canonical` does it.
        return msgspec.json.encode({name: trimmed[at] for name, at in self._own if trimmed[at]}).decode()


# Line ends and tabs may stand in a text.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffd]").search
_LOST = "\ufffd"  # stands for a letter that some program could not read: a file of failed rows has it too
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+").fullmatch


@lru_cache(maxsize=65_536)
def moment(text: str) -> int | None:
    """The moment in ms, or None when the text is none, or is outside of 1900 to 9999."""
    if len(text) > 40:
        return None
    try:
        found = parse_ms(text)
    except (ValueError, OverflowError):
        return None
    return found if FIRST_MOMENT <= found <= LAST_MOMENT else None


def manager_fault(value: str, closest: str = "", *, several: bool = False) -> Fault:
    """The fault of a `manager` that names nobody, or several people. `closest`: an account name that is like it."""
    if several:
        return Fault("manager", value, "manager", f"several identities have the account name {value!r}", "use an id")
    fix = f"did you mean {closest!r}?" if closest else "the account name (alias) or the id of an identity"
    return Fault("manager", value, "manager", f"there is no identity {value!r}", fix)


def _missing(attribute: Attribute) -> Fault:
    fix = f"a moment as in {DATE_FORM}" if attribute.type == DATE else "a value"
    return Fault(attribute.name, "", "required", f"{attribute.label} is required", fix)


def _too_long(attribute: Attribute, value: str, longest: int) -> Fault:
    message = f"{attribute.label} has {len(value)} characters"
    return Fault(attribute.name, value, "too-long", message, f"at most {longest}")


def _unprintable(attribute: Attribute, value: str) -> Fault:
    found = _CONTROL(value)
    assert found is not None
    message = f"{attribute.label} holds the character U+{ord(found[0]):04X} at position {found.start()}"
    fix = "write the letter that was lost" if found[0] == _LOST else "leave it out"
    return Fault(attribute.name, value, "character", message, fix)


def _no_date(column: str, value: str) -> Fault:
    meant = likely_date(value)
    fix = f"did you mean {meant}?" if meant else f"as in {DATE_FORM}"
    return Fault(column, value, "date", f"{value!r} is no date between 1900 and 9999", fix)


_NUMBERS = re.compile(
    r"(\d{1,4})\s*[./\- ]\s*(\d{1,2}|[^\W\d_]{3,12})\.?\s*[./\-, ]\s*(\d{1,4})(?:[ T,].*)?", re.DOTALL
)
_MONTH_FIRST = re.compile(r"([^\W\d_]{3,12})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?:[ T,].*)?", re.DOTALL)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def likely_date(value: str) -> str:
    """The ISO date that a text in another form means, or '' when it could mean several or none.

    >>> likely_date("31.12.2025"), likely_date("2025/12/31"), likely_date("Dec 31, 2025"), likely_date("1/2/2025")
    ('2025-12-31', '2025-12-31', '2025-12-31', '')
    """
    if len(value) > 40:
        return ""
    named = _MONTH_FIRST.fullmatch(value)
    if named:
        return _date(named[3], str(_month(named[1])), named[2])
    found = _NUMBERS.fullmatch(value)
    if not found:
        return ""
    first, middle, last = found.groups()
    if not middle.isdecimal():
        middle = str(_month(middle))
        return _date(first, middle, last) if len(first) == 4 else _date(last, middle, first)
    if len(first) == 4:
        return _date(first, middle, last)
    if len(last) != 4:
        return ""
    readings = {_date(last, middle, first), _date(last, first, middle)} - {""}
    if "." in value:  # day first, wherever dates have points
        return _date(last, middle, first)
    return readings.pop() if len(readings) == 1 else ""


def _month(word: str) -> int:
    short = word[:3].lower()
    return _MONTHS.index(short) + 1 if short in _MONTHS else 0


def _date(year: str, month: str, day: str) -> str:
    """The date, when it is one that a record may have: nobody is to be told to write what is refused."""
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return ""
    text = found.isoformat()
    return text if len(year) == 4 and FIRST_MOMENT <= parse_ms(text) <= LAST_MOMENT else ""
