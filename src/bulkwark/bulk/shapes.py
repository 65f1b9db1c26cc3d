"""What a loaded document must look like, and how it is taken apart into what the store keeps.

Only members that the house itself reads are checked; all others are kept and shown as they came.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from bulkwark.domain import entitlements
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind, plain_id
from bulkwark.domain.metadata import MAX_VALUES
from bulkwark.domain.times import parse_ms
from bulkwark.errors import Invalid

Shape = TypeVar("Shape", bound=msgspec.Struct)
METADATA = "accessModelMetadata"
PLAIN_ID = re.compile(r"[0-9a-f]{32}").fullmatch


class Reference(msgspec.Struct):
    """A pointer to another object."""

    id: str
    name: str | None = None
    type: str | None = None


class MetadataValue(msgspec.Struct):
    """A value of an attribute (`AttributeValueDTO`)."""

    value: str
    name: str | None = None
    status: str | None = None


class MetadataAttribute(msgspec.Struct):
    """An attribute (`AttributeDTO`), on its own or on an object with the values that the object holds."""

    key: str
    name: str | None = None
    multiselect: bool | None = None
    status: str | None = None
    type: str | None = None
    objectTypes: list[str] | None = None
    description: str | None = None
    values: list[MetadataValue] | None = None


class Metadata(msgspec.Struct):
    """`accessModelMetadata` of an object."""

    attributes: list[MetadataAttribute] | None = None


class Plain(msgspec.Struct):
    """What objects of every kind have."""

    id: str
    name: str
    created: str | None = None
    modified: str | None = None
    description: str | None = None
    tags: list[str] | None = None


class Governed(Plain):
    """What roles, access profiles and entitlements have."""

    owner: Reference | None = None
    additionalOwners: list[Reference] | None = None
    segments: list[str | dict[str, Any]] | None = None
    requestable: bool | None = None
    accessModelMetadata: Metadata | UnsetType | None = UNSET


class Access(Governed):
    """What roles and access profiles have."""

    enabled: bool | None = None
    entitlements: list[Reference] | None = None
    accessRequestConfig: dict[str, Any] | None = None


class Role(Access):
    accessProfiles: list[Reference] | None = None
    dimensional: bool | None = None


class AccessProfile(Access):
    source: Reference | None = None


class Entitlement(Governed):
    source: Reference | None = None
    attribute: str | None = None
    value: str | None = None
    sourceSchemaObjectType: str | None = None
    attributes: dict[str, Any] | None = None
    privileged: bool | None = None
    cloudGoverned: bool | None = None


class Identity(Plain):
    alias: str | None = None
    emailAddress: str | None = None
    identityStatus: str | None = None
    processingState: str | None = None
    isManager: bool | None = None
    managerRef: Reference | None = None
    attributes: dict[str, Any] | None = None


class Source(Plain):
    owner: Reference | None = None
    connector: str | None = None
    authoritative: bool | None = None


SHAPES: dict[Kind, type[Plain]] = {
    Kind.ROLE: Role,
    Kind.ACCESS_PROFILE: AccessProfile,
    Kind.ENTITLEMENT: Entitlement,
    Kind.IDENTITY: Identity,
    Kind.SOURCE: Source,
}

# Members that refer to other objects, and the kind they refer to. A manager is only a name: nothing is looked
# up through him, and files list people in any order.
REFERENCES: dict[str, Kind] = {
    "owner": Kind.IDENTITY,
    "additionalOwners": Kind.IDENTITY,
    "source": Kind.SOURCE,
    "entitlements": Kind.ENTITLEMENT,
    "accessProfiles": Kind.ACCESS_PROFILE,
}


@dataclass(slots=True)
class Parts:
    """A document taken apart; it shares members with the document it came from."""

    document: Document  # without `modified` and metadata
    modified: int | None  # ms; None: it does not say
    metadata: list[MetadataAttribute] | None  # None: it does not say
    references: list[tuple[Kind, str, str]]  # (kind, id, name) of what it points at


def take_apart(kind: Kind, given: Document) -> Parts:
    """Check a document in the shape of a GET answer and take it apart. Raises Invalid with a JSON pointer."""
    shape = _converted(given, SHAPES[kind])
    document = dict(given)
    document.pop("modified", None)
    document.pop(METADATA, None)
    if kind is Kind.ENTITLEMENT:
        document = entitlements.complete(document)
    if not PLAIN_ID(shape.id):
        document["id"] = _id(shape.id, "/id")
    if not shape.name.strip():
        raise Invalid("a name is blank", where="/name")
    modified = None if shape.modified is None else _moment(shape.modified, "/modified")
    if shape.created is not None:
        _moment(shape.created, "/created")
    metadata: list[MetadataAttribute] | None = None
    if isinstance(shape, Governed) and shape.accessModelMetadata is not UNSET:
        metadata = (shape.accessModelMetadata.attributes or []) if shape.accessModelMetadata else []
        _require_few(metadata)
    return Parts(document, modified, metadata, list(_references(kind, shape, document)))


def attribute(given: Any) -> MetadataAttribute:
    """A metadata attribute's document, checked. Raises Invalid with a JSON pointer."""
    found = _converted(given, MetadataAttribute)
    if not found.key.strip() or "/" in found.key:
        raise Invalid(f"{found.key!r} is no key of an attribute", where="/key", hint="a technical name without '/'")
    for position, value in enumerate(found.values or []):
        if not value.value.strip():
            raise Invalid("a value is blank", where=f"/values/{position}/value")
    return found


