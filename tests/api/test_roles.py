"""Roles on the wire: list, create, get, patch, delete, bulk delete, filter by metadata, single values."""

from __future__ import annotations

from typing import Any

import pytest

from bulkwark.domain.kinds import Kind
from tests.company import load, role
from tests.house import Client, House

ROLE, OTHER, THIRD = (f"{n:032}" for n in (1, 2, 3))
OWNER = {"type": "IDENTITY", "id": "bd179f24eeb709094f5c3c575576d9cb", "name": "Bulkwark Administrator"}
ENTITLEMENT = "e0000000000000000000000000000001"
PROFILE = "a0000000000000000000000000000001"


def names(client: Client, filters: str, **params: Any) -> list[str]:
    return [r["name"] for r in client.get("/v2025/roles", params={"filters": filters, **params}).ok()]


def replace(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


# --- lists ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ('name eq "SALES GLOBAL"', ["Sales Global", "sales global"]),
        ('name sw "sales g" and requestable eq true', ["Sales Global"]),
        (f'id in ("{ROLE}", "{THIRD}")', ["Sales Global", "foo-bar São manager"]),
        (f"id eq {OTHER}", ["sales global"]),
        ("dimensional eq true and created eq 2024-01-01T00:00:00Z", ["Sales Global"]),
        ("modified le 2018-06-25T20:22:28.104Z and modified ge 2018-06-25T20:22:28.104Z", ["sales global"]),
        (f'owner.id eq "{"d" * 32}"', []),
        ("", None),
    ],
)
def test_a_list_is_filtered(module_house: House, filters: str, expected: list[str] | None) -> None:
    found = names(module_house.admin, filters, sorters="created")
    if expected is None:
        assert len(found) == 50
    else:
        assert sorted(found) == sorted(expected)


def test_a_list_is_sorted_and_paged(module_house: House) -> None:
    total = module_house.admin.get("/v2025/roles?limit=1&count=true").total
    for sorters in ("name", "-name", "created", "-modified,name", "modified"):
        pages = [
            module_house.admin.get(f"/v2025/roles?limit=50&offset={at}&sorters={sorters}").ok()
            for at in range(0, total, 50)
        ]
        found = [document for page in pages for document in page]
        assert len({document["id"] for document in found}) == len(found) == total
        member = sorters.split(",")[0].lstrip("-")
        values = [document[member] for document in found]
        assert values == sorted(values, reverse=sorters.startswith("-")), sorters


def test_a_sub_administrator_lists_and_gets_what_he_owns(house: House) -> None:
    caller = house.as_("ROLE_SUBADMIN", alias="sub.admin")
    second = [{"type": "IDENTITY", "id": caller.identity, "name": "Sub"}]
    mine = role("Mine", caller.identity, id="a" * 32)
    shared = role("Shared", OWNER["id"], id="b" * 32, additionalOwners=second)
    load(house.store, house.tenant, Kind.ROLE, [mine, shared])

    reply = caller.get("/v2025/roles?count=true")

    assert {r["id"] for r in reply.ok()} == {"a" * 32, "b" * 32}
    assert reply.total == 2
    assert caller.post("/v2025/roles/filter?count=true", {}).total == 2
    assert caller.get(f"/v2025/roles/{'b' * 32}").status == 200
    assert caller.get(f"/v2025/roles/{ROLE}").status == 404
    assert caller.patch(f"/v2025/roles/{ROLE}", [replace("/name", "x")]).status == 404
    assert caller.delete(f"/v2025/roles/{ROLE}").status == 404
    assert caller.post(f"/v2025/roles/{ROLE}/access-model-metadata/region/values/emea").status == 404
    assert caller.post("/v2025/roles/bulk-delete", {"roleIds": ["a" * 32, ROLE]}).status == 403
    assert caller.patch(f"/v2025/roles/{'a' * 32}", [replace("/owner", OWNER)]).status == 403
    assert caller.post("/v2025/roles", {"name": "Theirs", "owner": OWNER}).status == 403
    assert caller.post("/v2025/roles", {"name": "My new", "owner": {"id": caller.identity}}).status == 201
    assert house.admin.get("/v2025/roles?count=true&for-subadmin=" + caller.identity).total == 3


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ([("classification", ["secret"])], {ROLE}),
        ([("region", ["emea"]), ("classification", ["secret"])], {ROLE}),
        ([("region", ["emea"]), ("single", ["two"])], set()),
        ([("many", ["v00", "v07"])], {OTHER}),
        ([("many", [])], {OTHER}),
        ([("many", None)], {OTHER}),
        ([("single", ["one", "two"])], {f"{5:032}"}),
    ],
)
def test_roles_are_found_by_metadata(module_house: House, asked: list[Any], expected: set[str]) -> None:
    """Attributes are joined by AND, the values of one by OR."""
    body = {
        "ammKeyValues": [{"attribute": key, "values": values} for key, values in asked],
        "filters": "created ge 2017-01-01",
    }

    reply = module_house.admin.post("/v2025/roles/filter?limit=250&count=true", body)

    found = {document["id"] for document in reply.ok()}
    assert expected <= found
    assert reply.total == len(found)
    for document in reply.ok():
        held = {a["key"]: {v["value"] for v in a["values"]} for a in document["accessModelMetadata"]["attributes"]}
        for key, values in asked:
            assert held[key] & set(values or held[key])


