"""PATCH of a member that an object was never given: `replace` and `test` find null there, on every noun."""

from __future__ import annotations

from typing import Any

import pytest

from bulkwark.domain import access_profiles, dimensions, entitlements, roles, sources
from bulkwark.domain.kinds import Kind, new_id
from tests.api.served import ENTITLEMENT, OWNER, SOURCE, fresh
from tests.company import load
from tests.house import House

OWNED = {"type": "IDENTITY", "id": OWNER, "name": "Bulkwark Administrator"}
ADDITIONAL = [OWNED]
CRITERIA = {"operation": "EQUALS", "key": {"type": "IDENTITY", "property": "x"}, "stringValue": "y"}
PART = {"id": "1", "name": "Part"}
# Noun → path, its smallest document, the members that can be patched, and a value for each that may be absent.
NOUNS: dict[Kind, tuple[str, dict[str, Any], tuple[str, ...], dict[str, Any]]] = {
    Kind.ROLE: (
        "/v2026/roles",
        {},
        roles.PATCHABLE,
        {
            "description": "New",
            "enabled": True,
            "additionalOwners": ADDITIONAL,
            "accessProfiles": [],
            "entitlements": [{"type": "ENTITLEMENT", "id": ENTITLEMENT}],
            "membership": {"type": "STANDARD", "criteria": CRITERIA},
            "requestable": True,
            "accessRequestConfig": {"commentsRequired": True},
            "revokeRequestConfig": {"commentsRequired": True},
            "revocationRequestConfig": {"commentsRequired": True},
            "segments": ["one"],
            "dimensional": True,
            "dimensionRefs": [],
        },
    ),
    Kind.ACCESS_PROFILE: (
        "/v2025/access-profiles",
        {"source": {"type": "SOURCE", "id": SOURCE, "name": "Active Directory"}},
        access_profiles.PATCHABLE,
        {
            "description": "New",
            "enabled": False,
            "additionalOwners": ADDITIONAL,
            "requestable": True,
            "accessRequestConfig": {"commentsRequired": True},
            "revokeRequestConfig": {"approvalSchemes": [{"approverType": "OWNER"}]},
            "revocationRequestConfig": {"approvalSchemes": [{"approverType": "OWNER"}]},
            "segments": ["one"],
            "entitlements": [{"type": "ENTITLEMENT", "id": ENTITLEMENT}],
            "provisioningCriteria": {"operation": "EQUALS", "attribute": "a", "value": "b"},
        },
    ),
    Kind.SOURCE: (
        "/v2025/sources",
        {"connector": "delimited-file"},
        sources.PATCHABLE,
        {
            "description": "New",
            "cluster": PART | {"type": "CLUSTER"},
            "accountCorrelationConfig": PART,
            "accountCorrelationRule": PART,
            "managerCorrelationMapping": {"accountAttributeName": "manager", "identityAttributeName": "uid"},
            "managerCorrelationRule": PART,
            "beforeProvisioningRule": PART,
            "schemas": [PART],
            "features": ["SEARCH"],
            "connectorAttributes": {"file": "a"},
            "deleteThreshold": 20,
            "managementWorkgroup": PART,
            "healthy": True,
            "status": "SOURCE_STATE_HEALTHY",
            "since": "2024-01-01T00:00:00Z",
            "connectorId": "one",
            "connectorName": "One",
            "connectionType": "file",
            "connectorImplementationId": "one",
            "credentialProviderEnabled": True,
            "category": "CredentialProvider",
        },
    ),
    Kind.ENTITLEMENT: (
        "/v2026/entitlements",
        {"attribute": "memberOf", "value": "v", "source": {"type": "SOURCE", "id": SOURCE, "name": "Active Directory"}},
        entitlements.patchable("v2026"),
        {
            "privileged": True,
            "requestable": True,
            "privilegeOverride": None,
            "description": "New",
            "owner": OWNED,
            "segments": ["one"],
            "manuallyUpdatedFields": {"DISPLAY_NAME": True, "DESCRIPTION": False},
        },
    ),
    Kind.DIMENSION: (
        "/v2025/roles/<role>/dimensions",
        {},
        dimensions.PATCHABLE,
        {
            "description": "New",
            "accessProfiles": [],
            "entitlements": [{"type": "ENTITLEMENT", "id": ENTITLEMENT}],
            "membership": {"type": "STANDARD", "criteria": CRITERIA},
        },
    ),
}
REQUIRED = {"name", "owner", "source", "connector"}
CASES = [(kind, member) for kind, (_, _, _, values) in NOUNS.items() for member in values]


