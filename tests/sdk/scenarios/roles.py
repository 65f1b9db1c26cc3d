"""Roles: create, list with filter, sorter and count, get, patch, delete one and several."""

from __future__ import annotations

from typing import Any

from tests.sdk.scenarios.client import Sdk


def gone(sdk: Sdk, role: str) -> str:
    try:
        sdk.call("roles", "get_role", role)
    except Exception as refused:
        return type(refused).__name__
    return "still there"


def scenario(sdk: Sdk) -> dict[str, Any]:
    prefix = f"Sdk{sdk.generation} Role"
    made = [sdk.make_role(f"{prefix} {letter}", "made by a scenario") for letter in "CAB"]
    listed = sdk.call("roles", "list_roles", filters=f'name sw "{prefix}"', sorters="-name", limit=2, count=True)
    everything = sdk.paginator.paginate(sdk.api("roles").__getattribute__(f"list_roles{sdk.suffix}"), 130, limit=50)
    got = sdk.call("roles", "get_role", made[0].id)
    change = sdk.patch("roles", "/description", "changed by a scenario") + sdk.patch("roles", "/requestable", True)
    patched = sdk.call("roles", "patch_role", made[0].id, change)
    sdk.call("roles", "delete_role", made[0].id)
    rest = sdk.model("roles", "RoleBulkDeleteRequest", role_ids=[role.id for role in made[1:]])
    task = sdk.call("roles", "delete_bulk_roles", rest)
    return {
        "made": [[role.name, role.enabled, role.owner.type, bool(role.id and role.created)] for role in made],
        "listed": [role.name for role in listed],
        "paginated": [len(everything), len({role.id for role in everything})],
        "got": [got.name, got.description],
        "patched": [patched.description, patched.requestable, patched.modified >= got.modified],
        "task": task.type,
        "gone": [gone(sdk, role.id) for role in made],
    }
