"""Uploads of CSV files, their staging files, and the rows of each that were not taken."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from bulkwark.domain.jobs import Job, Mode
from bulkwark.domain.kinds import Kind, first_rid, require_number
from bulkwark.domain.non_employee_rows import Fault
from bulkwark.domain.non_employees import Cells
from bulkwark.store import counters, jobs
from bulkwark.store.dialect import Row, Session, staging
from bulkwark.store.tenants import Tenant

NEWEST = 50  # uploads of a source that are read at once


class State(StrEnum):
    """How far an upload is. Arrows: WAITING → READING → APPLYING → ENDED; ENDED from any."""

    WAITING = "WAITING"  # accepted; other uploads to its source go first
    READING = "READING"  # a loader process is at it
    APPLYING = "APPLYING"  # all of it has been read
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class Upload:
    """An accepted file. `created` in µs, `modified` in ms; `spec` is JSON; `error`: why it could not be read."""

    tenant: int
    number: int
    id: str
    source: int
    client: str
    submitter: str
    created: int
    modified: int
    state: State
    tries: int
    lines: int
    titles: list[str]
    spec: str
    error: str | None = None

    @property
    def preview(self) -> bool:
        """Whether it changes nothing."""
        return bool(msgspec.json.decode(self.spec)["mode"] == Mode.PREVIEW)


def _upload(row: Row) -> Upload:
    # A row has any length for mypy; that it has this one is held by tests/store/test_rows.py.
    return Upload(*row[:8], State(row[8]), *row[9:11], msgspec.json.decode(row[11]), *row[12:])  # type: ignore[call-arg]


@dataclass(frozen=True, slots=True)
class FailedRow:
    """A row that was not taken: its cells as in the file, and why."""

    line: int
    cells: list[str]
    faults: list[Fault]


# --- uploads ---------------------------------------------------------------------------------------------


def add(session: Session, new: Upload) -> Upload:
    """Store an accepted upload; its number is given here."""
    made = replace(new, number=counters.take(session, new.tenant, "ne-upload"))
    values = {name: getattr(made, name) for name in Upload.__slots__}
    header = msgspec.json.encode(made.titles).decode()
    session.run("uploads.add", {**values, "upload": made.number, "header": header})
    return made


def get(session: Session, tenant: int, id: str) -> Upload | None:
    row = session.one("uploads.get", (tenant, id))
    return _upload(row) if row else None


def everywhere(session: Session, id: str) -> list[Upload]:
    """Those with that id, of whatever tenant."""
    return [_upload(row) for row in session.rows("uploads.everywhere", (id,))]


def newest(session: Session, tenant: int, source: int) -> Iterator[Upload]:
    """Of a source, newest first; read in pieces."""
    before = sys.maxsize
    while found := [_upload(row) for row in session.rows("uploads.newest", (tenant, source, before, NEWEST))]:
        before = found[-1].number
        yield from found


def unfinished(session: Session) -> list[Upload]:
    """Of all tenants, in the order in which they came."""
    return [_upload(row) for row in session.rows("uploads.unfinished")]


def move(session: Session, upload: Upload, state: State, now: int, *, error: str | None = None, tries: int = 0) -> None:
    """`tries` are added. `now` in ms."""
    session.run("uploads.move", (state, error, now, tries, upload.tenant, upload.number))


def failed_rows(session: Session, upload: Upload, after: int, limit: int) -> list[FailedRow]:
    """Rows that were not taken, from the one after a line."""
    span = (upload.tenant, upload.number, after, limit)
    return [_failed(row) for row in session.rows("uploads.failed_rows", span)]


def failed_again(session: Session, upload: Upload, job: Job, after: int, limit: int) -> list[FailedRow]:
    """The same of a job that has dealt with some of them once more: what has failed in it."""
    span = (upload.tenant, upload.number, job.number, after, limit)
    return [_failed(row) for row in session.rows("uploads.failed_again", span)]


def failed_targets(session: Session, job: Job, upload: Upload, last: int) -> list[FailedRow]:
    """Those that are targets of a job, in (cursor, last]."""
    span = (upload.tenant, upload.number, job.number, job.cursor, last)
    return [_failed(row) for row in session.rows("uploads.failed_targets", span)]


def keep_faults(session: Session, upload: Upload, rows: Sequence[tuple[int, Sequence[Fault]]]) -> None:
    """(line, faults) of rows that were not taken, for other reasons than before."""
    told = [(msgspec.json.encode(faults).decode(), upload.tenant, upload.number, line) for line, faults in rows]
    session.many("uploads.set_faults", told)


def _failed(row: Row) -> FailedRow:
    line, cells, faults = row
    return FailedRow(line, msgspec.json.decode(cells), msgspec.json.decode(faults, type=list[Fault]))


def count_failed(session: Session, upload: Upload) -> int:
    return int(session.value("uploads.count_failed", (upload.tenant, upload.number)))


def aliases(session: Session, tenant: Tenant, prefix: str, most: int) -> list[str]:
    """Folded aliases of identities that begin with folded letters."""
    field = tenant.numbers.find(session, Kind.IDENTITY, "alias~")
    return [value for (value,) in session.rows("uploads.aliases", (tenant.number, field, prefix, most))]


# --- applying --------------------------------------------------------------------------------------------


# Statements that hold all of their rows, or every page that they change, in memory: so they take some rows at a time.
_PIECEMEAL = frozenset({"search_docs", "tokens"})
PIECE = 1_000
_INDEX = ("values", "sort_values", "terms", "some_terms", "sort_terms")


class Chunk:
    """The targets of a job in (cursor, last], applied from the staging file of its upload."""

    def __init__(self, session: Session, tenant: Tenant, job: Job, last: int, upload: Upload) -> None:
        self._session = session
        self._tenant = tenant
        self._upload = upload
        self._span: dict[str, Any] = {
            "tenant": job.tenant,
            "job": job.number,
            "cursor": job.cursor,
            "last": last,
            "source": upload.source,
        }

    def record(self, kept: Sequence[str], now: int) -> None:
        """An item for each row: what it makes of its record. `kept`: custom attributes that have no column."""
        self._run("record_good", kept=msgspec.json.encode(kept).decode(), now=now)
        self._run("record_bad")

    def record_none(self, reason: str) -> None:
        """The same when no row is to be applied, as some are bad."""
        self._run("record_none", reason=reason)
        self._run("record_bad")

    def compare(self, origin: int, reason: str) -> None:
        """Items that are not as in the preview `origin` (number of a job) conflict with it."""
        self._run("compare", origin=origin, reason=reason)

    def keep_bad(self) -> None:
        """Keep the bad rows for the report."""
        self._run("keep_bad", upload=self._upload.number)

    def create(self, now: int) -> int:
        """Make the new records and their identities. Answers how many."""
        session = self._session
        for statement in ("uploads.new_table", "uploads.forget_new"):
            session.run(statement)
        count = self._run("find_new")
        if not count:
            return 0
        start = counters.take(session, self._tenant.number, f"kind-{int(Kind.IDENTITY)}", count)
        require_number(start + count - 1, Kind.IDENTITY)
        first = first_rid(self._tenant.number, Kind.IDENTITY) + start
        session.run("uploads.number_new", (first,))
        pieces = [line for (line,) in session.rows("uploads.pieces", (first, PIECE))]
        for statement in ("objects", "states", "search_docs", "links", "records", "tokens", *_INDEX):
            for above, to in pairwise([0, *pieces]) if statement in _PIECEMEAL else [(0, 0)]:
                self._run(f"new_{statement}", now=now, kind=int(Kind.IDENTITY), above=above, to=to)
        return count

    def changed(self, most: int) -> Iterator[list[tuple[int, Cells]]]:
        """(rid, values) of records that get other values, so many at a time."""
        above = self._span["cursor"]
        name = _name(self._upload)
        while rows := staging.rows(
            self._session, "uploads.changed", name, {**self._span, "above": above, "most": most}
        ):
            above = rows[-1][0]
            yield [(rid, msgspec.json.decode(cells, type=Cells)) for _, rid, cells in rows]

    def _run(self, statement: str, **more: Any) -> int:
        return staging.run(self._session, f"uploads.{statement}", _name(self._upload), {**self._span, **more})


def _name(upload: Upload) -> str:
    """Under which the writer knows its staging file."""
    return f"upload_{upload.tenant}_{upload.number}"


def attach(session: Session, upload: Upload, path: Path) -> bool:
    """Open the staging file of an upload to this writer. Answers whether it is there."""
    return staging.attach(session, _name(upload), path)


def detach(session: Session, upload: Upload, *forgotten: Path) -> None:
    """Let it go, and delete some files then: at once, or within a transaction before the next one."""
    staging.detach(session, _name(upload), *forgotten)


def remove(path: Path) -> None:
    """Delete a staging file that nobody has open."""
    staging.remove(path)


def freeze(session: Session, job: Job, upload: Upload) -> None:
    """Every row is a target of the job; each is written when its turn comes. PRE_PROCESS → PRE_PROCESS_COMPLETED."""
    jobs.count_selected(session, job, upload.lines)


def whole(session: Session, upload: Upload) -> tuple[int, int] | None:
    """Good and bad rows of its staging file; None while it is still written."""
    found = staging.rows(session, "uploads.whole", _name(upload), None)
    return (found[0][0], found[0][1]) if found else None


def ready(session: Session, job: Job, upload: Upload, most: int) -> tuple[int, int]:
    """How many rows behind the cursor of the job the staging file has, at most so many; and the line of the last."""
    count, line = staging.rows(session, "uploads.ready", _name(upload), (job.cursor, most))[0]
    return count, line or 0


def segment_end(session: Session, upload: Upload, line: int) -> int | None:
    """Where the segment ends that goes on behind a line; None when there is none."""
    found: int | None = staging.rows(session, "uploads.segment_end", _name(upload), (line,))[0][0]
    return found


def add_targets(session: Session, job: Job, upload: Upload, last: int) -> None:
    """The rows up to a line become targets."""
    staging.run(session, "uploads.targets", _name(upload), (job.tenant, job.number, job.cursor, last))


def begin(session: Session, job: Job, spec: str) -> None:
    """What the reading depends on is known now."""
    session.run("uploads.begin", (spec, job.tenant, job.number))


def correct(session: Session, job: Job, total: int) -> None:
    """How many rows the file has had in the end."""
    session.run("uploads.total", (total, job.tenant, job.number))
