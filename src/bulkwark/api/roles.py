"""Roles: list, create, get, patch, delete, bulk delete, filter by metadata, single metadata values."""

from __future__ import annotations

from typing import Any

import msgspec

from bulkwark.api import answers, collections, patches, references
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.api.references import Wanted
from bulkwark.api.role_rights import need_role, own_only, require_roles, visible
from bulkwark.bulk import tasks
from bulkwark.domain import metadata, roles
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind, new_id, plain_id
from bulkwark.domain.metadata import Catalogue, Change, Operation, Scope
from bulkwark.domain.roles import RoleBody
from bulkwark.domain.times import iso_ms
from bulkwark.errors import Forbidden, Invalid, NotFound
from bulkwark.query import ast
from bulkwark.query.analysis import fold
from bulkwark.query.ast import Node
from bulkwark.query.fields import Field
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.store.dialect import Session
from bulkwark.store.objects import New
from bulkwark.store.references import delete_whole

LIST_DEFAULT, LIST_MOST = 50, 50
FILTER_DEFAULT, FILTER_MOST = 50, 250
MAX_BULK_DELETE = 50


# --- reading -------------------------------------------------------------------------------------------


def list_roles(call: Call) -> Answer:
    """GET /roles."""
    text = call.query.get("filters")
    root = collections.parse_filter(call, Kind.ROLE, roles.FILTERS, text, "query parameter filters")
    order = collections.sorters(call.query.get("sorters"), roles.SORTERS)
    return collections.page(
        call, Kind.ROLE, visible(call, collections.in_segments(call, root)), order, default=LIST_DEFAULT, most=LIST_MOST
    )


class MetadataFilter(msgspec.Struct):
    """One of `ammKeyValues`: the attribute, and the values of which one suffices (none: any value)."""

    attribute: str
    values: list[str] | None = None


class RoleFilter(msgspec.Struct):
    """Body of POST /roles/filter."""

    filters: str | None = None
    ammKeyValues: list[MetadataFilter] | None = None


def filter_roles(call: Call) -> Answer:
    """POST /roles/filter: attributes are joined by AND, values of one attribute by OR."""
    body = call.json(RoleFilter)
    parts = [collections.parse_filter(call, Kind.ROLE, roles.FILTERS, body.filters, "/filters")]
    catalogue = call.tenant.metadata.catalogue(call.read())
    for position, wanted in enumerate(body.ammKeyValues or []):
        parts.append(_holds(catalogue, wanted, f"/ammKeyValues/{position}"))
    order = collections.sorters(call.query.get("sorters"), roles.SORTERS)
    root = visible(call, collections.in_segments(call, ast.conj(*parts)))
    return collections.page(call, Kind.ROLE, root, order, default=FILTER_DEFAULT, most=FILTER_MOST)


def _holds(catalogue: Catalogue, wanted: MetadataFilter, where: str) -> Node:
    """Roles that hold the attribute with one of the values. Raises Invalid for unknown names."""
    attribute = metadata.find_attribute(catalogue, wanted.attribute, where)
    for position, value in enumerate(wanted.values or []):
        metadata.find_value(attribute, value, f"{where}/values/{position}", active=False)
    key = ast.Exact(field=Field("accessModelMetadata.key", FieldKind.TEXT), values=(attribute.key,))
    if not wanted.values:
        return ast.Nested(path="accessModelMetadata", child=key)
    field = Field("accessModelMetadata.value", FieldKind.TEXT)
    either = ast.Exact(field=field, values=tuple(wanted.values))
    return ast.Nested(path="accessModelMetadata", child=ast.conj(key, either))


def get(call: Call) -> Answer:
    """GET /roles/{id}."""
    session = call.read()
    if own_only(call.actor):
        need_role(call, session, call.params["id"])
    raw = call.tenant.objects.raw(session, Kind.ROLE, plain_id(call.params["id"]))
    if raw is None:
        raise NotFound(f"there is no role {call.params['id']}")
    return Answer(200, collections.raw_document(raw, call.tenant.wire(session), Kind.ROLE))


# --- writing -------------------------------------------------------------------------------------------


def create(call: Call) -> Answer:
    """POST /roles."""
    body = call.json(RoleBody)
    roles.require_valid(body)
    if body.accessModelMetadata and body.accessModelMetadata.get("attributes"):
        raise Invalid("metadata cannot be set when a role is created", where="/accessModelMetadata")
    owner = own_only(call.actor)
    if owner and owner != plain_id(body.owner.id):
        raise Forbidden("a ROLE_SUBADMIN creates roles that he owns himself")
    with call.services.store.write() as session:
        names = references.names(call.tenant, session, _wanted(body))
        references.require_free_name(call.tenant, session, Kind.ROLE, body.name)
        found = roles.document(body, new_id(), iso_ms(call.now), names)
        (rid,) = call.tenant.objects.add(session, Kind.ROLE, [New(found, call.now)])
        stored = call.tenant.objects.by_rid(session, rid)
        assert stored is not None
        return answers.text(collections.document(stored, call.tenant.wire(session), Kind.ROLE), 201)


