"""Small documents in the shape of the GET answers, for tests of the loader."""

from __future__ import annotations

from typing import Any

ALICE, SOURCE, ENTITLEMENT, PROFILE, ROLE = (f"{number:032x}" for number in range(1, 6))
MOMENT = "2024-09-16T18:59:06.871Z"


def ref(type: str, id: str, name: str) -> dict[str, Any]:
    return {"type": type, "id": id, "name": name}


def metadata(**values: list[str]) -> dict[str, Any]:
    """`accessModelMetadata` with those attributes."""
    return {
        "attributes": [
            {
                "key": key,
                "name": key.title(),
                "multiselect": True,
                "status": "active",
                "type": "custom",
                "objectTypes": ["all"],
                "description": "",
                "values": [{"value": value, "name": value.title(), "status": "active"} for value in found],
            }
            for key, found in values.items()
        ]
    }


def identity(id: str = ALICE, name: str = "Alice Ärlig") -> dict[str, Any]:
    return {
        "id": id,
        "name": name,
        "created": MOMENT,
        "modified": MOMENT,
        "alias": "alice",
        "emailAddress": "alice@example.com",
        "identityStatus": "ACTIVE",
        "managerRef": ref("IDENTITY", "f" * 32, "Nobody Loaded"),
        "isManager": False,
        "attributes": {"department": "Finance"},
    }


def source() -> dict[str, Any]:
    return {
        "id": SOURCE,
        "name": "SAP",
        "owner": ref("IDENTITY", ALICE, "Alice Ärlig"),
        "connector": "sap",
        "created": MOMENT,
        "modified": MOMENT,
    }


def entitlement(id: str = ENTITLEMENT, name: str = "F_BKPF_BUK") -> dict[str, Any]:
    return {
        "id": id,
        "name": name,
        "attribute": "role",
        "value": name,
        "sourceSchemaObjectType": "role",
        "privileged": False,
        "requestable": True,
        "owner": ref("IDENTITY", ALICE, "Alice Ärlig"),
        "accessModelMetadata": {"attributes": []},
        "created": MOMENT,
        "modified": MOMENT,
        "source": ref("SOURCE", SOURCE, "SAP"),
        "attributes": {"area": "FI"},
        "description": None,
        "cloudGoverned": False,
        "additionalOwners": None,
        "manuallyUpdatedFields": {"DISPLAY_NAME": False, "DESCRIPTION": False},
        "segments": None,
        "directPermissions": [],
        "tags": [],
        "privilegeLevel": {"direct": "NONE", "setByType": None, "inherited": None, "effective": "NONE"},
    }


def access_profile(id: str = PROFILE, name: str = "Accounts Payable") -> dict[str, Any]:
    return {
        "id": id,
        "name": name,
        "created": MOMENT,
        "modified": MOMENT,
        "enabled": True,
        "owner": ref("IDENTITY", ALICE, "Alice Ärlig"),
        "source": ref("SOURCE", SOURCE, "SAP"),
        "entitlements": [ref("ENTITLEMENT", ENTITLEMENT, "F_BKPF_BUK")],
        "accessModelMetadata": metadata(classification=["public"]),
    }


def role(id: str = ROLE, name: str = "Finance Clerk", **more: Any) -> dict[str, Any]:
    found = {
        "id": id,
        "name": name,
        "created": MOMENT,
        "modified": "2025-01-02T03:04:05.006Z",
        "description": "Buchhaltung für die Niederlassung",
        "owner": ref("IDENTITY", ALICE, "Alice Ärlig"),
        "accessProfiles": [],
        "entitlements": [ref("ENTITLEMENT", ENTITLEMENT, "F_BKPF_BUK")],
        "enabled": True,
        "requestable": False,
        "segments": None,
        "accessModelMetadata": metadata(region=["emea", "apac"], classification=["secret"]),
        "tags": ["sox"],
    }
    return found | more
