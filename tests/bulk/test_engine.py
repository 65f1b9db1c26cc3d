"""The job engine: fair turns, resumption from every state, faults; each item is dealt with exactly once."""

from __future__ import annotations

import threading
import time
from uuid import uuid4

import msgspec
import pytest

from bulkwark.bulk import engine as engines
from bulkwark.bulk import freezing
from bulkwark.bulk.engine import Engine
from bulkwark.bulk.metadata import NAME, MetadataOperation, Spec
from bulkwark.bulk.selection import Selector
from bulkwark.domain import metadata
from bulkwark.domain.jobs import Job, Status
from bulkwark.domain.kinds import Kind
from bulkwark.errors import Invalid, Unavailable
from bulkwark.store import jobs
from bulkwark.store.dialect import Patience, Session, Sql
from bulkwark.store.jobs import NewJob
from bulkwark.store.tenants import Tenant
from tests.bulk.watched import EVERY, Watched, everything_done, frozen, submit
from tests.house import BULK, House

ROLE = "00000000000000000000000000000001"


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of ten items, so that a company of some hundred roles takes many turns."""
    for name in ("FIRST_CHUNK", "LEAST_CHUNK", "MOST_CHUNK"):
        monkeypatch.setattr(engines, name, 10)


# --- turns ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_chunks")
def test_a_job_of_one_role_is_done_while_a_big_one_still_runs(idle_house: House) -> None:
    watched = Watched(idle_house)
    big = frozen(idle_house, submit(idle_house, **EVERY))
    one = frozen(idle_house, submit(idle_house, "ids", roles=[ROLE]))

    idle_house.run_jobs()

    everything_done(idle_house, big)
    everything_done(idle_house, one)
    assert watched.turns.index(one) <= 2
    assert watched.turns.count(one) == 1
    assert watched.turns.count(big) >= 30


@pytest.mark.usefixtures("small_chunks")
def test_jobs_take_turns(idle_house: House) -> None:
    watched = Watched(idle_house)
    three = [frozen(idle_house, submit(idle_house, **EVERY)) for _ in range(3)]

    idle_house.run_jobs()

    for id in three:
        everything_done(idle_house, id)
    for end in range(3, 60):
        had = [watched.turns[:end].count(id) for id in three]
        # A job that was submitted before `run_jobs` may stand in the queue twice: two turns in a round at most.
        assert max(had) - min(had) <= 2, watched.turns[:end]


@pytest.mark.usefixtures("small_chunks")
def test_jobs_of_two_tenants_do_not_touch_each_other(house: House) -> None:
    theirs = house.as_("ORG_ADMIN", tenant="other")
    mine = submit(house, **EVERY)
    body = EVERY | {"operation": "ADD", "values": [{"attribute": "single", "values": ["one"]}]}
    other = theirs.post(f"{BULK}/query", body).ok(202)["id"]

    assert house.wait(other, "other").changed == 1
    everything_done(house, mine)
    assert "f" * 32 not in house.outcomes(mine)


def test_an_edit_waits_for_one_chunk_at_most(idle_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_CHUNK", "LEAST_CHUNK", "MOST_CHUNK"):
        monkeypatch.setattr(engines, name, 5)
    edited: list[int] = []
    waiting = threading.Event()

    def before(job: Job) -> None:
        if len(watched.turns) == 2:
            threading.Thread(target=edit).start()
            until = time.monotonic() + 10
            while not idle_house.store.database.waiting:
                assert time.monotonic() < until

    def edit() -> None:
        with idle_house.store.write() as session:
            session.value("counters.add", (1, "edit", 1))
        edited.append(len(watched.turns))
        waiting.set()

    watched = Watched(idle_house, before)
    id = frozen(idle_house, submit(idle_house, **EVERY))
    idle_house.run_jobs()

    everything_done(idle_house, id)
    assert waiting.wait(5)
    assert edited[0] <= 3


# --- resumption ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "status",
    [
        Status.CREATED,
        Status.PRE_PROCESS,
        Status.PRE_PROCESS_COMPLETED,
        Status.CHUNK_PENDING,
        Status.CHUNK_PROCESSING,
    ],
)
@pytest.mark.usefixtures("small_chunks")
def test_a_job_left_in_any_state_goes_on_by_itself(idle_house: House, status: Status) -> None:
    id = str(uuid4())
    tenant, now = idle_house.tenant, engines.now_ms()
    operation = MetadataOperation()
    with idle_house.store.write() as session:
        job = jobs.add(session, tenant.number, new_job(id, "*"))
        if status is not Status.CREATED:
            jobs.start(session, job, now)
    if status not in (Status.CREATED, Status.PRE_PROCESS):
        with freezing.pinned(idle_house.store) as reader:
            assert freezing.freeze(idle_house.store, reader, tenant, job, operation, engines.now_ms, Patience(60))
    with idle_house.store.write() as session:
        if status in (Status.CHUNK_PENDING, Status.CHUNK_PROCESSING):
            last, _ = jobs.chunk_end(session, job, 17)
            operation.record(session, tenant, job, last, now)
            operation.effect(session, tenant, job, last, now)
            assert jobs.progress(session, job, last, jobs.outcomes(session, job, last), status, now)
    operation.forget()

    idle_house.run_jobs()

    job = everything_done(idle_house, id)
    assert job.total == idle_house.admin.get("/v2025/roles?limit=0&count=true").total


def new_job(id: str, query: str) -> NewJob:
    spec = Spec(metadata.Operation.ADD, metadata.Scope.ATTRIBUTE, [("many", ["v29"])], Kind.ROLE)
    selector = Selector("query", engines.now_ms(), Kind.ROLE, queries=[{"query": {"query": query}}])
    encode = msgspec.json.encode
    return NewJob(id, "ROLE", NAME, encode(spec).decode(), encode(selector).decode(), "client", "submitter", 1)


@pytest.mark.usefixtures("small_chunks")
def test_a_job_stopped_in_the_middle_is_finished_by_the_next_engine(idle_house: House) -> None:
    enough = threading.Event()

    def before(job: Job) -> None:
        if len(watched.turns) == 7:
            enough.set()

    watched = Watched(idle_house, before)
    id = frozen(idle_house, submit(idle_house, **EVERY))
    idle_house.run_jobs()
    assert enough.wait(10)
    idle_house.engine.stop()
    left = idle_house.job(id)
    assert left.status in (Status.CHUNK_PENDING, Status.CHUNK_PROCESSING)
    assert 0 < left.done < (left.total or 0)

    second = Engine(idle_house.store, {NAME: MetadataOperation()})
    second.start()

    job = everything_done(idle_house, id)
    second.stop()
    assert job.changed + job.unchanged == job.total


def test_a_job_submitted_and_never_frozen_sees_what_is_there_when_it_resumes(idle_house: House) -> None:
    with idle_house.store.write() as session:
        jobs.add(session, 1, new_job("11111111-1111-1111-1111-111111111111", "name:global"))

    idle_house.run_jobs()

    everything_done(idle_house, "11111111-1111-1111-1111-111111111111")
    assert ROLE in idle_house.outcomes("11111111-1111-1111-1111-111111111111")


# --- faults --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_chunks")
def test_an_operation_that_raises_ends_its_job_and_no_other(idle_house: House) -> None:
    bad = frozen(idle_house, submit(idle_house, **EVERY))

    def before(job: Job) -> None:
        if job.id == bad and watched.turns.count(bad) == 3:
            raise ZeroDivisionError("a fault of the server")

    watched = Watched(idle_house, before)
    good = frozen(idle_house, submit(idle_house, **EVERY))
    idle_house.run_jobs()

    job = idle_house.wait(bad)
    assert (job.status, job.error) == (Status.FAILED, "ZeroDivisionError: a fault of the server")
    assert job.done == 20
    everything_done(idle_house, good)
    assert idle_house.admin.get(f"{BULK}/{bad}").ok(202)["status"] == "COMPLETED"
    assert bad not in [one["id"] for one in idle_house.admin.get(BULK).ok()]
    shown = idle_house.admin.get(f"/bulkwark/v1/jobs/{bad}").ok()
    assert (shown["status"], shown["done"]) == ("FAILED", 20)


@pytest.mark.usefixtures("small_chunks")
def test_a_chunk_that_raises_leaves_nothing_of_itself(idle_house: House) -> None:
    def before(job: Job) -> None:
        if len(watched.turns) == 2:
            raise ZeroDivisionError

    watched = Watched(idle_house, before)
    id = frozen(idle_house, submit(idle_house, **EVERY))
    idle_house.run_jobs()

    idle_house.wait(id)
    done = set(idle_house.outcomes(id))
    count = idle_house.admin.post("/v2025/search/count", {"query": {"query": "accessModelMetadata.value:v29"}}).total
    assert len(done) == count == 10


@pytest.mark.usefixtures("small_chunks")
def test_a_store_that_is_busy_is_asked_again(idle_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "RETRY_SECONDS", 0.001)

    def before(job: Job) -> None:
        if len(watched.turns) in (2, 3, 9):
            raise Unavailable("the database is locked by another process")

    watched = Watched(idle_house, before)
    id = frozen(idle_house, submit(idle_house, **EVERY))
    idle_house.run_jobs()

    everything_done(idle_house, id)


def test_a_selection_that_fails_for_now_is_tried_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "RETRY_SECONDS", 0.001)
    real, failed = MetadataOperation.selection, threading.Event()

    def selection(self: MetadataOperation, session: Session, tenant: Tenant, job: Job) -> Sql | None:
        if not failed.is_set():
            failed.set()
            raise Unavailable("the disk is full")
        return real(self, session, tenant, job)

    monkeypatch.setattr(MetadataOperation, "selection", selection)

    everything_done(house, submit(house, **EVERY))
    assert failed.is_set()


@pytest.mark.parametrize("fault", [Invalid("no such field"), ZeroDivisionError("a fault")])
def test_a_selection_that_can_never_be_made_fails_the_job(
    house: House, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def selection(self: MetadataOperation, session: Session, tenant: Tenant, job: Job) -> None:
        raise fault

    monkeypatch.setattr(MetadataOperation, "selection", selection)
    id = submit(house, **EVERY)

    job = house.wait(id)
    assert (job.status, job.done) == (Status.FAILED, 0)
    assert str(fault) in (job.error or "")
    assert house.admin.get(f"{BULK}/{id}").ok(202)["status"] == "COMPLETED"


def test_a_big_selection_is_written_in_steps_and_still_sees_the_moment_of_its_submission(
    idle_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others write between the steps; what comes to match meanwhile is not selected, what matched stays selected."""
    monkeypatch.setattr(freezing, "TARGETS_AT_ONCE", 20)
    real, edits = jobs.add_targets, [0]
    late = {"name": "zanzibar", "owner": {"id": "bd179f24eeb709094f5c3c575576d9cb", "type": "IDENTITY"}}

    def slowly(session: Session, job: Job, rids: list[int]) -> None:
        real(session, job, rids)
        edits[0] += 1
        until = time.monotonic() + 10
        while edits[0] == 1 and not idle_house.store.database.waiting:
            assert time.monotonic() < until

    monkeypatch.setattr(jobs, "add_targets", slowly)
    before = idle_house.admin.get("/v2025/roles?limit=0&count=true").total
    id = submit(idle_house, **EVERY)
    until = time.monotonic() + 10
    while not edits[0]:
        assert time.monotonic() < until, "the first step has not begun"
    idle_house.admin.post("/v2025/roles", late).ok(201)

    frozen(idle_house, id)
    assert edits[0] > 5
    assert idle_house.job(id).total == before


