"""Dimensions: the parts of a dynamic role. What may be asked of them, and their rules.

Shapes: the official Dimension. A member that was left out stays out (UNSET) where null and absence are different
things on the wire.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import plain_id
from bulkwark.domain.role_parts import Criteria1, Criteria2, Criteria3, Reference
from bulkwark.errors import Invalid

_ID, _ORDER = frozenset({"eq", "in"}), frozenset({"eq", "gt", "ge", "lt", "le"})
FILTERS: Mapping[str, frozenset[str]] = {
    "id": _ID,
    "name": frozenset({"eq", "in", "sw"}),
    "created": _ORDER,
    "modified": _ORDER,
    "owner.id": _ID,
}
SORTERS = ("name", "created", "modified")
PATCHABLE = tuple(
    f"/{name}{below}"
    for name in ("name", "description", "owner", "accessProfiles", "entitlements", "membership")
    for below in ("", "/*")
)
MAX_NAME, MAX_DESCRIPTION = 128, 2_000

OPERATIONS = ("EQUALS", "AND", "OR")  # of criteria; roles have more


class Membership(Struct):
    """Who gets the dimension among those who have the role."""

    type: Literal["STANDARD"] | UnsetType = UNSET
    criteria: Criteria1 | UnsetType | None = UNSET


class DimensionBody(Struct):
    """What a caller may write into a dimension (POST, and the result of a PATCH). Unknown members are ignored."""

    name: str
    owner: Reference
    id: str | None = None
    description: str | None = None
    accessProfiles: list[Reference] | None = None
    entitlements: list[Reference] | None = None
    membership: Membership | None = None
    parentId: str | None = None


def require_new(dimension: DimensionBody, role: str) -> None:
    """Raise Invalid when the body of a POST says an id, or another role than its path."""
    if dimension.id is not None:
        raise Invalid("a new dimension has no id yet", where="/id")
    if dimension.parentId is not None and plain_id(dimension.parentId) != role:
        raise Invalid(f"{dimension.parentId!r} is not the role of the path", where="/parentId")


def require_valid(dimension: DimensionBody, before: Document | None = None) -> None:
    """Raise Invalid with the pointer of the first member that breaks a rule. `before`: the document of a PATCH."""
    if not dimension.name.strip():
        raise Invalid("a dimension needs a name", where="/name")
    if len(dimension.name) > MAX_NAME:
        raise Invalid(f"the name has {len(dimension.name)} characters", where="/name", hint=f"at most {MAX_NAME}")
    said = dimension.description or ""
    if len(said) > MAX_DESCRIPTION and said != (before or {}).get("description"):
        raise Invalid(f"it has {len(said)} characters", where="/description", hint=f"at most {MAX_DESCRIPTION}")
    if dimension.owner.type not in (None, "IDENTITY"):
        raise Invalid(f"an owner is an IDENTITY, not {dimension.owner.type}", where="/owner/type")
    for where, refs, type in (
        ("/accessProfiles", dimension.accessProfiles, "ACCESS_PROFILE"),
        ("/entitlements", dimension.entitlements, "ENTITLEMENT"),
    ):
        for position, ref in enumerate(refs or []):
            if ref.type not in (None, type):
                raise Invalid(f"{ref.type} stands where {type} belongs", where=f"{where}/{position}/type")
    if dimension.membership and isinstance(dimension.membership.criteria, Criteria1):
        _require_criteria(dimension.membership.criteria, "/membership/criteria")


def _require_criteria(criteria: Criteria1 | Criteria2 | Criteria3, where: str) -> None:
    """Raise Invalid for what only the criteria of roles may say: other operations, accounts."""
    if criteria.operation is not UNSET and criteria.operation not in OPERATIONS:
        raise Invalid(f"{criteria.operation} is no operation of a dimension", where=f"{where}/operation")
    if criteria.key and criteria.key.type != "IDENTITY":
        raise Invalid(f"{criteria.key.type} stands where IDENTITY belongs", where=f"{where}/key/type")
    if isinstance(criteria, Criteria3):
        if criteria.stringValue is None:
            raise Invalid("a text is expected at this depth", where=f"{where}/stringValue")
        return
    children: Sequence[Criteria2 | Criteria3] = criteria.children or []
    for position, child in enumerate(children):
        _require_criteria(child, f"{where}/children/{position}")


def document(dimension: DimensionBody, id: str, created: str, role: str, names: Mapping[str, str]) -> Document:
    """The document as stored, without `modified`. `names` maps ids of references to names."""

    def ref(reference: Reference, type: str) -> Document:
        id = plain_id(reference.id)
        return {"type": type, "id": id, "name": names[id]}

    return {
        "id": id,
        "name": dimension.name,
        "created": created,
        "description": dimension.description,
        "owner": ref(dimension.owner, "IDENTITY"),
        "accessProfiles": [ref(r, "ACCESS_PROFILE") for r in dimension.accessProfiles or []],
        "entitlements": [ref(r, "ENTITLEMENT") for r in dimension.entitlements or []],
        "membership": msgspec.to_builtins(dimension.membership),
        "parentId": role,
    }
