"""Bodies and path parameters that reach the handlers: generated ones know no real id, owner, attribute or query.

Used inside schemathesis by `hooks.py`; only the standard library here.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

Seeds = dict[str, Any]
Body = Any

FILTERS = ('name sw "A"', 'enabled eq true and name co "e"', 'id in ("{role}")', "not (requestable eq true)")
QUERIES = ("*", "enabled:true", 'name:"Finance"', "name:a*", "NOT enabled:true", "@entitlements(name:*)", "id:{role}")
SORTS = (["id"], ["-name"], ["name", "-id"])


def dice(*parts: object) -> int:
    """A number that depends on nothing but the generated case: a case that failed can be played again."""
    return zlib.crc32(repr(parts).encode("utf-8", "backslashreplace"))


def pick(options: Any, throw: int) -> Any:
    return options[throw % len(options)]


def path_values(path: str, method: str, seeds: Seeds, throw: int) -> dict[str, str]:
    """Real values for the placeholders of a path; a DELETE takes something made for it, as long as there is any."""
    family = path.strip("/").partition("/")[0]
    if family == "access-model-metadata":
        return {"key": seeds["attribute"], "value": pick(seeds["values"], throw)}
    metadata = {"attributeKey": seeds["attribute"], "attributeValue": pick(seeds["values"], throw)}
    pool = {"personal-access-tokens": "tokens", "oauth-clients": "clients"}.get(family, family)
    if "{attributeKey}" not in path and method == "DELETE" and pool in seeds["disposable"]:
        spare: list[str] = seeds["disposable"][pool]
        return {"id": spare.pop()} if spare else {}
    found: list[str] = seeds.get(pool, [])
    return metadata | ({"id": pick(found, throw)} if found else {})


def filled(path: str, method: str, body: Body, seeds: Seeds, throw: int) -> Body:
    """A body in the place of a generated, valid one: half of its parts stay as generated where they can."""
    make = FILLS.get((method, plain(path)))
    return make(body if isinstance(body, dict) else {}, seeds, throw) if make else body


def plain(path: str) -> str:
    """Without the version that v1 carries in its second segment."""
    head, _, tail = path.strip("/").partition("/")
    tail = tail.removeprefix("v1").strip("/")
    return f"/{head}/{tail}" if tail else f"/{head}"


def role(body: Body, seeds: Seeds, throw: int) -> Body:
    plain_role = {"name": f"Contract role {throw}", "owner": seeds["owner"]}
    if throw % 2:
        return plain_role | {"description": f"made {throw}", "enabled": bool(throw & 4)}
    references = ("id", "accessProfiles", "entitlements", "additionalOwners", "membership", "segments")
    kept = {name: value for name, value in body.items() if name not in (*references, "dimensionRefs")}
    configs = ("accessModelMetadata", "accessRequestConfig", "revocationRequestConfig", "legacyMembershipInfo")
    return {name: value for name, value in kept.items() if name not in configs} | {"owner": seeds["owner"]}


def patch(*paths: str) -> Callable[[Body, Seeds, int], Body]:
    def operations(body: Body, seeds: Seeds, throw: int) -> Body:
        path = pick(paths, throw)
        value: Any = bool(throw & 8) if path in ("/enabled", "/requestable") else f"patched {throw}"
        return [{"op": "replace", "path": path, "value": value}]

    return operations


def attribute(body: Body, seeds: Seeds, throw: int) -> Body:
    made = {"key": f"contract{throw}", "name": f"Contract {throw}", "type": "custom", "objectTypes": ["all"]}
    return made | {"multiselect": bool(throw & 4)} | ({"description": "made"} if throw & 8 else {})


def value(body: Body, seeds: Seeds, throw: int) -> Body:
    return {"value": f"v{throw}", "name": f"Value {throw}"} | ({"status": "active"} if throw & 4 else {})


def bulk(selector: str) -> Callable[[Body, Seeds, int], Body]:
    def change(body: Body, seeds: Seeds, throw: int) -> Body:
        chosen = {"attribute": seeds["attribute"], "values": [pick(seeds["values"], throw >> 3)]}
        made = {selector: select(selector, seeds, throw), "values": [chosen]}
        made["operation"] = pick(("ADD", "REMOVE", "REPLACE"), throw >> 5)
        return made | ({"replaceScope": pick(("ALL", "ATTRIBUTE"), throw >> 7)} if throw & 256 else {})

    return change


def select(selector: str, seeds: Seeds, throw: int) -> Any:
    real = pick(seeds["roles"], throw)
    if selector == "roles":
        return [pick(seeds["roles"], throw + place) for place in range(1 + throw % 5)]
    if selector == "filters":
        return pick(FILTERS, throw).format(role=real)
    return search_query(seeds, throw)


def search_query(seeds: Seeds, throw: int) -> Body:
    text = pick(QUERIES, throw).format(role=pick(seeds["roles"], throw))
    return {"indices": ["roles"], "queryType": "SAILPOINT", "query": {"query": text}}


def search(body: Body, seeds: Seeds, throw: int) -> Body:
    made = search_query(seeds, throw) | {"sort": pick(SORTS, throw >> 4)}
    if throw & 64:
        made["queryResultFilter"] = pick(({"includes": ["name"]}, {"excludes": ["owner", "entitlements"]}), throw >> 7)
    if throw & 512:
        made["includeNested"] = bool(throw & 1024)
    return made


def roles_filter(body: Body, seeds: Seeds, throw: int) -> Body:
    pair = {"attribute": seeds["attribute"], "values": [pick(seeds["values"], throw)]}
    filters = pick((None, select("filters", seeds, throw)), throw >> 3)
    return pick(
        ({}, {"filters": filters}, {"ammKeyValues": [pair]}, {"filters": filters, "ammKeyValues": [pair]}), throw
    )


def token(body: Body, seeds: Seeds, throw: int) -> Body:
    """A token without an end must be asked for, where the version has a word for it; elsewhere it lasts 6 months."""
    made = {"name": f"contract {throw}", "scope": pick((None, ["sp:scopes:all"]), throw)}
    seconds = body.get("accessTokenValiditySeconds")
    made |= {"accessTokenValiditySeconds": seconds} if isinstance(seconds, int) else {}
    return made | pick(({"expirationDate": seeds["soon"]}, {"userAwareTokenNeverExpires": True}), throw >> 3)


def client(body: Body, seeds: Seeds, throw: int) -> Body:
    given = ("businessName", "homepageUrl", "internal", "strongAuthSupported", "claimsSupported", "type")
    return {name: body[name] for name in given if name in body} | {
        "name": f"contract {throw}",
        "description": pick((None, "made for the contract run"), throw),
        "accessTokenValiditySeconds": 750,
        "grantTypes": ["CLIENT_CREDENTIALS"],
        "accessType": pick(("ONLINE", "OFFLINE"), throw),
        "enabled": bool(throw & 4),
        "scope": pick((None, ["sp:scopes:all"]), throw >> 3),
    }


FILLS: dict[tuple[str, str], Callable[[Body, Seeds, int], Body]] = {
    ("POST", "/roles"): role,
    ("PATCH", "/roles/{id}"): patch("/description", "/enabled", "/requestable", "/name"),
    ("POST", "/roles/bulk-delete"): lambda body, seeds, throw: {"roleIds": spare_roles(seeds, throw)},
    ("POST", "/roles/filter"): roles_filter,
    ("POST", "/roles/access-model-metadata/bulk-update/ids"): bulk("roles"),
    ("POST", "/roles/access-model-metadata/bulk-update/filter"): bulk("filters"),
    ("POST", "/roles/access-model-metadata/bulk-update/query"): bulk("query"),
    ("POST", "/access-model-metadata/attributes"): attribute,
    ("PATCH", "/access-model-metadata/attributes/{key}"): patch("/name", "/description"),
    ("POST", "/access-model-metadata/attributes/{key}/values"): value,
    ("PATCH", "/access-model-metadata/attributes/{key}/values/{value}"): patch("/name"),
    ("POST", "/search"): search,
    ("POST", "/search/count"): search,
    ("POST", "/personal-access-tokens"): token,
    ("PATCH", "/personal-access-tokens/{id}"): patch("/name"),
    ("POST", "/oauth-clients"): client,
    ("PATCH", "/oauth-clients/{id}"): patch("/name", "/description"),
}


def spare_roles(seeds: Seeds, throw: int) -> list[str]:
    spare: list[str] = seeds["disposable"]["roles"]
    return [spare.pop() for _ in range(min(len(spare), 1 + throw % 3))]


def alone(path: str, body: Body, seeds: Seeds, throw: int) -> Body:
    """A wrong body of a bulk path in which all that is right by itself is made real: the wrong part stands alone.

    Otherwise an unknown role or attribute would be reason enough to refuse every generated body.
    """
    if not isinstance(body, dict):
        return body
    made = dict(body)
    if texts(made.get("roles")):
        made["roles"] = select("roles", seeds, throw)
    if isinstance(made.get("filters"), str):
        made["filters"] = select("filters", seeds, throw)
    if isinstance(made.get("query"), dict):
        made["query"] = select("query", seeds, throw)
    if isinstance(made.get("values"), list):
        made["values"] = [real_value(item, path, seeds, throw) for item in made["values"]] or made["values"]
    return made


def real_value(item: Any, path: str, seeds: Seeds, throw: int) -> Any:
    """One item of `values`. The other spellings (`attributeKey` …) stay as they are: a server accepts them although
    the schema requires `attribute`, so making them real would make a body that is wrong only on paper."""
    if not isinstance(item, dict):
        return item
    made = dict(item)
    untyped = path.endswith("/query")  # its schema requires `attribute` and `values` without saying what they are
    if untyped or path.endswith("/filter") or isinstance(made.get("attribute"), str):
        made |= {"attribute": seeds["attribute"]} if "attribute" in made else {}
    if "values" in made and (untyped or made["values"] is None or texts(made["values"])):
        made["values"] = [pick(seeds["values"], throw)]
    return made


def texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
