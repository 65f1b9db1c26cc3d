"""Sources: what is listed, created, changed and deleted, and by whom."""

from __future__ import annotations

from typing import Any

import pytest

from bulkwark.domain.sources import SORTERS
from tests.api.asking import replace
from tests.api.served import OWNER, SOURCE, fresh, profile, source, source_body
from tests.house import House

PATCH = {"headers": {"content-type": "application/json-patch+json"}}
# What the Python SDK 2.x sends for a source: every member of its model.
SDK_BODY: dict[str, Any] = {
    "name": "",
    "owner": {"type": "IDENTITY", "id": OWNER, "name": None},
    "connector": "delimited-file",
    "cluster": None,
    "accountCorrelationConfig": None,
    "accountCorrelationRule": None,
    "managerCorrelationMapping": None,
    "managerCorrelationRule": None,
    "beforeProvisioningRule": None,
    "passwordPolicies": None,
    "managementWorkgroup": None,
    "category": None,
    "authoritative": False,
    "healthy": False,
    "credentialProviderEnabled": False,
}


def found(house: House, **params: Any) -> list[str]:
    return [one["name"] for one in house.admin.get("/v2025/sources", params=params).ok()]


def test_a_source_for_files_is_made_of_what_an_sdk_sends(module_house: House) -> None:
    body = SDK_BODY | {"name": fresh("Files")}

    made = module_house.admin.post("/sources/v1?provisionAsCsv=true", body).ok(201)

    assert module_house.admin.get(f"/v3/sources/{made['id']}").ok() == made
    assert (made["type"], made["connector"], made["connectionType"]) == ("DelimitedFile", "delimited-file", "file")
    assert made["connectorName"] == "Delimited File"
    assert [schema["name"] for schema in made["schemas"]] == ["account", "group"]
    assert made["owner"] == {"type": "IDENTITY", "id": OWNER, "name": "Bulkwark Administrator"}
    assert made["cluster"] is made["category"] is made["passwordPolicies"] is None
    for name in ("description", "managerCorrelationMapping", "connectorClass"):
        assert made.get(name, "") is not None


def test_without_the_parameter_a_source_stays_what_it_says(module_house: House) -> None:
    made = module_house.admin.post("/beta/sources", source_body() | {"type": "Web Services"}).ok(201)

    assert (made["type"], made["connectionType"], made["schemas"]) == ("Web Services", "direct", [])


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ('name eq "sap"', ["SAP"]),
        ('name co "azure" or name in ("Okta","SAP")', ["Azure AD", "Okta", "SAP"]),
        ('type sw "Active Directory"', ["Active Directory"]),
        ("authoritative eq true", ["Workday"]),
        ('features ca ("PROVISIONING","SYNC_PROVISIONING") and name eq "SAP"', ["SAP"]),
        ('status eq "SOURCE_STATE_UNCHECKED_SOURCE"', ["Workday"]),
        ('connectorName eq "Okta" and connectionType ne "file"', ["Okta"]),
        ('description sw "accounts and access on s" and not (name eq "SAP")', ["Salesforce", "ServiceNow"]),
        (f'id in ("{SOURCE}") and healthy pr and category isnull', ["Active Directory"]),
        ('created sw "2019-06-26"', ["Active Directory"]),
        ('created ge 2019-06-26 and created le 2019-06-26 and modified lt "2020-01-01"', ["Active Directory"]),
        ('managementWorkgroup.id eq "x"', []),
    ],
)
def test_the_list_is_filtered(module_house: House, filters: str, names: list[str]) -> None:
    assert found(module_house, filters=filters, sorters="name") == names


@pytest.mark.parametrize(
    "name",
    SORTERS,
)
def test_the_list_is_sorted_by_everything_documented(module_house: House, name: str) -> None:
    def value(document: dict[str, Any]) -> Any:
        for part in name.split("."):
            document = (document or {}).get(part)  # type: ignore[assignment]
        return document

    for sign in ("", "-"):
        shown = [value(one) for one in module_house.admin.get(f"/sources?sorters={sign}{name}").ok()]
        known = [one for one in shown if one is not None]
        assert shown == sorted(known, reverse=bool(sign)) + [None] * (len(shown) - len(known))


