"""The way of an uploaded file to a 202: it is kept, looked at, and stored together with its job."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import IO
from uuid import uuid4

import msgspec
from msgspec import Struct

from bulkwark.bulk.upload_loader import Task
from bulkwark.bulk.upload_process import Loaders
from bulkwark.bulk.upload_specs import NAME, TYPE, JobSpec, Spec, settings_of
from bulkwark.domain.csv_files import FileFault, Refused
from bulkwark.domain.jobs import Happened, Job, Mode, Options
from bulkwark.domain.non_employees import Limits
from bulkwark.errors import Unavailable
from bulkwark.store import job_events, jobs, non_employee_sources, uploads
from bulkwark.store.dialect import Session
from bulkwark.store.jobs import NewJob
from bulkwark.store.non_employee_sources import Source
from bulkwark.store.non_employee_spelling import numbers
from bulkwark.store.tenants import Store, Tenant
from bulkwark.store.uploads import State, Upload

# What a row takes in the staging file, and about as much again in the database: so much, and its text so many times.
ROW_BYTES, CELL_BYTES = 3_800, 8
COPIED = 1 << 20  # bytes at once


class Sent(Struct, frozen=True):
    """Who has sent a file, and how it is to be applied. `created` in µs; `actor`: the submitter's name."""

    client: str
    submitter: str
    actor: str
    created: int
    mode: Mode
    options: Options


class Acceptance:
    """Takes files into a folder."""

    def __init__(
        self, store: Store, loaders: Loaders, limits: Limits, clock: Callable[[], int], path: Callable[[str], Path]
    ) -> None:
        self._store = store
        self._loaders = loaders
        self._limits = limits
        self._clock = clock
        self._path = path

    def accept(
        self, tenant: Tenant, source: Source, file: IO[bytes], sent: Sent, also: Callable[[Session, Upload], None]
    ) -> Upload:
        """Store a file that can be used. Raises Refused for any other, and then nothing is stored.

        `also` writes more in the transaction of the acceptance.
        """
        session = self._store.read()
        schema = non_employee_sources.attributes(session, tenant.number, source.number)
        id = str(uuid4())
        path = self._path(id)
        try:
            self._keep(file, path)
            found = self._loaders.run(Task("look", str(path), schema, self._limits))
            if found.refused:
                raise Refused(*(FileFault(0, fault) for fault in found.refused))
            self._require_space(session, path, found.rows)
            spec = Spec(
                schema,
                {"id": source.source_id, "name": source.name},
                [one.name for one in schema if not one.system and one.name not in found.names],
                settings_of(session, tenant.number).all_or_nothing,
                sent.mode,
                sent.options,
                sent.actor,
            )
            new = Upload(
                tenant=tenant.number,
                number=0,
                id=id,
                source=source.number,
                client=sent.client,
                submitter=sent.submitter,
                created=sent.created,
                modified=sent.created // 1000,
                state=State.WAITING,
                tries=0,
                lines=found.rows,
                titles=found.titles,
                spec=msgspec.json.encode(spec).decode(),
            )
            with self._store.write() as session:
                upload = uploads.add(session, new)
                add_job(session, upload, spec, self._clock())
                numbers(session, tenant, [one.name for one in schema if not one.system])
                also(session, upload)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return upload

    def _keep(self, file: IO[bytes], path: Path) -> None:
        try:
            path.parent.mkdir(exist_ok=True)
            with open(path, "wb") as kept:
                shutil.copyfileobj(file, kept, COPIED)
                kept.flush()
                os.fsync(kept.fileno())
        except OSError as error:
            raise Unavailable(f"the file cannot be kept: {error.strerror}", hint="free space, then retry") from error

    def _require_space(self, session: Session, path: Path, rows: int) -> None:
        """Raises Unavailable unless the disk has room for what this file and those in the queue become."""
        for one in uploads.unfinished(session):
            rows += one.lines if one.state is State.WAITING else 0
        needed = 2 * (rows * ROW_BYTES + CELL_BYTES * path.stat().st_size)
        free = shutil.disk_usage(path.parent).free
        if free < needed:
            told = f"the upload may need {needed / 1e9:,.2f} GB of the disk, and {free / 1e9:,.2f} GB are free"
            raise Unavailable(told, hint="free space, or send fewer rows at once; nothing is stored")


def add_job(session: Session, upload: Upload, spec: Spec, now: int) -> Job:
    """The job of an upload. It stays CREATED until the engine is called for it. `now` in ms."""
    new = NewJob(
        id=upload.id,
        type=TYPE,
        operation=NAME,
        spec=msgspec.json.encode(JobSpec(upload.id, upload.source)).decode(),
        selector="{}",
        client=upload.client,
        submitter=upload.submitter,
        created=upload.created,
        options=spec.options,
        mode=spec.mode,
    )
    job = jobs.add(session, upload.tenant, new)
    job_events.add(session, job, Happened.ACCEPTED, now)
    return job
