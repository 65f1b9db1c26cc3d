"""Search for roles with the SDK's own paginator, in both directions, and the count."""

from __future__ import annotations

from typing import Any

from tests.sdk.scenarios.client import Sdk

PAGE = 250


def query(sdk: Sdk, text: str, sort: str) -> Any:
    inner = sdk.model("search", "Query", query=text)
    return sdk.model("search", "Search", indices=["roles"], query_type="SAILPOINT", query=inner, sort=[sort])


def walk(sdk: Sdk, text: str, sort: str, limit: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sdk.paginator.paginate_search(sdk.api("search"), query(sdk, text, sort), PAGE, limit)
    return found


def scenario(sdk: Sdk) -> dict[str, Any]:
    status, headers = sdk.headers("search", "search_count", query(sdk, "enabled:true", "id"))
    up = [role["id"] for role in walk(sdk, "enabled:true", "id")]
    down = [role["id"] for role in walk(sdk, "enabled:true", "-id")]
    named = walk(sdk, "enabled:true", "name", limit=3 * PAGE)
    return {
        "count": [status, int(headers["x-total-count"])],
        "up": [len(up), up == sorted(set(up))],
        "down": down == up[::-1],
        "limited": len(named),
        "document": {name: type(named[0].get(name)).__name__ for name in ("id", "name", "_type", "owner", "enabled")},
        "type": sorted({role["_type"] for role in named}),
        "pages": -(-len(up) // PAGE),
    }
