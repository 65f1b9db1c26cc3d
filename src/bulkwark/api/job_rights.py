"""Who may see and control a job: whoever could have submitted one of its type.

An ORG_ADMIN all jobs; a ROLE_ADMIN or SOURCE_ADMIN those of his nouns; everyone else, and everyone limited to what he
owns, the jobs that he submitted himself.
"""

from __future__ import annotations

import msgspec

from bulkwark.api import non_employee_rights
from bulkwark.api.calls import Call
from bulkwark.api.operations import OPERATIONS
from bulkwark.api.role_rights import own_only
from bulkwark.auth.actors import Actor
from bulkwark.bulk import upload_specs
from bulkwark.domain.jobs import Job, Mode
from bulkwark.domain.kinds import uuid_id
from bulkwark.errors import Forbidden, NotFound
from bulkwark.store import jobs

OPERATION = {operation.id: operation for operation in OPERATIONS}
# Level → the types of jobs of which it sees all.
ALL_OF = {
    "ROLE_ADMIN": frozenset({"ROLE"}),
    "SOURCE_ADMIN": frozenset({"ACCESS_PROFILE", "NON_EMPLOYEE"}),
}
# Type of a job → the official operation whose right is needed to submit one, and so to control one.
SUBMITTED_BY = {
    "ROLE": "updateRolesMetadataByQuery",
    "ACCESS_PROFILE": "updateAccessProfilesMetadataByQuery",
    "ENTITLEMENT": "updateEntitlementsMetadataByQuery",
    "COMMON_ACCESS": "updateCommonAccessStatusInBulk",
    "NON_EMPLOYEE": "importNonEmployeeRecordsInBulk",
}


def sees(actor: Actor, job: Job) -> bool:
    """Whether the caller may see the job. A preview belongs to its creator and ORG_ADMINs."""
    if job.submitter == actor.identity_id or "ORG_ADMIN" in actor.levels:
        return True
    return job.mode is Mode.RUN and job.type in types(actor)


def types(actor: Actor) -> list[str]:
    """The types of jobs of which the caller sees all that others have submitted, when he is no ORG_ADMIN."""
    if own_only(actor):
        return []
    return sorted({type for level in actor.levels for type in ALL_OF.get(level, ())})


def need(call: Call) -> Job:
    """The job that the path names, which the caller may see. Raises NotFound."""
    job = jobs.get(call.read(), call.tenant.number, uuid_id(call.params["id"]))
    if job is None or not sees(call.actor, job):
        raise NotFound(f"there is no job {call.params['id']}")
    return job


def need_run(call: Call) -> Job:
    """The same for what only a run can be told, by whom could have submitted it. Raises NotFound, Forbidden."""
    job = need(call)
    if job.mode is not Mode.RUN:
        raise NotFound(f"there is no job {call.params['id']}", hint="it is a preview")
    require(call, job)
    return job


def require(call: Call, job: Job) -> None:
    """Raise Forbidden unless the caller could have submitted such a job: scope and level of its official call."""
    if job.type in SUBMITTED_BY:
        require_type(call, job.type)
    if job.operation == upload_specs.NAME:
        # Who led the source when he sent the file may not lead it any more.
        source = msgspec.json.decode(job.spec, type=upload_specs.JobSpec).source
        reach = non_employee_rights.reach(call, call.read())
        if not reach.everything and source not in reach.numbers:
            raise Forbidden("the source of the upload is not the caller's any more")


def require_type(call: Call, type: str) -> None:
    """The same for jobs of a type that has an official call."""
    found = OPERATION[SUBMITTED_BY[type]]
    call.actor.require(found.scopes, found.levels, application=found.application)


def limited_to(actor: Actor) -> str:
    """The identity to whose jobs, and those of `types`, the caller's lists are limited; '' for an ORG_ADMIN."""
    return "" if "ORG_ADMIN" in actor.levels else actor.identity_id
