"""Entitlements: what is listed, read and changed one by one, and by whom."""

from __future__ import annotations

from typing import Any

import pytest

from bulkwark.domain.kinds import Kind, new_id
from tests.api.asking import replace
from tests.api.served import ENTITLEMENT, OWNER, SOURCE, account, entitlement, fresh, profile, role, source
from tests.api.test_bad_input import cause
from tests.company import load
from tests.house import House, Reply

PATCH = {"headers": {"content-type": "application/json-patch+json"}}
VERSIONS = ("beta", "v2024", "v2025", "v2026")


def patch(house: House, id: str, operations: list[dict[str, Any]], version: str = "v2026") -> Reply:
    return house.admin.patch(f"/{version}/entitlements/{id}", operations, **PATCH)


def listed(house: House, filters: str = "", **params: Any) -> list[dict[str, Any]]:
    asked = ({"filters": filters} if filters else {}) | params
    return house.admin.get("/v2026/entitlements", params=asked).ok()  # type: ignore[no-any-return]


def person(house: House, alias: str = "", **more: Any) -> str:
    """The id of an identity of its own."""
    id = new_id()
    document = {"id": id, "name": fresh("Person"), "alias": alias or fresh("person"), **more}
    load(house.store, house.tenant, Kind.IDENTITY, [document])
    return id


# --- lists ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "filters",
    [
        'id eq "{id}"',
        'id in ("{id}","x")',
        'name eq "the FILTERED one"',
        'name sw "The filt"',
        'name in ("The Filtered One")',
        'type eq "odd-type"',
        'type in ("odd-type","group") and name sw "the filtered"',
        'attribute eq "oddAttribute"',
        'value sw "CN=odd,OU=o"',
        'value in ("CN=odd,OU=one")',
        'source.id in ("{source}") and attribute eq "oddAttribute"',
        'requestable eq true and attribute eq "oddAttribute"',
        "created ge 2019-05-05T00:00:00Z and created lt 2019-05-06T00:00:00Z",
        'created eq 2019-05-05 and not (attribute eq "memberOf")',
        'modified lt 1971-01-01T00:00:00Z and attribute eq "oddAttribute"',
        'owner.id eq "{owner}" and attribute eq "oddAttribute"',
        'tags eq "odd tag"',
        'privilegeLevel.direct eq "LOW"',
        'privilegeLevel.direct in ("LOW","MEDIUM") or name eq "nothing"',
    ],
)
def test_an_entitlement_is_found_by_each_documented_field(module_house: House, filters: str) -> None:
    found = listed(module_house, 'attribute eq "oddAttribute"')
    if not found:
        entitlement(
            module_house,
            name="The Filtered One",
            attribute="oddAttribute",
            value="CN=Odd,OU=One",
            sourceSchemaObjectType="odd-type",
            requestable=True,
            created="2019-05-05T10:00:00.000Z",
            owner={"type": "IDENTITY", "id": OWNER, "name": "Bulkwark Administrator"},
            tags=["odd tag"],
            privilegeLevel={"direct": "LOW", "setByType": None, "inherited": None, "effective": "LOW"},
        )
        found = listed(module_house, 'attribute eq "oddAttribute"')

    asked = filters.format(id=found[0]["id"], source=SOURCE, owner=OWNER)

    assert [one["name"] for one in listed(module_house, asked)] == ["The Filtered One"]


@pytest.mark.parametrize(
    "sorter", ["id", "name", "created", "modified", "type", "attribute", "value", "source.id", "requestable"]
)
def test_search_after_walks_through_the_whole_list_once(module_house: House, sorter: str) -> None:
    def value(document: dict[str, Any]) -> str:
        member = {"type": "sourceSchemaObjectType", "source.id": "source"}.get(sorter, sorter)
        found = document[member]["id"] if member == "source" else document[member]
        return str(found).lower() if isinstance(found, bool) else str(found)

    sorters = sorter if sorter == "id" else f"-{sorter},id"
    whole = [one["id"] for one in listed(module_house, sorters=sorters)]
    walked: list[str] = []
    after: dict[str, Any] = {}
    while page := listed(module_house, sorters=sorters, limit=70, **after):
        walked.extend(one["id"] for one in page)
        last = page[-1]
        after = {"searchAfter": last["id"] if sorter == "id" else f"{value(last)},{last['id']}"}

    assert walked == whole
    assert len(set(walked)) == len(walked) > 140


