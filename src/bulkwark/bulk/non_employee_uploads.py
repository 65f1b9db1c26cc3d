"""Jobs that apply uploaded files to non-employee sources. A target, and an item, is a line of the file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import msgspec

from bulkwark.bulk import upload_rerun
from bulkwark.bulk.freezing import Counts, Operation
from bulkwark.bulk.upload_specs import JobSpec, Spec
from bulkwark.domain import reasons
from bulkwark.domain.jobs import Job, Outcome, Relation
from bulkwark.domain.non_employees import Limits
from bulkwark.errors import Invalid
from bulkwark.store import jobs, non_employee_records, non_employee_sources, upload_undo, uploads
from bulkwark.store.dialect import Session
from bulkwark.store.non_employee_sources import Source
from bulkwark.store.tenants import Tenant
from bulkwark.store.uploads import Chunk, State, Upload

ENOUGH = 5_000  # rows of a chunk that does not wait for more of them to be read
CHANGED = 500  # records that are changed at once: each is some 40 KB in this process until then
TAKEN_BACK = 1_000  # rows of a chunk that is worked on in this process
WAIT_SECONDS = 0.05  # between two looks whether more rows have been read
QUEUED_SECONDS = 5.0  # the same while other uploads go first
REPORT = "GET /bulkwark/v1/jobs/{id}/failed-rows gives the rows that failed, ready to be mended"
LEAST_WHOLE = 250  # rows of a chunk that may become more, so that it takes whole segments


class NonEmployeeUploadOperation(Operation):
    """Plugs into the engine (`bulk/engine.py`). `folder`: of the staging files."""

    # Each commit flushes a segment of the full text and writes every page of an index that it has touched. Among half a
    # million records chunks of 150 ms had shrunk to 500 rows, and most of the time went to commits and checkpoints.
    chunk_seconds = 0.15
    alone_seconds = 6.0
    gives_way = True
    least_chunk = 500

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits

    def freeze(self, session: Session, tenant: Tenant, job: Job) -> None:
        uploads.freeze(session, job, self._upload(session, job))

    def supply(self, session: Session, tenant: Tenant, job: Job, size: int) -> tuple[int, float]:
        """Make the next rows targets. Answers how many at most, and 0.0; or 0, and in how many seconds to ask again.

        Chunks end where segments of the staging file do, unless they are to be small: so each is applied at once. With
        all or nothing, none begins before the last row is known.
        """
        if job.relation is not None:  # its targets are items of another job
            if job.relation is Relation.RUN and not jobs.chunk_end(session, job, 1)[1]:
                self._let_go(session, job)
            held = job.relation is Relation.RERUN or jobs.takes_back(session, job)
            return min(size, TAKEN_BACK) if held else size, 0.0
        upload = self._upload(session, job)
        if upload.state is State.WAITING:
            return 0, QUEUED_SECONDS  # a restart calls every job; whoever begins to read calls it again
        reading = upload.state is State.READING
        if reading and not self._staging(upload).exists():
            return 0, WAIT_SECONDS
        self._attach(session, upload)
        unfinished = reading and uploads.whole(session, upload) is None
        if unfinished and msgspec.json.decode(upload.spec, type=Spec).strict:
            return 0, WAIT_SECONDS
        count, last = uploads.ready(session, job, upload, size)
        end = uploads.segment_end(session, upload, last) if count and size >= LEAST_WHOLE else None
        if unfinished and (count < min(size, ENOUGH) or (end is None and size >= LEAST_WHOLE)):
            return 0, WAIT_SECONDS
        last = end or last
        if count:
            uploads.add_targets(session, job, upload, last)
        return max(0, last - job.cursor), 0.0  # no more rows than lines

    def record(self, session: Session, tenant: Tenant, job: Job, last: int, now: int) -> Counts:
        upload = self._upload(session, job)
        if jobs.takes_back(session, job):
            gone = non_employee_sources.by_number(session, tenant.number, upload.source) is None
            upload_undo.record(session, tenant, job, last, upload.source, gone=gone)
            return jobs.outcomes(session, job, last)
        self._source(session, tenant, upload)
        spec = msgspec.json.decode(upload.spec, type=Spec)
        self._require_schema(session, upload, spec)
        if job.relation is Relation.RERUN:
            upload_rerun.record(session, tenant, job, last, upload, spec, self._limits, now)
            return jobs.outcomes(session, job, last)
        self._attach(session, upload)
        chunk = Chunk(session, tenant, job, last, upload)
        found = uploads.whole(session, upload) if spec.strict else None
        bad = found[1] if found else 0
        if bad:
            chunk.record_none(reasons.written(reasons.NOT_ALL_GOOD, f"{bad:,} other rows are not good"))
        else:
            chunk.record(spec.kept, now)
            if job.relation is Relation.RUN:
                chunk.compare(job.origin or 0, reasons.PREVIEW)
        chunk.keep_bad()
        return jobs.outcomes(session, job, last)

    def effect(self, session: Session, tenant: Tenant, job: Job, last: int, now: int) -> None:
        upload = self._upload(session, job)
        if jobs.takes_back(session, job):
            # Of a source that was deleted nothing is recorded as changed.
            known = non_employee_sources.by_number(session, tenant.number, upload.source)
            if known is not None:
                upload_undo.effect(session, tenant, known, job, last, now=now, warning=self._limits.warning)
            return
        source = self._source(session, tenant, upload)
        if job.relation is Relation.RERUN:
            upload_rerun.effect(session, tenant, source, job, last, now=now, warning=self._limits.warning)
            return
        chunk = Chunk(session, tenant, job, last, upload)
        chunk.create(now)
        for changed in chunk.changed(CHANGED):
            people = non_employee_records.managers(session, tenant, {cells.manager for _, cells in changed})
            found = {one.rid: one for one in non_employee_records.by_rids(session, [rid for rid, _ in changed])}
            rows = [(found[rid], cells, people.get(cells.manager)) for rid, cells in changed]
            non_employee_records.change(session, tenant, source, rows, now=now, warning=self._limits.warning)

    def require_rerun(self, session: Session, job: Job, wanted: Collection[Outcome]) -> bool:
        """Whether what failed is done again from the report, without the file. Raises Invalid when that cannot be."""
        if jobs.takes_back(session, job):
            return False
        if job.relation is None and msgspec.json.decode(self._upload(session, job).spec, type=Spec).strict:
            told = "no row of the file was applied, as one bad row keeps all of them back"
            raise Invalid(told, where="path", hint=f"mend the whole file and upload it again; {REPORT}")
        if job.relation is None and not job.failed:
            told = f"the upload has no failed rows: {job.error}" if job.error else "the upload has no failed rows"
            raise Invalid(told, where="path", hint="upload the file again; rows that are applied are unchanged")
        return Outcome.FAILED in wanted

    def _upload(self, session: Session, job: Job) -> Upload:
        spec = msgspec.json.decode(job.spec, type=JobSpec)
        found = uploads.get(session, job.tenant, spec.upload)
        assert found is not None, f"the upload {spec.upload} is gone"
        return found

    def _attach(self, session: Session, upload: Upload) -> None:
        if not uploads.attach(session, upload, self._staging(upload)):
            raise Invalid("the uploaded file is no longer here", hint=f"upload the file again; {REPORT}")

    def _let_go(self, session: Session, job: Job) -> None:
        """The run of a preview ends: only what conflicted can still need the files."""
        if jobs.takes_back(session, job):
            return
        upload = self._upload(session, job)
        files = [] if job.conflicted else [self._staging(upload), self._folder / f"{upload.id}.csv"]
        uploads.detach(session, upload, *files)

    def _staging(self, upload: Upload) -> Path:
        return self._folder / f"{upload.id}.staging"

    def _source(self, session: Session, tenant: Tenant, upload: Upload) -> Source:
        source = non_employee_sources.by_number(session, tenant.number, upload.source)
        if source is None:
            raise Invalid("the source was deleted")
        return source

    def _require_schema(self, session: Session, upload: Upload, spec: Spec) -> None:
        """Rows were checked against the schema at the upload: they must not be applied to another."""
        now = {one.id: one.required for one in non_employee_sources.attributes(session, upload.tenant, upload.source)}
        if now != {one.id: one.required for one in spec.schema}:
            raise Invalid("the schema of the source has changed since the upload", hint="upload the file again")