def bare(house: House, kind: Kind) -> str:
    """The path of an object that was loaded with no more than what every one has."""
    path, more, _, _ = NOUNS[kind]
    base = {"created": "2024-01-01T00:00:00.000Z"} | ({} if kind is Kind.ENTITLEMENT else {"owner": OWNED})
    if kind is Kind.DIMENSION:
        parent = new_id()
        load(house.store, house.tenant, Kind.ROLE, [base | {"id": parent, "name": fresh("Parent")}])
        path, more = path.replace("<role>", parent), {"parentId": parent}
    id = new_id()
    load(house.store, house.tenant, kind, [base | {"id": id, "name": fresh("Bare")} | more])
    return f"{path}/{id}"


def test_every_patchable_member_has_a_value_here() -> None:
    for kind, (_, _, patchable, values) in NOUNS.items():
        members = {path.split("/")[1] for path in patchable} - REQUIRED
        assert members == set(values) - REQUIRED, kind


@pytest.mark.parametrize(("kind", "member"), CASES, ids=[f"{kind.name.lower()} {member}" for kind, member in CASES])
def test_replace_sets_what_was_never_there(module_house: House, kind: Kind, member: str) -> None:
    value = NOUNS[kind][3][member]
    path, pointer = bare(module_house, kind), f"/{member}"
    if member == "privilegeOverride":
        pointer, value = "/privilegeOverride/level", "HIGH"

    found = module_house.admin.patch(path, [{"op": "replace", "path": pointer, "value": value}]).ok()

    shown = {"revokeRequestConfig": "revocationRequestConfig", "privilegeOverride": "privilegeLevel"}.get(
        member, member
    )
    text = {"privilegeLevel": "HIGH"}.get(shown, value)
    assert holds(found[shown], text), found[shown]
    assert module_house.admin.get(path).ok()[shown] == found[shown]


def holds(found: Any, wanted: Any) -> bool:
    """Whether all that was sent came back; the server may know more."""
    if isinstance(wanted, dict):
        return all(holds(found[name], value) for name, value in wanted.items())
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(holds, found, wanted))
    if isinstance(found, dict):
        return bool(found["direct"] == wanted)
    return bool(found == wanted)


@pytest.mark.parametrize("kind", [kind for kind in NOUNS if kind is not Kind.ENTITLEMENT])
def test_a_test_finds_null_and_adds_nothing(module_house: House, kind: Kind) -> None:
    path = bare(module_house, kind)
    before = module_house.admin.get(path).ok()
    test = {"op": "test", "path": "/description", "value": None}

    found = module_house.admin.patch(path, [test]).ok()
    failed = module_house.admin.patch(path, [test | {"value": ""}])
    removed = module_house.admin.patch(path, [{"op": "remove", "path": "/description"}])

    assert before.get("description") is None
    assert found.get("description") is None
    assert failed.status == 400
    assert removed.status == 400
    assert module_house.admin.get(path).ok() == before


@pytest.mark.parametrize("kind", NOUNS)
def test_a_member_that_nobody_documents_stays_refused(module_house: House, kind: Kind) -> None:
    for member in ("nothing", "created", "id"):
        reply = module_house.admin.patch(
            bare(module_house, kind), [{"op": "replace", "path": f"/{member}", "value": 1}]
        )
        assert reply.status == 400
        assert b"cannot be changed" in reply.body
