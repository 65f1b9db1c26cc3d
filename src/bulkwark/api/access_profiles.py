"""Access profiles: list, create, get, patch, delete, their entitlements. What deals with many is in profile_bulk."""

from __future__ import annotations

from typing import Any

from bulkwark.api import answers, collections, patches, references, source_rights, writing
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.api.references import Wanted
from bulkwark.domain import access_profiles
from bulkwark.domain.access_profiles import ProfileBody
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind, new_id, plain_id
from bulkwark.domain.times import iso_ms
from bulkwark.errors import Forbidden, Invalid
from bulkwark.query.analysis import fold
from bulkwark.store.dialect import Session
from bulkwark.store.objects import New, Stored

LIST_MOST = 250

# --- reading -------------------------------------------------------------------------------------------


def list_profiles(call: Call) -> Answer:
    """GET /access-profiles."""
    text = call.query.get("filters")
    root = collections.parse_filter(call, Kind.ACCESS_PROFILE, access_profiles.FILTERS, text, "query parameter filters")
    order = collections.sorters(call.query.get("sorters"), access_profiles.SORTERS)
    session = call.read()
    for owner in (_own_only(call), source_rights.for_subadmin(call)):
        root = source_rights.visible_profiles(call, session, root, owner)
    root = collections.in_segments(call, root)
    return collections.page(call, Kind.ACCESS_PROFILE, root, order, default=LIST_MOST, most=LIST_MOST)


def get(call: Call) -> Answer:
    """GET /access-profiles/{id}."""
    session = call.read()
    return _answer(call, session, _need(call, session))


def entitlements(call: Call) -> Answer:
    """GET /access-profiles/{id}/entitlements."""
    held = _need(call, call.read()).document().get("entitlements")
    return collections.held(
        call,
        Kind.ENTITLEMENT,
        held,
        access_profiles.ENTITLEMENT_FILTERS,
        access_profiles.ENTITLEMENT_SORTERS,
        most=LIST_MOST,
    )


def _own_only(call: Call) -> str:
    return source_rights.own_profiles(call)


def _need(call: Call, session: Session) -> Stored:
    """The access profile that the path names, which the caller may see. Raises NotFound."""
    return source_rights.need_profile(call, session, call.params["id"])


def _answer(call: Call, session: Session, stored: Stored, status: int = 200) -> Answer:
    return answers.text(collections.document(stored, call.tenant.wire(session), Kind.ACCESS_PROFILE), status)


# --- writing -------------------------------------------------------------------------------------------


def create(call: Call) -> Answer:
    """POST /access-profiles."""
    body = call.json(ProfileBody)
    access_profiles.require_valid(body)
    if body.accessModelMetadata and body.accessModelMetadata.get("attributes"):
        raise Invalid("metadata cannot be set when an access profile is created", where="/accessModelMetadata")
    with call.services.store.write() as session:
        _require_own_source(call, session, body)
        found = _document(call, session, body, new_id(), iso_ms(call.now))
        references.require_free_name(call.tenant, session, Kind.ACCESS_PROFILE, body.name)
        (rid,) = call.tenant.objects.add(session, Kind.ACCESS_PROFILE, [New(found, call.now)])
        return _answer(call, session, writing.reread(call, session, rid), 201)


def patch(call: Call) -> Answer:
    """PATCH /access-profiles/{id}: JSON Patch on the members that the official document names."""
    operations = call.json(list[dict[str, Any]])
    patches.require_valid(operations, access_profiles.PATCHABLE)
    operations = patches.respelled(operations, "/revokeRequestConfig", "/revocationRequestConfig")
    with call.services.store.write() as session:
        old = _need(call, session)
        before = old.document()
        after = patches.apply(before, _appending(operations), access_profiles.PATCHABLE)
        found = _revised(call, session, before, after, operations)
        return _answer(call, session, writing.revise(call, session, old, before, after, found))


def _appending(operations: list[Document]) -> list[Document]:
    """`add` of a list at `/entitlements` adds to the end: so says the official example, where RFC 6902 replaces."""
    found: list[Document] = []
    for operation in operations:
        if operation["op"] == "add" and operation["path"] == "/entitlements" and isinstance(operation["value"], list):
            found.extend(operation | {"path": "/entitlements/-", "value": one} for one in operation["value"])
        else:
            found.append(operation)
    return found


def _revised(call: Call, session: Session, before: Document, after: Document, operations: list[Document]) -> Document:
    """The document after a patch: valid, its references existing, members that we only keep left alone."""
    body = patches.convert(after, ProfileBody, operations)
    access_profiles.require_valid(body, before)
    if body.source.id != (before.get("source") or {}).get("id"):
        _require_own_source(call, session, body)
    if fold(body.name) != fold(before["name"]):
        references.require_free_name(call.tenant, session, Kind.ACCESS_PROFILE, body.name)
    found = _document(call, session, body, before["id"], before["created"])
    if not source_rights.may_profile(call, session, found, _own_only(call)):
        raise Forbidden("a subadmin cannot give an access profile away")
    return before | found


def _document(call: Call, session: Session, body: ProfileBody, id: str, created: str) -> Document:
    """The document of a valid body. Raises Invalid for references that do not exist or do not belong together."""
    wanted = [
        Wanted(Kind.IDENTITY, "/owner", [body.owner], single=True),
        Wanted(Kind.SOURCE, "/source", [body.source], single=True),
        Wanted(Kind.ENTITLEMENT, "/entitlements", body.entitlements or []),
        Wanted(Kind.IDENTITY, "/additionalOwners", body.additionalOwners or []),
    ]
    known = references.require(call.tenant, session, wanted)
    access_profiles.require_same_source(body, known)
    names = {id: one.get("name") or "" for id, one in known.items()}
    return access_profiles.document(body, id, created, names)


def _require_own_source(call: Call, session: Session, body: ProfileBody) -> None:
    """Raise Forbidden when a subadmin writes an access profile onto a source that is not his."""
    owner = _own_only(call)
    if owner and not source_rights.owns_source(call, session, plain_id(body.source.id), owner):
        raise Forbidden("a subadmin creates access profiles on sources that he owns himself")


def delete(call: Call) -> Answer:
    """DELETE /access-profiles/{id}: 400 while a role holds it."""
    with call.services.store.write() as session:
        stored = _need(call, session)
        references.require_unused(call.tenant, session, stored)
        call.tenant.objects.delete(session, stored)
    return answers.empty(204)
