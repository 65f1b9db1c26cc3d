"""Undo: one call takes back what a job changed, and nothing that others changed since."""

from __future__ import annotations

from typing import Any

import pytest

from bulkwark.domain.kinds import Kind
from tests.api.served import profile
from tests.api.test_previews import ADD, JOBS, OTHER, PREVIEW, PREVIEWS, ROLE, THIRD, body
from tests.house import BULK, House

EVERY = {"query": {"query": {"query": "*"}}}


def submit(house: House, way: str, sent: dict[str, Any]) -> str:
    id = str(house.admin.post(f"{BULK}/{way}", sent).ok(202)["id"])
    house.wait(id)
    return id


def undo(house: House, id: str, part: dict[str, Any] | None = None) -> dict[str, Any]:
    made = house.admin.post(f"{JOBS}/{id}/undo", part or {}).ok(202)
    house.wait(made["id"])
    shown: dict[str, Any] = house.admin.get(f"{JOBS}/{made['id']}").ok()
    return shown


def everything(house: House) -> list[tuple[Any, ...]]:
    """Metadata of all roles as stored, order included, and the index of it."""
    rows = list(house.store.read().execute("SELECT rid, md FROM state ORDER BY rid"))
    return rows + list(house.store.read().execute("SELECT * FROM md_inv ORDER BY tenant, pair, rid"))


def hits(house: House, query: str) -> int:
    return house.admin.post("/v2025/search/count", {"indices": ["roles"], "query": {"query": query}}).total


def test_undo_restores_every_role_order_of_values_and_search_included(house: House) -> None:
    before, found = everything(house), hits(house, "accessModelMetadata.value:v29")
    replace = {"operation": "REPLACE", "replaceScope": "ALL", "values": [{"attribute": "many", "values": ["v29"]}]}
    id = submit(house, "query", EVERY | replace)
    assert hits(house, "accessModelMetadata.value:v29") > found

    job = undo(house, id)

    assert job["changed"] == house.job(id).changed > 10
    assert (job["conflicted"], job["relation"], job["origin"]) == (0, "undo", id)
    assert everything(house) == before
    assert hits(house, "accessModelMetadata.value:v29") == found


def test_undo_of_an_undo_does_it_again(house: House) -> None:
    id = submit(house, "query", EVERY | ADD)
    done = everything(house)

    again = undo(house, undo(house, id)["id"])

    assert again["changed"] == house.job(id).changed
    assert everything(house) == done


def test_what_was_changed_since_is_a_conflict_unless_forced(house: House) -> None:
    before = house.metadata(OTHER)
    id = submit(house, "ids", body(ROLE, OTHER, THIRD))
    house.admin.post(f"/v2025/roles/{OTHER}/access-model-metadata/region/values/apac").ok()
    house.admin.delete(f"/v2025/roles/{THIRD}")

    job = undo(house, id)

    assert (job["changed"], job["conflicted"], job["skipped"]) == (1, 1, 1)
    (conflict,) = house.admin.get(f"{JOBS}/{job['id']}/items?outcome=conflicted").ok()
    assert (conflict["id"], conflict["reason"]) == (OTHER, "changed-since")
    assert "v29" in house.metadata(OTHER)["many"]

    forced = undo(house, id, {"force": True})

    assert (forced["changed"], forced["unchanged"], forced["skipped"]) == (1, 1, 1)
    assert house.metadata(OTHER) == before


def test_conflicts_of_an_undo_are_done_again_with_force(house: House) -> None:
    before = house.metadata(OTHER)
    id = submit(house, "ids", body(ROLE, OTHER))
    house.admin.post(f"/v2025/roles/{OTHER}/access-model-metadata/region/values/apac").ok()
    first = undo(house, id)

    made = house.admin.post(f"{JOBS}/{first['id']}/rerun", {"outcomes": ["conflicted"], "force": True}).ok(202)

    job = house.wait(made["id"])
    assert (job.total, job.changed) == (1, 1)
    assert house.metadata(OTHER) == before


def test_a_part_of_a_job_is_undone(house: House) -> None:
    id = submit(house, "query", EVERY | ADD)
    total = house.job(id).changed

    one = undo(house, id, {"ids": [ROLE]})
    named = undo(house, id, {"filters": 'name sw "s"'})
    asked = undo(house, id, {"query": {"query": {"query": "name:s*"}}})

    assert one["total"] == 1
    assert 0 < named["total"] < total
    assert 0 < asked["total"] < total
    assert "v29" not in (house.metadata(ROLE).get("many") or [])


