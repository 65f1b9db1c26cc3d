"""Runs jobs: one after the other in turns of one chunk, so that a small job never waits for a big one.

Everything a chunk does stands in one transaction with its outcomes and progress; what a crash interrupts
is done again from the stored cursor, so each object is dealt with exactly once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from bulkwark.domain.jobs import FINISHED, Job, Status
from bulkwark.errors import BulkwarkError, Unavailable
from bulkwark.store import jobs
from bulkwark.store.dialect import Patience, Session, Turn
from bulkwark.store.jobs import NewJob
from bulkwark.store.tenants import Store, Tenant

log = logging.getLogger("bulkwark.bulk")

CHUNK_SECONDS = 0.020  # what one chunk should take: the longest a single edit waits for a job
FIRST_CHUNK, LEAST_CHUNK, MOST_CHUNK = 500, 50, 20_000
RETRY_SECONDS = 1.0
FREEZE_SECONDS = 10.0
REMEMBERED = 1_000  # jobs whose chunk time is kept in memory
TARGETS_PER_SWEEP = 5_000


class Operation(Protocol):
    """One kind of bulk change. The engine knows nothing else of nouns."""

    def freeze(self, session: Session, tenant: Tenant, job: Job) -> None:
        """Write the job's targets: PRE_PROCESS → PRE_PROCESS_COMPLETED."""

    def apply(self, session: Session, tenant: Tenant, job: Job, last: int, now: int) -> None:
        """Change the targets in (cursor, last] and record an item for each."""

    def forget(self) -> None:
        """A transaction was rolled back: remember nothing of it."""


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Engine:
    """Owns the threads that work on jobs. `start` resumes what an earlier process left unfinished."""

    def __init__(self, store: Store, operations: Mapping[str, Operation], *, clock: Callable[[], int] = now_ms) -> None:
        self._store = store
        self._operations = operations
        self._clock = clock
        self._queue: deque[tuple[int, int]] = deque()
        self._sizes: dict[tuple[int, int], int] = {}
        self._seconds: dict[tuple[int, int], float] = {}
        self._wake = threading.Condition()
        self._stopping = False
        self._submissions = ThreadPoolExecutor(max_workers=4, thread_name_prefix="submit")
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        for operation in operations.values():
            store.database.after_rollback.append(operation.forget)

    def start(self) -> None:
        """Begin to work; unfinished jobs go on by themselves."""
        for tenant, number in jobs.all_unfinished(self._store.read()):
            self._enqueue(tenant, number)
        self._thread.start()

    def stop(self) -> None:
        """Finish the running chunk and end; what is left goes on at the next start."""
        self._stopping = True
        with self._wake:
            self._wake.notify_all()
        self._submissions.shutdown(wait=True)
        if self._thread.is_alive():
            self._thread.join()

    def submit(self, tenant: Tenant, new: NewJob) -> Job:
        """Store a job, answer it, and freeze its selection before any other writer's turn.

        The caller gets the job as soon as it is durable; the selection still sees exactly the state at
        submission, because nothing can come between.
        """
        accepted: Future[Job] = Future()
        self._submissions.submit(self._accept, tenant, new, accepted)
        return accepted.result()

    def _accept(self, tenant: Tenant, new: NewJob, accepted: Future[Job]) -> None:
        try:
            with self._store.turn() as turn:
                with turn.transaction() as session:
                    job = jobs.add(session, tenant.number, new)
                    jobs.start(session, job, self._clock())
                accepted.set_result(job)
                self._freeze(turn, tenant, job)
        except BaseException as error:
            if not accepted.done():
                accepted.set_exception(error)
                return
            log.exception("job %s: the selection failed, it will be tried again", new.id)
        self._enqueue(tenant.number, job.number)

    def _freeze(self, turn: Turn, tenant: Tenant, job: Job) -> None:
        try:
            with turn.transaction() as session:
                # Other writers wait meanwhile: a selection that is too costly ends the job, not the service.
                session.patience = Patience(FREEZE_SECONDS)
                try:
                    self._operations[job.operation].freeze(session, tenant, job)
                finally:
                    session.patience = None
        except BulkwarkError as error:
            if isinstance(error, Unavailable):
                raise
            with turn.transaction() as session:
                jobs.fail(session, job, self._clock(), error.sentence())

    def chunk_seconds(self, tenant: int, number: int) -> float | None:
        """How long a chunk of the job takes, smoothed; None when this process has not worked on it."""
        return self._seconds.get((tenant, number))

    # --- the loop ------------------------------------------------------------------------------------

    def _enqueue(self, tenant: int, number: int) -> None:
        with self._wake:
            self._queue.append((tenant, number))
            self._wake.notify_all()

    def _run(self) -> None:
        while (key := self._next()) is not None:
            if self._step(*key):
                with self._wake:
                    self._queue.append(key)
            else:
                self._sizes.pop(key, None)

    def _next(self) -> tuple[int, int] | None:
        """The job whose turn it is; None when the engine stops. While there is none, old targets are swept up."""
        dirty = True
        while True:
            with self._wake:
                # Looked at under the lock: an end that is announced just before the wait must not be slept through.
                if not dirty:
                    self._wake.wait_for(lambda: self._stopping or self._queue)
                if self._stopping:
                    return None
                if self._queue:
                    return self._queue.popleft()
            dirty = self._sweep()

    def _step(self, tenant_number: int, number: int) -> bool:
        """One turn of one job. Answers whether more is to be done."""
        try:
            tenant = self._store.tenant_by_number(tenant_number)
            job = jobs.by_number(self._store.read(), tenant_number, number)
            if job.status in (Status.CREATED, Status.PRE_PROCESS):
                with self._store.turn() as turn:
                    with turn.transaction() as session:
                        started = jobs.start(session, job, self._clock())
                    if started:
                        self._freeze(turn, tenant, job)
                return started
            if job.status in FINISHED:
                return False
            return self._chunk(tenant, number)
        except Unavailable as error:
            log.warning("job %s of tenant %s waits: %s", number, tenant_number, error.sentence())
            with self._wake:
                self._wake.wait(RETRY_SECONDS)
            return True
        except Exception as error:
            log.exception("job %s of tenant %s ends", number, tenant_number)
            return not self._fail(tenant_number, number, f"{type(error).__name__}: {error}")

    def _fail(self, tenant: int, number: int, fault: str) -> bool:
        """End a job that cannot go on. Answers whether that could be stored; if not, it is tried again."""
        try:
            with self._store.write() as session:
                jobs.fail(session, jobs.by_number(session, tenant, number), self._clock(), fault)
        except Unavailable as error:
            log.warning("job %s of tenant %s cannot even end: %s", number, tenant, error.sentence())
            return False
        return True

    def _chunk(self, tenant: Tenant, number: int) -> bool:
        key = (tenant.number, number)
        size = self._sizes.get(key, FIRST_CHUNK)
        with self._store.write() as session:
            began = time.perf_counter()
            job = jobs.by_number(session, tenant.number, number)
            if job.status in FINISHED:  # somebody cleared the task meanwhile
                return False
            last, count = jobs.chunk_end(session, job, size)
            if count == 0:
                jobs.post_process(session, job)
                jobs.complete(session, job, self._clock())
                return False
            now = self._clock()
            self._operations[job.operation].apply(session, tenant, job, last, now)
            status = Status.CHUNK_PENDING if len(self._queue) else Status.CHUNK_PROCESSING
            moved = jobs.progress(session, job, last, status, now)
            assert moved, f"job {number} has moved under its own chunk"
        took = time.perf_counter() - began
        self._remember(key, took)
        ideal = size * CHUNK_SECONDS / max(took, 0.0005)
        if count == size:
            # Half way towards the ideal: one slow chunk (a checkpoint) must not shrink the next ones much.
            self._sizes[key] = int(min(MOST_CHUNK, max(LEAST_CHUNK, min((size + ideal) / 2, size * 4))))
        return True

    def _remember(self, key: tuple[int, int], took: float) -> None:
        self._seconds[key] = 0.8 * self._seconds.get(key, took) + 0.2 * took
        while len(self._seconds) > REMEMBERED:
            self._seconds.pop(next(iter(self._seconds)))

    def _sweep(self) -> bool:
        """Forget some targets of finished jobs while nothing else is to do. Answers whether any were left."""
        try:
            for tenant, number in jobs.finished_with_targets(self._store.read()):
                with self._store.write() as session:
                    jobs.drop_targets(session, tenant, number, TARGETS_PER_SWEEP)
                return True
        except Unavailable as error:
            log.warning("old targets stay for now: %s", error.sentence())
        return False