def test_the_count_is_that_of_all_pages(module_house: House) -> None:
    reply = module_house.admin.get("/beta/entitlements?count=true&limit=3&offset=2&sorters=id")

    assert [one["id"] for one in reply.ok()] == [one["id"] for one in listed(module_house, sorters="id")[2:5]]
    assert reply.total == len(listed(module_house))


def test_segments_narrow_the_list(module_house: House) -> None:
    one, two = new_id(), new_id()
    here = entitlement(module_house, segments=[one], attribute="segmented")
    there = entitlement(module_house, segments=[two], attribute="segmented")
    nowhere = entitlement(module_house, attribute="segmented")
    viewer = person(module_house, visibleSegments=[two])

    def found(**params: str) -> set[str]:
        return {one["id"] for one in listed(module_house, 'attribute eq "segmented"', **params)}

    assert found(**{"for-segment-ids": one}) == {here, nowhere}
    assert found(**{"for-segment-ids": f"{one},{two}", "include-unsegmented": "false"}) == {here, there}
    assert found(**{"segmented-for-identity": viewer, "include-unsegmented": "false"}) == {there}
    assert found(**{"segmented-for-identity": person(module_house)}) == {nowhere}
    assert found(**{"segmented-for-identity": person(module_house), "include-unsegmented": "false"}) == set()


def test_the_entitlements_of_an_account_are_listed(module_house: House) -> None:
    id = account(module_house)

    (held,) = module_house.admin.get(f"/v2025/entitlements?account-id={id}").ok()

    assert held["value"].startswith("CN=held")
    assert module_house.admin.get(f"/v2026/entitlements/account/{id.upper()}/entitlements").ok() == [held]
    assert module_house.admin.get(f"/v2025/entitlements?account-id={new_id()}").ok() == []


def test_parents_and_children_follow_the_attribute_that_entitlements_are_named_by(module_house: House) -> None:
    top = entitlement(module_house, name="Top", value="CN=top")
    middle = entitlement(module_house, name="Middle", value="CN=mid", attributes={"memberOf": ["CN=top", "CN=mid"]})
    low = entitlement(module_house, name="Low", value="CN=low", attributes={"memberOf": "CN=mid"})
    elsewhere = {"id": source(module_house), "type": "SOURCE", "name": "elsewhere"}
    entitlement(module_house, value="CN=other", source=elsewhere, attributes={"memberOf": "CN=mid"})

    def found(id: str, way: str) -> list[str]:
        return [one["id"] for one in module_house.admin.get(f"/v2025/entitlements/{id}/{way}?sorters=name").ok()]

    assert (found(middle, "parents"), found(middle, "children")) == ([top], [low])
    assert (found(top, "parents"), found(top, "children")) == ([], [middle])
    assert (found(low, "parents"), found(low, "children")) == ([middle], [])
    filtered = module_house.admin.get(f"/beta/entitlements/{low}/parents", params={"filters": 'name eq "x"'})
    assert filtered.ok() == []


