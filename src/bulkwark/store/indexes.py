"""The search indexes: which kind each holds, its fields, and where its nested arrays lead.

Source: the official search documents; docs/reference/fields.md is made from this table.
A nested array is a list of links to other objects: the fields of its elements are the fields of the
linked kind, so a renamed entitlement is found under its new name in every role at once. The arrays of identities are
embedded: their elements stand in the identity's document alone (`store/embedded.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bulkwark.domain.kinds import Kind
from bulkwark.query.fields import Field, Schema, schema
from bulkwark.query.fields import Kind as FieldKind

METADATA = "accessModelMetadata"
METADATA_FIELDS = (f"{METADATA}.key", f"{METADATA}.value")


@dataclass(frozen=True, slots=True)
class Index:
    """One index of `/search`."""

    name: str
    type: str  # the `_type` of its documents
    kind: Kind | None  # None: an index that has no documents yet
    schema: Schema
    links: Mapping[str, Kind] = field(default_factory=dict)  # nested path → linked kind
    folded: tuple[str, ...] = ()  # TEXT fields that the filter language may ask for
    folded_maps: tuple[str, ...] = ()  # open maps below which role memberships may ask for any field
    embedded: tuple[str, ...] = ()  # nested paths whose elements stand in the document itself

    def folds(self, path: str) -> bool:
        """Whether the index knows the case-folded whole values of a TEXT field."""
        return path in self.folded or any(path.startswith(f"{name}.") for name in self.folded_maps)


ENTITLEMENT = """
keyword id source.id source.type hash owner.id additionalOwners.id segments.id privilegeLevel.direct
keyword _type _version pod org
text name displayName description source.name tags attribute value sourceSchemaObjectType schema owner.name
date created modified synced
bool requestable cloudGoverned privileged containsDataAccess
number segmentCount
"""
ACCESS_PROFILE = """
keyword id source.id owner.id additionalOwners.id segments.id _type _version pod org
text name description source.name owner.type owner.name owner.email tags
date created modified synced
bool enabled requestable requestCommentsRequired
number entitlementCount segmentCount
"""
ROLE = """
keyword id owner.id additionalOwners.id segments.id _type _version pod org
text name description owner.type owner.name owner.email tags segments.name
date created modified synced
bool enabled requestable requestCommentsRequired dimensional
number accessProfileCount entitlementCount segmentCount dimensionSchemaAttributeCount
"""
IDENTITY = """
keyword id manager.id identityProfile.id source.id _type _version pod org
text name displayName firstName lastName email phone employeeNumber status processingState alias
text manager.name manager.displayName identityProfile.name source.name tags visibleSegments
date created modified synced
bool inactive protected correlated disabled locked isManager
number accountCount appCount accessCount entitlementCount roleCount accessProfileCount ownsCount tagsCount tagCount
number visibleSegmentCount
"""
ACCOUNT = """
keyword id source.id
text name accountId source.name source.type
bool disabled locked privileged manuallyCorrelated supportsPasswordChange
date created passwordLastSet
"""
ACCOUNT_MAPS = ("accountAttributes", "entitlementAttributes")
ACCESS = """
keyword id type source.id owner.id
text name displayName description attribute value schema source.name owner.name owner.displayName
bool privileged standalone disabled revocable enabled requestable requestCommentsRequired cloudEligible cloudGoverned
"""
APP = """
keyword id source.id account.id
text name source.name account.accountId
"""
SOURCE = """
keyword id owner.id owner.name type description connector connectorName connectionType features status category
keyword managementWorkgroup.id accountCorrelationConfig.id accountCorrelationConfig.name
keyword managerCorrelationRule.type managerCorrelationRule.id managerCorrelationRule.name _type _version pod org
text name
date created modified synced
bool authoritative healthy
"""
DIMENSION = """
keyword id owner.id parentId _type _version pod org
text name
date created modified synced
"""


# Nested array of identities → kind of its elements, their fields, and their open maps.
EMBEDDED: dict[str, tuple[Kind, str, tuple[str, ...]]] = {
    "access": (Kind.ACCESS, ACCESS, ()),
    "accounts": (Kind.ACCOUNT, ACCOUNT, ACCOUNT_MAPS),
    "apps": (Kind.APP, APP, ()),
}


def _below(path: str, table: str) -> str:
    """The table with `path.` before every name: the fields of a nested array's elements."""
    lines = (line.split() for line in table.strip().splitlines())
    return "\n".join(
        " ".join([kind, *(f"{path}.{name}" for name in names if not name.startswith("_"))]) for kind, *names in lines
    )


