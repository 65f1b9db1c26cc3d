"""100,000 ids of common access in one call: answered at once, carried out in chunks, each item once, over a crash."""

from __future__ import annotations

import time
from pathlib import Path
from uuid import UUID

import pytest

from bulkwark.bulk import engine as engines
from bulkwark.bulk.common_access import CommonAccessOperation, encode
from bulkwark.domain.common_access import Status as State
from bulkwark.domain.jobs import Outcome, Status
from bulkwark.domain.kinds import Kind, first_rid
from bulkwark.query import ast
from bulkwark.store import common_access, jobs, outcomes
from bulkwark.store.common_access import NewItem
from tests.house import House, close_house, open_house

MANY = 100_000
PATH = "/common-access/v1/update-status"
THEN = 1_700_000_000_000


def item_id(number: int) -> str:
    return str(UUID(int=number))


def seed(house: House, count: int) -> None:
    """Items of roles that stand elsewhere: the table leads a life of its own."""
    first = first_rid(house.tenant.number, Kind.ROLE) + 10_000_000
    with house.store.write() as session:
        common_access.add(
            session,
            house.tenant.number,
            [
                (
                    NewItem(item_id(n), first + n, State.CONFIRMED, None, True, THEN),
                    {"id": f"{n:032x}", "name": f"Shared {n * 7919 % count:06}", "description": "seen by all " * 5},
                )
                for n in range(count)
            ],
        )


def counted(house: House) -> dict[tuple[str, int], int]:
    sql = "SELECT status, reviewed, count(*) FROM common_access WHERE tenant = 1 GROUP BY 1, 2"
    return {(status, reviewed): number for status, reviewed, number in house.store.read().execute(sql)}


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "FIRST_CHUNK", 10)
    monkeypatch.setattr(engines, "LEAST_CHUNK", 10)
    monkeypatch.setattr(engines, "MOST_CHUNK", 10)


@pytest.fixture(scope="module")
def big(module_house: House) -> House:
    seed(module_house, MANY)
    return module_house