def attribute_documents(found: MetadataAttribute) -> tuple[Document, list[Document]]:
    """An attribute and its values as stored."""
    document: Document = {
        "key": found.key,
        "name": found.name or found.key,
        "multiselect": bool(found.multiselect),
        "status": found.status or "active",
        "type": found.type or "custom",
        "objectTypes": found.objectTypes or ["all"],
        "description": found.description or "",
    }
    values: list[Document] = [
        {"value": value.value, "name": value.name or value.value, "status": value.status or "active"}
        for value in found.values or []
    ]
    return document, values


def pointer(path: str) -> str:
    """A JSON pointer from msgspec's path: `$.entitlements[2].id` → `/entitlements/2/id`."""
    return path.strip("`").removeprefix("$").replace("[", "/").replace("]", "").replace(".", "/")


def _converted(given: Any, shape: type[Shape]) -> Shape:
    try:
        return msgspec.convert(given, shape)
    except msgspec.ValidationError as error:
        detail, _, path = str(error).partition(" - at ")
        raise Invalid(detail, where=pointer(path)) from None


def _require_few(metadata: list[MetadataAttribute]) -> None:
    count = sum(len(one.values or []) for one in metadata)
    if count > MAX_VALUES:
        raise Invalid(f"the object holds {count} metadata values", where=f"/{METADATA}", hint=f"at most {MAX_VALUES}")


def _references(kind: Kind, shape: Plain, document: Document) -> Iterator[tuple[Kind, str, str]]:
    """What the document points at; ids in another spelling are put right in the document."""
    for member, target in REFERENCES.items():
        found = getattr(shape, member, None)
        if not found:
            continue
        several = isinstance(found, list)
        for position, ref in enumerate(found if several else [found]):
            where = f"/{member}/{position}" if several else f"/{member}"
            if member == "additionalOwners" and ref.type not in (None, "IDENTITY"):
                continue  # a governance group, which is no kind of ours yet
            id = ref.id
            if not PLAIN_ID(id):
                id = _id(id, f"{where}/id")
                if several:
                    document[member] = [*document[member]]
                    document[member][position] = document[member][position] | {"id": id}
                else:
                    document[member] = document[member] | {"id": id}
            yield target, id, ref.name or id


def _id(text: str, where: str) -> str:
    id = plain_id(text)
    if not PLAIN_ID(id):
        raise Invalid(f"{text!r} is no id", where=where, hint="32 hex digits, or a UUID")
    return id


def _moment(text: str, where: str) -> int:
    try:
        return parse_ms(text)
    except ValueError:
        raise Invalid(f"{text!r} is no moment", where=where, hint="as in 2024-09-16T18:59:06.871Z") from None
