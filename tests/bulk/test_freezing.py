"""A job's targets are written once, whoever calls the job meanwhile."""

from __future__ import annotations

import threading
import time
from contextlib import AbstractContextManager
from typing import Any

import pytest

from bulkwark.bulk import engine, freezing
from bulkwark.bulk.metadata import MetadataOperation
from bulkwark.domain.jobs import Job, Status
from bulkwark.errors import Unavailable
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


def test_a_job_called_before_its_selection_begins_is_not_selected_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, pinned = freezing.freeze_again, freezing.pinned
    again = list[str]()

    def freeze_again(store: Store, tenant: Tenant, job: Job, *rest: object) -> bool:
        again.append(job.id)
        return real(store, tenant, job, *rest)  # type: ignore[arg-type]  # what the engine gave

    def seen_at_once(store: Store) -> AbstractContextManager[Session]:
        # Somebody has seen the job in the list of unfinished ones, and told it something.
        for tenant, number in jobs.all_unfinished(store.read()):
            house.engine._step(tenant, number)
        return pinned(store)

    monkeypatch.setattr(freezing, "freeze_again", freeze_again)
    monkeypatch.setattr(freezing, "pinned", seen_at_once)
    id = submit(house, **EVERY)

    assert everything_done(house, id).total
    assert again == []


def test_a_selection_that_fails_on_a_full_disk_ends_its_job_when_there_is_room(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish, full = engine.finish, [True, True]

    def broken(*given: object) -> int:
        raise RuntimeError("a fault of the operation")

    def no_room(*given: Any) -> bool:
        if full:
            full.pop()
            raise Unavailable("the disk is full")
        return finish(*given)

    monkeypatch.setattr(engine, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(engine, "finish", no_room)
    monkeypatch.setattr(MetadataOperation, "hidden", broken)
    job = house.wait(submit(house, **EVERY))

    assert (job.status, job.error) == (Status.FAILED, "RuntimeError: a fault of the operation")


def test_targets_that_stand_are_never_cleared(idle_house: House) -> None:
    job = idle_house.job(frozen(idle_house, submit(idle_house, **EVERY)))

    freezing._clear(idle_house.store, job)

    assert jobs.chunk_end(idle_house.store.read(), job, 100_000)[1] == job.total
    assert job.total
    assert job.status is Status.PRE_PROCESS_COMPLETED