def test_an_undo_can_be_previewed(house: House) -> None:
    id = submit(house, "ids", body(ROLE, OTHER))
    house.admin.post(f"/v2025/roles/{OTHER}/access-model-metadata/region/values/apac").ok()
    state = everything(house)

    found = house.admin.post(f"{JOBS}/{id}/undo", {}, headers=PREVIEW).ok()

    assert (found["changed"], found["conflicted"]) == (1, 1)
    assert everything(house) == state
    made = house.admin.post(f"{PREVIEWS}/{found['token']}/run").ok(202)
    job = house.wait(made["id"])
    assert (job.changed, job.conflicted) == (1, 1)
    assert "v29" not in (house.metadata(ROLE).get("many") or [])
    assert "v29" in house.metadata(OTHER)["many"]


def test_only_what_failed_is_done_again(house: House) -> None:
    house.set_metadata(OTHER, [("many", f"v{n:02}") for n in range(25)])
    id = submit(house, "ids", body(ROLE, OTHER))
    assert house.job(id).failed == 1
    house.set_metadata(OTHER, [("many", "v01")])

    made = house.admin.post(f"{JOBS}/{id}/rerun").ok(202)

    job = house.wait(made["id"])
    assert (job.total, job.changed) == (1, 1)
    assert (made["relation"], made["origin"]) == ("rerun", id)
    assert house.metadata(OTHER)["many"] == ["v01", "v29"]


def test_common_access_is_undone_to_what_it_was(house: House) -> None:
    access = [
        house.admin.post("/common-access/v1", {"access": {"id": id, "type": "ROLE"}}).ok(202) for id in (ROLE, OTHER)
    ]
    ids = [one["id"] for one in access]
    before = {one["id"]: one for one in house.admin.get("/common-access/v1").ok()}
    reply = house.admin.post("/common-access/v1/update-status", [{"deniedIds": ids}])
    job = house.wait(reply.headers["x-bulkwark-job"])
    assert job.changed == 2
    house.admin.post("/common-access/v1/update-status", [{"confirmedIds": ids[:1]}])

    back = undo(house, job.id)

    after = {one["id"]: one for one in house.admin.get("/common-access/v1").ok()}
    assert (back["changed"], back["conflicted"]) == (1, 1)
    assert after[ids[1]]["status"] == before[ids[1]]["status"]
    assert after[ids[1]]["reviewedByUser"] == before[ids[1]]["reviewedByUser"]
    assert after[ids[0]]["status"] == "CONFIRMED"


def test_the_previewed_undo_of_common_access_brings_back_who_reviewed_it_and_when(house: House) -> None:
    access = [
        house.admin.post("/common-access/v1", {"access": {"id": id, "type": "ROLE"}}).ok(202) for id in (ROLE, OTHER)
    ]
    before = house.admin.get("/common-access/v1").ok()
    denied = house.admin.post("/common-access/v1/update-status", [{"deniedIds": [one["id"] for one in access]}])
    id = house.wait(denied.headers["x-bulkwark-job"]).id
    preview = house.admin.post(f"{JOBS}/{id}/undo", {}, headers=PREVIEW).ok()
    assert (preview["changed"], house.admin.get("/common-access/v1").ok()[0]["status"]) == (2, "DENIED")

    job = house.wait(house.admin.post(f"{PREVIEWS}/{preview['token']}/run").ok(202)["id"])

    assert (job.changed, job.conflicted) == (2, 0)
    kept = ("id", "access", "status", "reviewedByUser", "lastReviewed")
    after = house.admin.get("/common-access/v1").ok()
    assert [{name: one[name] for name in kept} for one in after] == [
        {name: one[name] for name in kept} for one in before
    ]


def test_an_unfinished_job_cannot_be_undone(idle_house: House) -> None:
    id = str(idle_house.admin.post(f"{BULK}/ids", body(ROLE)).ok(202)["id"])

    reply = idle_house.admin.post(f"{JOBS}/{id}/undo", {})

    assert reply.status == 400
    assert "cancel it first" in reply.body.decode()


def test_a_role_admin_undoes_role_jobs_and_no_others(house: House) -> None:
    role_admin = house.as_("ROLE_ADMIN", alias="second")
    roles = submit(house, "ids", body(ROLE))
    item = house.admin.post("/common-access/v1", {"access": {"id": ROLE, "type": "ROLE"}}).ok(202)["id"]
    reply = house.admin.post("/common-access/v1/update-status", [{"deniedIds": [item]}])
    access = reply.headers["x-bulkwark-job"]
    house.wait(access)

    assert role_admin.post(f"{JOBS}/{access}/undo", {}).status == 404
    assert role_admin.post(f"{JOBS}/{roles}/undo", {}).status == 202


# --- patches of entitlements ---------------------------------------------------------------------------


def entitlements(house: House) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = house.admin.get("/v2026/entitlements?limit=3").ok()
    return found


