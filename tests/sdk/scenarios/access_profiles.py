"""Access profiles: create, list, patch, requestable in bulk, metadata by ids (2.x), read back, delete."""

from __future__ import annotations

import time
from typing import Any

from tests.sdk.scenarios.client import Sdk

READ_SECONDS = 30.0


def labelled(sdk: Sdk, profiles: list[str]) -> list[dict[str, list[str]]] | None:
    """Metadata on many; 1.4.2 does not have the call."""
    if sdk.generation == "1":
        return None
    key = "sdkProfiles2"
    sdk.make_attribute(key, ["low", "high"])
    change = {
        "accessProfiles": profiles,
        "operation": "ADD",
        "replaceScope": "ATTRIBUTE",
        "values": [{"attribute": key, "values": ["high"]}],
    }
    request = sdk.document("access_profiles", "AccessProfileMetadataBulkUpdateByIdRequest", change)
    sdk.call("access_profiles", "update_access_profiles_metadata_by_ids", request)
    deadline = time.monotonic() + READ_SECONDS
    while True:
        held = [sdk.metadata(sdk.call("access_profiles", "get_access_profile", one)) for one in profiles]
        if all(held) or time.monotonic() > deadline:
            return held
        time.sleep(0.02)


def scenario(sdk: Sdk) -> dict[str, Any]:
    sdk.configuration.experimental = True  # 1.4.2 sends the experimental header with the call on many
    prefix = f"Sdk{sdk.generation} Profile"
    entitlement = sdk.call("entitlements", "list_entitlements", limit=1)[0]
    made = [sdk.make_profile(f"{prefix} {letter}", entitlement.source.id, [entitlement.id]) for letter in "CAB"]
    ids = [profile.id for profile in made]
    chosen = f'name sw "{prefix}"'
    listed = sdk.call("access_profiles", "list_access_profiles", filters=chosen, sorters="-name", limit=2)
    change = sdk.patch("access_profiles", "/description", "changed by a scenario")
    patched = sdk.call("access_profiles", "patch_access_profile", ids[0], change)
    items = [
        sdk.document("access_profiles", "AccessProfileBulkUpdateRequestInner", {"id": one, "requestable": False})
        for one in [*ids[:2], "0" * 32]
    ]
    updated = sdk.call("access_profiles", "update_access_profiles_in_bulk", items)
    read = [sdk.call("access_profiles", "get_access_profile", one) for one in ids]
    held = sdk.call("access_profiles", "get_access_profile_entitlements", ids[0])
    metadata = labelled(sdk, ids[:2])
    sdk.call("access_profiles", "delete_access_profile", ids[0])
    rest = sdk.document("access_profiles", "AccessProfileBulkDeleteRequest", {"accessProfileIds": ids[1:]})
    deleted = sdk.call("access_profiles", "delete_access_profiles_in_bulk", rest)
    return {
        "made": [[profile.name, profile.enabled, profile.source.id == entitlement.source.id] for profile in made],
        "listed": [profile.name for profile in listed],
        "patched": patched.description,
        "updated": [[item.id in ids, item.requestable, str(item.status)] for item in updated],
        "read": [[profile.description, profile.requestable] for profile in read],
        "held": [one.id for one in held] == [entitlement.id],
        "metadata": metadata,
        "deleted": [len(deleted.pending or []), deleted.in_use or []],
        "left": len(sdk.call("access_profiles", "list_access_profiles", filters=chosen)),
    }
