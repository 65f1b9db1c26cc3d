"""Dimensions of a role: list, create, get, patch, delete, bulk delete, their access profiles and entitlements.

A caller may do with a dimension what he may do with its role. The role's `dimensionRefs` follow.
"""

from __future__ import annotations

from typing import Any

import msgspec

from bulkwark.api import answers, collections, idempotency, patches, references, writing
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.api.references import Wanted
from bulkwark.api.role_rights import need_role
from bulkwark.api.source_rights import for_subadmin, is_one
from bulkwark.domain import access_profiles, dimensions, roles
from bulkwark.domain.dimensions import DimensionBody
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind, new_id, plain_id
from bulkwark.domain.times import iso_ms
from bulkwark.errors import Invalid, NotFound
from bulkwark.query import ast
from bulkwark.query.analysis import fold
from bulkwark.store import references as stored_references
from bulkwark.store.dialect import Session
from bulkwark.store.objects import New, Stored

LIST_MOST, HELD_MOST = 50, 250
MOST_DELETED = 50

# --- reading -------------------------------------------------------------------------------------------


def list_dimensions(call: Call) -> Answer:
    """GET /roles/{roleId}/dimensions."""
    text = call.query.get("filters")
    root = collections.parse_filter(call, Kind.DIMENSION, dimensions.FILTERS, text, "query parameter filters")
    order = collections.sorters(call.query.get("sorters"), dimensions.SORTERS)
    owner = for_subadmin(call)
    role = need_role(call, call.read(), call.params["roleId"]).document()
    of_role = is_one("parentId", role["id"]) if not owner or owner in roles.owners(role) else ast.Nothing()
    return collections.page(call, Kind.DIMENSION, ast.conj(root, of_role), order, default=LIST_MOST, most=LIST_MOST)


def get(call: Call) -> Answer:
    """GET /roles/{roleId}/dimensions/{dimensionId}."""
    session = call.read()
    return _answer(call, session, _need(call, session))


def profiles(call: Call) -> Answer:
    """GET /roles/{roleId}/dimensions/{dimensionId}/access-profiles."""
    held = _need(call, call.read()).document()["accessProfiles"]
    filters, sorters = access_profiles.FILTERS, access_profiles.SORTERS
    return collections.held(call, Kind.ACCESS_PROFILE, held, filters, sorters, most=HELD_MOST)


def entitlements(call: Call) -> Answer:
    """GET /roles/{roleId}/dimensions/{dimensionId}/entitlements."""
    held = _need(call, call.read()).document()["entitlements"]
    filters, sorters = access_profiles.ENTITLEMENT_FILTERS, access_profiles.ENTITLEMENT_SORTERS
    return collections.held(call, Kind.ENTITLEMENT, held, filters, sorters, most=HELD_MOST)


def _need(call: Call, session: Session) -> Stored:
    """The dimension that the path names, of the role that it names. Raises NotFound."""
    role = need_role(call, session, call.params["roleId"]).document()
    id = call.params["dimensionId"]
    stored = call.tenant.objects.get(session, Kind.DIMENSION, plain_id(id))
    if stored is None or stored.document()["parentId"] != role["id"]:
        raise NotFound(f"there is no dimension {id} of the role {role['id']}")
    return stored


def _answer(call: Call, session: Session, stored: Stored, status: int = 200) -> Answer:
    return answers.text(collections.document(stored, call.tenant.wire(session), Kind.DIMENSION), status)


# --- writing -------------------------------------------------------------------------------------------


def create(call: Call) -> Answer:
    """POST /roles/{roleId}/dimensions."""
    body = call.json(DimensionBody)
    dimensions.require_valid(body)
    with call.services.store.write() as session:
        role = need_role(call, session, call.params["roleId"])
        parent = role.document()["id"]
        dimensions.require_new(body, parent)
        names = references.names(call.tenant, session, _wanted(body))
        _require_free_name(call, session, parent, body.name)
        found = dimensions.document(body, new_id(), iso_ms(call.now), parent, names)
        (rid,) = call.tenant.objects.add(session, Kind.DIMENSION, [New(found, call.now)])
        _refer(call, session, role)
        return _answer(call, session, writing.reread(call, session, rid), 201)


