"""The targets of a job, written once and never changed: what it deals with is fixed before it begins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import Protocol

from bulkwark.bulk import derived, guards
from bulkwark.domain.jobs import Happened, Hold, Job, Mode, Outcome, Status
from bulkwark.errors import BulkwarkError, Unavailable
from bulkwark.store import job_events, jobs
from bulkwark.store.dialect import Patience, Row, Session, Sql
from bulkwark.store.outcomes import NewItem
from bulkwark.store.tenants import Store, Tenant

TARGETS_AT_ONCE = 50_000
SAMPLE = 10  # items of each outcome that a preview tells beforehand


Clock = Callable[[], int]
Counts = Mapping[Outcome, int]  # how many items ended how


class Operation(Protocol):
    """One kind of bulk change: operations derive from it. The engine knows nothing else of nouns.

    A job that undoes another or runs a preview (`job.relation`) takes what it does from the items of its origin; its
    targets are written without the operation.
    """

    #: How long its chunks should take, when their commits cost much; None: as long as chunks usually do.
    chunk_seconds: float | None = None
    #: The same while nobody else writes.
    alone_seconds: float | None = None
    #: Whether such a chunk is broken off, and done again in short ones, when somebody else wants to write.
    gives_way: bool = False
    #: How many targets they have at least, when their commits cost much; None: as few as others.
    least_chunk: int | None = None

    def selection(self, session: Session, tenant: Tenant, job: Job) -> Sql | None:
        """A query for the rids of the targets; None when only `freeze` can write them (they are few)."""
        return None

    def count(self, session: Session, tenant: Tenant, job: Job, selection: Sql) -> list[tuple[int, NewItem]] | None:
        """What would become of the selection, as (how many, one of them); None when only `record` can tell."""
        return None

    def freeze(self, session: Session, tenant: Tenant, job: Job) -> None:
        """Write the targets of a job without a selection: PRE_PROCESS → PRE_PROCESS_COMPLETED."""
        raise AssertionError(f"the targets of job {job.number} are neither selected nor written")

    def frozen(self, session: Session, tenant: Tenant, job: Job, total: int) -> None:
        """So many targets of the selection stand: whatever was needed only to find them can go."""
        return

    def hidden(self, session: Session, tenant: Tenant, job: Job, total: int) -> int:
        """How many objects match that the submitter may not see."""
        return 0

    def supply(self, session: Session, tenant: Tenant, job: Job, size: int) -> tuple[int, float]:
        """Write the next targets, of a job whose targets come while it runs.

        Answers how many the chunk may take at most, and, while there are none yet, in how many seconds to ask again.
        """
        return size, 0.0

    def record(self, session: Session, tenant: Tenant, job: Job, last: int, now: int) -> Counts:
        """Write an item for each target in (cursor, last]: outcome, reason, before, after. Change nothing else.

        Answers how they ended.
        """

    def effect(self, session: Session, tenant: Tenant, job: Job, last: int, now: int) -> None:
        """Carry out what was just recorded as changed in (cursor, last]."""

    def require_rerun(self, session: Session, job: Job, wanted: Collection[Outcome]) -> bool:
        """Raises Invalid when items of a job with these outcomes cannot be done again.

        Answers whether also those of the run of a preview are dealt with as those of any job: not from its preview.
        """
        return False

    def forget(self) -> None:
        """A transaction was rolled back: remember nothing of it."""
        return


@contextmanager
def pinned(store: Store) -> Iterator[Session]:
    """A reader that sees the data as it is now, whatever is written meanwhile."""
    with store.database.snapshot() as reader:
        jobs.all_unfinished(reader)  # any first read fixes the state that it sees
        yield reader


def freeze(
    store: Store, reader: Session, tenant: Tenant, job: Job, operation: Operation, clock: Clock, patience: Patience
) -> bool:
    """Write the targets of a started job in short transactions, from the state of the data that the reader sees.

    The guards look at them with the last one. Answers whether the job may go on; Unavailable when `patience` was
    stopped: the next start selects anew.
    """
    reader.patience = patience
    try:
        if job.relation is not None:
            selection: Sql | None = derived.selection(reader, tenant, job)
        else:
            selection = operation.selection(reader, tenant, job)
        if selection is not None and job.mode is Mode.PREVIEW and job.relation is None:
            _count(store, reader, tenant, job, operation, selection, clock())
        total, batch = 0, list[int]()
        if selection is not None:
            rows = reader.execute(f"SELECT rid FROM ({selection.text}) ORDER BY rid", selection.params)
            with ThreadPoolExecutor(1, "selecting") as ahead:  # the next are read while the last are written
                batch = _some(rows)
                while len(batch) == TARGETS_AT_ONCE:
                    coming = ahead.submit(_some, rows)
                    with store.write() as session:
                        jobs.add_targets(session, job, batch)
                    total += len(batch)
                    if patience.stopped:
                        raise Unavailable("the server stops")
                    batch = coming.result()
            total += len(batch)
            hidden = 0 if job.relation is not None else operation.hidden(reader, tenant, job, total)
        with store.write() as session:
            if jobs.by_number(session, job.tenant, job.number).status is not Status.PRE_PROCESS:
                return False  # it was cancelled
            if selection is not None:
                jobs.add_targets(session, job, batch)
                jobs.count_selected(session, job, total)
                jobs.set_hidden(session, job, hidden)
                if job.relation is not None:
                    derived.shrink(session, job)
                else:
                    operation.frozen(session, tenant, job, total)
            else:
                operation.freeze(session, tenant, job)
            _selected(session, tenant, job, clock())
    except BulkwarkError as error:
        if isinstance(error, Unavailable):
            raise
        if patience.stopped:
            raise Unavailable("the server stops") from error
        with store.write() as session:
            _fail(session, job, clock(), error.sentence())
        return False
    return True


def _some(rows: Iterator[Row]) -> list[int]:
    return [rid for (rid,) in islice(rows, TARGETS_AT_ONCE)]


def freeze_again(
    store: Store, tenant: Tenant, job: Job, operation: Operation, clock: Clock, patience: Patience
) -> bool:
    """The same for a job whose selection nobody has begun, or an earlier process did not end: on the data of now."""
    with store.write() as session:
        if not jobs.start(session, job, clock()):
            return False
    _clear(store, job)
    with pinned(store) as reader:
        return freeze(store, reader, tenant, job, operation, clock, patience)


def _count(
    store: Store, reader: Session, tenant: Tenant, job: Job, operation: Operation, selection: Sql, now: int
) -> None:
    """Tell what a preview comes to, long before each of its items is recorded: counts, and some of each outcome."""
    found = operation.count(reader, tenant, job, selection)
    if found is None:
        return
    counts = Counter[str]()
    sample: list[NewItem] = []
    for number, item in found:
        counts[item.outcome.name.lower()] += number
        if sum(one.outcome is item.outcome for one in sample) < SAMPLE:
            sample.append(item)
    over = guards.verdicts(reader, tenant, job, counts.total(), selection)
    with store.write() as session:
        job_events.add(session, job, Happened.COUNTED, now, {"counts": counts, "sample": sample, "guards": over})


def _clear(store: Store, job: Job) -> None:
    """Targets that an earlier process had begun to write."""
    gone = True
    while gone:
        with store.write() as session:
            if jobs.by_number(session, job.tenant, job.number).status is not Status.PRE_PROCESS:
                return
            gone = jobs.drop_targets(session, job.tenant, job.number, TARGETS_AT_ONCE) > 0


def _selected(session: Session, tenant: Tenant, job: Job, now: int) -> None:
    """Log the selection; a job that is over a guard waits."""
    now_job = jobs.by_number(session, job.tenant, job.number)
    total = now_job.total or 0
    stops = guards.stops(session, job)
    over = guards.verdicts(session, tenant, job, total) if stops or job.mode is Mode.PREVIEW else []
    job_events.add(session, job, Happened.SELECTED, now, {"total": total, "hidden": now_job.hidden, "guards": over})
    if over and stops:
        words = "; ".join(over)
        # A pause that came first must not hide the guard: its end would let the job run unconfirmed.
        jobs.release(session, job, Hold.PAUSED)
        if jobs.hold(session, job, Hold.AWAITING_CONFIRMATION, words):
            job_events.add(session, job, Happened.HELD, now, {"hold": Hold.AWAITING_CONFIRMATION, "reason": words})


def _fail(session: Session, job: Job, now: int, error: str) -> None:
    if jobs.finish(session, job, Status.FAILED, now, error):
        job_events.add(session, job, Happened.FINISHED, now, {"status": Status.FAILED, "error": error})
