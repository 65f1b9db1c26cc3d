"""One good request for every served operation: what stands in the path, and what is sent."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from bulkwark.domain.kinds import Kind, new_id
from tests.api.good import Good as Good
from tests.api.good import fresh as fresh
from tests.api.served_non_employees import NON_EMPLOYEES
from tests.api.served_uploads import UPLOADS
from tests.company import load
from tests.house import House

ROLE = "00000000000000000000000000000001"
SOURCE = "a5c8374f61a7257e1f9435caa8d9d999"  # Active Directory
ENTITLEMENT = "1ac7e2752b5bf17c108a28b38327d781"  # of that source
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


def role(house: House) -> str:
    """The id of a role of its own."""
    body = {"name": fresh("Served"), "owner": {"type": "IDENTITY", "id": OWNER}}
    return str(house.admin.post("/roles", body).ok(201)["id"])


def profile(house: House, **more: Any) -> str:
    """The id of an access profile of its own."""
    return str(house.admin.post("/access-profiles", profile_body() | more).ok(201)["id"])


def profile_body() -> dict[str, Any]:
    return {
        "name": fresh("Served profile"),
        "owner": {"type": "IDENTITY", "id": OWNER},
        "source": {"type": "SOURCE", "id": SOURCE},
        "entitlements": [{"type": "ENTITLEMENT", "id": ENTITLEMENT}],
    }


def source_body() -> dict[str, Any]:
    return {"name": fresh("Served source"), "owner": {"id": OWNER}, "connector": "delimited-file"}


def source(house: House) -> str:
    """The id of an empty source of its own."""
    return str(house.admin.post("/sources", source_body()).ok(201)["id"])


def dimension(house: House, of: str = "") -> dict[str, str]:
    """A dimension of its own, as path parameters."""
    of = of or role(house)
    body = {"name": fresh("Served dimension"), "owner": {"id": OWNER}, "entitlements": [{"id": ENTITLEMENT}]}
    return {"roleId": of, "dimensionId": house.admin.post(f"/roles/{of}/dimensions", body).ok(201)["id"]}


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


def ended(house: House) -> str:
    id = job(house)
    house.wait(id)
    return id


def held(house: House, *words: str) -> str:
    """A job of two roles at one role a second: it is unfinished for a while, or told something."""
    body = {"roles": [ROLE, role(house)], **ROLES_CHANGED}
    place = "/roles/access-model-metadata/bulk-update/ids"
    id = str(house.admin.post(place, body, headers={"X-Bulkwark-Speed": "1"}).ok(202)["id"])
    for word in words:
        house.admin.post(f"/bulkwark/v1/jobs/{id}/{word}").ok()
    return id


def guarded(house: House) -> str:
    """A job that awaits somebody's confirmation."""
    guards = house.admin.get("/bulkwark/v1/guards").ok()
    house.admin("PUT", "/bulkwark/v1/guards", {"maxItems": 0}).ok()
    body = {"roles": [ROLE], **ROLES_CHANGED}
    place = "/roles/access-model-metadata/bulk-update/ids"
    id = str(house.admin.post(place, body, headers={"X-Bulkwark-Guard": "true"}).ok(202)["id"])
    until = time.monotonic() + 10
    while house.job(id).hold is None:
        assert time.monotonic() < until, house.job(id)
    house.admin("PUT", "/bulkwark/v1/guards", guards).ok()
    return id


def preview(house: House) -> str:
    body = {"roles": [ROLE], **ROLES_CHANGED}
    place = "/roles/access-model-metadata/bulk-update/ids"
    return str(house.admin.post(place, body, headers={"X-Bulkwark-Preview": "true"}).ok()["id"])


def task(house: House) -> str:
    """A recorded task: it has ended."""
    return str(house.admin.post("/roles/bulk-delete", {"roleIds": [role(house)]}).ok(202)["id"])


def shared(house: House) -> str:
    """An item of common access of its own."""
    body = {"access": {"id": role(house), "type": "ROLE"}}
    return str(house.admin.post("/beta/common-access", body).ok(202)["id"])


def entitlement(house: House, **more: Any) -> str:
    """The id of an entitlement of its own, which nothing refers to."""
    id = new_id()
    document = {
        "id": id,
        "name": fresh("Served entitlement"),
        "attribute": "memberOf",
        "value": fresh("CN=served"),
        "sourceSchemaObjectType": "group",
        "source": {"id": SOURCE, "type": "SOURCE", "name": "Active Directory"},
        "created": "2024-01-01T00:00:00.000Z",
    }
    load(house.store, house.tenant, Kind.ENTITLEMENT, [document | more])
    return id


