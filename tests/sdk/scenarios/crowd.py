"""Page through 25,000 roles with the SDK's own search paginator while others write."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from tests.sdk.scenarios.client import Sdk
from tests.sdk.scenarios.search import query

PAGE = 250


def scenario(sdk: Sdk) -> dict[str, Any]:
    found = {}
    for sort in ("id", "-name"):
        roles = sdk.paginator.paginate_search(sdk.api("search"), query(sdk, "name:crowd", sort), PAGE, 100_000)
        ids = [role["id"] for role in roles]
        found[sort] = [len(ids), len(set(ids)), sha256(" ".join(sorted(ids)).encode()).hexdigest()]
    return found
