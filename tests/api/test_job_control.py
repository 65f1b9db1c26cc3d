"""Control of jobs: pause, resume, cancel, priority, speed, failure policy, guards; each effective within one chunk."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest

from bulkwark.bulk import engine as engines
from bulkwark.bulk.metadata import Spec
from bulkwark.bulk.selection import Selector
from bulkwark.domain.jobs import Options, Status
from bulkwark.domain.kinds import Kind
from bulkwark.domain.metadata import Operation, Scope
from bulkwark.store import jobs
from bulkwark.store.jobs import NewJob
from tests.api.test_previews import ADD, JOBS, OTHER, ROLE, body
from tests.bulk.watched import Watched, everything_done, frozen, submit
from tests.house import BULK, House

EVERY: dict[str, Any] = {"query": {"query": {"query": "*"}}}
GUARDS = "/bulkwark/v1/guards"


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_CHUNK", "LEAST_CHUNK", "MOST_CHUNK"):
        monkeypatch.setattr(engines, name, 10)


def start(house: House, **headers: str) -> str:
    sent = {f"X-Bulkwark-{name.replace('_', '-')}": value for name, value in headers.items()}
    return str(house.admin.post(f"{BULK}/query", EVERY | ADD, headers=sent).ok(202)["id"])


def until(house: House, id: str, **wanted: Any) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while True:
        shown: dict[str, Any] = house.admin.get(f"{JOBS}/{id}").ok()
        if all(shown[name] == value for name, value in wanted.items()):
            return shown
        assert time.monotonic() < deadline, shown
        time.sleep(0.005)


def test_a_paused_job_does_nothing_until_it_is_resumed(house: House) -> None:
    id = start(house, Speed="40")

    paused = house.admin.post(f"{JOBS}/{id}/pause").ok()

    assert paused["state"] == "PAUSED"
    assert house.admin.get(f"{BULK}/{id}").ok(202)["status"] == "CHUNK_PENDING"
    done = house.job(id).done
    time.sleep(0.4)
    assert house.job(id).done == done < (paused["total"] or 10**9)
    house.admin.patch(f"{JOBS}/{id}", {"speed": None}).ok()
    assert house.job(id).done == done
    assert house.admin.post(f"{JOBS}/{id}/resume").ok()["state"] != "PAUSED"
    everything_done(house, id)


def test_a_cancelled_job_keeps_what_it_did(house: House) -> None:
    id = start(house, Speed="40")
    deadline = time.monotonic() + 10
    while not house.job(id).done:
        assert time.monotonic() < deadline

    ended = house.admin.post(f"{JOBS}/{id}/cancel").ok()

    assert (ended["status"], ended["done"] < ended["total"]) == ("CANCELLED", True)
    assert house.admin.get(f"{BULK}/{id}").ok(202)["status"] == "COMPLETED"
    assert id not in [job["id"] for job in house.admin.get(BULK).ok()]
    assert house.admin.get(f"/task-status/v1/{id}").ok()["completionStatus"] == "TERMINATED"
    assert len(house.outcomes(id)) == house.job(id).done
    again = house.admin.post(f"{JOBS}/{id}/cancel")
    assert (again.status, "CANCELLED" in again.body.decode()) == (400, True)


def test_a_speed_limit_holds_and_can_be_lifted_live(house: House) -> None:
    began = time.monotonic()
    id = start(house, Speed="40")
    time.sleep(0.8)
    done = house.job(id).done
    assert 10 <= done <= 40 * (time.monotonic() - began) + 10

    house.admin.patch(f"{JOBS}/{id}", {"speed": None, "note": "faster"}).ok()

    job = everything_done(house, id)
    assert job.options.note == "faster"
    assert time.monotonic() - began < (job.total or 0) / 40


def test_a_speed_limit_holds_whatever_else_the_job_is_told(house: House) -> None:
    """Each word to a job wakes it; none of them lets it run ahead."""
    id = start(house, Speed="20")
    until(house, id, status="CHUNK_PROCESSING")
    began, done = time.monotonic(), house.job(id).done
    for number in range(25):
        house.admin.patch(f"{JOBS}/{id}", {"note": f"note {number}"}).ok()
        house.admin.post(f"{JOBS}/{id}/pause").ok()
        house.admin.post(f"{JOBS}/{id}/resume").ok()

    assert house.job(id).done - done <= 20 * (time.monotonic() - began) + 5
    house.admin.patch(f"{JOBS}/{id}", {"speed": None}).ok()
    everything_done(house, id)


def test_a_speed_counts_from_when_it_is_given(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a job did before, as fast as it could, does not keep it waiting."""
    for name in ("FIRST_CHUNK", "LEAST_CHUNK", "MOST_CHUNK"):
        monkeypatch.setattr(engines, name, 150)
    id = start(house, Speed="1000")
    while not (done := house.job(id).done):
        time.sleep(0.001)
    house.admin.patch(f"{JOBS}/{id}", {"speed": 4}).ok()
    time.sleep(1.2)

    assert done < house.job(id).done <= done + 150 + 10
    house.admin.patch(f"{JOBS}/{id}", {"speed": None}).ok()
    everything_done(house, id)


