"""Dimensions of a role: create, list, get, patch, delete."""

from __future__ import annotations

from typing import Any

from tests.sdk.scenarios.client import Sdk


def scenario(sdk: Sdk) -> dict[str, Any]:
    role = sdk.make_role(f"Sdk{sdk.generation} Dimensional", "made by a scenario")
    entitlement = sdk.call("entitlements", "list_entitlements", limit=1)[0]
    members = {
        "name": "Germany",
        "owner": {"type": "IDENTITY", "id": role.owner.id},
        "entitlements": [{"type": "ENTITLEMENT", "id": entitlement.id}],
    }
    body = sdk.document("dimensions", "Dimension", members)
    made = sdk.call("dimensions", "create_dimension", role.id, body)
    listed = sdk.call("dimensions", "list_dimensions", role.id)
    got = sdk.call("dimensions", "get_dimension", role.id, made.id)
    change = sdk.patch("dimensions", "/description", "changed by a scenario")
    patched = sdk.call("dimensions", "patch_dimension", role.id, made.id, change)
    held = sdk.call("dimensions", "get_dimension_entitlements", role.id, made.id)
    sdk.call("dimensions", "delete_dimension", role.id, made.id)
    return {
        "made": [made.name, made.owner.id == role.owner.id],
        "listed": [one.id for one in listed] == [made.id],
        "got": [got.id == made.id, got.name],
        "patched": patched.description,
        "held": [one.id for one in held] == [entitlement.id],
        "left": sdk.call("dimensions", "list_dimensions", role.id),
    }