# --- a changing world ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_chunks")
def test_a_value_added_to_the_catalogue_in_the_middle_changes_nothing(idle_house: House) -> None:
    def before(job: Job) -> None:
        if len(watched.turns) == 3:
            # Another process: it moves the version of the catalogue as the API does.
            edit_later()

    def edit_later() -> None:
        def edit() -> None:
            with idle_house.store.write() as session:
                number = idle_house.tenant.metadata.catalogue(session).attributes["many"].number
                doc = {"value": "new", "name": "New", "status": "active"}
                idle_house.tenant.metadata.put_value(session, number, doc)

        threads.append(threading.Thread(target=edit))
        threads[-1].start()

    threads: list[threading.Thread] = []
    watched = Watched(idle_house, before)
    id = frozen(idle_house, submit(idle_house, **EVERY))
    idle_house.run_jobs()

    everything_done(idle_house, id)
    threads[0].join()


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("change", ["inactive", "gone"])
def test_what_the_catalogue_no_longer_allows_fails_item_by_item(idle_house: House, change: str) -> None:
    admin = idle_house.admin
    place = "/access-model-metadata/v1/attributes/many"
    id = frozen(idle_house, submit(idle_house, **EVERY))
    if change == "gone":
        assert admin.delete(f"{place}/values/v29").status == 200
    else:
        admin.patch(place, [{"op": "replace", "path": "/status", "value": "inactive"}]).ok()

    idle_house.run_jobs()

    job = idle_house.wait(id)
    assert (job.status, job.failed) == (Status.COMPLETED, job.total)
    assert set(idle_house.outcomes(id).values()) == {"failed"}
    (item,) = admin.get(f"/bulkwark/v1/jobs/{id}/items?limit=1").ok()
    told = {"inactive": "the metadata attribute 'many' is inactive", "gone": "the attribute 'many' has no value 'v29'"}
    assert told[change] in item["message"]


@pytest.mark.usefixtures("small_chunks")
def test_roles_edited_and_deleted_while_a_job_runs_are_dealt_with_once(idle_house: House) -> None:
    admin = idle_house.admin
    id = frozen(idle_house, submit(idle_house, **EVERY))
    gone = [role["id"] for role in admin.get("/v2025/roles?limit=20&offset=100").ok()]
    for role in gone:
        assert admin.delete(f"/v2025/roles/{role}").status == 204
    kept = [role["id"] for role in admin.get("/v2025/roles?limit=20&offset=200").ok()]

    idle_house.run_jobs()
    for role in kept:
        admin.post(f"/v2025/roles/{role}/access-model-metadata/region/values/apac").ok()

    job = everything_done(idle_house, id)
    assert job.skipped == len(gone)
    for role in kept:
        assert "apac" in idle_house.metadata(role)["region"]


def test_targets_of_finished_jobs_are_swept_away(house: House) -> None:
    ids = [submit(house, **EVERY) for _ in range(3)]
    for id in ids:
        everything_done(house, id)

    until = time.monotonic() + 10
    while jobs.finished_with_targets(house.store.read()):
        assert time.monotonic() < until
        time.sleep(0.002)
