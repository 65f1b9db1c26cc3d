"""The main job: metadata on many roles, by ids, filter or query; and the state of such jobs."""

from __future__ import annotations

from bulkwark.api import answers, metadata_jobs
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.api.metadata_jobs import Noun
from bulkwark.api.role_rights import own_only
from bulkwark.bulk.selection import Limit
from bulkwark.domain import roles
from bulkwark.domain.jobs import Job, Mode, official, official_in_list
from bulkwark.domain.kinds import Kind, uuid_id
from bulkwark.domain.times import iso_us
from bulkwark.errors import Invalid, NotFound
from bulkwark.store import jobs

ROLES = Noun(
    Kind.ROLE,
    "roles",
    limit=lambda call: Limit(own_only(call.actor)),
    may=lambda call, session, stored: own_only(call.actor) in roles.owners(stored.document()),
)
TYPE = ROLES.type


def by_ids(call: Call) -> Answer:
    """POST …/bulk-update/ids: up to 3,000 roles, all of which must exist."""
    return metadata_jobs.by_ids(ROLES, call)


def by_filter(call: Call) -> Answer:
    """POST …/bulk-update/filter: every role that the standard filter selects."""
    return metadata_jobs.by_filter(ROLES, call)


def by_query(call: Call) -> Answer:
    """POST …/bulk-update/query: every role that the search query selects."""
    return metadata_jobs.by_query(ROLES, call)


# --- state ---------------------------------------------------------------------------------------------


def unfinished(call: Call) -> Answer:
    """GET …/bulk-update: the tenant's unfinished role jobs, oldest first."""
    found = [job for job in jobs.unfinished(call.read(), call.tenant.number) if job.type == TYPE]
    return answers.ok([_wire(job, official_in_list(job)) for job in found])


def status(call: Call) -> Answer:
    """GET …/bulk-update/{id}."""
    return _status(call, call.params["id"])


def status_literal(call: Call) -> Answer:
    """GET …/bulk-update/id, which every SDK calls: `?id=`, or this client's newest job."""
    id = call.query.get("id")
    if id:
        return _status(call, id)
    found = jobs.of_client(call.read(), call.tenant.number, call.actor.client_id, TYPE, 100)
    if not found:
        raise NotFound("this client has submitted no job")
    open_jobs = [job for job in found if job.finished is None]
    if len(open_jobs) > 1:
        raise Invalid(
            f"this client has {len(open_jobs)} unfinished jobs",
            where="path",
            hint="name one: …/bulk-update/{id} or …/bulk-update/id?id={id}",
        )
    return answers.ok(_wire(found[0], official(found[0])), 202)


def _status(call: Call, id: str) -> Answer:
    job = jobs.get(call.read(), call.tenant.number, uuid_id(id))
    if job is None or job.type != TYPE or job.mode is not Mode.RUN:
        raise NotFound(f"there is no job {id}")
    return answers.ok(_wire(job, official(job)), 202)


def _wire(job: Job, status: str) -> dict[str, str]:
    return {"id": job.id, "type": job.type, "status": status, "created": iso_us(job.created)}
