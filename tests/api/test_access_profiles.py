"""Access profiles: what is listed, created, changed and deleted, and by whom."""

from __future__ import annotations

from typing import Any

from bulkwark.domain.kinds import Kind
from tests.api.asking import replace
from tests.api.served import ENTITLEMENT, OWNER, SOURCE, fresh, profile, profile_body
from tests.house import Client, House

SAP = "bc4a1f12d3ce32732ffbc6a866610ccd"
SAP_ENTITLEMENT = "7657ffdcc522b6962b0092eb4f95b1ef"
PATCH = {"headers": {"content-type": "application/json-patch+json"}}


def used_by_role(house: House, profile_id: str) -> str:
    body = {"name": fresh("User"), "owner": {"id": OWNER}, "accessProfiles": [{"id": profile_id}]}
    return str(house.admin.post("/roles", body).ok(201)["id"])


def owner_of(house: House, source: str) -> str:
    """The alias of the identity that owns a source."""
    owner = house.admin.get(f"/sources/{source}").ok()["owner"]["id"]
    return str(house.admin.get(f"/identities/{owner}").ok()["alias"])


def all_of(client: Client, path: str) -> list[dict[str, Any]]:
    return client.get(path).ok()  # type: ignore[no-any-return]  # JSON is of any type


def test_a_created_profile_is_read_back_as_it_was_answered(module_house: House) -> None:
    body = profile_body() | {"description": "for tests", "segments": ["s1"], "enabled": True}

    made = module_house.admin.post("/v2025/access-profiles", body).ok(201)

    assert module_house.admin.get(f"/v3/access-profiles/{made['id']}").ok() == made
    assert made["name"] == body["name"]
    assert made["source"] == {"type": "SOURCE", "id": SOURCE, "name": "Active Directory"}
    assert made["owner"] == {"type": "IDENTITY", "id": OWNER, "name": "Bulkwark Administrator"}
    assert made["entitlements"] == [{"type": "ENTITLEMENT", "id": ENTITLEMENT, "name": "GG_FI_AP_POST"}]
    assert (made["enabled"], made["requestable"], made["segments"]) == (True, True, ["s1"])
    assert made["accessModelMetadata"] == {"attributes": []}
    found = module_house.admin.post("/v2025/search", {"indices": ["accessprofiles"], "query": {"query": made["id"]}})
    assert [one["name"] for one in found.ok()] == [body["name"]]


def test_the_list_is_filtered_sorted_and_counted(module_house: House) -> None:
    reply = module_house.admin.get(
        "/v3/access-profiles",
        params={"filters": f'source.id eq "{SAP}" and name sw "sap"', "sorters": "-name", "limit": 5, "count": "true"},
    )

    found = reply.ok()
    assert [one["name"] for one in found] == sorted((one["name"] for one in found), reverse=True)
    assert len(found) == 5 < reply.total
    assert {one["source"]["id"] for one in found} == {SAP}


def test_the_list_is_limited_to_segments(module_house: House) -> None:
    made = profile(module_house, segments=["only-here"])

    inside = all_of(module_house.admin, "/access-profiles?for-segment-ids=only-here&include-unsegmented=false")
    either = all_of(module_house.admin, "/access-profiles?for-segment-ids=elsewhere")

    assert [one["id"] for one in inside] == [made]
    assert either
    assert made not in [one["id"] for one in either]


