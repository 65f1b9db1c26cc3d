"""Our own view of jobs: the true state, counts, and the outcome of every item."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bulkwark.api import answers
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.api.role_rights import own_only
from bulkwark.bulk import common_access
from bulkwark.domain import metadata
from bulkwark.domain.jobs import Job
from bulkwark.domain.kinds import uuid_id
from bulkwark.domain.metadata import Catalogue
from bulkwark.domain.times import iso_ms, iso_us
from bulkwark.errors import NotFound
from bulkwark.store import jobs

MOST_ITEMS = 10_000


def list_jobs(call: Call) -> Answer:
    """GET /bulkwark/v1/jobs: newest first; a ROLE_SUBADMIN sees his own."""
    limit, offset = call.number("limit", 50, most=250), call.number("offset", 0)
    owner = own_only(call.actor)
    found = jobs.newest(call.read(), call.tenant.number, limit, offset, submitter=owner)
    return answers.ok([wire(job) for job in found])


def get(call: Call) -> Answer:
    """GET /bulkwark/v1/jobs/{id}."""
    job = _need(call)
    return answers.ok(wire(job) | {"chunkSeconds": call.services.engine.chunk_seconds(job.tenant, job.number)})


def items(call: Call) -> Answer:
    """GET /bulkwark/v1/jobs/{id}/items: outcomes in the order of the store; `after` is the last `item` seen."""
    job = _need(call)
    session = call.read()
    catalogue = call.tenant.metadata.catalogue(session)
    after, limit = call.query.get("after", "0"), call.number("limit", 250, most=MOST_ITEMS)
    reviews = job.operation == common_access.NAME
    show: Callable[[str | None], Any] = review if reviews else lambda md: values(catalogue, md)
    found = jobs.items(session, job, int(after) if after.isdigit() and len(after) < 19 else 0, limit)
    return answers.ok(
        [
            {
                "item": str(item.rid),
                "id": item.id,
                "outcome": item.outcome.name.lower(),
                "reason": item.reason,
                "before": show(item.before),
                "after": show(item.before if item.after is None else item.after),
            }
            for item in found
        ]
    )


def values(catalogue: Catalogue, md: str | None) -> dict[str, list[str]] | None:
    """Metadata as stored, in words: attribute key → values."""
    if md is None:
        return None
    found: dict[str, list[str]] = {}
    for pair in metadata.parse(md):
        key, value = catalogue.words(pair)
        found.setdefault(key, []).append(value)
    return found


def review(state: str | None) -> dict[str, Any] | None:
    """The state of an item of common access as stored, in words."""
    if state is None:
        return None
    status, reviewed, last = state.split(",")
    return {
        "status": status.upper(),
        "reviewedByUser": reviewed == "1",
        "lastReviewed": iso_ms(int(last)) if last else None,
    }


def wire(job: Job) -> dict[str, Any]:
    """A job under /bulkwark/v1."""
    return {
        "id": job.id,
        "type": job.type,
        "operation": job.operation,
        "status": job.status,
        "error": job.error,
        "created": iso_us(job.created),
        "started": None if job.started is None else iso_ms(job.started),
        "finished": None if job.finished is None else iso_ms(job.finished),
        "submitter": job.submitter,
        "client": job.client,
        "total": job.total,
        "done": job.done,
        "hidden": job.hidden,
        "changed": job.changed,
        "unchanged": job.unchanged,
        "skipped": job.skipped,
        "failed": job.failed,
        "conflicted": job.conflicted,
    }


def _need(call: Call) -> Job:
    job = jobs.get(call.read(), call.tenant.number, uuid_id(call.params["id"]))
    owner = own_only(call.actor)
    if job is None or (owner and job.submitter != owner):
        raise NotFound(f"there is no job {call.params['id']}")
    return job
