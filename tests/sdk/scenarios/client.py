"""One face for both official Python SDKs, which differ in module paths and in a suffix of the method names.

Scenarios run under the interpreter of an SDK (see `__main__.py`); the settings come in SCENARIO_* variables.
"""

from __future__ import annotations

import importlib
import os
import time
from typing import Any

#: Where SDK 2.x keeps the models and the API class of a family.
FAMILIES = {
    "roles": ("sailpoint.roles", "RolesApi"),
    "metadata": ("sailpoint.access_model_metadata", "AccessModelMetadataApi"),
    "search": ("sailpoint.search", "SearchApi"),
    "identities": ("sailpoint.identities", "IdentitiesApi"),
    "access_profiles": ("sailpoint.access_profiles", "AccessProfilesApi"),
    "entitlements": ("sailpoint.entitlements", "EntitlementsApi"),
    "sources": ("sailpoint.sources", "SourcesApi"),
    "common_access": ("sailpoint.iai_common_access", "IAICommonAccessApi"),
    "tasks": ("sailpoint.task_management", "TaskManagementApi"),
    "public_identities": ("sailpoint.public_identities", "PublicIdentitiesApi"),
    "dimensions": ("sailpoint.dimensions", "DimensionsApi"),
    "non_employees": ("sailpoint.non_employee_lifecycle_management", "NonEmployeeLifecycleManagementApi"),
}
JOB_SECONDS = 60.0


class Sdk:
    """An official SDK with its token taken: `call` for methods, `model` for request bodies."""

    def __init__(self, generation: str, url: str, client_id: str, client_secret: str) -> None:
        self.generation = generation
        self.suffix = "_v1" if generation == "2" else ""
        sailpoint = importlib.import_module("sailpoint" if generation == "2" else "sailpoint.v2025")
        settings = importlib.import_module("sailpoint.configuration")
        parameters = settings.ConfigurationParams()
        parameters.base_url, parameters.client_id, parameters.client_secret = url, client_id, client_secret
        self.configuration = settings.Configuration(parameters)
        self.client = sailpoint.ApiClient(self.configuration)
        self.paginator: Any = importlib.import_module("sailpoint.paginator").Paginator

    @classmethod
    def from_environment(cls) -> Sdk:
        names = ("GENERATION", "URL", "CLIENT_ID", "CLIENT_SECRET")
        return cls(*(os.environ[f"SCENARIO_{name}"] for name in names))

    def module(self, family: str) -> Any:
        return importlib.import_module(FAMILIES[family][0] if self.generation == "2" else "sailpoint.v2025")

    def api(self, family: str) -> Any:
        return getattr(self.module(family), FAMILIES[family][1])(self.client)

    def model(self, family: str, model: str, /, **members: Any) -> Any:
        return getattr(self.module(family), model)(**members)

    def document(self, family: str, model: str, members: dict[str, Any]) -> Any:
        """A request body from its wire form."""
        return getattr(self.module(family), model).from_dict(members)

    def patch(self, family: str, path: str, value: Any) -> list[Any]:
        operation = self.module(family).JsonPatchOperation
        return [operation.from_dict({"op": "replace", "path": path, "value": value})]

    def call(self, family: str, method: str, *arguments: Any, **named: Any) -> Any:
        return getattr(self.api(family), method + self.suffix)(*arguments, **named)

    def headers(self, family: str, method: str, *arguments: Any) -> tuple[int, dict[str, str]]:
        """Status and headers (names in lower case) of a call whose answer is in them."""
        answer = getattr(self.api(family), f"{method}{self.suffix}_with_http_info")(*arguments)
        return answer.status_code, {name.lower(): value for name, value in (answer.headers or {}).items()}

    def finish(self, job: Any) -> dict[str, Any]:
        """Poll as the SDK does it: the literal `bulk-update/id`, which the server answers with our newest job."""
        deadline = time.monotonic() + JOB_SECONDS
        seen = [job.status]
        while True:
            status = self.call("roles", "get_bulk_update_status_by_id", job.id)
            if status.status != seen[-1]:
                seen.append(status.status)
            if status.status == "COMPLETED" or time.monotonic() > deadline:
                return {
                    "asked": job.id,
                    "answered": status.id,
                    "type": status.type,
                    "states": seen,
                    "created": status.created.isoformat(),
                }
            time.sleep(0.02)

    def owner(self) -> Any:
        identity = self.call("identities", "list_identities", limit=1)[0]
        return self.model("roles", "OwnerReference", type="IDENTITY", id=identity.id, name=identity.name)

    def make_role(self, name: str, description: str) -> Any:
        role = self.model("roles", "Role", name=name, description=description, owner=self.owner(), enabled=True)
        return self.call("roles", "create_role", role)

    def make_attribute(self, key: str, values: list[str]) -> Any:
        attribute = self.model(
            "metadata",
            "AttributeDTO",
            key=key,
            name=f"{key} name",
            multiselect=True,
            status="active",
            type="custom",
            object_types=["all"],
            description="made by a scenario",
        )
        made = self.call("metadata", "create_access_model_metadata_attribute", attribute)
        for value in values:
            document = self.model("metadata", "AttributeValueDTO", value=value, name=f"{value} name", status="active")
            self.call("metadata", "create_access_model_metadata_attribute_value", key, document)
        return made

    def make_profile(self, name: str, source: str, entitlements: list[str]) -> Any:
        owner = self.call("public_identities", "get_public_identities", limit=1)[0]
        members = {
            "name": name,
            "description": "made by a scenario",
            "enabled": True,
            "owner": {"type": "IDENTITY", "id": owner.id},
            "source": {"type": "SOURCE", "id": source},
            "entitlements": [{"type": "ENTITLEMENT", "id": one} for one in entitlements],
        }
        document = self.document("access_profiles", "AccessProfile", members)
        return self.call("access_profiles", "create_access_profile", document)

    def metadata(self, role: Any) -> dict[str, list[str]]:
        held = role.access_model_metadata
        return {one.key: [value.value for value in one.values or []] for one in (held and held.attributes) or []}
