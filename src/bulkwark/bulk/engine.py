"""Runs jobs: one after the other in turns of one chunk, so that a small job never waits for a big one.

Everything a chunk does stands in one transaction with its outcomes and progress; what a crash interrupts
is done again from the stored cursor, so each object is dealt with exactly once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack

from bulkwark.bulk import freezing, guards
from bulkwark.bulk.freezing import Operation
from bulkwark.bulk.retention import Retention
from bulkwark.bulk.selecting import Selecting
from bulkwark.bulk.solitude import Solitude
from bulkwark.bulk.turns import Key, Turns
from bulkwark.domain.jobs import FINISHED, USUAL_PRIORITY, Happened, Hold, Job, Mode, Outcome, Status
from bulkwark.errors import BulkwarkError, Unavailable
from bulkwark.store import documents, job_events, jobs
from bulkwark.store.dialect import GaveWay, Patience, Session
from bulkwark.store.jobs import NewJob
from bulkwark.store.priorities import stay_behind
from bulkwark.store.tenants import Store, Tenant

log = logging.getLogger("bulkwark.bulk")

CHUNK_SECONDS = 0.020  # what one chunk should take: the longest a single edit waits for a job
ALONE_SECONDS = 0.060  # and what it may take while nobody else writes
FIRST_CHUNK, LEAST_CHUNK, MOST_CHUNK = 500, 50, 20_000
PACE_SECONDS = 0.25  # a job with a speed limit takes what it may in such a span as one chunk
RETRY_SECONDS = 1.0
IDLE_SECONDS = 60.0  # how often an idle engine looks for what has grown old
REMEMBERED = 1_000  # jobs whose chunk time is kept in memory

Also = Callable[[Session, Job], None]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Engine:
    """Owns the threads that work on jobs. `start` resumes what an earlier process left unfinished."""

    def __init__(
        self,
        store: Store,
        operations: Mapping[str, Operation],
        *,
        clock: Callable[[], int] = now_ms,
        retention: Retention | None = None,
    ) -> None:
        self._store = store
        self._operations = operations
        self._clock = clock
        self._retention = retention or Retention()
        self._turns = Turns()
        self._sizes: dict[tuple[int, int], int] = {}
        self._seconds: dict[tuple[int, int], float] = {}
        self._paced: dict[tuple[int, int], tuple[float, int]] = {}  # when its last chunk began, and of how many items
        self._solitude = Solitude(store.database)
        self._wake = threading.Condition()
        self._stopping = False
        self._submissions, self._previews = Selecting(4, "submit"), Selecting(3, "preview")
        self._selected = set[Key]()  # what is being selected, or waits for it: never twice at once
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        for operation in operations.values():
            store.database.after_rollback.append(operation.forget)

    @property
    def operations(self) -> Mapping[str, Operation]:
        """What it can do, by name."""
        return self._operations

    def start(self) -> None:
        """Begin to work; unfinished jobs go on by themselves."""
        for tenant, number in jobs.all_unfinished(self._store.read()):
            self.call(tenant, number)
        self._thread.start()

    def stop(self) -> None:
        """Finish the running chunk, or break it off, and end; what is left goes on at the next start."""
        self._stopping = True
        self._store.database.hurry()
        with self._wake:
            self._wake.notify_all()
        self._submissions.stop()
        self._previews.stop()
        if self._thread.is_alive():
            self._thread.join()

    def submit(self, tenant: Tenant, new: NewJob, also: Also | None = None) -> Job:
        """Store a job, answer it, and freeze its selection before any other writer's turn.

        The caller gets the job as soon as it is durable; the selection still sees exactly the state at
        submission, because nothing can come between; it is written down in steps, and locks nobody out. `also` writes
        more in the transaction of the acceptance.
        """
        operation = self._operations[new.operation]
        with ExitStack() as pinned:
            with self._store.turn() as turn:
                with turn.transaction() as session:
                    job = jobs.add(session, tenant.number, new)
                    now = self._clock()
                    job_events.add(session, job, Happened.ACCEPTED, now)
                    jobs.start(session, job, now)
                    if also:
                        also(session, job)
                    # Before anybody can see the job, and call it.
                    self._selected.add((job.tenant, job.number))
                # What is selected is fixed before the next writer's turn; it is written down after it.
                try:
                    reader = pinned.enter_context(freezing.pinned(self._store))
                except Exception:
                    log.exception("job %s: the selection failed, it will be tried again", new.id)
                    self._selected.discard((job.tenant, job.number))
                    self.call(tenant.number, job.number)
                    return job
            later = pinned.pop_all()

        def select(patience: Patience) -> None:
            with later:
                self._select(
                    job,
                    patience,
                    lambda: freezing.freeze(self._store, reader, tenant, job, operation, self._clock, patience),
                )

        self._selections(job).submit((job.tenant, job.client), select)
        return job

    def require_room(self, tenant: Tenant, client: str, mode: Mode) -> None:
        """Raise TooMany when too many jobs wait for their selection, of the client or of all."""
        pool = self._previews if mode is Mode.PREVIEW else self._submissions
        pool.require_room((tenant.number, client))

    def _selections(self, job: Job) -> Selecting:
        return self._previews if job.mode is Mode.PREVIEW else self._submissions

    def _freeze(self, tenant: Tenant, job: Job) -> None:
        """Select again what an earlier process, or a full disk, has left half selected."""
        key = (job.tenant, job.number)
        if key in self._selected:
            return  # its end calls the job
        self._selected.add(key)
        operation = self._operations[job.operation]

        def select(patience: Patience) -> None:
            self._select(
                job, patience, lambda: freezing.freeze_again(self._store, tenant, job, operation, self._clock, patience)
            )

        self._selections(job).submit((job.tenant, job.client), select)

    def _select(self, job: Job, patience: Patience, freeze: Callable[[], bool]) -> None:
        """In a thread of its own: it may take seconds, and no other job waits for it."""
        if patience.stopped:
            return  # the next start selects anew
        try:
            again = freeze()
        except Unavailable as error:
            again = not patience.stopped
            if again:
                log.warning("job %s waits: %s", job.id, error.sentence())
                time.sleep(RETRY_SECONDS)
        except Exception as error:
            log.exception("job %s ends", job.id)
            again = not self._fail(job.tenant, job.number, f"{type(error).__name__}: {error}")
            if again:
                time.sleep(RETRY_SECONDS)
        self._selected.discard((job.tenant, job.number))
        if again:
            self.call(job.tenant, job.number)

    def call(self, tenant: int, number: int) -> None:
        """There is something new to do for a job: it was submitted, released, or told to run otherwise."""
        with self._wake:
            self._turns.call((tenant, number))
            self._wake.notify_all()

    def chunk_seconds(self, tenant: int, number: int) -> float | None:
        """How long a chunk of the job takes, smoothed; None when this process has not worked on it."""
        return self._seconds.get((tenant, number))

    # --- the loop ------------------------------------------------------------------------------------

    def _run(self) -> None:
        stay_behind()
        while (found := self._next()) is not None:
            self._turn(*found)

    def _turn(self, key: Key, calls: int) -> None:
        """One job's turn. `calls`: how often it was called before, so that no call since is lost."""
        job, wait = self._step(*key)
        with self._wake:
            if wait is None:
                self._turns.done(key, calls)
                self._sizes.pop(key, None)
            else:
                ready = time.monotonic() + wait if wait else 0.0
                priority = job.options.priority if job else USUAL_PRIORITY
                self._turns.took(key, calls=calls, ready=ready, priority=priority)

    def _next(self) -> tuple[Key, int] | None:
        """The job whose turn it is; None when the engine stops. While there is none, what is old is swept up."""
        dirty = True
        while True:
            with self._wake:
                if self._stopping:
                    return None
                now = time.monotonic()
                if (key := self._turns.next(now)) is not None:
                    return key, self._turns.calls(key)
                if not dirty:
                    # Looked at under the lock: what is announced just before the wait must not be slept through.
                    wait = self._turns.wait(now)
                    self._wake.wait(min(IDLE_SECONDS, IDLE_SECONDS if wait is None else max(wait, 0.001)))
                    dirty = wait is None
                    continue
            dirty = self._sweep()

    def _step(self, tenant_number: int, number: int) -> tuple[Job | None, float | None]:
        """One turn of one job: the job, and in how many seconds it wants the next; None when it wants none."""
        job = None
        try:
            tenant = self._store.tenant_by_number(tenant_number)
            job = jobs.by_number(self._store.read(), tenant_number, number)
            if job.status in FINISHED:
                return job, None
            if job.status in (Status.CREATED, Status.PRE_PROCESS):
                self._freeze(tenant, job)
                return job, None
            if job.hold is not None:
                return job, None
            if wait := self._too_soon(job):
                return job, wait
            if self._operations[job.operation].gives_way:
                self._store.database.settle()
            return job, self._chunk(tenant, number)
        except Unavailable as error:
            log.warning("job %s of tenant %s waits: %s", number, tenant_number, error.sentence())
            return job, RETRY_SECONDS
        except BulkwarkError as error:  # what we refuse ourselves is no fault of the program
            log.warning("job %s of tenant %s ends: %s", number, tenant_number, error.sentence())
            return job, None if self._fail(tenant_number, number, error.sentence()) else RETRY_SECONDS
        except Exception as error:
            log.exception("job %s of tenant %s ends", number, tenant_number)
            fault = f"{type(error).__name__}: {error}"
            return job, None if self._fail(tenant_number, number, fault) else RETRY_SECONDS

    def _fail(self, tenant: int, number: int, fault: str) -> bool:
        """End a job that cannot go on. Answers whether that could be stored; if not, it is tried again."""
        try:
            with self._store.write() as session:
                finish(session, jobs.by_number(session, tenant, number), Status.FAILED, self._clock(), fault)
        except Unavailable as error:
            log.warning("job %s of tenant %s cannot even end: %s", number, tenant, error.sentence())
            return False
        return True

    def _chunk(self, tenant: Tenant, number: int) -> float | None:
        began = time.perf_counter()
        self._solitude.begins()
        try:
            wait = self._transaction(tenant, number)
        except GaveWay:
            self._solitude.lost(time.perf_counter() - began)
            return 0.0
        self._solitude.committed()
        return wait

    def _transaction(self, tenant: Tenant, number: int) -> float | None:
        key = (tenant.number, number)
        with self._store.write() as session:
            began = time.perf_counter()
            job = jobs.by_number(session, tenant.number, number)
            if job.status in FINISHED or job.hold is not None:  # somebody was faster
                return None
            operation = self._operations[job.operation]
            few = self._sizes.get(key, FIRST_CHUNK)
            alone = self._solitude.holds(len(self._turns))
            size = wanted = min(MOST_CHUNK, int(few * _longer(operation))) if alone else few
            if job.options.speed:
                size = min(size, _at_once(job.options.speed))
            size, wait = operation.supply(session, tenant, job, size)
            if wait:
                return wait
            last, count = jobs.chunk_end(session, job, size)
            now = self._clock()
            if count == 0:
                jobs.post_process(session, job)
                jobs.complete(session, job, now)
                job_events.add(session, job, Happened.FINISHED, now, {"status": Status.COMPLETED})
                return None
            with ExitStack() as manners:
                if operation.gives_way:
                    manners.enter_context(self._store.database.stepping_aside())
                    if alone:
                        manners.enter_context(self._store.database.giving_way())
                counted = operation.record(session, tenant, job, last, now)
                if job.mode is Mode.RUN:
                    operation.effect(session, tenant, job, last, now)
            status = Status.CHUNK_PENDING if len(self._turns) > 1 else Status.CHUNK_PROCESSING
            moved = jobs.progress(session, job, last, counted, status, now)
            if not moved or sum(counted.values()) != count:
                raise RuntimeError(f"job {number} has moved under its own chunk")
            took = time.perf_counter() - began
            job_events.add(session, job, Happened.CHUNK, now, _told(count, took, counted))
            ended = self._judge(session, job, counted, now)
        took = time.perf_counter() - began
        self._remember(key, took)
        self._paced[key] = (time.monotonic() - took, count)
        if alone:
            self._solitude.kept()
        if count >= wanted:
            # Half way towards the ideal: one slow chunk (a checkpoint) must not shrink the next ones much.
            ideal = count * (operation.chunk_seconds or CHUNK_SECONDS) / max(took, 0.0005)
            least = operation.least_chunk or LEAST_CHUNK
            self._sizes[key] = int(min(MOST_CHUNK, max(least, min((few + ideal) / 2, few * 4))))
        if ended:
            return None
        return max(0.0, count / job.options.speed - took) if job.options.speed else 0.0

    def _too_soon(self, job: Job) -> float:
        """For how many seconds its speed still forbids a job the next chunk: it may have been called ahead of that."""
        speed = job.options.speed
        if not speed:
            return 0.0
        began, count = self._paced.get((job.tenant, job.number), (0.0, 0))
        # What it did before it had a speed is not laid to its account.
        return max(0.0, began + min(count, _at_once(speed)) / speed - time.monotonic())

    def _judge(self, session: Session, job: Job, counted: Mapping[Outcome, int], now: int) -> bool:
        """Whether its failures end the job, or let it wait for somebody's confirmation."""
        if job.mode is not Mode.RUN:
            return False
        if (why := guards.policy(job, counted)) is not None:
            return finish(session, job, Status.STOPPED, now, why)
        if guards.stops(session, job) and (why := guards.failing(session, job, counted)) is not None:
            return hold(session, job, Hold.AWAITING_CONFIRMATION, why, now)
        return False

    def _remember(self, key: tuple[int, int], took: float) -> None:
        self._seconds[key] = 0.8 * self._seconds.get(key, took) + 0.2 * took
        for remembered in (self._seconds, self._paced):
            while len(remembered) > REMEMBERED:
                remembered.pop(next(iter(remembered)))

    def _sweep(self) -> bool:
        """Forget or renew some of what is old, while nothing else is to do. Answers whether more is left."""
        try:
            return self._retention.sweep(self._store, self._clock()) or documents.renew(self._store)
        except Unavailable as error:
            log.warning("what is old stays for now: %s", error.sentence())
            return False