def test_metadata_and_filters_are_joined_by_and(module_house: House) -> None:
    body = {"filters": 'name sw "sales g"', "ammKeyValues": [{"attribute": "many"}]}

    assert [document["id"] for document in module_house.admin.post("/v2025/roles/filter", body).ok()] == [OTHER]


# --- create and patch ----------------------------------------------------------------------------------


def test_a_created_role_is_what_get_list_and_search_show(house: House) -> None:
    body = {
        "name": "Brand New",
        "description": "Über alles",
        "owner": {"type": "IDENTITY", "id": OWNER["id"].upper()},
        "entitlements": [{"id": ENTITLEMENT}],
        "accessProfiles": [{"id": PROFILE, "type": "ACCESS_PROFILE"}],
        "enabled": True,
        "somethingUnknown": 1,
    }

    made = house.admin.post("/v2025/roles", body).ok(201)

    assert len(made["id"]) == 32
    assert made["owner"] == OWNER
    assert made["entitlements"] == [{"type": "ENTITLEMENT", "id": ENTITLEMENT, "name": "Odd & Ends"}]
    assert made["accessProfiles"] == [{"type": "ACCESS_PROFILE", "id": PROFILE, "name": "SalesCommonAccess"}]
    assert made["accessModelMetadata"] == {"attributes": []}
    assert made["created"] == made["modified"]
    assert "somethingUnknown" not in made
    assert house.admin.get(f"/v2025/roles/{made['id']}").ok() == made
    assert house.admin.get("/v2025/roles", params={"filters": 'name eq "brand new"'}).ok() == [made]
    for text in (
        "brand",
        "über",
        "@entitlements(name:odd) AND name:new",
        "owner.email:admin@example.com AND name:brand",
    ):
        found = house.admin.post("/v2025/search", {"indices": ["roles"], "query": {"query": text}}).ok()
        assert made["id"] in [document["id"] for document in found], text


@pytest.mark.parametrize(
    ("member", "value", "place"),
    [
        ("name", " ", "/name"),
        ("owner", {"id": "d" * 32}, "/owner/id"),
        ("owner", {"id": OWNER["id"], "type": "ROLE"}, "/owner/type"),
        ("entitlements", [{"id": ENTITLEMENT}, {"id": "d" * 32}], "/entitlements/1/id"),
        ("entitlements", [{"id": PROFILE}], "/entitlements/0/id"),
        ("accessProfiles", [{"id": ENTITLEMENT}], "/accessProfiles/0/id"),
        ("additionalOwners", [{"id": OWNER["id"], "type": "ROLE"}], "/additionalOwners/0/type"),
    ],
)
def test_what_a_role_refers_to_must_exist(module_house: House, member: str, value: Any, place: str) -> None:
    good = {"name": "Referring", "owner": OWNER}
    before = module_house.digest()

    made = module_house.admin.post("/v2025/roles", good | {member: value})
    patched = module_house.admin.patch(f"/v2025/roles/{ROLE}", [replace(f"/{member}", value)])

    assert (made.status, patched.status) == (400, 400)
    assert place in made.json()["causes"][0]["text"]
    assert module_house.digest() == before


def test_a_name_is_free_again_when_its_role_is_renamed_or_deleted(house: House) -> None:
    body = {"name": "Unique Name", "owner": OWNER}
    first = house.admin.post("/v2025/roles", body).ok(201)
    assert house.admin.post("/v2025/roles", body | {"name": "UNIQUE name"}).status == 400
    assert house.admin.patch(f"/v2025/roles/{ROLE}", [replace("/name", "unique NAME")]).status == 400

    house.admin.patch(f"/v2025/roles/{first['id']}", [replace("/name", "unique name")]).ok()
    house.admin.patch(f"/v2025/roles/{first['id']}", [replace("/name", "Another")]).ok()

    second = house.admin.post("/v2025/roles", body).ok(201)
    assert house.admin.delete(f"/v2025/roles/{second['id']}").status == 204
    assert house.admin.post("/v2025/roles", body).status == 201


