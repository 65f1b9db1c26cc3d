"""Control of jobs: pause, resume, cancel, confirm, and how they run; each takes effect within one chunk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from bulkwark.api import answers, job_rights, job_shapes, submitting
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.bulk import guards
from bulkwark.domain.jobs import FINISHED, Happened, Hold, Job, Status
from bulkwark.errors import Forbidden, Invalid
from bulkwark.store import job_events, jobs
from bulkwark.store.dialect import Session

_WANTS = {
    Happened.PAUSED: "an unfinished job that does not stand still can be paused",
    Happened.RESUMED: "a PAUSED job can be resumed; one that is AWAITING_CONFIRMATION can be confirmed",
    Happened.FINISHED: "an unfinished job can be cancelled",
    Happened.CONFIRMED: "a job that is AWAITING_CONFIRMATION can be confirmed",
}


class Changes(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Body of PATCH …/{id}: a merge of these members (RFC 7396); null takes a limit away."""

    note: str | UnsetType = UNSET
    ticket: str | UnsetType = UNSET
    priority: int | UnsetType = UNSET
    speed: int | UnsetType | None = UNSET
    stop_after: int | UnsetType | None = UNSET
    stop_percent: float | UnsetType | None = UNSET


def pause(call: Call) -> Answer:
    """POST …/{id}/pause: no further chunk begins."""
    return _control(call, lambda session, job: jobs.hold(session, job, Hold.PAUSED, "paused"), Happened.PAUSED)


def resume(call: Call) -> Answer:
    """POST …/{id}/resume."""
    return _control(call, lambda session, job: jobs.release(session, job, Hold.PAUSED), Happened.RESUMED)


def cancel(call: Call) -> Answer:
    """POST …/{id}/cancel: what was done stays done and can be undone."""

    def end(session: Session, job: Job) -> bool:
        return jobs.finish(session, job, Status.CANCELLED, call.now, f"cancelled by {call.actor.user_name}")

    return _control(call, end, Happened.FINISHED)


def confirm(call: Call) -> Answer:
    """POST …/{id}/confirm: somebody takes the responsibility for what a guard has stopped."""

    def release(session: Session, job: Job) -> bool:
        if guards.of(session, job.tenant).not_by_submitter and job.submitter == call.actor.identity_id:
            raise Forbidden("who confirms a job must be somebody else than its submitter")
        return jobs.confirm(session, job, call.actor.identity_id)

    return _control(call, release, Happened.CONFIRMED)


def _control(call: Call, change: Callable[[Session, Job], bool], happened: Happened) -> Answer:
    """Change the state of a job in its own transaction; Invalid when it is not in a state for it."""
    job = job_rights.need_run(call)
    with call.services.store.write() as session:
        job = jobs.by_number(session, job.tenant, job.number)
        if not change(session, job):
            raise Invalid(f"the job is {job.state}", where="path", hint=_WANTS[happened])
        detail = {"by": call.actor.identity_id}
        if happened is Happened.FINISHED:
            detail["status"] = Status.CANCELLED
        job_events.add(session, job, happened, call.now, detail)
        job = jobs.by_number(session, job.tenant, job.number)
    call.services.engine.call(job.tenant, job.number)
    return answers.ok(job_shapes.job(call.read(), job))


def patch(call: Call) -> Answer:
    """PATCH /bulkwark/v1/jobs/{id}: note, ticket, priority, speed limit, failure policy; while the job runs."""
    job = job_rights.need_run(call)
    given = call.strict(Changes)
    changed: dict[str, Any] = {
        name: value for name in Changes.__struct_fields__ if (value := getattr(given, name)) is not UNSET
    }
    if not changed:
        raise Invalid("nothing is to be changed", where="body", hint='for example {"speed": 500}')
    written = dict(zip(Changes.__struct_fields__, Changes.__struct_encode_fields__, strict=True))
    runs = [written[name] for name in changed if name not in ("note", "ticket")]
    with call.services.store.write() as session:
        job = jobs.by_number(session, job.tenant, job.number)
        if job.status in FINISHED and runs:
            raise Invalid(f"the job is {job.status}", where=f"/{runs[0]}", hint="only note and ticket can be changed")
        found = submitting.checked(msgspec.structs.replace(job.options, **changed), "/")
        jobs.set_options(session, job, found)
        job_events.add(session, job, Happened.CHANGED, call.now, {"by": call.actor.identity_id, **changed})
        job = jobs.by_number(session, job.tenant, job.number)
    call.services.engine.call(job.tenant, job.number)
    return answers.ok(job_shapes.job(call.read(), job))