def test_an_identity_has_what_accounts_access_and_roles_give_him(module_house: House) -> None:
    by_account, by_access = entitlement(module_house, value="CN=mine"), entitlement(module_house, tags=["T"])
    by_profile, by_role = entitlement(module_house), entitlement(module_house)
    held = {"id": new_id(), "source": {"id": SOURCE}, "entitlementAttributes": {"memberOf": ["CN=mine", "CN=none"]}}
    access = [{"type": "ENTITLEMENT", "id": by_access}]
    id = person(module_house, accounts=[held], access=access, attributes={"department": "Odd Jobs"})
    key = {"type": "IDENTITY", "property": "attribute.department"}
    module_house.admin.post(
        "/roles",
        {
            "name": fresh("Odd jobs"),
            "owner": {"id": OWNER},
            "enabled": True,
            "entitlements": [{"id": by_role}],
            "accessProfiles": [{"id": profile(module_house, entitlements=[{"id": by_profile}])}],
            "membership": {
                "type": "STANDARD",
                "criteria": {"operation": "EQUALS", "key": key, "stringValue": "odd jobs"},
            },
        },
    ).ok(201)

    found = module_house.admin.get(f"/v2025/entitlements/identities/{id}/entitlements").ok()

    assert {one["objectRef"]["id"] for one in found} == {by_account, by_access, by_profile, by_role}
    assert {one["objectRef"]["type"] for one in found} == {"ENTITLEMENT"}
    assert [one["tags"] for one in found if one["objectRef"]["id"] == by_access] == [["T"]]


# --- patches -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_members_are_patched_and_read_back(module_house: House, version: str) -> None:
    id, owner = entitlement(module_house), person(module_house)
    segment = new_id()
    operations = [
        {"op": "test", "path": "/requestable", "value": False},
        *replace("/requestable", True),
        *replace("/privileged", True),
        *replace("/description", "opened"),
        {"op": "add", "path": "/owner", "value": {"type": "IDENTITY", "id": owner}},
        {"op": "add", "path": "/segments/-", "value": segment},
        {"op": "add", "path": "/segments/-", "value": segment},
    ]

    answered = patch(module_house, id, operations, version).ok()

    assert module_house.admin.get(f"/v2025/entitlements/{id}").ok() == answered
    assert (answered["requestable"], answered["privileged"], answered["description"]) == (True, True, "opened")
    assert answered["owner"]["id"] == owner
    assert answered["owner"]["name"].startswith("Person")
    assert answered["segments"] == [segment]
    assert answered["manuallyUpdatedFields"] == {"DISPLAY_NAME": False, "DESCRIPTION": True}
    found = listed(module_house, f'id eq "{id}" and requestable eq true and owner.id eq "{owner}"')
    assert [one["id"] for one in found] == [id]


def test_a_level_is_overridden_and_found(module_house: House) -> None:
    id = entitlement(module_house)

    high = patch(module_house, id, replace("/privilegeOverride/level", "HIGH")).ok()

    assert high["privilegeLevel"]["setBy"] == "admin"
    assert id in [one["id"] for one in listed(module_house, 'privilegeLevel.direct eq "high"')]
    back = patch(module_house, id, replace("/privilegeOverride/level", None)).ok()
    assert back["privilegeLevel"]["effective"] == "NONE"
    assert id not in [one["id"] for one in listed(module_house, 'privilegeLevel.direct eq "HIGH"')]
    assert "cannot be changed" in cause(
        patch(module_house, id, replace("/privilegeOverride/level", "LOW"), "v2025"), None
    )


def test_a_new_name_shows_wherever_the_entitlement_is_held(module_house: House) -> None:
    id = entitlement(module_house)
    body = {"name": fresh("Holder"), "owner": {"id": OWNER}, "entitlements": [{"id": id}, {"id": ENTITLEMENT}]}
    holder = module_house.admin.post("/roles", body).ok(201)
    held = profile(module_house, entitlements=[{"id": id}])
    name = fresh("Renamed")

    patch(module_house, id, replace("/name", name)).ok()

    shown = module_house.admin.get(f"/roles/{holder['id']}").ok()
    assert [one["name"] for one in shown["entitlements"]] == [name, "GG_FI_AP_POST"]
    assert shown["modified"] == holder["modified"]
    assert module_house.admin.get(f"/access-profiles/{held}").ok()["entitlements"][0]["name"] == name
    query = {"query": f'@entitlements(name:"{name}")'}
    found = module_house.admin.post("/v2025/search", {"indices": ["roles"], "query": query}).ok()
    assert [one["id"] for one in found] == [holder["id"]]