def test_a_patch_changes_what_it_names_and_the_moment(house: House) -> None:
    before = house.admin.get(f"/v2025/roles/{ROLE}").ok()
    patch = [
        {"op": "test", "path": "/name", "value": "Sales Global"},
        replace("/name", "Sales Worldwide"),
        {"op": "remove", "path": "/entitlements/0"},
        {"op": "add", "path": "/segments/-", "value": "3" * 32},
        replace("/enabled", False),
    ]

    after = house.admin.patch(f"/v2025/roles/{ROLE}", patch).ok()

    assert after["modified"] > before["modified"]
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"name", "entitlements", "segments", "enabled", "modified"}
    assert house.admin.get(f"/v2025/roles/{ROLE}").ok() == after
    count = house.admin.post("/v2025/search/count", {"indices": ["roles"], "query": {"query": "name:worldwide"}}).total
    assert count == 1


def test_a_patch_that_changes_nothing_leaves_the_moment(house: House) -> None:
    before = house.admin.get(f"/v2025/roles/{ROLE}").ok()

    after = house.admin.patch(f"/v2025/roles/{ROLE}", [replace("/name", "Sales Global")]).ok()

    assert after == before


def test_a_patch_is_done_whole_or_not_at_all(house: House) -> None:
    assert house.admin.get(f"/v2025/roles/{ROLE}").ok()["name"] == "Sales Global"
    before = house.digest()

    reply = house.admin.patch(f"/v2025/roles/{ROLE}", [replace("/name", "Half"), replace("/entitlements/9", {})])

    assert reply.status == 400
    assert house.digest() == before


def test_deleted_roles_are_gone_everywhere(house: House) -> None:
    task = house.admin.post("/v2025/roles/bulk-delete", {"roleIds": [ROLE, OTHER, ROLE]}).ok(202)

    assert task["type"] == "TASK_RESULT"
    for id in (ROLE, OTHER):
        assert house.admin.get(f"/v2025/roles/{id}").status == 404
        assert house.admin.delete(f"/v2025/roles/{id}").status == 404
    assert names(house.admin, 'name sw "sales g"') == []
    count = house.admin.post("/v2025/search/count", {"query": {"query": f"id:({ROLE} OR {OTHER})"}}).total
    assert count == 0


# --- single metadata values ----------------------------------------------------------------------------


def test_a_single_value_is_added_once_and_removed(house: House) -> None:
    place = f"/v2025/roles/{THIRD}/access-model-metadata/region/values/emea"
    before = house.admin.get(f"/v2025/roles/{THIRD}").ok()

    added = house.admin.post(place).ok()
    again = house.admin.post(place).ok()
    removed = house.admin.delete(place)

    assert [a["key"] for a in added["accessModelMetadata"]["attributes"]] == ["region"]
    assert added["modified"] > before["modified"]
    assert again == added
    assert (removed.status, removed.body) == (202, b"")
    after = house.admin.get(f"/v2025/roles/{THIRD}").ok()
    assert after["accessModelMetadata"] == {"attributes": []}
    modified = after["modified"]
    assert house.admin.delete(place).status == 202
    assert house.admin.get(f"/v2025/roles/{THIRD}").ok()["modified"] == modified


def test_a_single_value_replaces_the_one_of_an_attribute_that_holds_one(house: House) -> None:
    for value in ("one", "two"):
        house.admin.post(f"/v2025/roles/{THIRD}/access-model-metadata/single/values/{value}").ok()

    assert house.metadata(THIRD) == {"single": ["two"]}


def test_values_with_odd_characters_travel_in_the_path(house: House) -> None:
    odd = "a/b c%ü"
    house.admin.post("/v2025/access-model-metadata/attributes/region/values", {"value": odd, "name": "Odd"}).ok(201)
    place = f"/v2025/roles/{THIRD}/access-model-metadata/region/values/a%2Fb%20c%25%C3%BC"

    house.admin.post(place).ok()

    assert house.metadata(THIRD) == {"region": [odd]}
    assert house.admin.delete(place).status == 202
    assert house.metadata(THIRD) == {}