def test_a_subadmin_sees_and_changes_what_is_on_his_sources(house: House) -> None:
    subadmin = house.as_("SOURCE_SUBADMIN", alias="a.subadmin")
    mine = house.admin.post(
        "/sources", {"name": "Mine", "owner": {"id": subadmin.identity}, "connector": "delimited-file"}
    ).ok(201)["id"]
    on_mine = profile(house, source={"id": mine}, entitlements=[])
    owned = profile(house, owner={"id": subadmin.identity})
    shared = profile(house, additionalOwners=[{"type": "IDENTITY", "id": subadmin.identity}])
    foreign = profile(house)

    seen = {one["id"] for one in all_of(subadmin, "/access-profiles")}

    assert seen == {on_mine, owned, shared}
    asked = {one["id"] for one in all_of(house.admin, f"/access-profiles?for-subadmin={subadmin.identity}")}
    assert asked == seen
    assert subadmin.get(f"/access-profiles/{foreign}").status == 404
    assert subadmin.patch(f"/access-profiles/{on_mine}", replace("/description", "x"), **PATCH).status == 200
    assert subadmin.patch(f"/access-profiles/{foreign}", replace("/description", "x"), **PATCH).status == 404
    assert subadmin.delete(f"/access-profiles/{foreign}").status == 404
    assert subadmin.post("/access-profiles", profile_body()).status == 403
    body = profile_body() | {"source": {"id": mine}, "entitlements": []}
    assert subadmin.post("/access-profiles", body).status == 201
    both = {"accessProfileIds": [on_mine, foreign]}
    assert subadmin.post("/access-profiles/bulk-delete", both).status == 403
    items = [{"id": on_mine, "requestable": False}, {"id": foreign, "requestable": False}]
    assert subadmin.post("/beta/access-profiles/bulk-update-requestable", items).status == 403
    assert house.admin.get(f"/access-profiles/{on_mine}").ok()["requestable"] is True


def test_a_patch_changes_what_it_names_and_moves_modified(module_house: House) -> None:
    id = profile(module_house)
    before = module_house.admin.get(f"/access-profiles/{id}").ok()
    config = {"approvalSchemes": [{"approverType": "SOURCE_OWNER", "approverId": None}]}

    after = module_house.admin.patch(
        f"/access-profiles/{id}",
        [
            {"op": "replace", "path": "/requestable", "value": False},
            {"op": "add", "path": "/revokeRequestConfig", "value": config},
        ],
        **PATCH,
    ).ok()

    assert after["revocationRequestConfig"] == config
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"requestable", "revocationRequestConfig", "modified"}
    assert after["requestable"] is False


def test_adding_a_list_of_entitlements_adds_to_the_end(module_house: House) -> None:
    id = profile(module_house)
    query = {"filters": f'source.id eq "{SOURCE}" and not (id eq "{ENTITLEMENT}")', "limit": 1}
    (other,) = [one["id"] for one in module_house.admin.get("/entitlements", params=query).ok()]

    after = module_house.admin.patch(
        f"/access-profiles/{id}", [{"op": "add", "path": "/entitlements", "value": [{"id": other}]}], **PATCH
    ).ok()

    assert [one["id"] for one in after["entitlements"]] == [ENTITLEMENT, other]


def test_the_source_changes_together_with_the_entitlements_only(module_house: House) -> None:
    id = profile(module_house)
    source, held = replace("/source", {"id": SAP}), replace("/entitlements", [{"id": SAP_ENTITLEMENT}])

    alone = module_house.admin.patch(f"/access-profiles/{id}", source, **PATCH)
    both = module_house.admin.patch(f"/access-profiles/{id}", source + held, **PATCH).ok()

    assert alone.status == 400
    assert "belongs to the source 'Active Directory', not to 'SAP'" in alone.json()["causes"][0]["text"]
    assert both["source"]["name"] == "SAP"
    assert [one["name"] for one in both["entitlements"]] == ["SAP_FI_AP_POST"]


def test_a_renamed_profile_has_its_new_name_in_every_role(module_house: House) -> None:
    id = profile(module_house)
    holder = used_by_role(module_house, id)
    before = module_house.admin.get(f"/roles/{holder}").ok()
    name = fresh("Quite new")

    module_house.admin.patch(f"/access-profiles/{id}", replace("/name", name), **PATCH).ok()

    after = module_house.admin.get(f"/roles/{holder}").ok()
    assert after["accessProfiles"] == [{"type": "ACCESS_PROFILE", "id": id, "name": name}]
    assert after["modified"] == before["modified"]
    query = {"indices": ["roles"], "query": {"query": f'@accessProfiles(name.exact:"{name}")'}}
    assert [one["id"] for one in module_house.admin.post("/search", query).ok()] == [holder]


def test_a_profile_in_use_is_not_deleted_and_its_users_are_named(module_house: House) -> None:
    id = profile(module_house)
    holders = [used_by_role(module_house, id) for _ in range(21)]

    reply = module_house.admin.delete(f"/access-profiles/{id}")

    assert reply.status == 400
    text = reply.json()["causes"][0]["text"]
    assert "21 in all" in text
    assert sum(holder in text for holder in holders) == 20
    module_house.admin.post("/roles/bulk-delete", {"roleIds": holders}).ok(202)
    assert module_house.admin.delete(f"/access-profiles/{id}").status == 204
    assert module_house.admin.get(f"/access-profiles/{id}").status == 404


