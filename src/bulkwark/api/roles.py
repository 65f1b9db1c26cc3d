"""Roles: list, create, get, patch, delete, bulk delete, filter by metadata, single metadata values."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET

from bulkwark.api import answers, collections, idempotency, metadata_values, patches, references, writing
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.api.metadata_values import FILTER_DEFAULT, FILTER_MOST
from bulkwark.api.references import Wanted
from bulkwark.api.role_rights import need_role, own_only, require_roles, visible
from bulkwark.domain import roles
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind, new_id, plain_id
from bulkwark.domain.roles import RoleBody
from bulkwark.domain.times import iso_ms
from bulkwark.errors import Forbidden, Invalid, NotFound
from bulkwark.query.analysis import fold
from bulkwark.store.dialect import Session
from bulkwark.store.objects import New
from bulkwark.store.references import delete_whole, dimensions

LIST_DEFAULT, LIST_MOST = 50, 50
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


def filter_roles(call: Call) -> Answer:
    """POST /roles/filter."""
    order = collections.sorters(call.query.get("sorters"), roles.SORTERS)
    root = visible(call, collections.in_segments(call, metadata_values.selected(call, Kind.ROLE, roles.FILTERS)))
    return collections.page(call, Kind.ROLE, root, order, default=FILTER_DEFAULT, most=FILTER_MOST)


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
        _require_own_dimensions(call, session, body, {})
        references.require_free_name(call.tenant, session, Kind.ROLE, body.name)
        found = roles.document(body, new_id(), iso_ms(call.now), names)
        (rid,) = call.tenant.objects.add(session, Kind.ROLE, [New(found, call.now)])
        stored = writing.reread(call, session, rid)
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
        found = _revised(call, session, before, after, operations)
        stored = writing.revise(call, session, old, before, after, found)
        return answers.text(collections.document(stored, call.tenant.wire(session), Kind.ROLE))


def _revised(call: Call, session: Session, before: Document, after: Document, operations: list[Document]) -> Document:
    """The document after a patch: valid, its references existing, members that we only keep left alone."""
    body = patches.convert(after, RoleBody, operations)
    roles.require_valid(body)
    names = references.names(call.tenant, session, _wanted(body))
    _require_own_dimensions(call, session, body, before)
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
    ids = writing.doomed(body.roleIds, "/roleIds", Kind.ROLE)
    with call.services.store.write() as session:
        for stored in require_roles(call, session, ids, "/roleIds"):
            delete_whole(call.tenant, session, stored)
        id = writing.record_deletion(call, session, "Delete roles", "ROLE_DELETION", changed=len(ids))
        return idempotency.claim(call, session, answers.ok({"type": "TASK_RESULT", "id": id, "name": None}, 202))


def _wanted(body: RoleBody) -> list[Wanted]:
    """What a role refers to."""
    return [
        Wanted(Kind.IDENTITY, "/owner", [body.owner], single=True),
        Wanted(Kind.ACCESS_PROFILE, "/accessProfiles", body.accessProfiles or []),
        Wanted(Kind.ENTITLEMENT, "/entitlements", body.entitlements or []),
    ]


def _require_own_dimensions(call: Call, session: Session, body: RoleBody, before: Document) -> None:
    """Raise Invalid for a new reference to what is no dimension of the role; a new role has none yet."""
    known = {ref.get("id") for ref in before.get("dimensionRefs") or []}
    if before:
        known |= {one.document()["id"] for one in dimensions(call.tenant, session, before["id"])}
    for position, ref in enumerate(body.dimensionRefs or []):
        if ref.id is UNSET or plain_id(ref.id) not in known:
            where = f"/dimensionRefs/{position}/id"
            raise Invalid(
                f"the role has no dimension {'' if ref.id is UNSET else ref.id!r}", where=where, code="400.1.404"
            )


# --- single metadata values ----------------------------------------------------------------------------


def add_value(call: Call) -> Answer:
    """POST /roles/{id}/access-model-metadata/{attributeKey}/values/{attributeValue}."""
    return metadata_values.add(call, need_role)


def remove_value(call: Call) -> Answer:
    """DELETE of the same."""
    return metadata_values.remove(call, need_role)
