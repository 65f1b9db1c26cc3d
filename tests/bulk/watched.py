"""Jobs seen from beside the engine: who had a turn, and whether everything was done exactly once."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from bulkwark.bulk.freezing import Counts
from bulkwark.bulk.metadata import NAME, MetadataOperation
from bulkwark.domain.jobs import Job, Status
from bulkwark.store.dialect import Session
from bulkwark.store.tenants import Tenant
from tests.house import BULK, House

EVERY: dict[str, Any] = {"query": {"query": {"query": "*"}}}
VALUE = {"attribute": "many", "values": ["v29"]}
ADD = {"operation": "ADD", "values": [VALUE]}


class Watched(MetadataOperation):
    """The operation of metadata jobs, and who had a turn; `before` runs ahead of each chunk."""

    def __init__(self, house: House, before: Callable[[Job], None] = lambda job: None) -> None:
        super().__init__()
        self.turns: list[str] = []
        self.before = before
        house.engine._operations = {NAME: self}
        house.store.database.after_rollback.append(self.forget)

    def record(self, session: Session, tenant: Tenant, job: Job, last: int, now: int) -> Counts:
        self.turns.append(job.id)
        self.before(job)
        return super().record(session, tenant, job, last, now)


def submit(house: House, way: str = "query", **body: Any) -> str:
    return str(house.admin.post(f"{BULK}/{way}", {**ADD, **body}).ok(202)["id"])


def frozen(house: House, id: str) -> str:
    until = time.monotonic() + 10
    while house.job(id).status is not Status.PRE_PROCESS_COMPLETED:
        assert time.monotonic() < until, house.job(id)
        time.sleep(0.001)
    return id


def everything_done(house: House, id: str) -> Job:
    """The job completed, and each target has one item that says what is true."""
    job = house.wait(id)
    assert job.status is Status.COMPLETED, job.error
    outcomes = house.outcomes(id)
    assert job.total == job.done == len(outcomes)
    for role, outcome in outcomes.items():
        if outcome in ("changed", "unchanged"):
            assert "v29" in house.metadata(role)["many"], role
    return job
