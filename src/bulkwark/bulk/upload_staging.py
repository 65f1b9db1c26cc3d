"""From the rows of an uploaded file to its staging file; runs in a loader process (`upload_loader.py`)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO

import msgspec

from bulkwark.bulk.upload_loader import Answer, Task, format_of
from bulkwark.bulk.upload_managers import Managers
from bulkwark.domain import non_employee_uploads
from bulkwark.domain.csv_files import Record, records
from bulkwark.domain.kinds import ordered_id
from bulkwark.domain.non_employee_rows import Fault
from bulkwark.domain.non_employee_uploads import Bad, Good, Rows
from bulkwark.domain.non_employees import Cells, Person
from bulkwark.query.analysis import fold
from bulkwark.store.dialect import Session, StagingFile
from bulkwark.store.non_employee_spelling import Sort, Spelling, Value
from bulkwark.store.tenants import Tenant, open_store

BATCH = 1_000  # rows that are held at once
BLOCK = 500  # rows of which the staging file holds index entries in order


def read(file: IO[bytes], task: Task) -> Answer:
    """Read the file into its staging file. Raises Refused."""
    found = records(file, format_of(file, task.schema))
    header = non_employee_uploads.header(found, task.schema)
    store = open_store(Path(task.data_dir), read_only=True)
    try:
        tenant = store.tenant(task.tenant)
        assert tenant is not None, f"there is no tenant {task.tenant!r}"
        staging = Staging(task, tenant, store.read())
        rows = Rows(header, task.schema, task.limits)
        checked = _checked(rows, found)
        while batch := list(islice(checked, BATCH)):
            staging.add(batch)
            staging.file.commit()
        good, bad = staging.finish()
    finally:
        store.close()
    return Answer(rows=good + bad, titles=header.titles, names=header.names, bad=bad)


def _checked(rows: Rows, found: Iterator[Record]) -> Iterator[Good | Bad]:
    for record in found:
        row = rows.check(record)
        if row is not None:
            yield row


class Staging:
    """Batches of rows become rows of the staging file: who manages is known, each account stands once."""

    def __init__(self, task: Task, tenant: Tenant, session: Session) -> None:
        self.file = StagingFile(Path(task.staging))
        self._task = task
        self._spelling = Spelling(task.source, tenant.name, task.numbers)
        self._sorts: set[int] = set()  # that are written
        self._lists: dict[tuple[tuple[int, ...], bool], int] = {}
        self._next = {"text": 1, "word": 1}  # numbers of the next rows
        self._managers = Managers(session, tenant, task.known)

    def add(self, batch: Sequence[Good | Bad]) -> None:
        bad = [row for row in batch if isinstance(row, Bad)]
        good: list[tuple[Good, Person]] = []
        people = self._managers.find({row.cells.manager for row in batch if isinstance(row, Good)})
        for row in batch:
            if isinstance(row, Good):
                manager = people[row.cells.manager]
                if isinstance(manager, Fault):
                    bad.append(Bad(row.line, row.raw, [manager]))
                else:
                    good.append((row, manager))
        late = self.file.claim([(fold(row.cells.account), row.line) for row, _ in good])
        for row, _ in good:
            if row.line in late:
                fault = non_employee_uploads.duplicate(row.cells.account, late[row.line])
                bad.append(Bad(row.line, row.raw, [fault]))
        self._write([(row.line, row.cells, person) for row, person in good if row.line not in late], bad)

    def finish(self) -> tuple[int, int]:
        """Answers how many rows are good and bad."""
        return self.file.finish()

    def _write(self, good: list[tuple[int, Cells, Person]], bad: list[Bad]) -> None:
        for start in range(0, len(good), BLOCK):
            self._block(good[start : start + BLOCK])
        self.file.add("bad", [(row.line, _json(row.raw), _json(row.faults), _reason(row)) for row in bad])

    def _block(self, good: list[tuple[int, Cells, Person]]) -> None:
        moment = time.time_ns() // 1_000_000
        named = [(ordered_id(moment), cells.having(manager=person.alias), person) for _, cells, person in good]
        spelled = self._spelling.spell(named, now=self._task.now, warning=self._task.warning)
        for sort in spelled.made:
            self._sort(sort)
        lines = [line for line, _, _ in good]
        rows = zip(lines, named, spelled.objects, spelled.sorts, spelled.records, strict=True)
        self.file.add("row", [(line, one[2].id, *object, sort, *record) for line, one, object, sort, record in rows])
        for column in spelled.columns:
            self._list(column.exact, False, column.texts, lines)
            self._list(column.folded, False, column.low, lines)
            self._list(column.worded, True, column.words, lines)

    def _sort(self, sort: Sort) -> None:
        if sort.number not in self._sorts:
            self._sorts.add(sort.number)
            self.file.add("sort_val", [(sort.number, *value) for value in sorted(sort.values, key=_in_order)])
            self.file.add("sort_term", [(sort.number, *term) for term in sorted(sort.terms)])

    def _list(self, fields: tuple[int, ...], words: bool, texts: list[tuple[str, int]], lines: list[int]) -> None:
        """Write what some rows add to some fields, as a segment. `texts`: and the position of the row."""
        if not fields or not texts:
            return
        number = self._lists.get((fields, words))
        if number is None:
            number = self._lists[fields, words] = len(self._lists)
            self.file.add("field_of", [(number, int(words), field) for field in fields])
        texts.sort()
        table, rows = ("word", list(_once(texts, lines))) if words else ("text", [(t, lines[at]) for t, at in texts])
        self.file.add(table, rows)
        start = self._next[table]
        self._next[table] = stop = start + len(rows)
        self.file.add("segment", [(lines[-1], number, lines[0], len(lines), start, stop)])


def _once(words: list[tuple[str, int]], lines: list[int]) -> Iterator[tuple[str, int, int | str]]:
    """Each word of a sorted list once: how many rows have it, and on which lines they are."""
    start, count = 0, len(words)
    while start < count:
        word, position = words[start]
        stop = start + 1
        while stop < count and words[stop][0] == word:
            stop += 1
        many = stop - start
        yield word, many, lines[position] if many == 1 else str([lines[at] for _, at in words[start:stop]])
        start = stop


def _in_order(value: tuple[int, Value]) -> tuple[int, bool, Value]:
    return value[0], isinstance(value[1], str), value[1]


def _json(value: object) -> str:
    """JSON text; lone surrogates (bytes that are no text) have no UTF-8."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        assert isinstance(value, list)
        return msgspec.json.encode([non_employee_uploads.shown(cell) for cell in value]).decode()


def _reason(row: Bad) -> str:
    """As an item of the job has it: a code, and a sentence."""
    return f"{row.faults[0].code}: {non_employee_uploads.sentence(row.faults)}"
