"""Real things in the place of generated ones: ids in paths, and the right parts of wrong bodies of bulk operations.

Used inside schemathesis by `hooks.py`; only the standard library here.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

Seeds = dict[str, Any]
Body = Any

Fill = Callable[[Body, Seeds, int], Body]

FILTERS = {
    "roles": ('name sw "A"', 'enabled eq true and name co "e"', 'id in ("{id}")', "not (requestable eq true)"),
    "entitlements": ('name sw "A"', 'id in ("{id}")', "requestable eq true"),
}
QUERIES = {
    "roles": ("*", "enabled:true", 'name:"Finance"', "name:a*", "NOT enabled:true", "@entitlements(name:*)", "id:{id}"),
    "entitlements": ("name:a*", "id:{id}", "requestable:true"),
}
SELECTORS = {"roles": list, "entitlements": list, "entitlementIds": list, "filters": str, "query": dict}


def dice(*parts: object) -> int:
    """A number that depends on nothing but the generated case: a case that failed can be played again."""
    return zlib.crc32(repr(parts).encode("utf-8", "backslashreplace"))


def pick(options: Any, throw: int) -> Any:
    return options[throw % len(options)]


#: Which pool of the seeds the `{id}` of a family is taken from, where it is not named like the family.
POOLS = {
    "personal-access-tokens": "tokens",
    "oauth-clients": "clients",
    "entitlements/identities": "identities",
    "entitlements/reset": "emptied sources",
    "entitlements/aggregate": "emptied sources",
    "task-status": "tasks",
    "non-employee-sources": "ne sources",
    "non-employee-records": "ne records",
    "non-employee-requests": "ne requests",
    "non-employee-approvals": "ne approvals",
}


def path_values(path: str, method: str, seeds: Seeds, throw: int) -> dict[str, str]:
    """Real values for the placeholders of a path; a DELETE takes something made for it, as long as there is any."""
    parts = plain(path).strip("/").split("/")
    pool = POOLS.get(parts[0]) or POOLS.get("/".join(parts[:2])) or parts[0]
    deletes = method == "DELETE"
    decides = parts[-1] in ("approve", "reject")
    pair = one_of(seeds, "ne attributes", throw, deletes) if "{attributeId}" in path else None
    sources = "emptied sources" if pool == "sources" or "entitlements" in parts else pool
    makers: dict[str, Callable[[], str | None]] = {
        "key": lambda: str(seeds["attribute"]),
        "value": lambda: str(pick(seeds["values"], throw)),
        "attributeKey": lambda: str(seeds["attribute"]),
        "attributeValue": lambda: str(pick(seeds["values"], throw)),
        "roleId": lambda: str(seeds["dimensional"]),
        "dimensionId": lambda: one_of(seeds, "dimensions", throw, deletes),
        "accountId": lambda: str(seeds["account"]),
        "index": lambda: "roles",
        "sourceId": lambda: pair[0] if pair else one_of(seeds, sources, throw, deletes and len(parts) == 2),
        "attributeId": lambda: pair[1] if pair else None,
        "requested-for": lambda: pick(("me", seeds["caller"]), throw),
        "id": lambda: one_of(
            seeds, "roles" if "{index}" in path else pool, throw, decides or (deletes and len(parts) == 2)
        ),
    }
    values = {name: make() for name, make in makers.items() if f"{{{name}}}" in path}
    return {name: value for name, value in values.items() if value is not None}


def one_of(seeds: Seeds, pool: str, throw: int, consumed: bool = False) -> Any:
    """An id of a pool; one that will be deleted comes from those made for that, and only once."""
    if consumed:
        spare: list[Any] = seeds["disposable"].get(pool, [])
        return spare.pop() if spare else None
    found: list[Any] = seeds.get(pool, [])
    return pick(found, throw) if found else None


def plain(path: str) -> str:
    """Without the version that v1 carries in its second segment."""
    head, _, tail = path.strip("/").partition("/")
    tail = tail.removeprefix("v1").strip("/")
    return f"/{head}/{tail}" if tail else f"/{head}"


def select(selector: str, path: str, seeds: Seeds, throw: int) -> Any:
    """What a bulk operation may select by: ids, a filter or a query, of the kind that the path is about."""
    kind = "roles" if path.startswith("/roles") else "entitlements"
    if selector in ("roles", "entitlements", "entitlementIds"):
        return [pick(seeds[kind], throw + place) for place in range(1 + throw % 5)]
    if selector == "filters":
        return pick(FILTERS[kind], throw).format(id=pick(seeds[kind], throw))
    return search_query(seeds, throw, kind)


def search_query(seeds: Seeds, throw: int, kind: str = "roles") -> Body:
    text = pick(QUERIES[kind], throw).format(id=pick(seeds[kind], throw))
    return {"indices": [kind], "queryType": "SAILPOINT", "query": {"query": text}}


def alone(path: str, body: Body, seeds: Seeds, throw: int) -> Body:
    """A wrong body of a bulk path in which all that is right by itself is made real: the wrong part stands alone.

    Otherwise an unknown role or attribute would be reason enough to refuse every generated body.
    """
    if not isinstance(body, dict):
        return body
    made = dict(body)
    for selector, kind in SELECTORS.items():
        given = made.get(selector)
        if selector == "query" and not path.startswith("/roles"):
            continue  # typed in depth there: the wrong part may be inside
        if isinstance(given, kind) and (kind is not list or texts(given)):
            made[selector] = select(selector, path, seeds, throw)
    if isinstance(made.get("values"), list):
        made["values"] = [real_value(item, path, seeds, throw) for item in made["values"]]
    if is_patch(made.get("jsonPatch")):
        made["jsonPatch"] = [{"op": "replace", "path": "/requestable", "value": bool(throw & 8)}]
    return made


def is_patch(value: Any) -> bool:
    """Whether this is a JSON Patch by its schema; what it does is another matter."""
    operations = ("add", "remove", "replace", "move", "copy", "test")

    def is_operation(one: Any) -> bool:
        return isinstance(one, dict) and one.get("op") in operations and isinstance(one.get("path"), str)

    return isinstance(value, list) and bool(value) and all(is_operation(one) for one in value)


def real_value(item: Any, path: str, seeds: Seeds, throw: int) -> Any:
    """One item of `values`. The other spellings (`attributeKey` …) stay as they are: a server accepts them although
    the schema requires `attribute`, so making them real would make a body that is wrong only on paper."""
    if not isinstance(item, dict):
        return item
    made = dict(item)
    # For roles by query the schema requires `attribute` and `values` but types neither; by filter only the latter.
    untyped = path.startswith("/roles") and path.endswith("/query")
    untyped_key = untyped or (path.startswith("/roles") and path.endswith("/filter"))
    if "attribute" in made and (untyped_key or isinstance(made["attribute"], str)):
        made["attribute"] = seeds["attribute"]
    if "values" in made and (untyped or made["values"] is None or texts(made["values"])):
        made["values"] = [pick(seeds["values"], throw)]
    return made


def texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
