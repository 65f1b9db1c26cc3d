"""Access profiles: entitlements of one source that are granted together. What may be asked of them, and their rules.

Shapes: the official AccessProfile, of which all versions agree. A member that was left out stays out (UNSET) where
null and absence are different things on the wire.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import plain_id
from bulkwark.domain.role_parts import Duration, Reference
from bulkwark.errors import Invalid

ANY_ORDER = frozenset({"eq", "gt", "ge", "lt", "le"})
_ID, _NAME = frozenset({"eq", "in"}), frozenset({"eq", "in", "sw"})
# The official lists differ between siblings by accident (created without lt); we take their union.
FILTERS: Mapping[str, frozenset[str]] = {
    "id": _ID,
    "name": _NAME,
    "created": ANY_ORDER,
    "modified": ANY_ORDER,
    "owner.id": _ID,
    "requestable": frozenset({"eq"}),
    "source.id": _ID,
}
SORTERS = ("name", "created", "modified")
# Entitlements of an access profile, a role or a dimension.
ENTITLEMENT_FILTERS: Mapping[str, frozenset[str]] = {
    "id": _ID,
    "name": _NAME,
    "attribute": _NAME,
    "value": _NAME,
    "created": ANY_ORDER,
    "modified": ANY_ORDER,
    "owner.id": _ID,
    "source.id": _ID,
}
ENTITLEMENT_SORTERS = ("name", "attribute", "value", "created", "modified")
PATCHABLE = tuple(
    f"/{name}{below}"
    for name in (
        "name",
        "description",
        "enabled",
        "owner",
        "additionalOwners",
        "requestable",
        "accessRequestConfig",
        "revokeRequestConfig",
        "revocationRequestConfig",
        "segments",
        "entitlements",
        "provisioningCriteria",
        "source",
    )
    for below in ("", "/*")
)
MAX_DESCRIPTION = 2_000  # characters; longer ones that are there already stay


class ApprovalScheme(Struct):
    approverType: (
        Literal[
            "APP_OWNER",
            "OWNER",
            "SOURCE_OWNER",
            "MANAGER",
            "GOVERNANCE_GROUP",
            "WORKFLOW",
            "ALL_OWNERS",
            "ADDITIONAL_OWNER",
            "ADDITIONAL_GOVERNANCE_GROUP",
        ]
        | UnsetType
    ) = UNSET
    approverId: str | UnsetType | None = UNSET


class Requestability(Struct):
    """`accessRequestConfig`."""

    commentsRequired: bool | UnsetType | None = UNSET
    denialCommentsRequired: bool | UnsetType | None = UNSET
    reauthorizationRequired: bool | UnsetType | None = UNSET
    requireEndDate: bool | UnsetType | None = UNSET
    maxPermittedAccessDuration: Duration | UnsetType | None = UNSET
    approvalSchemes: list[ApprovalScheme] | UnsetType | None = UNSET
    formDefinitionId: str | UnsetType | None = UNSET


class Revocability(Struct):
    """`revocationRequestConfig`."""

    approvalSchemes: list[ApprovalScheme] | UnsetType | None = UNSET


ProvisioningOperation = Literal["EQUALS", "NOT_EQUALS", "CONTAINS", "HAS", "AND", "OR"]


class Provisioning3(Struct):
    operation: ProvisioningOperation | UnsetType = UNSET
    attribute: str | UnsetType | None = UNSET
    value: str | UnsetType | None = UNSET


class Provisioning2(Struct):
    operation: ProvisioningOperation | UnsetType = UNSET
    attribute: str | UnsetType | None = UNSET
    value: str | UnsetType | None = UNSET
    children: list[Provisioning3] | UnsetType | None = UNSET


class Provisioning1(Struct):
    """`provisioningCriteria`: which of several accounts gets the access. At most three levels."""

    operation: ProvisioningOperation | UnsetType = UNSET
    attribute: str | UnsetType | None = UNSET
    value: str | UnsetType | None = UNSET
    children: list[Provisioning2] | UnsetType | None = UNSET


class ProfileBody(Struct):
    """What a caller may write into an access profile (POST, and the result of a PATCH). Others are ignored."""

    name: str
    owner: Reference
    source: Reference
    description: str | None = None
    enabled: bool = False
    entitlements: list[Reference] | None = None
    requestable: bool = True
    accessRequestConfig: Requestability | None = None
    revocationRequestConfig: Revocability | None = None
    segments: list[str] | None = None
    accessModelMetadata: dict[str, Any] | None = None
    provisioningCriteria: Provisioning1 | None = None
    additionalOwners: list[Reference] | None = None


def require_valid(profile: ProfileBody, before: Document | None = None) -> None:
    """Raise Invalid with the pointer of the first member that breaks a rule. `before`: the document of a PATCH."""
    if not profile.name.strip():
        raise Invalid("an access profile needs a name", where="/name")
    said = profile.description or ""
    if len(said) > MAX_DESCRIPTION and said != (before or {}).get("description"):
        raise Invalid(f"it has {len(said)} characters", where="/description", hint=f"at most {MAX_DESCRIPTION}")
    for where, ref, type in (("/owner", profile.owner, "IDENTITY"), ("/source", profile.source, "SOURCE")):
        if ref.type not in (None, type):
            raise Invalid(f"{ref.type} stands where {type} belongs", where=f"{where}/type")
    for position, ref in enumerate(profile.entitlements or []):
        if ref.type not in (None, "ENTITLEMENT"):
            raise Invalid(f"{ref.type} stands where ENTITLEMENT belongs", where=f"/entitlements/{position}/type")
    for position, ref in enumerate(profile.additionalOwners or []):
        if ref.type not in (None, "IDENTITY", "GOVERNANCE_GROUP"):
            raise Invalid(f"{ref.type} cannot own an access profile", where=f"/additionalOwners/{position}/type")
    if profile.enabled and not profile.entitlements:
        raise Invalid("an enabled access profile needs an entitlement", where="/entitlements")


def require_same_source(profile: ProfileBody, found: Mapping[str, Document]) -> None:
    """Raise Invalid for an entitlement of another source. `found`: id → document of all references."""
    source = plain_id(profile.source.id)
    for position, ref in enumerate(profile.entitlements or []):
        entitlement = found[plain_id(ref.id)]
        other = entitlement.get("source") or {}
        if other.get("id") != source:
            raise Invalid(
                f"the entitlement {entitlement.get('name')!r} belongs to the source {other.get('name')!r}, "
                f"not to {found[source]['name']!r}",
                where=f"/entitlements/{position}",
            )


def document(profile: ProfileBody, id: str, created: str, names: Mapping[str, str]) -> Document:
    """The document as stored: without `modified` and metadata. `names` maps ids of references to names."""

    def ref(reference: Reference, type: str) -> Document:
        id = plain_id(reference.id)
        return {"type": reference.type or type, "id": id, "name": names.get(id) or reference.name or ""}

    additional = profile.additionalOwners
    entitlements = {plain_id(r.id): r for r in profile.entitlements or []}  # each once, in the order given
    return {
        "id": id,
        "name": profile.name,
        "description": profile.description,
        "created": created,
        "enabled": profile.enabled,
        "owner": ref(profile.owner, "IDENTITY"),
        "source": ref(profile.source, "SOURCE"),
        "entitlements": [ref(r, "ENTITLEMENT") for r in entitlements.values()],
        "requestable": profile.requestable,
        "accessRequestConfig": msgspec.to_builtins(profile.accessRequestConfig),
        "revocationRequestConfig": msgspec.to_builtins(profile.revocationRequestConfig),
        "segments": profile.segments or [],
        "provisioningCriteria": msgspec.to_builtins(profile.provisioningCriteria),
        "additionalOwners": None if additional is None else [ref(r, "IDENTITY") for r in additional],
    }
