"""Jobs that confirm or deny many items of common access."""

from __future__ import annotations

import msgspec

from bulkwark.bulk.freezing import Counts, Operation
from bulkwark.domain.jobs import Job
from bulkwark.store import common_access, jobs
from bulkwark.store.dialect import Session
from bulkwark.store.tenants import Tenant

NAME = "common-access"
TYPE = "COMMON_ACCESS"


class Wanted(msgspec.Struct):
    """The selector of such a job: numbers of items, each in one list. Once frozen, only how many they were."""

    confirmed: list[int] = []
    denied: list[int] = []
    counted: tuple[int, int] | None = None


def encode(wanted: dict[int, bool]) -> str:
    """The selector for item number → confirmed."""
    confirmed = [item for item, yes in wanted.items() if yes]
    denied = [item for item, yes in wanted.items() if not yes]
    return msgspec.json.encode(Wanted(confirmed, denied)).decode()


class CommonAccessOperation(Operation):
    """Plugs into the engine (`bulk/engine.py`)."""

    def freeze(self, session: Session, tenant: Tenant, job: Job) -> None:
        """Write the targets. The selector shrinks to two counts, since every look at the job reads it."""
        wanted = msgspec.json.decode(job.selector, type=Wanted)
        counted = (len(wanted.confirmed), len(wanted.denied))
        common_access.freeze(session, job, job.selector)
        jobs.selected(session, job, sum(counted), msgspec.json.encode(Wanted(counted=counted)).decode())

    def record(self, session: Session, tenant: Tenant, job: Job, last: int, now: int) -> Counts:
        common_access.record(session, job, last, now)
        return jobs.outcomes(session, job, last)

    def effect(self, session: Session, tenant: Tenant, job: Job, last: int, now: int) -> None:
        common_access.effect(session, job, last, now)
