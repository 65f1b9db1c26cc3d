"""A job's targets are written once, whoever calls the job meanwhile."""

from __future__ import annotations

import threading
import time

import pytest

from bulkwark.bulk import freezing
from bulkwark.bulk.metadata import MetadataOperation
from bulkwark.domain.jobs import Job, Status
from bulkwark.store import jobs
from bulkwark.store.dialect import Session
from bulkwark.store.tenants import Store, Tenant
from tests.bulk.watched import EVERY, everything_done, frozen, submit
from tests.house import House


def test_a_job_called_during_its_selection_is_not_selected_twice(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    real, hidden = freezing.freeze_again, MetadataOperation.hidden
    again, go_on = list[str](), threading.Event()

    def freeze_again(store: Store, tenant: Tenant, job: Job, *rest: object) -> bool:
        again.append(job.id)
        return real(store, tenant, job, *rest)  # type: ignore[arg-type]  # what the engine gave

    def slow(self: MetadataOperation, session: Session, tenant: Tenant, job: Job, total: int) -> int:
        assert go_on.wait(10)
        return hidden(self, session, tenant, job, total)

    monkeypatch.setattr(freezing, "freeze_again", freeze_again)
    monkeypatch.setattr(MetadataOperation, "hidden", slow)
    id = submit(house, **EVERY)
    house.admin.patch(f"/bulkwark/v1/jobs/{id}", {"priority": 9}).ok()
    until = time.monotonic() + 10
    while len(house.engine._turns):  # the call is dealt with
        assert time.monotonic() < until
        time.sleep(0.001)
    go_on.set()

    assert everything_done(house, id).total
    assert again == []


def test_targets_that_stand_are_never_cleared(idle_house: House) -> None:
    job = idle_house.job(frozen(idle_house, submit(idle_house, **EVERY)))

    freezing._clear(idle_house.store, job)

    assert jobs.chunk_end(idle_house.store.read(), job, 100_000)[1] == job.total
    assert job.total
    assert job.status is Status.PRE_PROCESS_COMPLETED