def test_a_job_of_higher_priority_gets_more_turns(idle_house: House) -> None:
    watched = Watched(idle_house)
    usual = frozen(idle_house, submit(idle_house, **EVERY))
    urgent = frozen(idle_house, submit(idle_house, **EVERY))
    idle_house.admin.patch(f"{JOBS}/{urgent}", {"priority": 7}).ok()
    idle_house.run_jobs()
    for id in (usual, urgent):
        everything_done(idle_house, id)

    first = watched.turns[:25]
    assert first.count(urgent) >= 3 * first.count(usual) > 0


def test_a_job_stops_when_too_many_items_fail(house: House) -> None:
    fill(house)

    by_count = house.wait(start(house, Stop_After="5"))
    by_share = house.wait(start(house, Stop_After="20%"))

    assert by_count.status is Status.STOPPED
    assert 5 < by_count.failed <= by_count.done <= 20
    assert "stops after 5" in (by_count.error or "")
    assert (by_share.status, by_share.done) == (Status.STOPPED, 100), by_share
    assert house.admin.get(f"{BULK}/{by_count.id}").ok(202)["status"] == "COMPLETED"


def test_note_and_ticket_stay_with_the_job(house: House) -> None:
    reply = house.admin.post(
        f"{BULK}/ids", body(ROLE), headers={"X-Bulkwark-Note": "quarterly clean-up", "X-Bulkwark-Ticket": "CHG-1"}
    )
    id = reply.ok(202)["id"]
    house.wait(id)

    house.admin.patch(f"{JOBS}/{id}", {"ticket": "CHG-2"}).ok()

    options = house.admin.get(f"{JOBS}/{id}").ok()["options"]
    assert (options["note"], options["ticket"]) == ("quarterly clean-up", "CHG-2")
    assert house.admin.patch(f"{JOBS}/{id}", {"speed": 5}).status == 400
    assert house.admin.patch(f"{JOBS}/{id}", {"sped": 5}).status == 400


def fill(house: House) -> None:
    """The first 150 roles can take no further value."""
    for page in range(3):
        for role in house.admin.get(f"/v2025/roles?limit=50&offset={50 * page}").ok():
            house.set_metadata(role["id"], [("many", f"v{n:02}") for n in range(25)])


# --- guards --------------------------------------------------------------------------------------------


def guard(house: House, **limits: Any) -> None:
    house.admin("PUT", GUARDS, limits).ok()


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"maxItems": 5}, "5 are allowed"),
        ({"maxPercent": 10}, "100.0 % of all roles"),
        ({"protected": [{"attribute": "region"}]}, "protected metadata region"),
        ({"protected": [{"attribute": "region", "value": "emea"}]}, "protected metadata region = emea"),
    ],
)
def test_a_job_over_a_limit_waits_for_somebody(house: House, limits: dict[str, Any], told: str) -> None:
    guard(house, **limits)

    id = start(house, Guard="true")

    held = until(house, id, state="AWAITING_CONFIRMATION")
    assert told in held["heldFor"]
    assert house.admin.get(f"{BULK}/{id}").ok(202)["status"] == "CREATED"
    time.sleep(0.1)
    assert house.job(id).done == 0
    confirmed = house.admin.post(f"{JOBS}/{id}/confirm").ok()
    assert confirmed["confirmer"] == house.admin.identity
    everything_done(house, id)


def test_a_pause_before_the_selection_does_not_hide_the_guard(idle_house: House) -> None:
    """As after a restart, when somebody pauses a job before its targets stand."""
    guard(idle_house, maxItems=0)
    spec = Spec(Operation.ADD, Scope.ATTRIBUTE, [("region", ["apac"])], Kind.ROLE)
    with idle_house.store.write() as session:
        rids = list(idle_house.tenant.objects.rids(session, Kind.ROLE, [OTHER]).values())
        new = NewJob(
            id="5d5e4f9f-3d2f-4f4e-9d6c-0f7c7c1f2b1a",
            type="ROLE",
            operation="metadata",
            spec=msgspec.json.encode(spec).decode(),
            selector=msgspec.json.encode(Selector("ids", 1, Kind.ROLE, rids=rids)).decode(),
            client=idle_house.admin.id,
            submitter=idle_house.admin.identity,
            created=time.time_ns() // 1000,
            options=Options(guard=True),
        )
        jobs.add(session, idle_house.tenant.number, new)
    idle_house.admin.post(f"{JOBS}/{new.id}/pause").ok()
    idle_house.run_jobs()

    until(idle_house, new.id, state="AWAITING_CONFIRMATION")

    assert idle_house.admin.post(f"{JOBS}/{new.id}/resume").status == 400
    idle_house.admin.post(f"{JOBS}/{new.id}/confirm").ok()
    assert idle_house.wait(new.id).done == 1


