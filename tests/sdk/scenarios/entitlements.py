"""Entitlements: list with filter and count, get, patch, many at once, read back."""

from __future__ import annotations

from typing import Any

from tests.sdk.scenarios.client import Sdk


def privilege(sdk: Sdk, entitlement: Any) -> Any:
    """Newer versions have a level where the older ones have a flag."""
    return entitlement.privilege_level.direct if sdk.generation == "2" else entitlement.privileged


def scenario(sdk: Sdk) -> dict[str, Any]:
    position = 10 * int(sdk.generation)  # the generations change entitlements of their own
    page = {"limit": 3, "offset": position, "sorters": "name,id"}
    listed = sdk.call("entitlements", "list_entitlements", filters='created gt "2000-01-01T00:00:00Z"', **page)
    first, *many = listed
    got = sdk.call("entitlements", "get_entitlement", first.id)
    change = sdk.patch("entitlements", "/requestable", not got.requestable)
    patched = sdk.call("entitlements", "patch_entitlement", first.id, json_patch_operation=change)
    ids = [one.id for one in many]
    risky: dict[str, Any] = {"path": "/privileged", "value": True}
    if sdk.generation == "2":
        risky = {"path": "/privilegeOverride/level", "value": "HIGH"}
    body = {
        "entitlementIds": ids,
        "jsonPatch": [
            {"op": "replace", "path": "/requestable", "value": False},
            {"op": "replace", **risky},
        ],
    }
    request = sdk.document("entitlements", "EntitlementBulkUpdateRequest", body)
    sdk.call("entitlements", "update_entitlements_in_bulk", request)
    read = [sdk.call("entitlements", "get_entitlement", one) for one in ids]
    again = sdk.call("entitlements", "list_entitlements", filters=f'id in ("{ids[0]}","{ids[1]}")')
    return {
        "listed": [[bool(one.name), bool(one.source.id), bool(one.attribute)] for one in listed],
        "got": [got.id == first.id, got.name == first.name],
        "patched": [got.requestable, patched.requestable],
        "read": [[one.requestable, privilege(sdk, one)] for one in read],
        "listed again": sorted(one.id for one in again) == sorted(ids),
    }
