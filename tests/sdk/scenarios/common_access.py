"""Common access: create, list, confirm and deny many, list again until the job is through."""

from __future__ import annotations

import time
from typing import Any

from tests.sdk.scenarios.client import Sdk

EXPERIMENTAL = {"x_sail_point_experimental": "true"}
READ_SECONDS = 30.0


def scenario(sdk: Sdk) -> dict[str, Any]:
    sdk.configuration.experimental = True
    prefix = f"Sdk{sdk.generation} Shared"
    roles = [sdk.make_role(f"{prefix} {number}", "made by a scenario") for number in range(3)]
    for role in roles:
        access = {"access": {"id": role.id, "type": "ROLE"}}
        item = sdk.document("common_access", "CommonAccessItemRequest", access)
        made = sdk.call("common_access", "create_common_access", common_access_item_request=item, **EXPERIMENTAL)

    def listed() -> list[Any]:
        chosen = {"filters": f'access.name sw "{prefix}"', "sorters": "access.name"}
        found: list[Any] = sdk.call("common_access", "get_common_access", **chosen, **EXPERIMENTAL)
        return found

    before = listed()
    verdict = {"confirmedIds": [str(before[0].id)], "deniedIds": [str(one.id) for one in before[1:]]}
    body = [sdk.document("common_access", "CommonAccessIDStatus", verdict)]
    more = EXPERIMENTAL if sdk.generation == "1" else {}
    sdk.call("common_access", "update_common_access_status_in_bulk", body, **more)
    deadline = time.monotonic() + READ_SECONDS
    after = listed()
    while not all(one.reviewed_by_user for one in after) and time.monotonic() < deadline:
        time.sleep(0.02)
        after = listed()
    return {
        "made": [bool(made.id), made.status, made.reviewed_by_user],
        "before": [[one.access.name, one.status, one.reviewed_by_user] for one in before],
        "after": [[one.access.name, one.status, one.reviewed_by_user] for one in after],
    }
