"""Metadata attributes and values: create, list, get, patch."""

from __future__ import annotations

from typing import Any

from tests.sdk.scenarios.client import Sdk


def scenario(sdk: Sdk) -> dict[str, Any]:
    key = f"sdkCatalog{sdk.generation}"
    made = sdk.make_attribute(key, ["low", "high"])
    listed = sdk.call("metadata", "list_access_model_metadata_attribute", filters=f'key eq "{key}"')
    values = sdk.call("metadata", "list_access_model_metadata_attribute_value", key)
    name = sdk.patch("metadata", "/name", "Renamed")
    renamed = sdk.call("metadata", "update_access_model_metadata_attribute", key, name)
    got = sdk.call("metadata", "get_access_model_metadata_attribute", key)
    return {
        "made": made.to_dict(),
        "listed": [one.key for one in listed],
        "values": [[value.value, value.name, value.status] for value in values],
        "renamed": renamed.name,
        "got": [got.key, got.name, got.multiselect, got.type, sorted(value.value for value in got.values)],
    }
