"""Uploaded CSV files of non-employees: what the header must be, and what is wrong with each row.

Source: the official template (`accountName,firstName,lastName,phone,email,manager,startDate,endDate`, then the
attributes of the source's own). Columns stand in any order. A column that is not required may be missing; it then says
nothing, and a record keeps what it has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count
from typing import NamedTuple

from bulkwark.domain.csv_files import FileFault, Record, Refused, plain
from bulkwark.domain.mending import closest, mended_date, mended_email
from bulkwark.domain.non_employee_rows import DATE_FORM, Checker, Fault
from bulkwark.domain.non_employees import Attribute, Cells, Limits
from bulkwark.domain.spreadsheets import restore

ERROR_COLUMNS = ("error", "uploadError")  # what the file of failed rows adds; never read
_MANAGER = "manager"
MOST_UNKNOWN = 50  # columns that are unknown and of which each is told
SHOWN = 200  # characters of a value in a report
_SURROGATES = re.compile("[\ud800-\udfff]")


class Good(NamedTuple):
    """A row without faults of its own. Whether its account and manager exist, others know."""

    line: int
    cells: Cells
    raw: list[str]  # as in the file


class Bad(NamedTuple):
    """A row that cannot be taken. A fault without a column is about the whole row."""

    line: int
    raw: list[str]
    faults: list[Fault]
    manager: str = ""  # who is to be looked for too, so that all faults are told at once


class Header:
    """The columns of a file, matched to the attributes of the source. `names` leaves out what is not read."""

    def __init__(self, record: Record, schema: Sequence[Attribute]) -> None:
        """Raises Refused with every fault of the header, one on each line."""
        self.line = record.line
        self.titles = [title.strip() for title in record.cells]
        while len(self.titles) > 1 and not self.titles[-1]:
            self.titles.pop()  # spreadsheets leave empty columns at the end
        if record.broken:
            raise Refused(FileFault(record.line, f"the header is no CSV: {record.broken}"))
        ignored = plain(error_column(schema))
        self.places: list[int] = []
        self.names: list[str] = []
        faults: list[FileFault] = []
        unknown = 0
        for place, title in enumerate(self.titles):
            meant = named(title, schema)
            if not meant and plain(title) == ignored:
                continue
            if not meant:
                unknown += 1
                if unknown <= MOST_UNKNOWN:
                    faults.append(self._unknown(place, title, schema))
            elif len(meant) > 1:
                told = f"the column {title[:SHOWN]!r} may be {' or '.join(map(repr, meant))}"
                faults.append(FileFault(record.line, told, "write the technical name exactly so"))
            elif meant[0] in self.names:
                faults.append(FileFault(record.line, f"the column {meant[0]!r} stands twice", "leave one of them"))
            else:
                self.places.append(place)
                self.names.append(meant[0])
        if not self.names:
            names = ",".join(one.name for one in schema)
            raise Refused(FileFault(record.line, "the first line names no column of the source", f"write {names}"))
        if unknown > MOST_UNKNOWN:
            faults.append(FileFault(record.line, f"{unknown - MOST_UNKNOWN:,} other columns are unknown too"))
        for one in schema:
            if (one.required or one.system) and one.name not in self.names:
                faults.append(FileFault(record.line, f"the column {one.name!r} is missing"))
        if faults:
            raise Refused(*faults)
        self.width = len(self.titles)

    def _unknown(self, place: int, title: str, schema: Sequence[Attribute]) -> FileFault:
        if not title:
            return FileFault(self.line, f"column {place + 1} has no name", "name it or leave it out")
        if _SURROGATES.search(title):
            return FileFault(self.line, f"the name of column {place + 1} is damaged", "save the file as UTF-8")
        near = closest(title, [one.name for one in schema])
        return FileFault(self.line, f"there is no column {title[:SHOWN]!r}", f"did you mean {near!r}?" if near else "")


def known_columns(schema: Sequence[Attribute]) -> frozenset[str]:
    """Plain names and labels of the columns of a source."""
    return frozenset(plain(text) for one in schema for text in (one.name, one.label) if text)


def named(title: str, schema: Sequence[Attribute]) -> list[str]:
    """The technical names that a column's title may mean, the nearer the spelling the better: as it stands, in another
    case, without blanks and marks; at last the labels.

    Names of one source may be alike (`team_1`, `team1`), and each file that we write has them exactly.
    """
    for spelled in (str, str.casefold, plain):
        wanted = spelled(title)
        if found := [one.name for one in schema if spelled(one.name) == wanted]:
            return found
    return [one.name for one in schema if one.label and plain(one.label) == wanted]


def error_column(schema: Sequence[Attribute]) -> str:
    """What the column of errors is called beside those of a source: `error`, or `uploadError`, `uploadError2`, …"""
    taken = known_columns(schema)
    names = chain(ERROR_COLUMNS, (f"{ERROR_COLUMNS[-1]}{number}" for number in count(2)))
    return next(name for name in names if plain(name) not in taken)


class Rows:
    """Checks the rows of one file against its header."""

    def __init__(self, header: Header, schema: Sequence[Attribute], limits: Limits) -> None:
        self._header = header
        self._checker = Checker(schema, limits, header.names)
        self._as_they_are = header.places == list(range(header.width))
        self._manager = header.names.index(_MANAGER)  # a header without it is refused

    def check(self, record: Record) -> Good | Bad | None:
        """The row, or None when nothing is in it."""
        line, raw, broken = record
        if broken:
            return Bad(line, raw, [_row_fault(raw, "quote", broken, 'double each quote within a cell: ""')])
        width = self._header.width
        cells = [restore(cell) if cell[:1] == "'" else cell for cell in map(str.strip, raw)]
        if not any(cells):
            return None
        if len(cells) < width or any(cells[width:]):
            return Bad(line, raw, [self._count(raw)])
        if not self._as_they_are:
            cells = [cells[place] for place in self._header.places]
        elif len(cells) > width:
            del cells[width:]
        found = self._checker.row(cells)
        if isinstance(found, Cells):
            return Good(line, found, raw)
        faults = [_explained(fault) for fault in found] or [_UNDATED]
        known = any(fault.column == _MANAGER for fault in faults)
        return Bad(line, raw, faults, "" if known else cells[self._manager])

    def _count(self, raw: list[str]) -> Fault:
        wanted = self._header.width
        hint = "is a delimiter missing?" if len(raw) < wanted else "put cells that hold the delimiter in double quotes"
        return _row_fault(raw, "cells", f"the row has {len(raw)} cells, the header has {wanted}", hint)


_UNDATED = Fault("", "", "required", "a record has a start date and an end date", "give both")


def _row_fault(raw: list[str], code: str, message: str, fix: str) -> Fault:
    return Fault("", readable(",".join(raw)), code, message, fix)


def readable(text: str) -> str:
    """What a report shows of a text: not too much, and a sign for every letter that cannot be told."""
    return _SURROGATES.sub("\ufffd", text[:SHOWN])


def shown(cell: str) -> str:
    """A whole cell as it can be written down: a sign for every letter that cannot be told."""
    return _SURROGATES.sub("\ufffd", cell)


def _explained(fault: Fault) -> Fault:
    """The fault with the best suggestion that there is, fit to be shown."""
    if _SURROGATES.search(fault.value):
        message = "the value has bytes that are no text in the encoding of the file"
        return Fault(fault.column, readable(fault.value), "encoding", message, "save the file as UTF-8")
    fix = fault.fix
    if fault.code == "date":
        fix = mended_date(fault.value) or f"as in {DATE_FORM}"
    elif fault.code == "email":
        fix = mended_email(fault.value) or fix
    return Fault(fault.column, readable(fault.value), fault.code, readable(fault.message), fix)


def duplicate(account: str, first: int) -> Fault:
    """The account stands on an earlier good line too."""
    return Fault(
        "accountName", readable(account), "duplicate", f"line {first} has the same account", "keep one of them"
    )


def sentence(faults: Iterable[Fault]) -> str:
    """Faults as the `error` column of the file of failed rows has them."""
    return "; ".join(map(_sentence, faults))


def _sentence(fault: Fault) -> str:
    place = f"{fault.column}: " if fault.column else ""
    return f"{place}{fault.message} -> {fault.fix}" if fault.fix else place + fault.message


def count_rows(records: Iterator[Record], schema: Sequence[Attribute], most: int) -> int:
    """How many rows a file has. Raises Refused for whatever keeps the whole file from being used."""
    header(records, schema)
    found = 0
    for _, cells, _broken in records:
        found += any(map(str.strip, cells))
        if found > most:
            raise Refused(FileFault(0, f"the file has more than {most} rows", "send it in parts"))
    if not found:
        raise Refused(FileFault(0, "the file has no rows", "at least one row below the header is needed"))
    return found


def header(records: Iterator[Record], schema: Sequence[Attribute]) -> Header:
    """The first record as header. Raises Refused."""
    first = next(records, None)
    if first is None:
        raise Refused(FileFault(0, "the file has no text", "send a header and at least one row"))
    return Header(first, schema)
