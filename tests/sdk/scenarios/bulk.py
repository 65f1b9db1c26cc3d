"""The main job: roles' metadata by ids, by filter and by query, each polled to COMPLETED and read back."""

from __future__ import annotations

from typing import Any

from tests.sdk.scenarios.client import Sdk

TRIES = 30  # jobs are fast: how often to submit until the list of unfinished jobs shows one


def submit(sdk: Sdk, kind: str, operation: str, values: dict[str, list[str]], **selector: Any) -> Any:
    """Every request model spells attribute and values in its own way; a caller cannot choose another."""
    name = {"ids": "ById", "filter": "ByFilter", "query": "ByQuery"}[kind]
    key = "attribute" if kind == "ids" else "attribute_key"
    listed = "attribute_value" if kind == "query" else "values"
    items = [
        sdk.model("roles", f"RoleMetadataBulkUpdate{name}RequestValuesInner", **{key: attribute, listed: chosen})
        for attribute, chosen in values.items()
    ]
    request = sdk.model("roles", f"RoleMetadataBulkUpdate{name}Request", operation=operation, values=items, **selector)
    return sdk.call("roles", f"update_roles_metadata_by_{kind}", request)


def unfinished(sdk: Sdk, query: dict[str, Any], attribute: str) -> dict[str, Any]:
    """Submit jobs over all roles until the list of unfinished jobs shows one of them."""
    for attempt in range(TRIES):
        operation = "REMOVE" if attempt % 2 else "ADD"
        everything = query | {"query": {"query": "*"}}
        job = submit(sdk, "query", operation, {attribute: ["four"]}, query=everything)
        listed = [one for one in sdk.call("roles", "get_bulk_update_status") if one.id == job.id]
        sdk.finish(job)
        if listed:
            after = [one.id for one in sdk.call("roles", "get_bulk_update_status")]
            return {"type": listed[0].type, "status": listed[0].status, "listed after": job.id in after}
    return {}


def scenario(sdk: Sdk) -> dict[str, Any]:
    attribute, other = f"sdkBulk{sdk.generation}", f"sdkOther{sdk.generation}"
    sdk.make_attribute(attribute, ["one", "two", "three", "four"])
    sdk.make_attribute(other, ["kept"])
    word = f"Quokka{sdk.generation}"
    roles = [sdk.make_role(f"{word} {number}", "made by a scenario") for number in range(6)]
    ids = [role.id for role in roles]
    query = {"indices": ["roles"], "queryType": "SAILPOINT", "query": {"query": f"name:{word} AND enabled:true"}}

    def read() -> list[dict[str, list[str]]]:
        return [sdk.metadata(sdk.call("roles", "get_role", role)) for role in ids]

    steps: dict[str, Any] = {}

    def step(name: str, job: Any) -> None:
        steps[name] = {"job": sdk.finish(job), "metadata": read()}

    sdk.call("roles", "update_attribute_key_and_value_to_role", ids[0], other, "kept")
    by_ids = {"roles": ids[:4], "replace_scope": "ATTRIBUTE"}
    step("ids REPLACE ATTRIBUTE", submit(sdk, "ids", "REPLACE", {attribute: ["one", "two"]}, **by_ids))
    step("filter ADD", submit(sdk, "filter", "ADD", {attribute: ["three"]}, filters=f'name sw "{word}"'))
    step("query ADD", submit(sdk, "query", "ADD", {attribute: ["four"]}, query=query))
    step("query REMOVE", submit(sdk, "query", "REMOVE", {attribute: ["one", "three"]}, query=query))
    sdk.call("roles", "delete_metadata_from_role_by_key_and_value", ids[0], other, "kept")
    steps["single removed"] = read()[0]
    return {"steps": steps, "filtered": filtered(sdk, attribute), "unfinished": unfinished(sdk, query, attribute)}


def filtered(sdk: Sdk, attribute: str) -> list[str] | None:
    """Roles that hold a value; 1.4.2 cannot read any answer of this operation, typed array and object at once."""
    if sdk.generation == "1":
        return None
    pair = sdk.model("roles", "RoleListFilterDTOAmmKeyValuesInner", attribute=attribute, values=["two"])
    body = sdk.model("roles", "RoleListFilterDTO", amm_key_values=[pair])
    found = sdk.call("roles", "search_roles_by_filter", role_list_filter_dto=body, sorters="name")
    return [role.name for role in found]
