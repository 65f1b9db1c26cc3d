"""Our own submit and the preview of any bulk call: what is selected, by whom, and what both refuse."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest

from bulkwark.bulk import freezing
from bulkwark.bulk.metadata import Spec
from bulkwark.bulk.selection import Selector
from bulkwark.domain.jobs import Status
from bulkwark.domain.kinds import Kind
from bulkwark.domain.metadata import Operation, Scope
from bulkwark.store import jobs
from bulkwark.store.jobs import NewJob
from tests.api.served import ENTITLEMENT, profile, role
from tests.api.test_previews import ADD, JOBS, OTHER, PREVIEW, PREVIEWS, ROLE, THIRD, body, run
from tests.bulk.watched import frozen
from tests.house import BULK, Client, House

REGION = {"operation": "ADD", "values": [{"attribute": "region", "values": ["latam"]}]}


def request(select: dict[str, Any], type: str = "ROLE", **more: Any) -> dict[str, Any]:
    return {"type": type, **REGION, "select": select, **more}


def submit(house: House, sent: dict[str, Any], caller: Client | None = None) -> dict[str, Any]:
    made = (caller or house.admin).post(JOBS, sent).ok(202)
    house.wait(made["id"])
    shown: dict[str, Any] = house.admin.get(f"{JOBS}/{made['id']}").ok()
    return shown


def name_of(house: House, id: str) -> str:
    return str(house.admin.get(f"/v2025/roles/{id}").ok()["name"])


def selectors(house: House, one: str, two: str) -> list[dict[str, Any]]:
    names = [name_of(house, id) for id in (one, two)]
    return [
        {"ids": [one, two.upper(), one]},
        {"names": [names[0].upper(), names[1], names[1].lower()]},
        {"filters": f'id in ("{one}","{two}")'},
        {"query": {"query": {"query": f"id:({one} OR {two})"}}},
    ]


@pytest.mark.parametrize("way", range(4))
def test_roles_are_selected_in_every_way(house: House, way: int) -> None:
    ids = [role(house), role(house)]
    select = selectors(house, *ids)[way]

    job = submit(house, request(select, options={"note": "by test", "priority": 7}))

    assert (job["total"], job["changed"], job["type"]) == (2, 2, "ROLE")
    assert (job["options"]["note"], job["options"]["priority"], job["options"]["guard"]) == ("by test", 7, True)
    assert house.outcomes(job["id"]) == dict.fromkeys(ids, "changed")
    assert [house.metadata(id) for id in ids] == [{"region": ["latam"]}] * 2


def test_access_profiles_and_entitlements_too(house: House) -> None:
    own = profile(house)

    first = submit(house, request({"ids": [own]}, "ACCESS_PROFILE"))
    second = submit(house, request({"ids": [ENTITLEMENT]}, "ENTITLEMENT"))

    assert (first["type"], first["changed"]) == ("ACCESS_PROFILE", 1)
    assert (second["type"], second["done"]) == ("ENTITLEMENT", 1)
    assert house.metadata(own, Kind.ACCESS_PROFILE) == {"region": ["latam"]}
    assert "latam" in house.metadata(ENTITLEMENT, Kind.ENTITLEMENT)["region"]


def test_our_own_submit_can_be_previewed_and_replayed(house: House) -> None:
    before = house.metadata(ROLE)

    found = house.admin.post(JOBS, request({"ids": [ROLE]}), headers=PREVIEW).ok()

    assert (found["counted"], found["changed"]) == (True, 1)
    assert house.metadata(ROLE) == before
    assert run(house, found["token"])["changed"] == 1
    sent = {"Idempotency-Key": "own-1"}
    first = house.admin.post(JOBS, request({"ids": [OTHER]}), headers=sent)
    again = house.admin.post(JOBS, request({"ids": [OTHER]}), headers=sent)
    assert first.ok(202) == again.ok(202)
    assert again.headers["idempotency-replayed"] == "true"


def test_our_own_submit_is_guarded_unless_it_declines(house: House) -> None:
    house.admin("PUT", "/bulkwark/v1/guards", {"maxItems": 0}).ok()
    held = house.admin.post(JOBS, request({"ids": [ROLE]})).ok(202)
    free = house.admin.post(JOBS, request({"ids": [ROLE]}, options={"guard": False})).ok(202)

    house.wait(free["id"])
    until = time.monotonic() + 10
    while house.job(held["id"]).hold is None:
        assert time.monotonic() < until
    assert house.job(held["id"]).status is not Status.COMPLETED


def test_rights_are_those_of_the_official_call(house: House) -> None:
    own = profile(house)
    callers: list[tuple[Client, str, str, int]] = [
        (house.as_("ROLE_ADMIN", alias="second"), "ROLE", ROLE, 202),
        (house.as_("ROLE_ADMIN", alias="second"), "ACCESS_PROFILE", own, 403),
        (house.as_("ROLE_ADMIN", alias="second"), "ENTITLEMENT", ENTITLEMENT, 403),
        (house.as_("SOURCE_ADMIN", alias="third"), "ACCESS_PROFILE", own, 202),
        (house.as_("SOURCE_ADMIN", alias="third"), "ROLE", ROLE, 403),
        (house.as_("ORG_ADMIN", scopes=["idn:entitlement:manage"]), "ROLE", ROLE, 403),
        (house.as_("ORG_ADMIN", scopes=["idn:entitlement:manage"]), "ENTITLEMENT", ENTITLEMENT, 202),
    ]
    for caller, type, id, status in callers:
        assert caller.post(JOBS, request({"ids": [id]}, type)).status == status, (type, status)
        reply = caller.post(PREVIEWS, {"path": "/bulkwark/v1/jobs", "body": request({"ids": [id]}, type)})
        assert reply.status == (200 if status == 202 else 403), reply.body


def test_a_subadmin_submits_for_what_he_owns_and_nothing_else(house: House) -> None:
    subadmin = house.as_("ROLE_SUBADMIN", alias="a.subadmin")
    own = role(house)
    house.admin(
        "PATCH", f"/v2025/roles/{own}", [{"op": "replace", "path": "/owner", "value": {"id": subadmin.identity}}]
    ).ok()

    assert submit(house, request({"ids": [own]}), subadmin)["changed"] == 1
    assert subadmin.post(JOBS, request({"ids": [own, ROLE]})).status == 403
    assert subadmin.post(JOBS, request({"names": [name_of(house, role(house))]})).status == 403
    everything = submit(house, request({"query": {"query": {"query": "*"}}}), subadmin)
    assert everything["total"] >= 1
    assert everything["hidden"] > 0
    assert ROLE not in house.outcomes(everything["id"])


def test_a_name_that_several_have_is_refused(house: House) -> None:
    names = [one["name"] for one in house.admin.get("/v2025/entitlements?limit=250").ok()]
    twice = next((name for name in names if [n.lower() for n in names].count(name.lower()) > 1), None)
    assert twice is not None, "the company has no two entitlements of one name"

    reply = house.admin.post(JOBS, request({"names": [twice]}, "ENTITLEMENT"))

    assert reply.status == 400
    assert "/select/names: several entitlements are called" in reply.json()["causes"][0]["text"]


def test_what_a_job_selected_by_ids_is_kept_as_a_count(house: House) -> None:
    job = submit(house, request({"ids": [ROLE, OTHER]}))
    undone = house.admin.post(f"{JOBS}/{job['id']}/undo", {"ids": [ROLE]}).ok(202)
    house.wait(undone["id"])
    shown = house.admin.post(f"{JOBS}/{job['id']}/undo", {"ids": [OTHER]}, headers=PREVIEW).ok()

    assert house.job(undone["id"]).total == shown["total"] == 1
    rids = house.tenant.objects.rids(house.store.read(), Kind.ROLE, [ROLE, OTHER]).values()
    for id in (job["id"], undone["id"], shown["id"]):
        assert ROLE not in house.job(id).selector
        assert not any(str(rid) in house.job(id).selector for rid in rids)
        assert len(house.job(id).selector) < 150


def test_many_ids_are_one_request_and_a_small_job_row(house: House) -> None:
    ids = [one["id"] for n in range(4) for one in house.admin.get(f"/v2025/roles?limit=50&offset={50 * n}").ok()]

    job = submit(house, request({"ids": ids * 1000}))

    assert job["total"] == len(ids)
    assert len(house.job(job["id"]).selector) < 150
    over = house.admin.post(JOBS, request({"ids": ids * 1001}))
    assert (over.status, "at most 200,000" in over.body.decode()) == (400, True)


def test_a_role_deleted_before_the_targets_stand_is_skipped_and_counted(idle_house: House) -> None:
    house, doomed = idle_house, role(idle_house)
    rids = house.tenant.objects.rids(house.store.read(), Kind.ROLE, [ROLE, doomed])
    spec = Spec(Operation.ADD, Scope.ATTRIBUTE, [("region", ["latam"])], Kind.ROLE)
    selector = Selector("ids", 1, Kind.ROLE, rids=list(rids.values()))
    does, selects = msgspec.json.encode(spec).decode(), msgspec.json.encode(selector).decode()
    id = "00000000-0000-4000-8000-000000000001"
    new = NewJob(id, "ROLE", "metadata", does, selects, "", house.admin.identity, 1)
    with house.store.write() as session:  # accepted, and then the server died before it made the selection
        jobs.add(session, house.tenant.number, new)
    assert house.admin.delete(f"/v2025/roles/{doomed}").status == 204

    house.run_jobs()

    job = house.wait(new.id)
    assert (job.total, job.changed, job.skipped) == (2, 1, 1)
    (skipped,) = house.admin.get(f"{JOBS}/{job.id}/items?outcome=skipped").ok()
    assert (skipped["id"], skipped["reason"]) == (doomed, "deleted")


def test_unknown_items_of_a_partial_undo_are_named(house: House) -> None:
    job = submit(house, request({"ids": [ROLE]}))

    reply = house.admin.post(f"{JOBS}/{job['id']}/undo", {"ids": [ROLE, OTHER]})

    assert reply.status == 400
    assert f"/ids: the job has no items '{OTHER}' (1 unknown)" in reply.json()["causes"][0]["text"]


def test_a_deleted_item_of_a_partial_undo_is_skipped(house: House) -> None:
    job = submit(house, request({"ids": [ROLE, THIRD]}))
    assert house.admin.delete(f"/v2025/roles/{THIRD}").status == 204

    undone = house.admin.post(f"{JOBS}/{job['id']}/undo", {"ids": [ROLE, THIRD]}).ok(202)

    assert (house.wait(undone["id"]).changed, house.job(undone["id"]).skipped) == (1, 1)


# --- previews of any call ------------------------------------------------------------------------------


def test_a_preview_call_answers_what_the_header_does(house: House) -> None:
    sent = body(ROLE, OTHER, THIRD)
    by_header = house.admin.post(f"{BULK}/ids", sent, headers=PREVIEW)
    house.wait(by_header.ok()["id"])
    digest = house.metadata(ROLE)

    reply = house.admin.post(PREVIEWS, {"path": f"{BULK}/ids", "body": sent})

    house.wait(reply.ok()["id"])
    mine, theirs = (house.admin.get(f"{PREVIEWS}/{one.ok()['id']}").ok() for one in (reply, by_header))
    ours = ("id", "token", "created", "expires", "items", "run")
    assert {k: v for k, v in mine.items() if k not in ours} == {k: v for k, v in theirs.items() if k not in ours}
    assert reply.headers["x-bulkwark-preview-token"] == mine["token"]
    assert house.metadata(ROLE) == digest
    assert run(house, mine["token"])["changed"] == 3


@pytest.mark.parametrize("prefix", ["/v2025/roles", "/v2026/roles", "/roles/v1", "/roles"])
def test_every_spelling_of_a_path_can_be_previewed(module_house: House, prefix: str) -> None:
    path = f"{prefix}/access-model-metadata/bulk-update/query"
    sent = {"query": {"query": {"query": "enabled:true"}}, **ADD}

    found = module_house.admin.post(PREVIEWS, {"path": path, "body": sent}).ok()

    assert found["counted"]
    assert module_house.wait(found["id"]).total == found["total"] > 0


def test_an_undo_is_previewed_by_a_call(house: House) -> None:
    job = submit(house, request({"ids": [ROLE]}))

    found = house.admin.post(PREVIEWS, {"path": f"{JOBS}/{job['id']}/undo"}).ok()

    assert (found["total"], found["changed"]) == (1, 1)


def test_faults_of_the_previewed_call_are_its_own(house: House) -> None:
    reply = house.admin.post(PREVIEWS, {"path": f"{BULK}/ids", "body": {"roles": ["f" * 32], **ADD}})

    assert reply.status == 400
    assert reply.json()["causes"][0]["text"].startswith("/roles: there are no roles 'ffff")


def test_many_ids_become_targets_in_steps_and_shrink_to_a_count(
    idle_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step is a transaction of its own: a list of 200,000 locks nobody out while it is written down."""
    monkeypatch.setattr(freezing, "TARGETS_AT_ONCE", 10)
    ids = [role["id"] for role in idle_house.admin.get("/v2025/roles?limit=50").ok()]
    assert len(ids) == 50
    before = idle_house.store.database.commits
    made = idle_house.admin.post(JOBS, {"type": "ROLE", "select": {"ids": ids}} | ADD).ok(202)
    job = frozen(idle_house, made["id"])

    assert idle_house.store.database.commits - before >= 5
    assert (idle_house.job(job).total, len(idle_house.job(job).selector) < 200) == (50, True)
    idle_house.run_jobs()
    assert idle_house.wait(job).changed == 50
