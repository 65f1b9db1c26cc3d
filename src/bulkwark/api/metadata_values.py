"""Metadata of single objects, and lists that ask for it: the same for every noun that has metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from bulkwark.api import answers, collections, writing
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.bulk.metadata import object_types
from bulkwark.domain import metadata
from bulkwark.domain.kinds import Kind, kind_of
from bulkwark.domain.metadata import Catalogue, Change, Operation, Scope
from bulkwark.errors import NotFound
from bulkwark.query import ast
from bulkwark.query.ast import Node
from bulkwark.query.fields import Field
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.store.dialect import Session
from bulkwark.store.indexes import METADATA
from bulkwark.store.objects import Stored

Need = Callable[[Call, Session, str], Stored]
FILTER_DEFAULT, FILTER_MOST = 50, 250


# --- lists ---------------------------------------------------------------------------------------------


class MetadataFilter(msgspec.Struct):
    """One of `ammKeyValues`: the attribute, and the values of which one suffices (none: any value)."""

    attribute: str
    values: list[str] | None = None


class FilterBody(msgspec.Struct):
    """Body of POST /roles/filter and POST /access-profiles/filter."""

    filters: str | None = None
    ammKeyValues: list[MetadataFilter] | None = None


def selected(call: Call, kind: Kind, allowed: Mapping[str, frozenset[str]]) -> Node:
    """What the body selects: attributes are joined by AND, values of one attribute by OR.

    Raises Invalid or QueryError, also for unknown attributes and values.
    """
    body = call.json(FilterBody)
    parts = [collections.parse_filter(call, kind, allowed, body.filters, "/filters")]
    catalogue = call.tenant.metadata.catalogue(call.read())
    for position, wanted in enumerate(body.ammKeyValues or []):
        parts.append(_holds(catalogue, wanted, f"/ammKeyValues/{position}"))
    return ast.conj(*parts)


def _holds(catalogue: Catalogue, wanted: MetadataFilter, where: str) -> Node:
    """Objects that hold the attribute with one of the values. Raises Invalid for unknown names."""
    attribute = metadata.find_attribute(catalogue, wanted.attribute, where)
    for position, value in enumerate(wanted.values or []):
        metadata.find_value(attribute, value, f"{where}/values/{position}", active=False)
    key = ast.Exact(field=Field(f"{METADATA}.key", FieldKind.TEXT), values=(attribute.key,))
    if not wanted.values:
        return ast.Nested(path=METADATA, child=key)
    field = Field(f"{METADATA}.value", FieldKind.TEXT)
    either = ast.Exact(field=field, values=tuple(wanted.values))
    return ast.Nested(path=METADATA, child=ast.conj(key, either))


# --- one value -----------------------------------------------------------------------------------------


def add(call: Call, need: Need) -> Answer:
    """POST …/{id}/access-model-metadata/{attributeKey}/values/{attributeValue}: answers the object."""
    return _change_value(call, need, Operation.ADD)


def remove(call: Call, need: Need) -> Answer:
    """DELETE of the same: accepted without a body."""
    return _change_value(call, need, Operation.REMOVE)


def _change_value(call: Call, need: Need, operation: Operation) -> Answer:
    status = call.route.operation.success
    with call.services.store.write() as session:
        old = need(call, session, call.params["id"])
        change = _single(call, session, kind_of(old.rid), operation)
        before = metadata.parse(old.md)
        after = change.apply(before)
        if after != before:
            modified = max(call.now, old.modified)
            call.tenant.objects.set_metadata(session, old, metadata.text(after), modified=modified)
        if operation is Operation.REMOVE:
            return answers.empty(status)
        stored = writing.reread(call, session, old.rid)
        return answers.text(collections.document(stored, call.tenant.wire(session), kind_of(old.rid)), status)


def _single(call: Call, session: Session, kind: Kind, operation: Operation) -> Change:
    key, value = call.params["attributeKey"], call.params["attributeValue"]
    catalogue = call.tenant.metadata.catalogue(session)
    if key not in catalogue.attributes:
        raise NotFound(f"there is no metadata attribute {key!r}")
    if value not in catalogue.attributes[key].values:
        raise NotFound(f"the attribute {key!r} has no value {value!r}")
    values = [(key, [value])]
    return metadata.change(catalogue, operation, Scope.ATTRIBUTE, values, object_types=object_types(kind), where="path")
