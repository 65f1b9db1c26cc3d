"""Sources: create, list, get, patch, delete; and public identities, which own them."""

from __future__ import annotations

from typing import Any

from tests.sdk.scenarios.client import Sdk


def gone(sdk: Sdk, source: str) -> str:
    try:
        sdk.call("sources", "get_source", source)
    except Exception as refused:
        return type(refused).__name__
    return "still there"


def scenario(sdk: Sdk) -> dict[str, Any]:
    people = sdk.call("public_identities", "get_public_identities", limit=5, sorters="name", count=True)
    name = f"Sdk{sdk.generation} Source"
    owner = {"type": "IDENTITY", "id": people[0].id, "name": people[0].name}
    document = {"name": name, "description": "made by a scenario", "connector": "delimited-file", "owner": owner}
    body = sdk.document("sources", "Source", document)
    made = sdk.call("sources", "create_source", body, provision_as_csv=True)
    listed = sdk.call("sources", "list_sources", filters=f'name eq "{name}"')
    got = sdk.call("sources", "get_source", made.id)
    change = sdk.patch("sources", "/description", "changed by a scenario")
    patched = sdk.call("sources", "update_source", made.id, change)
    task = sdk.call("sources", "delete_source", made.id)
    chosen = sdk.call("public_identities", "get_public_identities", filters=f'alias eq "{people[1].alias}"')
    return {
        "people": [len(people), [one.name for one in people] == sorted(one.name for one in people)],
        "chosen": [one.id for one in chosen] == [people[1].id],
        "made": [made.name, made.type, made.owner.id == people[0].id],
        "listed": [one.id for one in listed] == [made.id],
        "got": [got.name, [schema.name for schema in got.schemas or []]],
        "patched": patched.description,
        "task": [task.type, bool(task.id)],
        "gone": gone(sdk, made.id),
    }