def patch(call: Call) -> Answer:
    """PATCH /roles/{roleId}/dimensions/{dimensionId}."""
    operations = call.json(list[dict[str, Any]])
    patches.require_valid(operations, dimensions.PATCHABLE)
    with call.services.store.write() as session:
        old = _need(call, session)
        before = old.document()
        after = patches.apply(before, operations, dimensions.PATCHABLE)
        body = patches.convert(after, DimensionBody, operations)
        dimensions.require_valid(body, before)
        names = references.names(call.tenant, session, _wanted(body))
        if fold(body.name) != fold(before["name"]):
            _require_free_name(call, session, before["parentId"], body.name)
        found = dimensions.document(body, before["id"], before["created"], before["parentId"], names)
        stored = writing.revise(call, session, old, before, after, found)
        if stored != old:
            _refer(call, session, need_role(call, session, before["parentId"]))
        return _answer(call, session, stored)


def delete(call: Call) -> Answer:
    """DELETE /roles/{roleId}/dimensions/{dimensionId}."""
    with call.services.store.write() as session:
        call.tenant.objects.delete(session, _need(call, session))
        _refer(call, session, need_role(call, session, call.params["roleId"]))
    return answers.empty(204)


class BulkDelete(msgspec.Struct):
    """Body of POST /roles/{roleId}/dimensions/bulk-delete."""

    dimensionIds: list[str]


def bulk_delete(call: Call) -> Answer:
    """POST /roles/{roleId}/dimensions/bulk-delete: all or none; up to 50 ids."""
    body = call.json(BulkDelete)
    ids = writing.doomed(body.dimensionIds, "/dimensionIds", Kind.DIMENSION)
    with call.services.store.write() as session:
        role = need_role(call, session, call.params["roleId"])
        own = {one.document()["id"]: one for one in _all(call, session, role)}
        unknown = [id for id in ids if id not in own]
        if unknown:
            shown = ", ".join(repr(id) for id in unknown[: references.NAMED])
            hint = f"{len(unknown)} unknown"
            raise Invalid(f"the role has no dimensions {shown}", where="/dimensionIds", hint=hint, code="400.1.404")
        for id in ids:
            call.tenant.objects.delete(session, own[id])
        _refer(call, session, role)
        task = writing.record_deletion(call, session, "Delete dimensions", "DIMENSION_DELETION", changed=len(ids))
        return idempotency.claim(call, session, answers.ok({"type": "TASK_RESULT", "id": task, "name": None}, 202))


def _wanted(body: DimensionBody) -> list[Wanted]:
    return [
        Wanted(Kind.IDENTITY, "/owner", [body.owner], single=True),
        Wanted(Kind.ACCESS_PROFILE, "/accessProfiles", body.accessProfiles or []),
        Wanted(Kind.ENTITLEMENT, "/entitlements", body.entitlements or []),
    ]


def _all(call: Call, session: Session, role: Stored) -> list[Stored]:
    return stored_references.dimensions(call.tenant, session, role.document()["id"])


def _require_free_name(call: Call, session: Session, role: str, name: str) -> None:
    """Raise Invalid when a dimension of the same role has the name, in any case."""
    for one in stored_references.dimensions(call.tenant, session, role):
        if fold(one.document()["name"]) == fold(name):
            raise Invalid(f"the role has a dimension named {name!r} already", where="/name")


def _refer(call: Call, session: Session, role: Stored) -> None:
    """Bring the role's `dimensionRefs` to what is stored."""
    refs: list[Document] = []
    for one in _all(call, session, role):
        document = one.document()
        refs.append({"type": "DIMENSION", "id": document["id"], "name": document["name"]})
    before = role.document()
    if (before.get("dimensionRefs") or []) != refs:
        after = before | {"dimensionRefs": refs}
        call.tenant.objects.change(session, role, after, modified=max(call.now, role.modified))