def test_a_bulk_delete_is_all_or_nothing_unless_best_effort_will_do(module_house: House) -> None:
    free, used = profile(module_house), profile(module_house)
    holder = used_by_role(module_house, used)
    ids = {"accessProfileIds": [free, used]}

    refused = module_house.admin.post("/access-profiles/bulk-delete", ids).ok(200)
    done = module_house.admin.post("/access-profiles/bulk-delete", ids | {"bestEffortOnly": True}).ok(202)
    nothing = module_house.admin.post(
        "/access-profiles/bulk-delete", {"accessProfileIds": [used], "bestEffortOnly": True}
    ).ok(200)

    name = module_house.admin.get(f"/roles/{holder}").ok()["name"]
    in_use = [{"accessProfileId": used, "usedBy": [{"type": "ROLE", "id": holder, "name": name}]}]
    assert refused == nothing == {"pending": [], "inUse": in_use}
    assert done["pending"] == [free]
    assert done["inUse"] == in_use
    assert module_house.admin.get(f"/access-profiles/{free}").status == 404
    assert module_house.admin.get(f"/access-profiles/{used}").status == 200
    task = module_house.admin.get(f"/beta/task-status/{done['taskId']}").ok()
    assert task["percentComplete"] == 100


def test_requestable_is_changed_item_by_item(module_house: House) -> None:
    id = profile(module_house)
    missing = "d" * 32
    items = [{"id": id, "requestable": False}, {"id": missing, "requestable": False}]

    found = module_house.admin.post("/beta/access-profiles/bulk-update-requestable", items).ok(207)

    assert [(one["id"], one["requestable"], one["status"]) for one in found] == [
        (id, False, "201"),
        (missing, False, "404"),
    ]
    assert missing in found[1]["description"]
    assert module_house.admin.get(f"/access-profiles/{id}").ok()["requestable"] is False


def test_the_entitlements_of_a_profile_are_filtered_and_sorted(module_house: House) -> None:
    full = next(one for one in all_of(module_house.admin, "/access-profiles") if len(one["entitlements"]) >= 3)
    path = f"/access-profiles/{full['id']}/entitlements"
    names = {one["name"] for one in full["entitlements"]}
    first = min(names)

    found = all_of(module_house.admin, f"{path}?sorters=-name")
    one = module_house.admin.get(path, params={"filters": f'name eq "{first}"', "count": "true"})

    assert [entitlement["name"] for entitlement in found] == sorted(names, reverse=True)
    assert {entitlement["source"]["id"] for entitlement in found} == {full["source"]["id"]}
    assert [entitlement["name"] for entitlement in one.ok()] == [first]
    assert one.total == 1
    empty = profile(module_house, entitlements=[])
    assert all_of(module_house.admin, f"/access-profiles/{empty}/entitlements") == []


def test_a_long_description_stays_but_cannot_be_written(module_house: House) -> None:
    bad, id = "x" * 2_001, profile(module_house)
    with module_house.store.write() as session:
        old = module_house.tenant.objects.get(session, Kind.ACCESS_PROFILE, id)
        assert old is not None
        module_house.tenant.objects.change(session, old, old.document() | {"description": bad}, modified=old.modified)

    kept = module_house.admin.patch(f"/access-profiles/{id}", replace("/requestable", False), **PATCH).ok()
    other = module_house.admin.patch(f"/access-profiles/{id}", replace("/description", bad + "y"), **PATCH)

    assert kept["description"] == bad
    assert other.status == 400


def test_another_company_sees_none_of_it(module_house: House) -> None:
    id = profile(module_house)
    stranger = module_house.as_("ORG_ADMIN", tenant="other")

    assert all_of(stranger, "/access-profiles") == []
    assert stranger.get(f"/access-profiles/{id}").status == 404
    assert stranger.delete(f"/access-profiles/{id}").status == 404
    assert stranger.post("/access-profiles/bulk-delete", {"accessProfileIds": [id]}).status == 400