def test_a_subadmin_has_his_own_sources(house: House) -> None:
    subadmin = house.as_("SOURCE_SUBADMIN", alias="a.subadmin")
    mine = subadmin.post("/sources", source_body() | {"owner": {"id": subadmin.identity}}).ok(201)["id"]

    assert [one["id"] for one in subadmin.get("/sources?includeIDNSource=true").ok()] == [mine]
    assert [one["id"] for one in subadmin.get("/sources?for-subadmin=me").ok()] == [mine]
    assert subadmin.get(f"/sources?for-subadmin={OWNER}").status == 403
    assert [one["id"] for one in house.admin.get(f"/sources?for-subadmin={subadmin.identity}").ok()] == [mine]
    assert house.admin.get("/sources?for-subadmin=nobody").status == 400
    assert subadmin.get(f"/sources/{SOURCE}").status == 404
    assert subadmin.patch(f"/sources/{SOURCE}", replace("/description", "x"), **PATCH).status == 404
    assert subadmin.delete(f"/sources/{SOURCE}").status == 404
    assert subadmin.post("/sources", source_body()).status == 403
    assert subadmin.patch(f"/sources/{mine}", replace("/owner", {"id": OWNER}), **PATCH).status == 403
    assert subadmin.delete(f"/sources/{mine}").status == 202


def test_a_patch_changes_everything_but_what_is_immutable(module_house: House) -> None:
    id = source(module_house)
    operations = [
        {"op": "add", "path": "/description", "value": "new"},
        {"op": "add", "path": "/cluster", "value": {"type": "CLUSTER", "id": "c1", "name": "One"}},
        {"op": "replace", "path": "/cluster/id", "value": "c2"},
        {"op": "replace", "path": "/features", "value": ["PASSWORD"]},
        {"op": "add", "path": "/connectorAttributes/filterString", "value": '!( id.contains( "m" ) )'},
    ]

    after = module_house.admin.patch(f"/sources/{id}", operations, **PATCH).ok()

    assert (after["description"], after["cluster"]["id"], after["features"]) == ("new", "c2", ["PASSWORD"])
    assert after["connectorAttributes"]["filterString"].startswith("!(")
    for name in ("id", "type", "authoritative", "created", "modified", "connector", "connectorClass"):
        refused = module_house.admin.patch(f"/sources/{id}", replace(f"/{name}", "x"), **PATCH)
        assert refused.status == 400
        assert f"/0/path: '/{name}' cannot be changed" in refused.json()["causes"][0]["text"]


def test_secrets_of_a_connector_are_not_kept(module_house: House) -> None:
    given = {"host": "h", "password": "hunter2", "deep": [{"clientSecret": "s3cret"}]}

    made = module_house.admin.post("/sources", source_body() | {"connectorAttributes": given}).ok(201)

    assert made["connectorAttributes"] == {"host": "h", "password": "********", "deep": [{"clientSecret": "********"}]}


def test_a_renamed_source_has_its_new_name_in_what_belongs_to_it(house: House) -> None:
    name = fresh("Directory")

    house.admin.patch(f"/sources/{SOURCE}", replace("/name", name), **PATCH).ok()

    query = f'source.id eq "{SOURCE}"'
    profiles = house.admin.get("/access-profiles", params={"filters": query}).ok()
    assert profiles
    assert {one["source"]["name"] for one in profiles} == {name}
    asked = {"indices": ["entitlements"], "query": {"query": f'source.name.exact:"{name}"'}}
    held = house.admin.post("/search", asked, params={"count": "true", "limit": 250})
    old = {"indices": ["entitlements"], "query": {"query": 'source.name.exact:"Active Directory"'}}
    assert held.total > 0
    assert {one["source"]["name"] for one in held.ok()} == {name}
    assert house.admin.post("/search", old, params={"count": "true"}).total == 0


def test_a_source_goes_only_when_nothing_belongs_to_it(module_house: House) -> None:
    refused = module_house.admin.delete(f"/v2025/sources/{SOURCE}")
    empty = source(module_house)
    held = profile(module_house, source={"id": empty}, entitlements=[])
    with_profile = module_house.admin.delete(f"/v2025/sources/{empty}")
    module_house.admin.delete(f"/access-profiles/{held}").ok(204)

    done = module_house.admin.delete(f"/v2025/sources/{empty}").ok(202)

    text = refused.json()["causes"][0]["text"]
    assert refused.status == 400
    assert text.count("entitlement '") == 20
    assert " in all" in text
    assert with_profile.status == 400
    assert held in with_profile.json()["causes"][0]["text"]
    assert done["type"] == "TASK_RESULT"
    assert not done["name"]
    assert module_house.admin.get(f"/sources/{empty}").status == 404
    assert module_house.admin.get(f"/v2025/task-status/{done['id']}").ok()["percentComplete"] == 100


def test_another_company_sees_none_of_it(module_house: House) -> None:
    stranger = module_house.as_("ORG_ADMIN", tenant="other")

    assert stranger.get("/sources").ok() == []
    assert stranger.get(f"/sources/{SOURCE}").status == stranger.delete(f"/sources/{SOURCE}").status == 404