def patch(call: Call) -> Answer:
    """PATCH /roles/{id}: JSON Patch on the members that the official document names."""
    operations = call.json(list[dict[str, Any]])
    patches.require_valid(operations, roles.PATCHABLE)
    operations = patches.respelled(operations, "/revokeRequestConfig", "/revocationRequestConfig")
    with call.services.store.write() as session:
        old = need_role(call, session, call.params["id"])
        before = old.document()
        after = patches.apply(before, operations, roles.PATCHABLE)
        found = _revised(call, session, before, after)
        if after != before:
            call.tenant.objects.change(session, old, found, modified=max(call.now, old.modified))
        stored = call.tenant.objects.by_rid(session, old.rid)
        assert stored is not None
        return answers.text(collections.document(stored, call.tenant.wire(session), Kind.ROLE))


def _revised(call: Call, session: Session, before: Document, after: Document) -> Document:
    """The document after a patch: valid, its references existing, members that we only keep left alone."""
    try:
        body = msgspec.convert(after, RoleBody)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at ")
        where = path.strip("`").removeprefix("$").replace("[", "/").replace("]", "").replace(".", "/")
        raise Invalid(f"after the patch: {text}", where=where) from None
    roles.require_valid(body)
    names = references.names(call.tenant, session, _wanted(body))
    if fold(body.name) != fold(before["name"]):
        references.require_free_name(call.tenant, session, Kind.ROLE, body.name)
    owner = own_only(call.actor)
    found = roles.document(body, before["id"], before["created"], names)
    if owner and owner not in roles.owners(found):
        raise Forbidden("a ROLE_SUBADMIN cannot give a role away")
    return before | found


def delete(call: Call) -> Answer:
    """DELETE /roles/{id}."""
    with call.services.store.write() as session:
        delete_whole(call.tenant, session, need_role(call, session, call.params["id"]))
    return answers.empty(204)


class BulkDelete(msgspec.Struct):
    """Body of POST /roles/bulk-delete."""

    roleIds: list[str]


def bulk_delete(call: Call) -> Answer:
    """POST /roles/bulk-delete: all or none; up to 50 ids."""
    body = call.json(BulkDelete)
    ids = list(dict.fromkeys(plain_id(id) for id in body.roleIds))
    if not ids:
        raise Invalid("no role is named", where="/roleIds")
    if len(body.roleIds) > MAX_BULK_DELETE:
        raise Invalid(
            f"the roles count exceeded max limit of {MAX_BULK_DELETE} for roles bulk delete", where="/roleIds"
        )
    with call.services.store.write() as session:
        for stored in require_roles(call, session, ids, "/roleIds"):
            delete_whole(call.tenant, session, stored)
        id = tasks.record(
            session,
            call.tenant,
            name="Delete roles",
            kind="ROLE_DELETION",
            submitter=call.actor.identity_id,
            client=call.actor.client_id,
            total=len(ids),
            changed=len(ids),
            failed=0,
            now=call.now,
        )
    return answers.ok({"type": "TASK_RESULT", "id": id, "name": None}, 202)


def _wanted(body: RoleBody) -> list[Wanted]:
    """What a role refers to."""
    return [
        Wanted(Kind.IDENTITY, "/owner", [body.owner], single=True),
        Wanted(Kind.ACCESS_PROFILE, "/accessProfiles", body.accessProfiles or []),
        Wanted(Kind.ENTITLEMENT, "/entitlements", body.entitlements or []),
    ]


# --- single metadata values ----------------------------------------------------------------------------


def add_value(call: Call) -> Answer:
    """POST /roles/{id}/access-model-metadata/{key}/values/{value}."""
    return _change_value(call, Operation.ADD, 200)


def remove_value(call: Call) -> Answer:
    """DELETE of the same: accepted without a body."""
    return _change_value(call, Operation.REMOVE, 202)


def _change_value(call: Call, operation: Operation, status: int) -> Answer:
    with call.services.store.write() as session:
        old = need_role(call, session, call.params["id"])
        change = _single(call, session, operation)
        before = metadata.parse(old.md)
        after = change.apply(before)
        if after != before:
            modified = max(call.now, old.modified)
            call.tenant.objects.set_metadata(session, old, metadata.text(after), modified=modified)
        if operation is Operation.REMOVE:
            return answers.empty(status)
        stored = call.tenant.objects.by_rid(session, old.rid)
        assert stored is not None
        return answers.text(collections.document(stored, call.tenant.wire(session), Kind.ROLE), status)


def _single(call: Call, session: Session, operation: Operation) -> Change:
    key, value = call.params["attributeKey"], call.params["attributeValue"]
    catalogue = call.tenant.metadata.catalogue(session)
    if key not in catalogue.attributes:
        raise NotFound(f"there is no metadata attribute {key!r}")
    if value not in catalogue.attributes[key].values:
        raise NotFound(f"the attribute {key!r} has no value {value!r}")
    return metadata.change(
        catalogue, operation, Scope.ATTRIBUTE, [(key, [value])], object_types=("role", "roles"), where="path"
    )