def _build() -> dict[str, Index]:
    metadata = "\ntext " + " ".join(METADATA_FIELDS)
    entitlements = _below("entitlements", ENTITLEMENT)
    profiles = _below("accessProfiles", ACCESS_PROFILE)
    found = [
        Index(
            "roles",
            "role",
            Kind.ROLE,
            schema(
                "roles",
                ROLE + entitlements + "\n" + profiles + metadata,
                nested=["entitlements", "accessProfiles", METADATA],
            ),
            links={"entitlements": Kind.ENTITLEMENT, "accessProfiles": Kind.ACCESS_PROFILE},
            folded=("name",),
        ),
        Index(
            "accessprofiles",
            "accessprofile",
            Kind.ACCESS_PROFILE,
            schema("accessprofiles", ACCESS_PROFILE + entitlements + metadata, nested=["entitlements", METADATA]),
            links={"entitlements": Kind.ENTITLEMENT},
            folded=("name",),
        ),
        Index(
            "entitlements",
            "entitlement",
            Kind.ENTITLEMENT,
            schema("entitlements", ENTITLEMENT + metadata, nested=[METADATA], open_maps=["attributes"]),
            folded=("name", "value", "attribute", "sourceSchemaObjectType", "tags"),
        ),
        Index(
            "identities",
            "identity",
            Kind.IDENTITY,
            schema(
                "identities",
                "\n".join([IDENTITY, *(_below(path, table) for path, (_, table, _) in EMBEDDED.items())]),
                nested=list(EMBEDDED),
                open_maps=["attributes", *(f"{path}.{name}" for path, (*_, maps) in EMBEDDED.items() for name in maps)],
            ),
            links={path: kind for path, (kind, *_) in EMBEDDED.items()},
            folded=("name", "displayName", "alias", "email", "firstName", "lastName", "status", "processingState"),
            folded_maps=("attributes",),
            embedded=tuple(EMBEDDED),
        ),
        Index("events", "event", Kind.EVENT, schema("events", _EVENT, open_maps=["attributes"])),
        Index("accountactivities", "accountactivity", None, schema("accountactivities", _ACTIVITY)),
    ]
    return {index.name: index for index in found}


_EVENT = """
keyword id _type _version pod org
text name action type stack trackingNumber ipAddress details operation status technicalName actor.name target.name
text objects
date created modified synced
"""
_ACTIVITY = """
keyword id _type _version pod org
text action stage status trackingNumber requester.name recipient.name sources errors warnings
date created modified synced
"""

INDEXES: dict[str, Index] = _build()
BY_KIND: dict[Kind, Index] = {index.kind: index for index in INDEXES.values() if index.kind is not None}
# These are listed and filtered but are no index of `/search`.
BY_KIND[Kind.SOURCE] = Index("sources", "source", Kind.SOURCE, schema("sources", SOURCE), folded=("name",))
BY_KIND[Kind.DIMENSION] = Index(
    "dimensions",
    "dimension",
    Kind.DIMENSION,
    schema("dimensions", DIMENSION, nested=["entitlements", "accessProfiles"]),
    links={"entitlements": Kind.ENTITLEMENT, "accessProfiles": Kind.ACCESS_PROFILE},
    folded=("name",),
)
for _kind, _table, _maps in EMBEDDED.values():
    _name = _kind.noun
    BY_KIND[_kind] = Index(_name, _name, _kind, schema(_name, _table, open_maps=_maps))
_KINDS: dict[str, Kind] = {index.name: kind for kind, index in BY_KIND.items()}


def kind_called(index: str) -> Kind | None:
    """The kind whose objects an index holds; None for an index that has no documents yet."""
    return _KINDS.get(index)


def home(kind: Kind, path: str) -> tuple[Kind, str]:
    """The kind and path under which a field is numbered: those of embedded elements, for what stands in them.

    >>> home(Kind.IDENTITY, "accounts.source.name")
    (<Kind.ACCOUNT: 8>, 'source.name')
    """
    array, dot, inner = path.partition(".")
    if dot and array in EMBEDDED and kind is Kind.IDENTITY:
        return EMBEDDED[array][0], inner
    return kind, path


def element_field(field: Field) -> Field:
    """The field of the linked object's own index that a nested field stands for."""
    return Field(field.path[len(field.nested) + 1 :], field.kind)


def is_string(field: Field) -> bool:
    """Whether values of the field are strings."""
    return field.kind in (FieldKind.TEXT, FieldKind.KEYWORD)
