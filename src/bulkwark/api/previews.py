"""Previews: what a bulk call would do, by the statements that would do it; and its run, item for item.

A preview is a job that records outcomes and changes nothing. Its id is the token that runs exactly what it shows, for
24 hours, by its creator or an ORG_ADMIN (decisions §7).
"""

from __future__ import annotations

import time
from typing import Any

import msgspec

from bulkwark.api import answers, job_rights, job_shapes
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.domain.jobs import FINISHED, Happened, Job, Mode, Outcome, Status
from bulkwark.domain.kinds import uuid_id
from bulkwark.domain.times import iso_ms
from bulkwark.errors import Invalid, NotFound
from bulkwark.store import job_events, jobs, outcomes
from bulkwark.store.dialect import Session
from bulkwark.store.outcomes import NewItem

WAIT_SECONDS = 20.0  # how long a call waits for its preview, before it answers one that is not finished
LIFE_MS = 24 * 3_600_000
SAMPLE = 10  # items shown of each outcome


def get(call: Call) -> Answer:
    """GET /bulkwark/v1/previews/{id}."""
    return answers.ok(wire(call, need(call)))


def discard(call: Call) -> Answer:
    """DELETE /bulkwark/v1/previews/{id}: nobody can run it any more."""
    job = need(call)
    with call.services.store.write() as session:
        outcomes.discard(session, job)
    return answers.empty(204)


def need(call: Call) -> Job:
    """The preview that the path names, which the caller may see. Raises NotFound, also for one that is too old."""
    job = jobs.get(call.read(), call.tenant.number, uuid_id(call.params["id"]))
    if job is None or job.mode is not Mode.PREVIEW or not job_rights.sees(call.actor, job) or expired(job, call.now):
        raise NotFound(f"there is no preview {call.params['id']}", hint="previews are kept for 24 hours")
    return job


def need_runnable(call: Call) -> Job:
    """The preview that the path names, ready to be run. Raises NotFound or Invalid."""
    job = need(call)
    if job.status is not Status.COMPLETED:
        why = "is not finished" if job.status not in FINISHED else f"has ended {job.status}: {job.error}"
        raise Invalid(f"the preview {why}", where="path", hint="look at GET /bulkwark/v1/previews/{id}")
    return job


def require_first(session: Session, preview: Job, run: Job) -> None:
    """Nothing else has run the preview and nobody has thrown it away. Raises Invalid or NotFound.

    Asked in the transaction that accepts the run: of two callers at the same moment one is refused.
    """
    ran = [one for one in jobs.derived(session, preview) if one.mode is Mode.RUN and one.number != run.number]
    if ran:
        raise Invalid(f"the preview was run already, as job {ran[0].id}", where="path", hint="preview again")
    if expired(jobs.by_number(session, preview.tenant, preview.number), run.created // 1000):
        raise NotFound(f"there is no preview {preview.id}", hint="previews are kept for 24 hours")


def expired(job: Job, now: int) -> bool:
    """Whether a preview is too old to be looked at or run. `now` in ms."""
    return job.purged is not None or job.status is Status.CANCELLED or now > job.created // 1000 + LIFE_MS


def pending(call: Call, job: Job) -> Answer:
    """200 with the preview as soon as its counts are known, or as far as it is after some seconds."""
    until = time.monotonic() + WAIT_SECONDS

    def ask() -> Answer | None:
        session = call.services.store.read()
        found = jobs.by_number(session, job.tenant, job.number)
        known = found.status in FINISHED or job_events.counted(session, job) is not None
        if not known and time.monotonic() < until:
            return None
        if found.status is Status.FAILED:
            raise Invalid(f"the preview failed: {found.error}", where="body")
        return answers.ok(wire(call, found), headers={"X-Bulkwark-Preview-Token": job.id})

    return Answer(200, later=ask)


def wire(call: Call, job: Job) -> dict[str, Any]:
    """A preview under /bulkwark/v1."""
    session = call.services.store.read()
    place = f"/bulkwark/v1/previews/{job.id}"
    selected = next((event for event in job_events.of_job(session, job, 0, 3) if event.kind is Happened.SELECTED), None)
    ahead = None if job.status in FINISHED else job_events.counted(session, job)
    over = job_shapes.detail(selected)["guards"] if selected else ahead.get("guards", []) if ahead else []
    counts = job_shapes.counts(job)
    if ahead is not None:
        counts |= ahead["counts"]
    return {
        "id": job.id,
        "token": job.id,
        "type": job.type,
        "operation": job.operation,
        "does": job_shapes.does(session, job),
        "status": job.status,
        "error": job.error,
        "created": iso_ms(job.created // 1000),
        "expires": iso_ms(job.created // 1000 + LIFE_MS),
        "counted": ahead is not None or job.status is Status.COMPLETED,
        "total": sum(counts.values()) if ahead is not None else job.total,
        "done": job.done,
        "hidden": job.hidden,
        **counts,
        "guards": over,
        "sample": _sample(call, session, job, ahead),
        "items": f"{place}/items",
        "run": f"{place}/run",
    }


def _sample(call: Call, session: Session, job: Job, ahead: dict[str, Any] | None) -> dict[str, list[dict[str, Any]]]:
    """Some items of each outcome: as recorded, or as they were told ahead of that."""
    if ahead is None:
        found = [
            item
            for outcome in Outcome
            if getattr(job, outcome.name.lower())
            for item in outcomes.page(session, job, 0, SAMPLE, outcomes=(outcome,))
        ]
    else:
        found = outcomes.named(session, msgspec.convert(ahead["sample"], list[NewItem]))
    sample: dict[str, list[dict[str, Any]]] = {}
    for shown in job_shapes.items(call, session, job, found):
        sample.setdefault(shown["outcome"], []).append(shown)
    return sample
