"""Roles: what the filter language may ask of them, and the rules their documents keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import plain_id
from bulkwark.domain.role_parts import DimensionRef, Membership, Reference, Requestability, Revocability
from bulkwark.errors import Invalid

ANY_ORDER = frozenset({"eq", "gt", "ge", "lt", "le"})
# The official lists differ between siblings by accident (created without lt); we take their union.
FILTERS: Mapping[str, frozenset[str]] = {
    "id": frozenset({"eq", "in"}),
    "name": frozenset({"eq", "in", "sw"}),
    "created": ANY_ORDER,
    "modified": ANY_ORDER,
    "owner.id": frozenset({"eq", "in"}),
    "requestable": frozenset({"eq"}),
    "dimensional": frozenset({"eq"}),
}
SORTERS = ("name", "created", "modified")
# JSON pointers that PATCH /roles/{id} may change.
PATCHABLE = (
    "/name",
    "/description",
    "/enabled",
    "/owner",
    "/owner/*",
    "/additionalOwners",
    "/additionalOwners/*",
    "/accessProfiles",
    "/accessProfiles/*",
    "/entitlements",
    "/entitlements/*",
    "/membership",
    "/membership/*",
    "/requestable",
    "/accessRequestConfig",
    "/accessRequestConfig/*",
    "/revokeRequestConfig",
    "/revokeRequestConfig/*",
    "/revocationRequestConfig",
    "/revocationRequestConfig/*",
    "/segments",
    "/segments/*",
    "/dimensional",
    "/dimensionRefs",
    "/dimensionRefs/*",
)


class RoleBody(msgspec.Struct):
    """What a caller may write into a role (POST, and the result of a PATCH). Unknown members are ignored."""

    name: str
    owner: Reference
    description: str | None = None
    additionalOwners: list[Reference] | None = None
    accessProfiles: list[Reference] | None = None
    entitlements: list[Reference] | None = None
    membership: Membership | None = None
    legacyMembershipInfo: dict[str, Any] | None = None
    enabled: bool = False
    requestable: bool = False
    accessRequestConfig: Requestability | None = None
    revocationRequestConfig: Revocability | None = None
    segments: list[str] | None = None
    dimensional: bool | None = False
    dimensionRefs: list[DimensionRef] | None = None
    accessModelMetadata: dict[str, Any] | None = None
    privilegeLevel: str | None = None


def require_valid(role: RoleBody) -> None:
    """Raise Invalid with the pointer of the first member that breaks a rule of the official schema."""
    if not role.name.strip():
        raise Invalid("a role needs a name", where="/name")
    if len(role.name) > 128:
        raise Invalid(f"the name has {len(role.name)} characters", where="/name", hint="at most 128")
    if role.owner.type not in (None, "IDENTITY"):
        raise Invalid(f"an owner is an IDENTITY, not {role.owner.type}", where="/owner/type")
    for where, refs, type in (
        ("/accessProfiles", role.accessProfiles, "ACCESS_PROFILE"),
        ("/entitlements", role.entitlements, "ENTITLEMENT"),
    ):
        for position, ref in enumerate(refs or []):
            if ref.type not in (None, type):
                raise Invalid(f"{ref.type} stands where {type} belongs", where=f"{where}/{position}/type")
    for position, ref in enumerate(role.additionalOwners or []):
        if ref.type not in (None, "IDENTITY", "GOVERNANCE_GROUP"):
            raise Invalid(f"{ref.type} cannot own a role", where=f"/additionalOwners/{position}/type")


def document(role: RoleBody, id: str, created: str, names: Mapping[str, str]) -> Document:
    """The document as stored: without `modified` and metadata. `names` maps ids of references to names."""

    def ref(reference: Reference, type: str) -> Document:
        id = plain_id(reference.id)
        return {"type": reference.type or type, "id": id, "name": names.get(id) or reference.name or ""}

    additional = role.additionalOwners
    return {
        "id": id,
        "name": role.name,
        "created": created,
        "description": role.description,
        "owner": ref(role.owner, "IDENTITY"),
        "additionalOwners": None if additional is None else [ref(r, "IDENTITY") for r in additional],
        "accessProfiles": [ref(r, "ACCESS_PROFILE") for r in role.accessProfiles or []],
        "entitlements": [ref(r, "ENTITLEMENT") for r in role.entitlements or []],
        "membership": msgspec.to_builtins(role.membership),
        "legacyMembershipInfo": role.legacyMembershipInfo,
        "enabled": role.enabled,
        "requestable": role.requestable,
        "accessRequestConfig": msgspec.to_builtins(role.accessRequestConfig),
        "revocationRequestConfig": msgspec.to_builtins(role.revocationRequestConfig),
        "segments": role.segments or [],
        "dimensional": bool(role.dimensional),
        "dimensionRefs": msgspec.to_builtins(role.dimensionRefs),
        "privilegeLevel": role.privilegeLevel,
    }


def owners(doc: Document) -> set[str]:
    """Ids of everyone who owns the role."""
    refs = [doc.get("owner") or {}, *(doc.get("additionalOwners") or [])]
    return {ref["id"] for ref in refs if ref.get("id")}
