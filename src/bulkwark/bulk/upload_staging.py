"""From the rows of an uploaded file to its staging file; runs in a loader process (`upload_loader.py`)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any

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
from bulkwark.store import non_employee_records, non_employee_sources
from bulkwark.store.dialect import Session, StagingFile
from bulkwark.store.non_employee_spelling import Sort, Spelling, Value
from bulkwark.store.tenants import Tenant, open_store

BLOCK = 500  # rows that are spelled at once, and whose words the staging file holds in order
BATCH = 5_000  # rows whose whole texts it holds in order, and that are shown at once


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
        shown = 0
        while batch := list(islice(checked, BLOCK)):
            staging.add(batch)
            shown += len(batch)
            if shown >= BATCH:
                staging.show()
                shown = 0
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
        self._texts: dict[tuple[int, ...], list[tuple[str, int]]] = {}  # fields → whole texts and their lines
        self._lines: list[int] = []  # that these are of
        self._managers = Managers(session, tenant, task.known)
        self._session, self._tenant = session, tenant.number
        source = non_employee_sources.get(session, tenant.number, task.source["id"])
        self._source = source.number if source else 0  # 0: it was deleted meanwhile, and has no records

    def add(self, batch: Sequence[Good | Bad]) -> None:
        bad: list[Bad] = []
        good: list[tuple[Good, Person]] = []
        people = self._managers.find({_manager(row) for row in batch})
        kept = self._kept([row for row in batch if isinstance(row, Good) and isinstance(people[_manager(row)], Fault)])
        for row in batch:
            manager = people[_manager(row)]
            if isinstance(row, Bad):
                bad.append(row._replace(faults=[*row.faults, manager]) if isinstance(manager, Fault) else row)
            elif not isinstance(manager, Fault):
                good.append((row, manager))
            elif row.line in kept:
                good.append((row, Person("", row.cells.manager, "")))
            else:
                bad.append(Bad(row.line, row.raw, [manager]))
        late = self.file.claim([(fold(row.cells.account), row.line) for row, _ in good])
        for row, _ in good:
            if row.line in late:
                fault = non_employee_uploads.duplicate(row.cells.account, late[row.line])
                bad.append(Bad(row.line, row.raw, [fault]))
        self._write([(row.line, row.cells, person) for row, person in good if row.line not in late], bad)

    def _kept(self, rows: Sequence[Good]) -> set[int]:
        """Lines whose record has that manager already: it may keep one who is gone, or whose name others have too."""
        accounts = [row.cells.account for row in rows]
        found = non_employee_records.by_accounts(self._session, self._tenant, self._source, accounts) if rows else {}
        before = {key: record.cells.manager for key, record in found.items()}
        return {row.line for row in rows if before.get(fold(row.cells.account)) == row.cells.manager}

    def show(self) -> None:
        """Let the rows that were added be seen."""
        self._write_texts()
        self.file.commit()

    def finish(self) -> tuple[int, int]:
        """Answers how many rows are good and bad."""
        self._write_texts()
        return self.file.finish()

    def _write(self, good: list[tuple[int, Cells, Person]], bad: list[Bad]) -> None:
        if good:
            self._block(good)
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
            for fields, texts in ((column.exact, column.texts), (column.folded, column.low)):
                if fields:
                    self._texts.setdefault(fields, []).extend([(text, lines[at]) for text, at in texts])
            if column.worded and column.words:
                column.words.sort()
                self._segment(column.worded, "word", list(_once(column.words, lines)), lines)
        self._lines.extend(lines)

    def _write_texts(self) -> None:
        """What came since the last call, in order."""
        for fields, texts in self._texts.items():
            texts.sort()
            self._segment(fields, "text", texts, self._lines)
        self._texts.clear()
        self._lines.clear()

    def _sort(self, sort: Sort) -> None:
        if sort.number not in self._sorts:
            self._sorts.add(sort.number)
            self.file.add("sort_val", [(sort.number, *value) for value in sorted(sort.values, key=_in_order)])
            self.file.add("sort_term", [(sort.number, *term) for term in sorted(sort.terms)])

    def _segment(self, fields: tuple[int, ...], table: str, rows: Sequence[Sequence[Any]], lines: list[int]) -> None:
        """Write what some rows of the file add to some fields."""
        words = table == "word"
        number = self._lists.get((fields, words))
        if number is None:
            number = self._lists[fields, words] = len(self._lists)
            self.file.add("field_of", [(number, int(words), field) for field in fields])
        self.file.add(table, rows)
        start = self._next[table]
        self._next[table] = stop = start + len(rows)
        self.file.add("segment", [(lines[-1], number, lines[0], len(lines), start, stop)])


def _manager(row: Good | Bad) -> str:
    """Whom a row names; '' when that is nothing to be looked for."""
    return row.cells.manager if isinstance(row, Good) else row.manager


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
