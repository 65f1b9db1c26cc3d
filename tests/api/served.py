"""One good request for every served operation: what stands in the path, and what is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.house import House

ROLE = "00000000000000000000000000000001"
OWNER = "bd179f24eeb709094f5c3c575576d9cb"
ROLES_CHANGED = {"operation": "ADD", "values": [{"attribute": "region", "values": ["emea"]}]}
CLIENT = {
    "name": "served",
    "description": "of a test",
    "accessTokenValiditySeconds": 750,
    "grantTypes": ["CLIENT_CREDENTIALS"],
    "accessType": "OFFLINE",
    "enabled": True,
}
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Good:
    """A request that must succeed once."""

    params: dict[str, str] = field(default_factory=dict)
    body: Any = None
    query: str = ""


def fresh(word: str) -> str:
    return f"{word} {next(_numbers)}"


def role(house: House) -> str:
    """The id of a role of its own."""
    body = {"name": fresh("Served"), "owner": {"type": "IDENTITY", "id": OWNER}}
    return str(house.admin.post("/roles", body).ok(201)["id"])


def attribute(house: House) -> dict[str, str]:
    """An attribute of its own with one value, as path parameters."""
    key = fresh("served").replace(" ", "")
    body = {"key": key, "name": key, "multiselect": True, "values": [{"value": "one", "name": "One"}]}
    house.admin.post("/access-model-metadata/attributes", body).ok(201)
    return {"key": key, "value": "one"}


def token(house: House) -> str:
    body = {"name": fresh("served"), "expirationDate": "2099-01-01T00:00:00Z"}
    return str(house.admin.post("/personal-access-tokens", body).ok()["id"])


def client(house: House) -> str:
    return str(house.admin.post("/oauth-clients", CLIENT).ok()["id"])


def job(house: House) -> str:
    body = {"roles": [ROLE], **ROLES_CHANGED}
    return str(house.admin.post("/roles/access-model-metadata/bulk-update/ids", body).ok(202)["id"])


def task(house: House) -> str:
    """A recorded task: it has ended."""
    return str(house.admin.post("/roles/bulk-delete", {"roleIds": [role(house)]}).ok(202)["id"])


def _done() -> list[dict[str, str]]:
    return [{"op": "replace", "path": "/completionStatus", "value": "SUCCESS"}]


def _held(house: House) -> dict[str, str]:
    return {"id": role(house), "attributeKey": "region", "attributeValue": "emea"}


def _rename(to: str) -> list[dict[str, str]]:
    return [{"op": "replace", "path": "/name", "value": to}]


GOOD: dict[str, Callable[[House], Good]] = {
    "listRoles": lambda h: Good(query="limit=2"),
    "createRole": lambda h: Good(body={"name": fresh("Created"), "owner": {"type": "IDENTITY", "id": OWNER}}),
    "getRole": lambda h: Good({"id": ROLE}),
    "patchRole": lambda h: Good({"id": role(h)}, _rename(fresh("Renamed"))),
    "deleteRole": lambda h: Good({"id": role(h)}),
    "deleteBulkRoles": lambda h: Good(body={"roleIds": [role(h), role(h)]}),
    "searchRolesByFilter": lambda h: Good(body={"ammKeyValues": [{"attribute": "region", "values": ["emea"]}]}),
    "updateAttributeKeyAndValueToRole": lambda h: Good(_held(h)),
    "deleteMetadataFromRoleByKeyAndValue": lambda h: Good(_held(h)),
    "updateRolesMetadataByIds": lambda h: Good(body={"roles": [ROLE], **ROLES_CHANGED}),
    "updateRolesMetadataByFilter": lambda h: Good(body={"filters": 'name sw "Served"', **ROLES_CHANGED}),
    "updateRolesMetadataByQuery": lambda h: Good(
        body={"query": {"indices": ["roles"], "query": {"query": "name:served"}}, **ROLES_CHANGED}
    ),
    "getBulkUpdateStatusById": lambda h: Good(query=f"id={job(h)}"),
    "getBulkUpdateStatus": lambda h: Good(),
    "listAccessModelMetadataAttribute": lambda h: Good(query="limit=2"),
    "createAccessModelMetadataAttribute": lambda h: Good(body={"name": fresh("Created")}),
    "getAccessModelMetadataAttribute": lambda h: Good({"key": "region"}),
    "updateAccessModelMetadataAttribute": lambda h: Good({"key": attribute(h)["key"]}, _rename("Other")),
    "deleteAccessModelMetadataAttribute": lambda h: Good({"key": attribute(h)["key"]}),
    "listAccessModelMetadataAttributeValue": lambda h: Good({"key": "region"}),
    "createAccessModelMetadataAttributeValue": lambda h: Good({"key": attribute(h)["key"]}, {"name": "Two"}),
    "getAccessModelMetadataAttributeValue": lambda h: Good({"key": "region", "value": "emea"}),
    "updateAccessModelMetadataAttributeValue": lambda h: Good(attribute(h), _rename("Uno")),
    "deleteAccessModelMetadataAttributeValue": lambda h: Good(attribute(h)),
    "listIdentities": lambda h: Good(query="limit=2"),
    "getIdentity": lambda h: Good({"id": OWNER}),
    "searchPost": lambda h: Good(body={"indices": ["roles"], "query": {"query": "sales"}}, query="limit=2"),
    "searchCount": lambda h: Good(body={"indices": ["roles"], "query": {"query": "sales"}}),
    "listPersonalAccessTokens": lambda h: Good(query="owner-id=me"),
    "createPersonalAccessToken": lambda h: Good(body={"name": fresh("made"), "userAwareTokenNeverExpires": True}),
    "patchPersonalAccessToken": lambda h: Good({"id": token(h)}, _rename(fresh("renamed"))),
    "deletePersonalAccessToken": lambda h: Good({"id": token(h)}),
    "listOauthClients": lambda h: Good(),
    "createOauthClient": lambda h: Good(body=CLIENT),
    "getOauthClient": lambda h: Good({"id": client(h)}),
    "patchOauthClient": lambda h: Good({"id": client(h)}, _rename(fresh("renamed"))),
    "deleteOauthClient": lambda h: Good({"id": client(h)}),
    "getTaskStatusList": lambda h: Good(query="limit=2&count=true"),
    "getPendingTasks": lambda h: Good(),
    "getPendingTaskHeaders": lambda h: Good(),
    "getTaskStatus": lambda h: Good({"id": job(h)}),
    "updateTaskStatus": lambda h: Good({"id": task(h)}, _done()),
    "bulkwarkJobs": lambda h: Good(query="limit=2"),
    "bulkwarkJob": lambda h: Good({"id": job(h)}),
    "bulkwarkItems": lambda h: Good({"id": job(h)}),
}