def test_a_hundred_thousand_ids_are_answered_at_once_and_done_by_the_engine(big: House) -> None:
    ids = [item_id(n) for n in range(MANY)]
    began = time.perf_counter()

    reply = big.admin.post(PATH, [{"confirmedIds": ids[: MANY // 2], "deniedIds": ids[MANY // 2 :]}])

    answered = time.perf_counter() - began
    assert reply.ok(202) == {}
    job = big.wait(reply.headers["x-bulkwark-job"])
    print(f"\nanswered after {answered:.2f} s, done after {time.perf_counter() - began:.2f} s")
    assert (job.status, job.total, job.changed) == (Status.COMPLETED, MANY, MANY)
    assert counted(big) == {("confirmed", 1): MANY // 2, ("denied", 1): MANY // 2}
    assert len(job.selector) < 100
    found = list(outcomes.page(big.store.read(), job, 0, MANY + 1))
    assert [item.id for item in found] == ids
    assert {item.outcome for item in found} == {Outcome.CHANGED}


def test_the_list_of_a_hundred_thousand_items_walks_one_index(big: House) -> None:
    session = big.store.read()
    for condition in ("", " AND status IN ('denied')", " AND reviewed = 0"):
        sql = f"SELECT item FROM common_access WHERE tenant = 1{condition} ORDER BY name, item LIMIT 250"
        plan = " ".join(row[3] for row in session.execute(f"EXPLAIN QUERY PLAN {sql}"))
        assert "COVERING INDEX common_access_name" in plan, plan
        assert "TEMP B-TREE" not in plan

    began = time.perf_counter()
    last = big.admin.get(f"/common-access/v1?offset={MANY - 250}&limit=250&count=true")
    print(f"\nthe last page took {1000 * (time.perf_counter() - began):.0f} ms")

    assert last.total == MANY
    names = [item["access"]["name"] for item in last.ok()]
    assert names == [f"Shared {n:06}" for n in range(MANY - 250, MANY)]


@pytest.mark.parametrize("done", [0, 1, 3])
@pytest.mark.usefixtures("small_chunks")
def test_after_a_crash_every_item_is_dealt_with_exactly_once(idle_house: House, tmp_path: Path, done: int) -> None:
    seed(idle_house, 100)
    ids = [item_id(n) for n in range(100)]
    reply = idle_house.admin.post(PATH, [{"confirmedIds": ids[:20]}, {"deniedIds": ids[20:]}])
    id = reply.headers["x-bulkwark-job"]
    until = time.monotonic() + 10
    while idle_house.job(id).status is not Status.PRE_PROCESS_COMPLETED:
        assert time.monotonic() < until
    operation = CommonAccessOperation()
    for _ in range(done):
        with idle_house.store.write() as session:
            job = jobs.by_number(session, 1, idle_house.job(id).number)
            last, _count = jobs.chunk_end(session, job, 10)
            operation.record(session, idle_house.tenant, job, last, THEN)
            operation.effect(session, idle_house.tenant, job, last, THEN)
            count_ = jobs.outcomes(session, job, last)
            assert jobs.progress(session, job, last, count_, Status.CHUNK_PROCESSING, THEN)
    # The chunk that the crash interrupts leaves nothing behind.
    with pytest.raises(ZeroDivisionError):
        interrupted(idle_house, id)
    close_house(idle_house)

    house = open_house(idle_house.data_dir)
    try:
        job = house.wait(id)
        assert (job.total, job.changed, job.done) == (100, 100, 100)
        assert counted(house) == {("confirmed", 1): 20, ("denied", 1): 80}
        assert len(house.outcomes(id)) == 100
        reviewed = "SELECT count(*) FROM common_access WHERE last = ?"
        assert next(iter(house.store.read().execute(reviewed, (THEN,))))[0] == done * 10
    finally:
        close_house(house)
        idle_house.app.start()  # its fixture stops it


def interrupted(house: House, id: str) -> None:
    """A chunk that a crash rolls back."""
    with house.store.write() as session:
        job = jobs.by_number(session, 1, house.job(id).number)
        last, _count = jobs.chunk_end(session, job, 10)
        CommonAccessOperation().record(session, house.tenant, job, last, THEN)
        raise ZeroDivisionError


@pytest.mark.usefixtures("small_chunks")
def test_a_job_stored_but_not_frozen_goes_on_from_its_selector(idle_house: House) -> None:
    seed(idle_house, 30)
    id = idle_house.admin.post(PATH, [{"deniedIds": [item_id(n) for n in range(30)]}]).headers["x-bulkwark-job"]
    until = time.monotonic() + 10
    while idle_house.job(id).total is None:
        assert time.monotonic() < until
    numbers = common_access.find(idle_house.store.read(), 1, [item_id(n) for n in range(30)])
    selector = encode(dict.fromkeys(numbers.values(), False))
    with idle_house.store.write() as session:
        list(session.execute("DELETE FROM job_target"))
        sql = "UPDATE job SET status = 'PRE_PROCESS', total = NULL, selector = ? WHERE id = ?"
        list(session.execute(sql, (selector, id)))

    idle_house.run_jobs()

    assert idle_house.wait(id).changed == 30
    assert counted(idle_house) == {("denied", 1): 30}


def test_an_item_deleted_after_acceptance_is_skipped(idle_house: House) -> None:
    seed(idle_house, 3)
    id = idle_house.admin.post(PATH, [{"deniedIds": [item_id(n) for n in range(3)]}]).headers["x-bulkwark-job"]
    with idle_house.store.write() as session:
        common_access.drop_of(session, first_rid(1, Kind.ROLE) + 10_000_001)

    idle_house.run_jobs()

    job = idle_house.wait(id)
    assert (job.total, job.changed, job.skipped) == (3, 2, 1)
    assert common_access.count(idle_house.store.read(), 1, ast.All()) == 2
