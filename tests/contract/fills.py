"""Bodies that reach the handlers: generated ones know no real id, owner, attribute or query.

Each fill makes a body from a generated, valid one (of which it may keep parts), the seeds, and a throw of the dice.
Used inside schemathesis by `hooks.py`; only the standard library here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.contract.bodies import Body, Fill, Seeds, one_of, pick, plain, search_query, select

SORTS = (["id"], ["-name"], ["name", "-id"])
OPERATIONS = ("ADD", "REMOVE", "REPLACE")
FILTERS: tuple[dict[str, Any], ...] = (
    {"enabled": {"type": "TERMS", "terms": ["true"]}},
    {"created": {"type": "RANGE", "range": {"lower": {"value": "2018", "inclusive": True}}}},
    {"description": {"type": "EXISTS", "exclude": True}},
)
AGGREGATIONS: tuple[dict[str, Any], ...] = (
    {"terms": {"field": "owner.name"}, "aggs": {"most": {"max": {"field": "entitlementCount"}}}},
    {"nested": {"path": "entitlements"}, "aggs": {"of": {"terms": {"field": "entitlements.source.name"}}}},
    {"date_histogram": {"field": "created", "calendar_interval": "year"}},
    {"stats": {"field": "created"}},
)


def filled(path: str, method: str, body: Body, seeds: Seeds, throw: int) -> Body:
    """A body in the place of a generated, valid one."""
    make = FILLS.get((method, plain(path)))
    return make(body, seeds, throw) if make else body


def kept(body: Body, *names: str) -> dict[str, Any]:
    return {name: body[name] for name in names if name in body} if isinstance(body, dict) else {}


def role(body: Body, seeds: Seeds, throw: int) -> Body:
    made = {"name": f"Contract role {throw}", "owner": seeds["owner"]}
    if throw % 2:
        return made | {"description": f"made {throw}", "enabled": bool(throw & 4)}
    return made | kept(body, "name", "description", "enabled", "requestable", "dimensional", "privilegeLevel")


def access_profile(body: Body, seeds: Seeds, throw: int) -> Body:
    source = {"type": "SOURCE", "id": pick(seeds["sources"], throw)}
    made = {"name": f"Contract profile {throw}", "owner": seeds["owner"], "source": source}
    return made | kept(body, "description", "enabled", "requestable")


def source(body: Body, seeds: Seeds, throw: int) -> Body:
    made = {"name": f"Contract source {throw}", "owner": seeds["owner"], "connector": "delimited-file"}
    return made | kept(body, "description", "deleteThreshold", "authoritative")


def dimension(body: Body, seeds: Seeds, throw: int) -> Body:
    return {"name": f"Contract dimension {throw}", "owner": seeds["owner"]} | kept(body, "description")


def patch(*paths: str) -> Fill:
    def operations(body: Body, seeds: Seeds, throw: int) -> Body:
        path = pick(paths, throw)
        value: Any = bool(throw & 8) if path in ("/enabled", "/requestable", "/privileged") else f"patched {throw}"
        return [{"op": "replace", "path": path, "value": value}]

    return operations


def attribute(body: Body, seeds: Seeds, throw: int) -> Body:
    made = {"key": f"contract{throw}", "name": f"Contract {throw}", "type": "custom", "objectTypes": ["all"]}
    return made | {"multiselect": bool(throw & 4)} | ({"description": "made"} if throw & 8 else {})


def value(body: Body, seeds: Seeds, throw: int) -> Body:
    return {"value": f"v{throw}", "name": f"Value {throw}"} | ({"status": "active"} if throw & 4 else {})


def bulk(path: str, selector: str) -> Fill:
    def change(body: Body, seeds: Seeds, throw: int) -> Body:
        chosen = {"attribute": seeds["attribute"], "values": [pick(seeds["values"], throw >> 3)]}
        made = {selector: select(selector, path, seeds, throw), "values": [chosen]}
        made["operation"] = pick(OPERATIONS, throw >> 5)
        return made | ({"replaceScope": pick(("ALL", "ATTRIBUTE"), throw >> 7)} if throw & 256 else {})

    return change


def search(body: Body, seeds: Seeds, throw: int) -> Body:
    made = search_query(seeds, throw) | {"sort": pick(SORTS, throw >> 4)}
    if throw & 64:
        made["queryResultFilter"] = pick(({"includes": ["name"]}, {"excludes": ["owner", "entitlements"]}), throw >> 7)
    if throw & 512:
        made["includeNested"] = bool(throw & 1024)
    if throw & 2048:
        made["filters"] = pick(FILTERS, throw >> 12)
    if throw & 16384 and "query" in made and made.get("queryType", "SAILPOINT") == "SAILPOINT":
        made["query"] = made["query"] | {"innerHit": {"type": "entitlements", "query": "*"}}
        made["indices"] = ["roles"]
    return made


def aggregate(body: Body, seeds: Seeds, throw: int) -> Body:
    counted = {"metric": {"name": "count", "type": pick(("COUNT", "UNIQUE_COUNT"), throw), "field": "id"}}
    bucket = {"bucket": {"name": "by owner", "type": "TERMS", "field": "owner.name.exact", "size": 5}}
    made = search_query(seeds, throw)
    if throw & 32:
        return made | {"aggregationsDsl": {"counted": pick(AGGREGATIONS, throw >> 6)}}
    chosen = pick((counted, bucket), throw >> 3)
    return made | {"aggregationType": "SAILPOINT", "aggregations": chosen}


def roles_filter(body: Body, seeds: Seeds, throw: int) -> Body:
    pair = {"attribute": seeds["attribute"], "values": [pick(seeds["values"], throw)]}
    filters = pick((None, select("filters", "/roles", seeds, throw)), throw >> 3)
    both = {"filters": filters, "ammKeyValues": [pair]}
    return pick(({}, {"filters": filters}, {"ammKeyValues": [pair]}, both), throw)


def token(body: Body, seeds: Seeds, throw: int) -> Body:
    """A token without an end must be asked for, where the version has a word for it; elsewhere it lasts 6 months."""
    made = {"name": f"contract {throw}", "scope": pick((None, ["sp:scopes:all"]), throw)}
    seconds = kept(body, "accessTokenValiditySeconds").get("accessTokenValiditySeconds")
    made |= {"accessTokenValiditySeconds": seconds} if isinstance(seconds, int) else {}
    return made | pick(({"expirationDate": seeds["soon"]}, {"userAwareTokenNeverExpires": True}), throw >> 3)


def client(body: Body, seeds: Seeds, throw: int) -> Body:
    given = ("businessName", "homepageUrl", "internal", "strongAuthSupported", "claimsSupported", "type")
    return kept(body, *given) | {
        "name": f"contract {throw}",
        "description": pick((None, "made for the contract run"), throw),
        "accessTokenValiditySeconds": 750,
        "grantTypes": ["CLIENT_CREDENTIALS"],
        "accessType": pick(("ONLINE", "OFFLINE"), throw),
        "enabled": bool(throw & 4),
        "scope": pick((None, ["sp:scopes:all"]), throw >> 3),
    }


def entitlement_patches(body: Body, seeds: Seeds, throw: int) -> Body:
    operation = {"op": "replace", "path": pick(("/requestable", "/privileged"), throw), "value": bool(throw & 8)}
    ids = select("entitlementIds", "/entitlements", seeds, throw >> 2)
    return {"entitlementIds": ids, "jsonPatch": [operation]}


def request_config(body: Body, seeds: Seeds, throw: int) -> Body:
    schemes = [{"approverType": pick(("ENTITLEMENT_OWNER", "SOURCE_OWNER", "MANAGER"), throw), "approverId": None}]
    access = {"approvalSchemes": schemes, "requestCommentRequired": bool(throw & 4)}
    return {"accessRequestConfig": access, "revocationRequestConfig": {"approvalSchemes": schemes[: throw % 2]}}


def requestables(body: Body, seeds: Seeds, throw: int) -> Body:
    return [{"id": pick(seeds["access-profiles"], throw), "requestable": bool(throw & 8)}]


def common_access(body: Body, seeds: Seeds, throw: int) -> Body:
    access = {"id": pick(seeds["roles"], throw), "type": "ROLE"}
    return {"access": access} | ({"status": pick(("CONFIRMED", "DENIED"), throw >> 3)} if throw & 4 else {})


def common_access_status(body: Body, seeds: Seeds, throw: int) -> Body:
    first, second = pick(seeds["common access"], throw), pick(seeds["common access"], throw + 1)
    return pick(([{"confirmedIds": [first], "deniedIds": [second]}], [{"confirmedIds": [first]}], []), throw >> 3)


def csv_file(body: Body, seeds: Seeds, throw: int) -> Body:
    rows = f"attribute,value,displayName\nmemberOf,CN=contract{throw},Contract {throw}\n"
    return {"csvFile": rows.encode()}


def spare(member: str, pool: str) -> Fill:
    """The body of a bulk-delete: things made for it, each once."""

    def chosen(body: Body, seeds: Seeds, throw: int) -> Body:
        found = [one_of(seeds, pool, throw, consumed=True) for _ in range(1 + throw % 3)]
        return {member: [id for id in found if id]} | kept(body, "bestEffortOnly")

    return chosen


def ne_source(body: Body, seeds: Seeds, throw: int) -> Body:
    me = {"id": seeds["caller"]}
    made = {"name": f"Contract contractors of {throw}", "description": f"made {throw}", "owner": me}
    return made | pick(({}, {"approvers": [me]}, {"approvers": [], "accountManagers": [me]}), throw)


def ne_attribute(body: Body, seeds: Seeds, throw: int) -> Body:
    made = {"type": "TEXT", "label": f"Label {throw}", "technicalName": f"a{throw}"}
    return made | pick(({}, {"helpText": "help"}, {"placeholder": "hint", "required": False}), throw)


def ne_person(body: Body, seeds: Seeds, throw: int) -> Body:
    made = {
        "sourceId": seeds["ne home"],
        "accountName": f"contract.{throw}",
        "firstName": "Ann",
        "lastName": f"Lee {throw}",
        "email": f"ann{throw}@example.com",
        "phone": "+1 555 0100",
        "manager": seeds["caller"],
        "startDate": "2024-01-01T00:00:00-05:00",
        "endDate": pick(("2098-01-01", "2099-01-01T00:00:00Z"), throw),
    }
    return made | pick(({}, {"data": {}}), throw >> 3)


def ne_patch(body: Body, seeds: Seeds, throw: int) -> Body:
    return [{"op": "replace", "path": "/endDate", "value": f"20{50 + throw % 40}-01-01T00:00:00Z"}]


def ne_upload(body: Body, seeds: Seeds, throw: int) -> Body:
    columns = "accountName,firstName,lastName,email,phone,manager,startDate,endDate"
    row = f"contract.file.{throw},Ann,Lee,ann@example.com,555 0100,{seeds['caller']},2024-01-01,2099-01-01"
    return {"data": f"{columns}\n{row}\n".encode()}


def ne_decision(body: Body, seeds: Seeds, throw: int) -> Body:
    return {"comment": f"decided {throw}"}


ROLES, ENTITLEMENTS = "/roles/access-model-metadata/bulk-update", "/access-model-metadata/bulk-update"
FILLS: dict[tuple[str, str], Callable[[Body, Seeds, int], Body]] = {
    ("POST", "/roles"): role,
    ("PATCH", "/roles/{id}"): patch("/description", "/enabled", "/requestable", "/name"),
    ("POST", "/roles/bulk-delete"): spare("roleIds", "roles"),
    ("POST", "/roles/filter"): roles_filter,
    ("POST", f"{ROLES}/ids"): bulk(ROLES, "roles"),
    ("POST", f"{ROLES}/filter"): bulk(ROLES, "filters"),
    ("POST", f"{ROLES}/query"): bulk(ROLES, "query"),
    ("POST", f"{ENTITLEMENTS}/ids"): bulk(ENTITLEMENTS, "entitlements"),
    ("POST", f"{ENTITLEMENTS}/filter"): bulk(ENTITLEMENTS, "filters"),
    ("POST", f"{ENTITLEMENTS}/query"): bulk(ENTITLEMENTS, "query"),
    ("POST", "/roles/{roleId}/dimensions"): dimension,
    ("PATCH", "/roles/{roleId}/dimensions/{dimensionId}"): patch("/description", "/name"),
    ("POST", "/roles/{roleId}/dimensions/bulk-delete"): spare("dimensionIds", "dimensions"),
    ("POST", "/access-model-metadata/attributes"): attribute,
    ("PATCH", "/access-model-metadata/attributes/{key}"): patch("/name", "/description"),
    ("POST", "/access-model-metadata/attributes/{key}/values"): value,
    ("PATCH", "/access-model-metadata/attributes/{key}/values/{value}"): patch("/name"),
    ("POST", "/access-profiles"): access_profile,
    ("PATCH", "/access-profiles/{id}"): patch("/description", "/requestable", "/enabled"),
    ("POST", "/access-profiles/bulk-delete"): spare("accessProfileIds", "access-profiles"),
    ("POST", "/access-profiles/bulk-update-requestable"): requestables,
    ("PATCH", "/entitlements/{id}"): patch("/requestable", "/privileged"),
    ("POST", "/entitlements/bulk-update"): entitlement_patches,
    ("PUT", "/entitlements/{id}/entitlement-request-config"): request_config,
    ("POST", "/entitlements/aggregate/sources/{id}"): csv_file,
    ("POST", "/common-access"): common_access,
    ("POST", "/common-access/update-status"): common_access_status,
    ("POST", "/sources"): source,
    ("PATCH", "/sources/{id}"): patch("/description", "/name"),
    ("PATCH", "/task-status/{id}"): lambda body, seeds, throw: [
        {"op": "replace", "path": "/completionStatus", "value": pick(("SUCCESS", "ERROR"), throw)}
    ],
    ("POST", "/non-employee-sources"): ne_source,
    ("PATCH", "/non-employee-sources/{sourceId}"): patch("/name", "/description"),
    ("POST", "/non-employee-sources/{sourceId}/schema-attributes"): ne_attribute,
    ("PATCH", "/non-employee-sources/{sourceId}/schema-attributes/{attributeId}"): patch("/label", "/helpText"),
    ("POST", "/non-employee-records"): ne_person,
    ("PUT", "/non-employee-records/{id}"): ne_person,
    ("PATCH", "/non-employee-records/{id}"): ne_patch,
    ("POST", "/non-employee-records/bulk-delete"): spare("ids", "ne records"),
    ("POST", "/non-employee-requests"): ne_person,
    ("POST", "/non-employee-sources/{id}/non-employee-bulk-upload"): ne_upload,
    ("POST", "/non-employee-approvals/{id}/approve"): ne_decision,
    ("POST", "/non-employee-approvals/{id}/reject"): ne_decision,
    ("POST", "/search"): search,
    ("POST", "/search/count"): search,
    ("POST", "/search/aggregate"): aggregate,
    ("POST", "/personal-access-tokens"): token,
    ("PATCH", "/personal-access-tokens/{id}"): patch("/name"),
    ("POST", "/oauth-clients"): client,
    ("PATCH", "/oauth-clients/{id}"): patch("/name", "/description"),
}