def _longer(operation: Operation) -> float:
    """How many times the usual a chunk may take while nobody else writes."""
    usual = operation.chunk_seconds or CHUNK_SECONDS
    return max(1.0, (operation.alone_seconds or ALONE_SECONDS) / usual)


def _at_once(speed: int) -> int:
    """How many items a job with a speed takes in a chunk."""
    return max(1, int(speed * PACE_SECONDS))


def _told(count: int, seconds: float, counted: Mapping[Outcome, int]) -> dict[str, float]:
    """What the log tells of a chunk."""
    counts = {outcome.name.lower(): number for outcome, number in counted.items()}
    return {"items": count, "ms": round(seconds * 1000, 2), **counts}


def finish(session: Session, job: Job, status: Status, now: int, error: str | None) -> bool:
    """End an unfinished job before its end, and log it. False when it had ended already."""
    ended = jobs.finish(session, job, status, now, error)
    if ended:
        job_events.add(session, job, Happened.FINISHED, now, {"status": status, "error": error})
    return ended


def hold(session: Session, job: Job, why: Hold, words: str, now: int) -> bool:
    """Let a job stand still, and log it. False when it has ended or stands still already."""
    held = jobs.hold(session, job, why, words)
    if held:
        job_events.add(session, job, Happened.HELD, now, {"hold": why, "reason": words})
    return held
