"""Uploads of CSV files to non-employee sources, and the status of the newest one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from bulkwark.api import answers, idempotency, non_employee_rights, previews, submitting
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.bulk.upload_acceptance import Sent
from bulkwark.domain.jobs import FINISHED, Job, Mode, Relation, Status
from bulkwark.domain.times import iso_ms, iso_us
from bulkwark.errors import Invalid
from bulkwark.store import jobs, uploads
from bulkwark.store.dialect import Session
from bulkwark.store.uploads import State, Upload

PART = "data"
PENDING, IN_PROGRESS, COMPLETED, ERROR = "PENDING", "IN_PROGRESS", "COMPLETED", "ERROR"


def upload(call: Call) -> Answer:
    """POST …/non-employee-bulk-upload: the file is the part `data`. With a preview header nothing is applied."""
    session = call.read()
    reached = non_employee_rights.reach(call, session)
    source = non_employee_rights.need_source(call, reached, call.params["id"])
    assert call.upload is not None
    mode = Mode.PREVIEW if submitting.wants_preview(call) else Mode.RUN

    def also(session: Session, found: Upload) -> None:
        if mode is Mode.RUN:
            idempotency.claim(call, session, _accepted(call, found, source.id))

    found = call.services.uploads.accept(
        call.tenant,
        source,
        call.upload.need(PART),
        Sent(
            client=call.actor.client_id,
            submitter=call.actor.identity_id,
            actor=call.actor.user_name or call.actor.client_id,
            created=time.time_ns() // 1000,
            mode=mode,
            options=submitting.options(call),
        ),
        also,
    )
    return _accepted(call, found, source.id) if mode is Mode.RUN else _previewed(call, found)


def _accepted(call: Call, found: Upload, source: str) -> Answer:
    """NonEmployeeBulkUploadJob."""
    body = {
        "id": found.id,
        "sourceId": source,
        "created": iso_us(found.created),
        "modified": iso_ms(found.modified),
        "status": PENDING,
    }
    return answers.ok(body, 202, headers={"X-Bulkwark-Job": found.id})


def _previewed(call: Call, found: Upload) -> Answer:
    """The preview, once the file has been read and looked through; or how far it is after some seconds."""
    until = time.monotonic() + previews.WAIT_SECONDS

    def ask() -> Answer | None:
        session = call.services.store.read()
        job = jobs.get(session, found.tenant, found.id)
        over = time.monotonic() >= until
        if job is not None and (job.status in FINISHED or over):
            if job.status is Status.FAILED:
                raise Invalid(f"the preview failed: {job.error}", where="body")
            return answers.ok(previews.wire(call, job), headers={"X-Bulkwark-Preview-Token": job.id})
        now = uploads.get(session, found.tenant, found.id)
        if now is not None and now.error:
            raise Invalid(now.error, where="body")
        return answers.ok({"id": found.id, "token": found.id, "status": Status.CREATED}) if over else None

    return Answer(200, later=ask)


def status(call: Call) -> Answer:
    """GET …/non-employee-bulk-upload/status: of the newest upload; before the first there is none (decisions §6)."""
    session = call.read()
    source = non_employee_rights.need_source(call, non_employee_rights.reach(call, session), call.params["id"])
    newest = _newest(session, call.tenant.number, source.number)
    if newest is None:
        return answers.ok({"status": None} if call.route.version == "beta" else {})
    _, job, word = newest
    return answers.ok({"status": word}, headers={"X-Bulkwark-Job": job})


def _newest(session: Session, tenant: int, source: int) -> tuple[int, str, str] | None:
    """When it came, the id of its job, its status. A preview counts when it was run, and then as of its run; what
    failed, when it was tried again.
    """
    found: list[tuple[int, str, str]] = []
    for one in uploads.newest(session, tenant, source):
        job = jobs.get(session, tenant, one.id)
        if job is not None and job.mode is Mode.PREVIEW:
            for run in jobs.derived(session, job):
                found.append((run.created, run.id, word(one, run)))
                found.extend((again.created, again.id, word(one, again)) for again in _again(session, run))
        elif not one.preview:
            found.append((one.created, one.id, word(one, job)))
            found.extend((again.created, again.id, word(one, again)) for again in _again(session, job))
            break
    return max(found) if found else None


def _again(session: Session, job: Job | None) -> Iterator[Job]:
    """Jobs that have tried once more what failed in a job, or in one of these."""
    for other in jobs.derived(session, job) if job is not None else ():
        if other.relation is Relation.RERUN:
            yield other
            yield from _again(session, other)


def word(found: Upload, job: Job | None) -> str:
    """The official status of an upload whose job is that."""
    if job is None:
        return ERROR
    if job.status not in FINISHED:
        return PENDING if found.state is State.WAITING else IN_PROGRESS
    return COMPLETED if job.status is Status.COMPLETED and not job.failed + job.conflicted else ERROR


def shown(found: Upload, job: Job | None) -> dict[str, Any]:
    """An upload in our own API."""
    return {
        "id": found.id,
        "status": word(found, job),
        "state": found.state,
        "rows": found.lines,
        "created": iso_us(found.created),
        "error": found.error,
    }