def patch_of(found: list[dict[str, Any]], *operations: dict[str, Any]) -> dict[str, Any]:
    return {"entitlementIds": [one["id"] for one in found], "jsonPatch": list(operations)}


def same_but_modified(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name != "modified"}


def test_a_patch_of_entitlements_is_a_job_with_results_and_is_undone(house: House) -> None:
    before = entitlements(house)
    text = {"op": "replace", "path": "/description", "value": "zanzibar ledgers"}
    flag = {"op": "replace", "path": "/privileged", "value": not before[0]["privileged"]}
    reply = house.admin.post("/v2026/entitlements/bulk-update", patch_of(before, text, flag))
    assert reply.status == 204
    id = reply.headers["x-bulkwark-job"]

    items = house.admin.get(f"{JOBS}/{id}/items").ok()
    assert [item["id"] for item in items] == sorted(one["id"] for one in before) or len(items) == 3
    assert {item["after"]["description"] for item in items} == {"zanzibar ledgers"}
    count = {"indices": ["entitlements"], "query": {"query": "zanzibar"}}
    assert house.admin.post("/v2025/search/count", count).total == 3

    job = undo(house, id)

    assert (job["changed"], job["conflicted"]) == (3, 0)
    assert [same_but_modified(one) for one in entitlements(house)] == [same_but_modified(one) for one in before]
    assert house.admin.post("/v2025/search/count", count).total == 0


def test_a_patch_of_entitlements_is_previewed_and_run_exactly(house: House) -> None:
    before = entitlements(house)
    text = {"op": "replace", "path": "/description", "value": "zanzibar ledgers"}

    found = house.admin.post("/v2026/entitlements/bulk-update", patch_of(before, text), headers=PREVIEW).ok()

    assert (found["total"], found["changed"]) == (3, 3)
    assert entitlements(house) == before
    one = patch_of(before[:1], {"op": "replace", "path": "/description", "value": "changed since"})
    assert house.admin.post("/v2026/entitlements/bulk-update", one).status == 204
    made = house.admin.post(f"{PREVIEWS}/{found['token']}/run").ok(202)
    job = house.wait(made["id"])
    assert (job.changed, job.conflicted) == (2, 1)
    assert [each["description"] for each in entitlements(house)] == ["changed since", *["zanzibar ledgers"] * 2]


def test_a_patch_with_a_key_is_done_once(house: House) -> None:
    before = entitlements(house)
    sent = patch_of(before, {"op": "replace", "path": "/requestable", "value": not before[0]["requestable"]})
    first = house.admin.post("/v2026/entitlements/bulk-update", sent, headers={"Idempotency-Key": "k"})
    back = patch_of(before, {"op": "replace", "path": "/requestable", "value": before[0]["requestable"]})
    assert house.admin.post("/v2026/entitlements/bulk-update", back).status == 204

    again = house.admin.post("/v2026/entitlements/bulk-update", sent, headers={"Idempotency-Key": "k"})

    assert (first.status, again.status) == (204, 204)
    assert again.headers["x-bulkwark-job"] == first.headers["x-bulkwark-job"]
    assert entitlements(house)[0]["requestable"] == before[0]["requestable"]


@pytest.mark.parametrize("sent", [{"ids": None}, {"filters": None}, {"query": None}, {"ids": []}, {"filters": ""}])
@pytest.mark.parametrize("call", ["undo", "rerun"])
def test_what_could_not_be_filled_in_is_not_everything(house: House, sent: dict[str, Any], call: str) -> None:
    made = house.admin.post(f"{BULK}/ids", body(ROLE)).ok(202)
    house.wait(made["id"])
    before = house.metadata(ROLE)

    assert house.admin.post(f"{JOBS}/{made['id']}/{call}", sent).status == 400
    assert house.admin.post(f"{JOBS}/{made['id']}/{call}?ids={ROLE}", {}).status == 400
    assert house.metadata(ROLE) == before


def test_who_is_limited_to_his_sources_undoes_in_them_alone(house: House) -> None:
    """He submitted it while he was an ORG_ADMIN."""
    own = profile(house)
    admin, sub = house.as_("ORG_ADMIN", alias="moving"), house.as_("SOURCE_SUBADMIN", alias="moving")
    sent = {
        "type": "ACCESS_PROFILE",
        "operation": "ADD",
        "values": [{"attribute": "region", "values": ["latam"]}],
        "select": {"ids": [own]},
    }
    made = admin.post(JOBS, sent).ok(202)
    house.wait(made["id"])

    undo = sub.post(f"{JOBS}/{made['id']}/undo", {})

    assert undo.status in (202, 403)
    if undo.status == 202:
        assert house.wait(undo.json()["id"]).total == 0
    assert house.metadata(own, Kind.ACCESS_PROFILE) == {"region": ["latam"]}
