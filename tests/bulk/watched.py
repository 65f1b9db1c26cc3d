"""Jobs seen from beside the engine: who had a turn, and whether everything was done exactly once."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from bulkwark.bulk.freezing import Counts
from bulkwark.bulk.metadata import NAME, MetadataOperation
from bulkwark.domain.jobs import Job, Status
from bulkwark.store.dialect import Session, Sql
from bulkwark.store.outcomes import NewItem
from bulkwark.store.tenants import Tenant
from tests.house import BULK, House

EVERY: dict[str, Any] = {"query": {"query": {"query": "*"}}}
VALUE = {"attribute": "many", "values": ["v29"]}
ADD = {"operation": "ADD", "values": [VALUE]}


class Watched:
    """The operation of metadata jobs, and who had a turn; `before` runs ahead of each chunk."""

    def __init__(self, house: House, before: Callable[[Job], None] = lambda job: None) -> None:
        self.turns: list[str] = []
        self.before = before
        self.inner = MetadataOperation()
        house.engine._operations = {NAME: self}
        house.store.database.after_rollback.append(self.inner.forget)

    def freeze(self, session: Session, tenant: Tenant, job: Job) -> None:
        self.inner.freeze(session, tenant, job)

    def selection(self, session: Session, tenant: Tenant, job: Job) -> Sql | None:
        return self.inner.selection(session, tenant, job)

    def count(self, session: Session, tenant: Tenant, job: Job, selection: Sql) -> list[tuple[int, NewItem]]:
        return self.inner.count(session, tenant, job, selection)

    def hidden(self, session: Session, tenant: Tenant, job: Job, total: int) -> int:
        return self.inner.hidden(session, tenant, job, total)

    def record(self, session: Session, tenant: Tenant, job: Job, last: int, now: int) -> Counts:
        self.turns.append(job.id)
        self.before(job)
        return self.inner.record(session, tenant, job, last, now)

    def effect(self, session: Session, tenant: Tenant, job: Job, last: int, now: int) -> None:
        self.inner.effect(session, tenant, job, last, now)

    def forget(self) -> None:
        self.inner.forget()


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