def account(house: House) -> str:
    """The id of an account that has an entitlement of its own; the account belongs to an identity of its own."""
    value, id = fresh("CN=held"), new_id()
    entitlement(house, value=value)
    held = {"id": id, "source": {"id": SOURCE}, "entitlementAttributes": {"memberOf": [value]}}
    person = {"id": new_id(), "name": "Holder", "alias": fresh("holder"), "accounts": [held]}
    load(house.store, house.tenant, Kind.IDENTITY, [person])
    return id


def _described(house: House) -> dict[str, str]:
    return {"id": entitlement(house), "attributeKey": "region", "attributeValue": "emea"}


def _csv(value: str) -> bytes:
    return f"attribute,value,displayName\nmemberOf,{value},Served\n".encode()


def _flag(member: str) -> list[dict[str, Any]]:
    return [{"op": "replace", "path": f"/{member}", "value": True}]


def _done() -> list[dict[str, str]]:
    return [{"op": "replace", "path": "/completionStatus", "value": "SUCCESS"}]


def first(house: House, index: str) -> str:
    """The id of an object that stands in the company."""
    body = {"indices": [index], "query": {"query": "*"}, "sort": ["id"]}
    return str(house.admin.post("/v2025/search?limit=1", body).ok()[0]["id"])


def _bulk(house: House, ids: str, index: str, way: str) -> Any:
    id = first(house, index)
    selectors: dict[str, dict[str, Any]] = {
        "Ids": {ids: [id]},
        "Filter": {"filters": f'id eq "{id}"'},
        "Query": {"query": {"indices": [index], "query": {"query": f"id:{id}"}}},
    }
    return selectors[way] | ROLES_CHANGED | {"replaceScope": "ATTRIBUTE"}


def _bulk_of(ids: str, index: str, way: str) -> Callable[[House], Good]:
    return lambda house: Good(body=_bulk(house, ids, index, way))


def _held_profile(house: House) -> dict[str, str]:
    id = first(house, "accessprofiles")
    return {"id": id, "attributeKey": "region", "attributeValue": "emea"}


def _held(house: House) -> dict[str, str]:
    return {"id": role(house), "attributeKey": "region", "attributeValue": "emea"}


def _rename(to: str) -> list[dict[str, str]]:
    return [{"op": "replace", "path": "/name", "value": to}]


