"""Our own view of jobs: the true state, counts, progress, and the outcome of every item."""

from __future__ import annotations

from typing import Any

from bulkwark.api import answers, job_rights, job_shapes
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.domain.jobs import Job
from bulkwark.store import job_events, jobs
from bulkwark.store.dialect import Session

CHUNKS_SHOWN = 20


def list_jobs(call: Call) -> Answer:
    """GET /bulkwark/v1/jobs: newest first; of an ORG_ADMIN all, of others what job_rights.py says."""
    limit, offset = call.number("limit", 50, most=250), call.number("offset", 0)
    session = call.read()
    found = jobs.newest(
        session,
        call.tenant.number,
        limit,
        offset,
        submitter=job_rights.limited_to(call.actor),
        types=job_rights.types(call.actor),
    )
    return answers.ok([job_shapes.job(session, job) for job in found])


def get(call: Call) -> Answer:
    """GET /bulkwark/v1/jobs/{id}: with progress, the newest chunks and the jobs made of this one."""
    job, session = job_rights.need(call), call.read()
    return answers.ok(shown(call, session, job))


def shown(call: Call, session: Session, job: Job) -> dict[str, Any]:
    """A job with all that is known of its progress."""
    chunks = job_events.last_chunks(session, job, CHUNKS_SHOWN)
    derived = jobs.derived(session, job)
    return (
        job_shapes.job(session, job)
        | job_shapes.pace(session, job, call.now)
        | {
            "chunkSeconds": call.services.engine.chunk_seconds(job.tenant, job.number),
            "chunks": [{"at": job_shapes.moment(at), **detail} for at, detail in chunks],
            "derived": [{"id": one.id, "relation": one.relation, "mode": one.mode} for one in derived],
        }
    )
