"""Dimensions: parts of a role, and how the role and what they hold follow."""

from __future__ import annotations

from typing import Any

from tests.api.asking import replace
from tests.api.served import ENTITLEMENT, OWNER, dimension, profile, role
from tests.house import House

PATCH = {"headers": {"content-type": "application/json-patch+json"}}
CRITERIA = {
    "operation": "AND",
    "children": [
        {"operation": "EQUALS", "key": {"type": "IDENTITY", "property": "attribute.city"}, "stringValue": "London"},
        {"operation": "OR", "children": [{"operation": "EQUALS", "key": None, "stringValue": "x"}]},
    ],
}


def body(**more: Any) -> dict[str, Any]:
    return {"name": "East", "owner": {"id": OWNER}, **more}


def refs(house: House, of: str) -> list[dict[str, str]]:
    return house.admin.get(f"/roles/{of}").ok()["dimensionRefs"]  # type: ignore[no-any-return]  # JSON is of any type


def test_a_dimension_is_created_read_changed_and_deleted(module_house: House) -> None:
    of, held = role(module_house), profile(module_house)
    path = f"/v2025/roles/{of}/dimensions"

    made = module_house.admin.post(
        path,
        body(
            accessProfiles=[{"id": held}],
            entitlements=[{"type": "ENTITLEMENT", "id": ENTITLEMENT}],
            membership={"type": "STANDARD", "criteria": CRITERIA},
            parentId=of,
        ),
    ).ok(201)

    one = f"{path}/{made['id']}"
    assert module_house.admin.get(one).ok() == made
    assert made["membership"] == {"type": "STANDARD", "criteria": CRITERIA}
    assert made["parentId"] == of
    assert made["accessProfiles"][0]["id"] == held
    assert refs(module_house, of) == [{"type": "DIMENSION", "id": made["id"], "name": "East"}]

    renamed = module_house.admin.patch(one, replace("/name", "West") + replace("/membership", None), **PATCH).ok()
    assert (renamed["name"], renamed["membership"]) == ("West", None)
    assert refs(module_house, of)[0]["name"] == "West"

    assert module_house.admin.delete(one).status == 204
    assert module_house.admin.get(one).status == 404
    assert refs(module_house, of) == []


def test_what_a_dimension_holds_is_listed(module_house: House) -> None:
    of, held = role(module_house), profile(module_house)
    made = module_house.admin.post(
        f"/roles/{of}/dimensions", body(accessProfiles=[{"id": held}], entitlements=[{"id": ENTITLEMENT}])
    ).ok(201)
    one = f"/roles/v1/{of}/dimensions/{made['id']}"

    profiles = module_house.admin.get(f"{one}/access-profiles?count=true")
    entitlements = module_house.admin.get(f"{one}/entitlements", params={"filters": 'attribute sw "member"'})

    assert [found["id"] for found in profiles.ok()] == [held]
    assert profiles.total == 1
    assert [found["id"] for found in entitlements.ok()] == [ENTITLEMENT]
    assert module_house.admin.get(f"{one}/access-profiles", params={"filters": 'name eq "x"'}).ok() == []


def test_dimensions_of_one_role_are_listed_in_order_and_have_names_of_their_own(module_house: House) -> None:
    of, other = role(module_house), role(module_house)
    for name in ("b", "C", "a"):
        module_house.admin.post(f"/roles/{of}/dimensions", body(name=name)).ok(201)
    dimension(module_house, other)

    found = module_house.admin.get(f"/roles/{of}/dimensions", params={"sorters": "-name", "filters": 'name ge "a"'})

    assert found.status == 400  # only eq, in and sw are documented for names
    found = module_house.admin.get(f"/roles/{of}/dimensions", params={"sorters": "-name", "count": "true"})
    assert [one["name"] for one in found.ok()] == ["b", "a", "C"]
    assert found.total == 3
    twice = module_house.admin.post(f"/roles/{of}/dimensions", body(name="c"))
    assert twice.status == 400
    assert "has a dimension named 'c' already" in twice.json()["causes"][0]["text"]
    module_house.admin.post(f"/roles/{other}/dimensions", body(name="c")).ok(201)


def test_a_dimension_is_found_under_its_own_role_only(module_house: House) -> None:
    made, other = dimension(module_house), role(module_house)

    assert module_house.admin.get(f"/roles/{other}/dimensions/{made['dimensionId']}").status == 404
    assert module_house.admin.get(f"/roles/{'d' * 32}/dimensions").status == 404
    assert module_house.admin.get(f"/v3/roles/{made['roleId']}/dimensions").status == 404


def test_dimensions_go_with_their_role(module_house: House) -> None:
    held = profile(module_house)
    of = role(module_house)
    module_house.admin.post(f"/roles/{of}/dimensions", body(accessProfiles=[{"id": held}])).ok(201)
    used = module_house.admin.delete(f"/access-profiles/{held}")

    module_house.admin.delete(f"/roles/{of}").ok(204)

    assert used.status == 400
    assert of in used.json()["causes"][0]["text"]
    assert module_house.admin.delete(f"/access-profiles/{held}").status == 204


def test_a_bulk_delete_takes_all_or_none(module_house: House) -> None:
    of = role(module_house)
    ids = [dimension(module_house, of)["dimensionId"] for _ in range(3)]
    path = f"/v2026/roles/{of}/dimensions/bulk-delete"

    refused = module_house.admin.post(path, {"dimensionIds": [ids[0], "d" * 32]})
    left = module_house.admin.get(f"/roles/{of}/dimensions").ok()
    done = module_house.admin.post(path, {"dimensionIds": ids[:2]}).ok(202)

    assert refused.status == 400
    assert len(left) == 3
    assert done["type"] == "TASK_RESULT"
    assert [one["id"] for one in refs(module_house, of)] == [ids[2]]


def test_a_subadmin_has_the_dimensions_of_his_roles(module_house: House) -> None:
    subadmin = module_house.as_("ROLE_SUBADMIN", alias="a.subadmin")
    mine = subadmin.post("/roles", {"name": "Of a subadmin", "owner": {"id": subadmin.identity}}).ok(201)["id"]
    foreign = dimension(module_house)

    made = subadmin.post(f"/roles/{mine}/dimensions", body()).ok(201)

    assert [one["id"] for one in subadmin.get(f"/roles/{mine}/dimensions?for-subadmin=me").ok()] == [made["id"]]
    assert subadmin.get(f"/roles/{foreign['roleId']}/dimensions").status == 404
    assert subadmin.delete(f"/roles/{foreign['roleId']}/dimensions/{foreign['dimensionId']}").status == 404
    theirs = module_house.admin.get(f"/roles/{foreign['roleId']}/dimensions?for-subadmin={subadmin.identity}")
    assert theirs.ok() == []