def test_a_patch_that_changes_nothing_leaves_modified_alone(module_house: House) -> None:
    before = module_house.admin.get(f"/v2025/entitlements/{ENTITLEMENT}").ok()
    digest = module_house.digest()

    same = replace("/owner", {"type": "IDENTITY", "id": before["owner"]["id"]})

    assert patch(module_house, ENTITLEMENT, [*same, *replace("/requestable", before["requestable"])]).ok() == before
    assert module_house.digest() == digest


# --- metadata and request config -----------------------------------------------------------------------


def test_single_metadata_values_come_and_go(module_house: House) -> None:
    id = entitlement(module_house)
    path = f"/v2025/entitlements/{id}/access-model-metadata"

    shown = module_house.admin.post(f"{path}/region/values/emea").ok(201)
    only = module_house.admin.post(f"{path}/forEntitlements/values/y").ok(201)

    assert [one["key"] for one in shown["accessModelMetadata"]["attributes"]] == ["region"]
    assert len(only["accessModelMetadata"]["attributes"]) == 2
    gone = module_house.admin.delete(f"{path}/region/values/emea")
    assert (gone.status, gone.body) == (200, b"")
    assert module_house.metadata(id, Kind.ENTITLEMENT) == {"forEntitlements": ["y"]}


def test_a_request_config_is_replaced_as_a_whole(module_house: House) -> None:
    path = f"/v2025/entitlements/{entitlement(module_house)}/entitlement-request-config"
    default = module_house.admin.get(path).ok()
    scheme = {"approverType": "GOVERNANCE_GROUP", "approverId": "g"}
    access = {"approvalSchemes": [scheme], "maxPermittedAccessDuration": {"value": 2, "timeUnit": "WEEKS"}}

    answered = module_house.admin("PUT", path, {"accessRequestConfig": access}).ok()

    assert module_house.admin.get(path).ok() == answered
    assert answered["accessRequestConfig"] == default["accessRequestConfig"] | access
    assert answered["revocationRequestConfig"] == {"approvalSchemes": []}
    assert module_house.admin("PUT", path, {}).ok() == default


# --- who -----------------------------------------------------------------------------------------------


def test_a_source_subadmin_sees_what_is_his_and_what_belongs_to_his_sources(module_house: House) -> None:
    owner = module_house.admin.get(f"/sources/{SOURCE}").ok()["owner"]["id"]
    alias = module_house.admin.get(f"/identities/{owner}").ok()["alias"]
    subadmin = module_house.as_("SOURCE_SUBADMIN", alias=alias)
    theirs = {"id": source(module_house), "type": "SOURCE", "name": "theirs"}
    foreign = entitlement(module_house, source=theirs)
    own = entitlement(module_house, source=theirs, owner={"type": "IDENTITY", "id": owner, "name": "x"})

    found = {
        one["id"]
        for one in subadmin.get(
            "/v2025/entitlements", params={"filters": f'source.id in ("{SOURCE}","{theirs["id"]}")'}
        ).ok()
    }

    assert {ENTITLEMENT, own} <= found
    assert foreign not in found
    assert foreign in {one["id"] for one in module_house.as_().get("/v2025/entitlements").ok()}
    assert subadmin.get(f"/entitlements/{own}/entitlement-request-config").status == 200
    assert subadmin.get(f"/entitlements/{foreign}/entitlement-request-config").status == 404


def test_entitlements_of_another_company_do_not_exist(module_house: House) -> None:
    other = module_house.as_("ORG_ADMIN", tenant="other")

    assert other.get("/v2025/entitlements").ok() == []
    assert other.get(f"/v2025/entitlements/{ENTITLEMENT}").status == 404
    body = {"entitlementIds": [ENTITLEMENT], "jsonPatch": replace("/requestable", True)}
    assert other.post("/v2026/entitlements/bulk-update", body).status == 404
    assert role(module_house)
