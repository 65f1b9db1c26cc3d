"""Uploads of CSV files to non-employee sources: accepted, read by a process of their own, applied as jobs, one after
the other for each source.

A file is durable before it is accepted, and the job of an upload has the upload's id. It stays CREATED until the
reading begins, and applies rows while later ones are read. Whatever a crash interrupts begins again: the reading from
the beginning of the file, the applying from the job's cursor.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import msgspec

from bulkwark.bulk import non_employees, upload_files
from bulkwark.bulk.engine import Engine, finish
from bulkwark.bulk.upload_acceptance import Acceptance, Sent, add_job
from bulkwark.bulk.upload_loader import Task
from bulkwark.bulk.upload_process import Loaders
from bulkwark.bulk.upload_specs import NAME, JobSpec, Spec
from bulkwark.domain.jobs import FINISHED, Job, Mode, Status
from bulkwark.domain.kinds import Kind, first_rid
from bulkwark.domain.non_employees import Limits
from bulkwark.errors import BulkwarkError, DiskFull, Unavailable
from bulkwark.store import counters, events, jobs, uploads
from bulkwark.store.dialect import Session
from bulkwark.store.events import Event
from bulkwark.store.non_employee_sources import Source
from bulkwark.store.non_employee_spelling import numbers
from bulkwark.store.tenants import Store, Tenant
from bulkwark.store.uploads import State, Upload

log = logging.getLogger("bulkwark.bulk")

OBJECT = "NON_EMPLOYEE_UPLOAD"  # of its events
FOLDER = "uploads"
LOOK_SECONDS = 0.1  # between two looks at running jobs, while there are any
MANY = 100_000  # rows of an upload for which the store keeps a longer log
RETRY_SECONDS = 1.0
TRIES = 3  # how often a file is read when its process dies
SWEEP_SECONDS = 3_600.0  # between two looks for files that nobody needs


class Uploads:
    """Takes files, and sees them through. `start` goes on with what an earlier process left."""

    def __init__(self, store: Store, engine: Engine, limits: Limits, clock: Callable[[], int]) -> None:
        self.folder = store.database.path.parent / FOLDER
        self.loaders = Loaders()
        self._acceptance = Acceptance(store, self.loaders, limits, clock, self._path)
        self._store = store
        self._engine = engine
        self._limits = limits
        self._clock = clock
        self._wake = threading.Condition()
        self._called = False
        self._stopping = False
        self._reading: dict[tuple[int, int], threading.Thread] = {}
        self._thread = threading.Thread(target=self._run, name="uploads", daemon=True)

    def start(self) -> None:
        """Before the engine: a reading that was interrupted begins again, and what it has written is not to be used."""
        for upload in uploads.unfinished(self._store.read()):
            if upload.state is not State.APPLYING:
                uploads.remove(self.staging(upload.id))
        self._thread.start()

    def stop(self) -> None:
        """End the loader processes; what they read is read again at the next start."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        self.loaders.stop()
        if self._thread.is_alive():
            self._thread.join()
        for thread in list(self._reading.values()):
            thread.join()

    # --- accepting -----------------------------------------------------------------------------------

    def accept(
        self, tenant: Tenant, source: Source, file: IO[bytes], sent: Sent, also: Callable[[Session, Upload], None]
    ) -> Upload:
        """As `Acceptance.accept`; it is seen through from then on."""
        found = self._acceptance.accept(tenant, source, file, sent, also)
        self._look()
        return found

    def _path(self, id: str) -> Path:
        return self.folder / f"{id}.csv"

    def staging(self, id: str) -> Path:
        """The staging file of an upload."""
        return self.folder / f"{id}.staging"

    # --- seeing through ------------------------------------------------------------------------------

    def _look(self) -> None:
        with self._wake:
            self._called = True
            self._wake.notify_all()

    def _run(self) -> None:
        swept = -SWEEP_SECONDS
        while not self._stopping:
            wait = RETRY_SECONDS
            with self._wake:
                self._called = False
            try:
                wait = LOOK_SECONDS if self._step() else SWEEP_SECONDS
                if time.monotonic() - swept >= SWEEP_SECONDS:
                    swept = time.monotonic()
                    upload_files.sweep(self._store, self.folder, self._needed, self._clock())
            except BulkwarkError as error:
                log.warning("uploads wait: %s", error.sentence())
            except Exception:
                log.exception("uploads are interrupted")
            with self._wake:
                # Whoever called since the look began must not be slept through.
                if not self._stopping and not self._called:
                    self._wake.wait(wait)

    def _step(self) -> bool:
        """Look after every unfinished upload. Answers whether there are any."""
        found = uploads.unfinished(self._store.read())
        self._store.database.expect_much(any(one.lines >= MANY for one in found))
        busy: set[tuple[int, int]] = set()  # sources: what came first goes first
        for upload in found:
            place = (upload.tenant, upload.source)
            if upload.state is State.APPLYING:
                self._follow(upload)
            elif (upload.tenant, upload.number) in self._reading:
                if self._over(upload, completed=False):
                    self.loaders.end(str(self._path(upload.id)))
            elif self._over(upload):  # cancelled while it waited
                self._follow(upload)
            elif place not in busy:
                self._read(upload)
            busy.add(place)
        return bool(found)

    def _read(self, upload: Upload) -> None:
        """Begin to read a file, or give it up."""
        if upload.tries >= TRIES:
            self._end(upload, f"the file could not be read, which was tried {TRIES} times: {upload.error}")
            return
        with self._store.write() as session:
            uploads.move(session, upload, State.READING, self._clock())
        key = (upload.tenant, upload.number)
        thread = threading.Thread(target=self._read_in_thread, args=(upload,), name="reading an upload", daemon=True)
        self._reading[key] = thread
        thread.start()

    def _read_in_thread(self, upload: Upload) -> None:
        try:
            self._stage(upload)
        except Unavailable as error:
            if not self._stopping and self._over(upload):
                self._follow(upload)
            elif not self._stopping:
                self._again(upload, error)
        except BulkwarkError as error:
            self._end(upload, error.sentence())
        except Exception as error:
            log.exception("upload %s ends", upload.id)
            self._end(upload, f"{type(error).__name__}: {error}")
        finally:
            del self._reading[upload.tenant, upload.number]
            self._look()

    def _again(self, upload: Upload, error: Unavailable) -> None:
        """Let a file be read once more. What was read of it goes first: it may be what has filled the disk."""
        log.warning("upload %s will be read again: %s", upload.id, error.sentence())
        try:
            self._remove_staging(upload)
            with self._store.write() as session:
                uploads.move(session, upload, State.READING, self._clock(), error=error.sentence(), tries=1)
        except Unavailable as full:
            log.warning("upload %s waits: %s", upload.id, full.sentence())
        time.sleep(RETRY_SECONDS if isinstance(error, DiskFull) else 0)

    def _stage(self, upload: Upload) -> None:
        """Submit the job, and read the file into the staging file from which it takes its rows."""
        tenant = self._store.tenant_by_number(upload.tenant)
        spec = msgspec.json.decode(upload.spec, type=Spec)
        if not self._path(upload.id).exists():
            self._end(upload, "the uploaded file is gone")
            return
        if self._over(upload):
            self._follow(upload)
            return
        with self._store.write() as session:
            fields = numbers(session, tenant, [one.name for one in spec.schema if not one.system])
        self._remove_staging(upload)  # of a reading before
        begun = self._begin(upload, spec)
        task = Task(
            "read",
            str(self._path(upload.id)),
            spec.schema,
            self._limits,
            data_dir=str(self._store.database.path.parent),
            tenant=tenant.name,
            staging=str(self.staging(upload.id)),
            source=spec.document,
            numbers=fields,
            now=begun.now,
            known=begun.known,
            warning=self._limits.warning,
        )
        found = self.loaders.run(task)
        if found.refused:
            self._end(upload, "\n".join(found.refused))
            return
        with self._store.write(patient=True) as session:
            uploads.move(session, upload, State.APPLYING, self._clock())
            job = jobs.get(session, upload.tenant, upload.id)
            assert job is not None
            if found.rows != upload.lines:
                uploads.correct(session, job, found.rows)
        self._engine.call(job.tenant, job.number)

    def _begin(self, upload: Upload, spec: Spec) -> JobSpec:
        """What the reading depends on, as the job keeps it: told when the first one begins."""
        with self._store.write() as session:
            job = jobs.get(session, upload.tenant, upload.id) or add_job(session, upload, spec, self._clock())
            begun = msgspec.json.decode(job.spec, type=JobSpec)
            if not begun.now:
                last = counters.current(session, upload.tenant, f"kind-{int(Kind.IDENTITY)}")
                known = first_rid(upload.tenant, Kind.IDENTITY) + last + 1
                begun = JobSpec(upload.id, upload.source, self._clock(), known)
                uploads.begin(session, job, msgspec.json.encode(begun).decode())
        self._engine.call(job.tenant, job.number)
        return begun

    def _over(self, upload: Upload, *, completed: bool = True) -> bool:
        """Whether its job has ended; not `completed`: before its end. (A loader syncs its file even then.)"""
        job = jobs.get(self._store.read(), upload.tenant, upload.id)
        return job is not None and job.status in FINISHED and (completed or job.status is not Status.COMPLETED)

    def _follow(self, upload: Upload) -> None:
        """End an upload whose job has ended. Files of a preview stay while it may be run."""
        job = jobs.get(self._store.read(), upload.tenant, upload.id)
        if job is None or job.status not in FINISHED:
            return
        with self._store.write() as session:
            uploads.move(session, upload, State.ENDED, self._clock())
            if job.mode is Mode.RUN:
                self._tell(session, upload, job)
        if job.mode is Mode.RUN:
            self.forget_files(upload)
        else:
            with self._store.turn() as turn:  # one connection can have a few files open only
                uploads.detach(turn.session, upload)

    def _tell(self, session: Session, upload: Upload, job: Job) -> None:
        """One event for the whole job."""
        spec = msgspec.json.decode(upload.spec, type=Spec)
        told = {
            "sourceId": spec.document["id"],
            "sourceName": spec.document["name"],
            "rows": str(upload.lines),
            "changed": str(job.changed),
            "unchanged": str(job.unchanged),
            "failed": str(job.failed),
        }
        good = job.status is Status.COMPLETED and not job.failed
        tenant = self._store.tenant_by_number(upload.tenant)
        event = Event(
            non_employees.TYPE,
            OBJECT,
            "IMPORT",
            spec.document["name"],
            spec.actor,
            status="PASSED" if good else "FAILED",
            group=job.id,
            attributes=told,
        )
        events.append(session, tenant, [event], self._clock())

    def _end(self, upload: Upload, error: str) -> None:
        with self._store.write() as session:
            uploads.move(session, upload, State.ENDED, self._clock(), error=error)
            job = jobs.get(session, upload.tenant, upload.id)
            if job is not None and finish(session, job, Status.FAILED, self._clock(), error) and job.mode is Mode.RUN:
                self._tell(session, upload, jobs.by_number(session, job.tenant, job.number))
        self.forget_files(upload)

    def _needed(self) -> set[str]:
        """Ids of uploads whose files are still to be read or applied."""
        session = self._store.read()
        needed = {one.id for one in uploads.unfinished(session)}
        for job in (jobs.by_number(session, *key) for key in jobs.all_unfinished(session)):
            if job.operation == NAME:
                needed.add(msgspec.json.decode(job.spec, type=JobSpec).upload)
        return needed

    def forget_files(self, upload: Upload) -> None:
        """Delete an upload's files; first they are let go by the writer that may have them open."""
        self._remove_staging(upload)
        self._path(upload.id).unlink(missing_ok=True)

    def _remove_staging(self, upload: Upload) -> None:
        with self._store.turn() as turn:
            uploads.detach(turn.session, upload)
            uploads.remove(self.staging(upload.id))