def test_official_calls_are_guarded_only_where_the_tenant_says_so(house: House) -> None:
    guard(house, maxItems=5)
    everything_done(house, start(house))

    guard(house, maxItems=5, official=True)

    until(house, start(house), state="AWAITING_CONFIRMATION")


def test_where_configured_somebody_else_must_confirm(house: House) -> None:
    guard(house, maxItems=0, notBySubmitter=True)
    id = str(house.admin.post(f"{BULK}/ids", body(OTHER), headers={"X-Bulkwark-Guard": "true"}).ok(202)["id"])
    until(house, id, state="AWAITING_CONFIRMATION")

    own = house.admin.post(f"{JOBS}/{id}/confirm")
    other = house.as_("ROLE_ADMIN", alias="second").post(f"{JOBS}/{id}/confirm")

    assert (own.status, other.status) == (403, 200)
    house.wait(id)


def test_a_job_that_fails_too_often_waits_in_the_middle(house: House) -> None:
    fill(house)
    guard(house, maxFailurePercent=10)

    id = start(house, Guard="true")

    held = until(house, id, state="AWAITING_CONFIRMATION")
    assert held["done"] == 100
    assert "10 % are allowed" in held["heldFor"]
    house.admin.post(f"{JOBS}/{id}/confirm").ok()
    house.wait(id)
    assert house.job(id).status is Status.COMPLETED


@pytest.mark.parametrize(
    "limits",
    [{"maxItems": -1}, {"maxPercent": 101}, {"protected": [{"attribute": "nothing"}]}, {"maxItem": 5}],
)
def test_guards_that_make_no_sense_are_refused(house: House, limits: dict[str, Any]) -> None:
    assert house.admin("PUT", GUARDS, limits).status == 400
    assert house.admin.get(GUARDS).ok()["maxItems"] is None


# --- idempotency ---------------------------------------------------------------------------------------


def test_the_same_key_and_body_get_the_same_job(house: House) -> None:
    sent = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}

    first = house.admin.post(f"{BULK}/ids", body(ROLE), headers=sent)
    again = house.admin.post(f"{BULK}/ids", body(ROLE), headers=sent)

    assert first.ok(202) == again.ok(202)
    assert again.headers["idempotency-replayed"] == "true"
    assert len(house.admin.get(JOBS).ok()) == 1
    other = house.admin.post(f"{BULK}/ids", body(OTHER), headers=sent)
    assert (other.status, "another request" in other.body.decode()) == (400, True)
    theirs = house.as_("ROLE_ADMIN", alias="second").post(f"{BULK}/ids", body(OTHER), headers=sent)
    assert theirs.status == 202


def test_a_key_of_a_run_answers_no_preview(house: House) -> None:
    sent = {"Idempotency-Key": "run-1"}
    house.admin.post(f"{BULK}/ids", body(OTHER), headers=sent).ok(202)

    refused = house.admin.post(f"{BULK}/ids", body(OTHER), headers=sent | {"X-Bulkwark-Preview": "true"})

    assert refused.status == 400
    assert "another request" in refused.body.decode()


def test_a_request_that_was_refused_leaves_its_key_free(house: House) -> None:
    sent = {"Idempotency-Key": "k1"}
    assert house.admin.post(f"{BULK}/ids", body("f" * 32), headers=sent).status == 400

    assert house.admin.post(f"{BULK}/ids", body(ROLE), headers=sent).status == 202


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "\u00e4"])
def test_a_key_that_is_none_is_refused(house: House, key: str) -> None:
    assert house.admin.post(f"{BULK}/ids", body(ROLE), headers={"Idempotency-Key": key}).status == 400


def test_what_a_finished_job_cannot_be_told_is_named_as_it_was_sent(house: House) -> None:
    id = start(house)
    everything_done(house, id)

    reply = house.admin.patch(f"{JOBS}/{id}", {"note": "late", "stopPercent": 5})

    assert (reply.status, reply.json()["causes"][0]["text"].partition(":")[0]) == (400, "/stopPercent")
    assert house.job(id).options.note == ""
