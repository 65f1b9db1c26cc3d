"""Uploads of CSV files, their staging files, and the rows of each that were not taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from bulkwark.domain.jobs import Job
from bulkwark.domain.kinds import Kind, first_rid, require_number
from bulkwark.domain.non_employee_rows import Fault
from bulkwark.domain.non_employees import Cells
from bulkwark.store import counters, jobs
from bulkwark.store.dialect import Row, Session, staging
from bulkwark.store.tenants import Tenant


class State(StrEnum):
    """How far an upload is. Arrows: WAITING → READING → APPLYING → ENDED; ENDED from any."""

    WAITING = "WAITING"  # accepted; other uploads to its source go first
    READING = "READING"  # a loader process is at it
    APPLYING = "APPLYING"  # its job is submitted
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


def _upload(row: Row) -> Upload:
    *start, state, tries, lines, titles, spec, error = row
    return Upload(*start, State(state), tries, lines, msgspec.json.decode(titles), spec, error)  # type: ignore[arg-type]


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


def newest(session: Session, tenant: int, source: int) -> Upload | None:
    """The newest upload to a source that is no preview."""
    row = session.one("uploads.newest_run", (tenant, source))
    return _upload(row) if row else None


def unfinished(session: Session) -> list[Upload]:
    """Of all tenants, in the order in which they came."""
    return [_upload(row) for row in session.rows("uploads.unfinished")]


def move(session: Session, upload: Upload, state: State, now: int, *, error: str | None = None, tries: int = 0) -> None:
    """`tries` are added. `now` in ms."""
    session.run("uploads.move", (state, error, now, tries, upload.tenant, upload.number))


def failed_rows(session: Session, upload: Upload, after: int, limit: int) -> list[FailedRow]:
    """Rows that were not taken, from the one after a line."""
    return [
        FailedRow(line, msgspec.json.decode(cells), msgspec.json.decode(faults, type=list[Fault]))
        for line, cells, faults in session.rows("uploads.failed_rows", (upload.tenant, upload.number, after, limit))
    ]


def count_failed(session: Session, upload: Upload) -> int:
    return int(session.value("uploads.count_failed", (upload.tenant, upload.number)))


def aliases(session: Session, tenant: Tenant, prefix: str, most: int) -> list[str]:
    """Folded aliases of identities that begin with folded letters."""
    field = tenant.numbers.find(session, Kind.IDENTITY, "alias~")
    return [value for (value,) in session.rows("uploads.aliases", (tenant.number, field, prefix, most))]


# --- applying --------------------------------------------------------------------------------------------


_INDEX = ("values", "sort_values", "terms", "sort_terms")


class Chunk:
    """The targets of a job in (cursor, last], applied from the staging file of its upload."""

    def __init__(self, session: Session, tenant: Tenant, job: Job, last: int, source: int, name: str) -> None:
        self._session = session
        self._tenant = tenant
        self._name = name
        self._span: dict[str, Any] = {
            "tenant": job.tenant,
            "job": job.number,
            "cursor": job.cursor,
            "last": last,
            "source": source,
        }

    def record(self, kept: Sequence[str]) -> None:
        """An item for each row: what it makes of the record. `kept`: custom attributes that the file has no column for."""
        self._run("record_good", kept=msgspec.json.encode(kept).decode())
        self._run("record_bad")

    def record_none(self, reason: str) -> None:
        """The same when no row is to be applied, as some are bad."""
        self._run("record_none", reason=reason)
        self._run("record_bad")

    def keep_bad(self, upload: int) -> None:
        """Keep the bad rows for the report."""
        self._run("keep_bad", upload=upload)

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
        session.run("uploads.number_new", (first_rid(self._tenant.number, Kind.IDENTITY) + start,))
        for statement in ("objects", "states", "search_docs", "records", "tokens", *_INDEX):
            self._run(f"new_{statement}", now=now, kind=int(Kind.IDENTITY))
        return count

    def changed(self) -> Iterator[tuple[int, Cells, str]]:
        """(rid, values, id of the manager) of records that get other values."""
        for rid, after, person in staging.rows(self._session, "uploads.changed", self._name, self._span):
            yield rid, msgspec.json.decode(after, type=Cells), person

    def _run(self, statement: str, **more: Any) -> int:
        return staging.run(self._session, f"uploads.{statement}", self._name, {**self._span, **more})


def attach(session: Session, name: str, path: Path) -> bool:
    """Open the staging file of an upload to this writer. Answers whether it is there."""
    return staging.attach(session, name, path)


def freeze(session: Session, job: Job, name: str) -> tuple[int, int]:
    """Every row becomes a target of the job. PRE_PROCESS → PRE_PROCESS_COMPLETED. Answers good and bad rows."""
    total = staging.run(session, "uploads.targets", name, (job.tenant, job.number))
    session.run("jobs.selected", (total, job.tenant, job.number))
    ((good, bad),) = staging.rows(session, "uploads.counts", name, None)
    return good, bad