def _doomed(made: dict[str, str]) -> Good:
    return Good({"roleId": made["roleId"]}, {"dimensionIds": [made["dimensionId"]]})


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
    "listEntitlements": lambda h: Good(query="limit=2"),
    "getEntitlement": lambda h: Good({"id": ENTITLEMENT}),
    "patchEntitlement": lambda h: Good({"id": entitlement(h)}, _flag("requestable")),
    "listEntitlementParents": lambda h: Good({"id": ENTITLEMENT}),
    "listEntitlementChildren": lambda h: Good({"id": ENTITLEMENT}),
    "updateEntitlementsInBulk": lambda h: Good(
        body={"entitlementIds": [entitlement(h), entitlement(h)], "jsonPatch": _flag("privileged")}
    ),
    "getEntitlementRequestConfig": lambda h: Good({"id": ENTITLEMENT}),
    "putEntitlementRequestConfig": lambda h: Good(
        {"id": entitlement(h)}, {"accessRequestConfig": {"approvalSchemes": [{"approverType": "MANAGER"}]}}
    ),
    "createAccessModelMetadataForEntitlement": lambda h: Good(_described(h)),
    "deleteAccessModelMetadataFromEntitlement": lambda h: Good(_described(h)),
    "resetSourceEntitlements": lambda h: Good({"id": source(h)}),
    "importEntitlementsBySource": lambda h: Good({"id": source(h)}, parts={"csvFile": _csv(fresh("CN=a"))}),
    "importEntitlements": lambda h: Good({"id": source(h)}, parts={"file": _csv(fresh("CN=b"))}),
    "listEntitlementsByIdentity": lambda h: Good({"id": OWNER}),
    "listEntitlementsByAccount": lambda h: Good({"accountId": account(h)}),
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
    "searchAggregate": lambda h: Good(
        body={"indices": ["roles"], "aggregationsDsl": {"owners": {"terms": {"field": "owner.name"}}}}, query="limit=2"
    ),
    "searchGet": lambda h: Good({"index": "roles", "id": ROLE}),
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
    **{
        f"{name}By{way}": _bulk_of(ids, index, way)
        for name, ids, index in (
            ("updateEntitlementsMetadata", "entitlements", "entitlements"),
            ("updateAccessModelMetadata", "entitlements", "entitlements"),
            ("updateAccessProfilesMetadata", "accessProfiles", "accessprofiles"),
        )
        for way in ("Ids", "Filter", "Query")
    },
    "searchAccessProfilesByFilter": lambda h: Good(body={"ammKeyValues": [{"attribute": "region"}]}, query="limit=2"),
    "updateAttributeKeyAndValueToAccessProfile": lambda h: Good(_held_profile(h)),
    "deleteMetadataFromAccessProfileByKeyAndValue": lambda h: Good(_held_profile(h)),
    "getCommonAccess": lambda h: Good(query="limit=2&sorters=-status,access.name"),
    "createCommonAccess": lambda h: Good(body={"access": {"id": role(h), "type": "ROLE"}}),
    "updateCommonAccessStatusInBulk": lambda h: Good(body=[{"confirmedIds": [shared(h)], "deniedIds": [shared(h)]}]),
    "getTaskStatusList": lambda h: Good(query="limit=2&count=true"),
    "getPendingTasks": lambda h: Good(),
    "getPendingTaskHeaders": lambda h: Good(),
    "getTaskStatus": lambda h: Good({"id": job(h)}),
    "updateTaskStatus": lambda h: Good({"id": task(h)}, _done()),
    "bulkwarkJobs": lambda h: Good(query="limit=2"),
    "bulkwarkSubmit": lambda h: Good(
        body={"type": "ROLE", **ROLES_CHANGED, "select": {"ids": [ROLE]}, "options": {"note": "served"}}
    ),
    "bulkwarkReasons": lambda h: Good({"id": job(h)}),
    "bulkwarkPreviewReasons": lambda h: Good({"id": preview(h)}),
    "bulkwarkPreviewCall": lambda h: Good(
        body={
            "path": "/v2025/roles/access-model-metadata/bulk-update/ids",
            "body": {"roles": [ROLE], **ROLES_CHANGED},
        }
    ),
    "bulkwarkJob": lambda h: Good({"id": job(h)}),
    "bulkwarkExplain": lambda h: Good(query=f"query=name:finance&id={ROLE}"),
    "bulkwarkItems": lambda h: Good({"id": job(h)}),
    "bulkwarkJobPatch": lambda h: Good({"id": job(h)}, {"note": "of a test"}),
    "bulkwarkPause": lambda h: Good({"id": held(h)}),
    "bulkwarkResume": lambda h: Good({"id": held(h, "pause")}),
    "bulkwarkCancel": lambda h: Good({"id": held(h)}),
    "bulkwarkConfirm": lambda h: Good({"id": guarded(h)}),
    "bulkwarkUndo": lambda h: Good({"id": ended(h)}, {}),
    "bulkwarkRerun": lambda h: Good({"id": ended(h)}, {}),
    "bulkwarkPreview": lambda h: Good({"id": preview(h)}),
    "bulkwarkPreviewDiscard": lambda h: Good({"id": preview(h)}),
    "bulkwarkPreviewItems": lambda h: Good({"id": preview(h)}),
    "bulkwarkPreviewRun": lambda h: Good({"id": preview(h)}),
    "bulkwarkGuards": lambda h: Good(),
    "bulkwarkGuardsPut": lambda h: Good(body={"maxItems": 100_000}),
    "getRoleEntitlements": lambda h: Good({"id": ROLE}),
    "getRoleAssignedIdentities": lambda h: Good({"id": ROLE}, query="limit=2"),
    "listAccessProfiles": lambda h: Good(query="limit=2&count=true"),
    "createAccessProfile": lambda h: Good(body=profile_body()),
    "getAccessProfile": lambda h: Good({"id": profile(h)}),
    "patchAccessProfile": lambda h: Good({"id": profile(h)}, _rename(fresh("Renamed profile"))),
    "deleteAccessProfile": lambda h: Good({"id": profile(h)}),
    "deleteAccessProfilesInBulk": lambda h: Good(body={"accessProfileIds": [profile(h), profile(h)]}),
    "updateAccessProfilesInBulk": lambda h: Good(body=[{"id": profile(h), "requestable": False}]),
    "getAccessProfileEntitlements": lambda h: Good({"id": profile(h)}),
    "listSources": lambda h: Good(query="limit=2"),
    "createSource": lambda h: Good(body=source_body(), query="provisionAsCsv=true"),
    "getSource": lambda h: Good({"id": SOURCE}),
    "updateSource": lambda h: Good({"id": source(h)}, _rename(fresh("Renamed source"))),
    "deleteSource": lambda h: Good({"id": source(h)}),
    "getPublicIdentities": lambda h: Good(query="limit=2&add-core-filters=true"),
    "listDimensions": lambda h: Good({"roleId": dimension(h)["roleId"]}),
    "createDimension": lambda h: Good({"roleId": role(h)}, {"name": "East", "owner": {"id": OWNER}}),
    "getDimension": lambda h: Good(dimension(h)),
    "patchDimension": lambda h: Good(dimension(h), _rename("West")),
    "deleteDimension": lambda h: Good(dimension(h)),
    "deleteBulkDimensions": lambda h: _doomed(dimension(h)),
    "listDimensionAccessProfiles": lambda h: Good(dimension(h)),
    "getDimensionEntitlements": lambda h: Good(dimension(h)),
    **NON_EMPLOYEES,
    **UPLOADS,
}
