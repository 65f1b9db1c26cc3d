"""The catalogue of metadata attributes and values on the wire."""

from __future__ import annotations

from typing import Any

import pytest

from tests.house import House

PATH = "/v2025/access-model-metadata/attributes"
V1 = "/access-model-metadata/v1/attributes"
ROLE = "00000000000000000000000000000001"


def replace(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


def test_an_attribute_is_made_from_its_name_alone(house: House) -> None:
    made = house.admin.post(PATH, {"name": "Federal Classifications", "values": [{"name": "Top Secret"}]}).ok(201)

    assert (made["key"], made["name"]) == ("federalClassifications", "Federal Classifications")
    assert (made["multiselect"], made["status"], made["type"], made["objectTypes"]) == (
        False,
        "active",
        "custom",
        ["all"],
    )
    assert made["values"] == [{"value": "topSecret", "name": "Top Secret", "status": "active"}]
    assert house.admin.get(f"{PATH}/federalClassifications").ok() == made
    assert house.admin.get(f"{PATH}/federalClassifications/values/topSecret").ok() == made["values"][0]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ('key eq "region"', ["region"]),
        ('name eq "region" or key eq "single"', ["region", "single"]),
        ('not type eq "custom" and objectTypes eq "general"', ["accessType"]),
        ('status eq "inactive"', ["closed"]),
        ('objectTypes eq "entitlement"', ["environment", "forEntitlements"]),
    ],
)
def test_attributes_are_filtered(module_house: House, filters: str, expected: list[str]) -> None:
    reply = module_house.admin.get(PATH, params={"filters": filters, "sorters": "key", "count": "true"})

    assert [a["key"] for a in reply.ok()] == expected
    assert reply.total == len(expected)


def test_attributes_are_sorted_and_paged(module_house: House) -> None:
    total = module_house.admin.get(f"{PATH}?count=true").total
    whole = [a["key"] for a in module_house.admin.get(f"{PATH}?sorters=-key").ok()]
    pages = [module_house.admin.get(f"{PATH}?sorters=-key&limit=4&offset={at}").ok() for at in range(0, total, 4)]

    assert [a["key"] for page in pages for a in page] == whole
    assert whole == sorted(whole, key=str.lower, reverse=True)
    assert len(whole) == total


def test_a_renamed_attribute_and_value_show_on_every_role_at_once(house: House) -> None:
    before = house.admin.get(f"/v2025/roles/{ROLE}").ok()["modified"]

    house.admin.patch(f"{PATH}/region", [replace("/name", "Area")]).ok()
    house.admin.patch(f"{PATH}/region/values/emea", [replace("/name", "Europe")]).ok()

    found = house.admin.get(f"/v2025/roles/{ROLE}").ok()
    shown = {a["key"]: a for a in found["accessModelMetadata"]["attributes"]}
    assert shown["region"]["name"] == "Area"
    assert shown["region"]["values"][0] == {"value": "emea", "name": "Europe", "status": "active"}
    assert found["modified"] == before


def test_key_and_type_stay(house: House) -> None:
    for path in ("/key", "/type"):
        assert house.admin.patch(f"{PATH}/region", [replace(path, "x")]).status == 400
    after = house.admin.patch(f"{PATH}/classification", [replace("/description", "d")]).ok()
    assert (after["key"], after["type"], after["description"]) == ("classification", "governance", "d")


def test_values_can_be_patched_as_long_as_no_used_one_goes(house: House) -> None:
    values = house.admin.get(f"{PATH}/region").ok()["values"]
    added = [*values, {"value": "antarctica", "name": "Antarctica"}]

    house.admin.patch(f"{PATH}/region", [replace("/values", added)]).ok()
    assert house.admin.get(f"{PATH}/region/values/antarctica").ok()["status"] == "active"
    digest = house.digest()
    assert house.admin.patch(f"{PATH}/region", [replace("/values", [])]).status == 400
    assert house.digest() == digest
    house.admin.patch(f"{PATH}/region", [replace("/values", values)]).ok()
    assert house.admin.get(f"{PATH}/region/values/antarctica").status == 404


def test_an_attribute_in_use_cannot_be_deleted_and_a_free_one_can(house: House) -> None:
    assert house.admin.delete(f"{V1}/region").status == 400
    assert house.admin.get(f"{PATH}/region").status == 200
    gone = house.admin.delete(f"{V1}/aging")
    assert (gone.status, gone.json()["key"], gone.json()["status"]) == (200, "aging", "COMPLETED")
    assert house.admin.get(f"{PATH}/aging").status == 404
    assert house.admin.post(PATH, {"key": "aging", "name": "Aging again"}).ok(201)["values"] == []


def test_a_value_made_again_after_its_deletion_is_on_no_role(house: House) -> None:
    place = f"/v2025/roles/{ROLE}/access-model-metadata/aging/values/fresh"
    house.admin.post(place).ok()
    assert house.admin.delete(f"{V1}/aging/values/fresh").status == 400
    assert house.admin.delete(place).status == 202
    assert house.admin.delete(f"{V1}/aging/values/fresh").status == 200

    house.admin.post(f"{PATH}/aging/values", {"value": "fresh", "name": "Fresh"}).ok(201)

    assert "aging" not in house.metadata(ROLE)
    count = {"indices": ["roles"], "query": {"query": "@accessModelMetadata(key:aging)"}}
    assert house.admin.post("/v2025/search/count", count).total == 0


def test_a_value_is_made_once(house: House) -> None:
    assert house.admin.post(f"{PATH}/region/values", {"value": "emea", "name": "x"}).status == 400
    assert house.admin.post(f"{PATH}/region/values", {"name": "  "}).status == 400
    assert house.admin.post(PATH, {"name": "Twice", "values": [{"value": "a"}, {"value": "a"}]}).status == 400


def test_what_becomes_inactive_can_be_removed_but_not_added(house: House) -> None:
    house.admin.patch(f"{PATH}/region/values/emea", [replace("/status", "inactive")]).ok()
    place = "/v2025/roles/{}/access-model-metadata/region/values/emea"

    assert house.admin.post(place.format(f"{3:032}")).status == 400
    assert house.admin.delete(place.format(ROLE)).status == 202
    assert house.metadata(ROLE)["region"] == ["northAmerica"]


def test_one_tenant_sees_nothing_of_the_catalogue_of_another(house: House) -> None:
    theirs = house.as_("ORG_ADMIN", tenant="other")

    assert [a["key"] for a in theirs.get(PATH).ok()] == ["single"]
    assert theirs.get(f"{PATH}/region").status == 404
    assert theirs.delete(f"{V1}/single").status == 200
    assert house.admin.get(f"{PATH}/single").status == 200
