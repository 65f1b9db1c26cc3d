"""Entitlements: what the filter language may ask of them, what a patch may change, and the rules they keep.

Source: the official entitlement schemas and PATCH descriptions of each version; decisions §4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import plain_id
from bulkwark.errors import Invalid

ANY_ORDER = frozenset({"eq", "gt", "ge", "lt", "le"})
EQUAL = frozenset({"eq", "in"})
# The union over the versions, and `in` wherever there is `eq`.
FILTERS: Mapping[str, frozenset[str]] = {
    "id": EQUAL,
    "name": frozenset({"eq", "in", "sw"}),
    "type": EQUAL,
    "attribute": EQUAL,
    "value": frozenset({"eq", "in", "sw"}),
    "source.id": EQUAL,
    "requestable": EQUAL,
    "created": ANY_ORDER,
    "modified": ANY_ORDER,
    "owner.id": EQUAL,
    "tags": EQUAL,
    "privilegeLevel.direct": EQUAL,
}
SORTERS = ("id", "name", "created", "modified", "type", "attribute", "value", "source.id", "requestable")
PATHS: Mapping[str, str] = {"type": "sourceSchemaObjectType"}  # name on the wire → field of the index
COMMAS = frozenset({"name", "type", "attribute", "value"})  # sort fields whose values may hold commas

LEVELS = ("NONE", "LOW", "MEDIUM", "HIGH")  # in rising order
OVERRIDE = "OVERRIDE"  # `setByType` of a level that somebody has set by hand
UNTOUCHED: Document = {"DISPLAY_NAME": False, "DESCRIPTION": False}  # `manuallyUpdatedFields` of most
NEVER_SET: Document = {"direct": "NONE", "setByType": None, "inherited": None, "effective": "NONE"}

_FLAGS = ("/privileged", "/requestable")
_TEXTS = ("/name", "/description", "/owner", "/segments", "/segments/-", "/manuallyUpdatedFields")
_LEVEL = "/privilegeOverride/level"


# --- documents -----------------------------------------------------------------------------------------


def complete(given: Document) -> Document:
    """The document with every official member, null only where each version's schema allows it.

    A source that is not known is left out: its member may not be null.
    """
    found = dict(given)
    for member in ("attribute", "value", "sourceSchemaObjectType"):
        found[member] = given.get(member) or ""
    found["name"] = given.get("name") or found["value"] or found.get("id") or ""
    for member in ("description", "owner", "additionalOwners", "segments", "tags"):
        found.setdefault(member, None)
    found["manuallyUpdatedFields"] = given.get("manuallyUpdatedFields") or UNTOUCHED
    for member in ("privileged", "cloudGoverned", "requestable"):
        found[member] = bool(given.get(member))
    found["attributes"] = given.get("attributes") or {}
    found["directPermissions"] = given.get("directPermissions") or []
    found["privilegeLevel"] = given.get("privilegeLevel") or NEVER_SET
    source = given.get("source")
    if source:
        found["source"] = {"id": source.get("id", ""), "type": "SOURCE", "name": source.get("name") or ""}
    else:
        found.pop("source", None)
    return found


# --- what a patch may change ---------------------------------------------------------------------------


def patchable(version: str) -> tuple[str, ...]:
    """JSON pointers that PATCH /entitlements/{id} may change at a version (unversioned: v2025)."""
    return (*_FLAGS, _LEVEL, *_TEXTS) if version in ("v2026", "v1") else (*_FLAGS, *_TEXTS)


def bulk_patchable(version: str) -> tuple[str, ...]:
    """The same for POST /entitlements/bulk-update; '' is the unversioned form, which knows the oldest list only."""
    return patchable(version) if version else _FLAGS


def require_values(operations: Sequence[Document]) -> None:
    """Raise Invalid for the first operation that no entitlement could take: its kind, or its value."""
    for index, operation in enumerate(operations):
        op, path = operation["op"], operation["path"]
        if op not in ("add", "replace", "test"):
            raise Invalid(f"{op} is not possible here", where=f"/{index}/op", hint="add, replace, test")
        if op != "test":
            fault = _CHECKS[path](operation["value"])
            if fault:
                place, _, text = fault.rpartition(" | ")
                raise Invalid(f"{path}: {text}", where=f"/{index}/value{place}")


def _flag(value: Any) -> str:
    return "" if isinstance(value, bool) else "true or false is expected, as JSON"


def _level(value: Any) -> str:
    known = value is None or (isinstance(value, str) and value in LEVELS)
    return "" if known else f"one of {', '.join(reversed(LEVELS))} or null is expected"


def _name(value: Any) -> str:
    return "" if isinstance(value, str) and value.strip() else "a text that is not blank is expected"


def _description(value: Any) -> str:
    return "" if value is None or isinstance(value, str) else "a text or null is expected"


def _owner(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, dict):
        return "an object with type and id, or null, is expected"
    if value.get("type", "IDENTITY") != "IDENTITY":
        return "/type | an owner is an IDENTITY"
    if not isinstance(value.get("id"), str) or not value["id"]:
        return "/id | the id of an identity is expected"
    if not isinstance(value.get("name"), str | None):
        return "/name | a name is a text"
    return ""


def _segment(value: Any) -> str:
    return "" if isinstance(value, str) and value.strip() else "the id of a segment is expected"


def _segments(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, list):
        return "a list of ids of segments, or null, is expected"
    for position, one in enumerate(value):
        if _segment(one):
            return f"/{position} | {_segment(one)}"
    return ""


def _fields(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, dict) or value.keys() != UNTOUCHED.keys():
        return f"an object with exactly the members {' and '.join(UNTOUCHED)}, or null, is expected"
    for name, one in value.items():
        if not isinstance(one, bool):
            return f"/{name} | true or false is expected, as JSON"
    return ""


# A check answers '' or a fault, `place below the value | text`.
_CHECKS: Mapping[str, Callable[[Any], str]] = {
    "/privileged": _flag,
    "/requestable": _flag,
    _LEVEL: _level,
    "/name": _name,
    "/description": _description,
    "/owner": _owner,
    "/segments": _segments,
    "/segments/-": _segment,
    "/manuallyUpdatedFields": _fields,
}


# --- what a patch comes to -----------------------------------------------------------------------------


def view(document: Document, operations: Sequence[Document]) -> Document:
    """The members of a document that a patch deals with: the library then copies little.

    `privilegeOverride` is a member for patches only; `segments` that are null take an element. What is set as a whole
    and never looked at stands there as null, so that entitlements which differ in it alone are patched alike.
    """
    if all(operation["op"] != "test" and operation["path"].count("/") == 1 for operation in operations):
        return dict.fromkeys(operation["path"][1:] for operation in operations)
    found: Document = {}
    for operation in operations:
        path = operation["path"]
        root = path.split("/", 2)[1] if path else ""
        if root == "privilegeOverride":
            level = document.get("privilegeLevel") or NEVER_SET
            found[root] = {"level": level["direct"] if level.get("setByType") == OVERRIDE else None}
        elif path == "/segments/-" and operation["op"] != "test":
            found[root] = document.get(root) or []
        elif root in document:
            found.setdefault(root, document[root])
        elif not path:
            found = document | found
    return found


def patched(before: Document, after: Document, owner: Document | None, by: str) -> Document:
    """The whole document after a patch of its `view`.

    `before` is complete. `owner`: the reference that a patched owner stands for; `by`: who patches.
    """
    found = before | after
    if "owner" in after:
        found["owner"] = owner if after["owner"] and after["owner"] != before.get("owner") else after["owner"]
    if "privilegeOverride" in after:
        level = before.get("privilegeLevel") or NEVER_SET
        found["privilegeLevel"] = overridden(level, found.pop("privilegeOverride")["level"], by)
    if "segments" in after and found["segments"]:
        found["segments"] = list(dict.fromkeys(found["segments"]))
    if "manuallyUpdatedFields" in after:
        found["manuallyUpdatedFields"] = after["manuallyUpdatedFields"] or UNTOUCHED
    elif "name" in after or "description" in after:
        found["manuallyUpdatedFields"] = _by_hand(before, found)
    return found


def _by_hand(before: Document, after: Document) -> Document:
    """`manuallyUpdatedFields` after a patch that does not name it; an aggregation leaves such members alone."""
    fields: Document = before["manuallyUpdatedFields"]
    for member, name in (("name", "DISPLAY_NAME"), ("description", "DESCRIPTION")):
        if after.get(member) != before.get(member):
            fields = fields | {name: True}
    return fields


def overridden(level: Document, wanted: str | None, by: str) -> Document:
    """`privilegeLevel` with another override; None takes it back to what criteria have set, or NONE.

    >>> overridden(NEVER_SET, "HIGH", "ada")["effective"]
    'HIGH'
    """
    is_set = level.get("setByType") == OVERRIDE
    if wanted == (level["direct"] if is_set else None):
        return level
    # What criteria have set is kept below the override, for its end.
    base: Document = level.get("overridden") or NEVER_SET if is_set else level
    found = {"direct": base["direct"], "setByType": base.get("setByType"), "inherited": level.get("inherited")}
    if base.get("setBy"):
        found["setBy"] = base["setBy"]
    if wanted is not None:
        kept = {"overridden": found} if found["setByType"] else {}
        found = {"direct": wanted, "setBy": by, "setByType": OVERRIDE, "inherited": level.get("inherited")} | kept
    found["effective"] = max(found["direct"], found["inherited"] or "NONE", key=LEVELS.index)
    return found


def require_owner_name(operations: Sequence[Document], names: Mapping[str, str]) -> None:
    """Raise Invalid for a patched owner that does not exist, or is not called as the patch says."""
    for index, owner in owners(operations):
        id = plain_id(owner["id"])
        if id not in names:
            raise Invalid(f"there is no identity {owner['id']!r}", where=f"/{index}/value/id", code="400.1.404")
        given = owner.get("name")
        if given is not None and given != names[id]:
            raise Invalid(f"the identity {id} is not called {given!r}", where=f"/{index}/value/name", hint=names[id])


def owners(operations: Sequence[Document]) -> list[tuple[int, Document]]:
    """(index of the operation, owner) of every operation that sets one."""
    return [
        (index, operation["value"])
        for index, operation in enumerate(operations)
        if operation["path"] == "/owner" and operation["op"] != "test" and operation["value"]
    ]
