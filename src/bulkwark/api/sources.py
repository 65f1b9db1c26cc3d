"""Sources: list, create, get, patch, delete."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bulkwark.api import answers, collections, patches, references, source_rights, writing
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.api.references import Wanted
from bulkwark.domain import sources
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind, new_id, plain_id
from bulkwark.domain.sources import SourceBody
from bulkwark.domain.tasks import Target
from bulkwark.domain.times import iso_ms
from bulkwark.errors import Forbidden, Invalid, NotFound
from bulkwark.query import ast
from bulkwark.query.analysis import fold
from bulkwark.query.ast import Node
from bulkwark.store import non_employee_sources
from bulkwark.store.dialect import Session
from bulkwark.store.objects import New, Stored

LIST_MOST = 250

# --- reading -------------------------------------------------------------------------------------------


def list_sources(call: Call) -> Answer:
    """GET /sources. There is no IdentityNow source here, so `includeIDNSource` adds nothing."""
    call.flag("includeIDNSource")
    text = call.query.get("filters")
    root = collections.parse_filter(
        call, Kind.SOURCE, sources.FILTERS, text, "query parameter filters", rewrite=_prefixes_of_dates
    )
    order = collections.sorters(call.query.get("sorters"), sources.SORTERS)
    own, asked = source_rights.own_only(call.actor), source_rights.for_subadmin(call)
    if own and asked not in ("", own):
        raise Forbidden("a subadmin lists his own sources", where="query parameter for-subadmin")
    root = source_rights.visible_sources(root, own or asked)
    return collections.page(call, Kind.SOURCE, root, order, default=LIST_MOST, most=LIST_MOST)


def _prefixes_of_dates(leaf: Node) -> Node:
    """`created sw "2024-01"` is documented; a partial date means its whole unit, so it is `eq`."""
    if isinstance(leaf, ast.Compare) and leaf.field in sources.DATES and leaf.op == "sw":
        return replace(leaf, op="eq")
    return leaf


def get(call: Call) -> Answer:
    """GET /sources/{id}."""
    session = call.read()
    return _answer(call, session, _need(call, session))


def _need(call: Call, session: Session) -> Stored:
    """The source that the path names, which the caller may see. Raises NotFound."""
    id = call.params["id"]
    stored = call.tenant.objects.get(session, Kind.SOURCE, plain_id(id))
    owner = source_rights.own_only(call.actor)
    if stored is None or owner not in ("", (stored.document().get("owner") or {}).get("id")):
        raise NotFound(f"there is no source {id}")
    return stored


def _answer(call: Call, session: Session, stored: Stored, status: int = 200) -> Answer:
    return answers.text(collections.document(stored, call.tenant.wire(session), Kind.SOURCE), status)


# --- writing -------------------------------------------------------------------------------------------


def create(call: Call) -> Answer:
    """POST /sources; with `provisionAsCsv=true` a Delimited File source."""
    csv = call.flag("provisionAsCsv")
    body = call.json(SourceBody)
    sources.require_valid(body)
    if csv:
        body = sources.as_csv(body, new_id)
    owner = source_rights.own_only(call.actor)
    if owner and owner != plain_id(body.owner.id):
        raise Forbidden("a SOURCE_SUBADMIN creates sources that he owns himself")
    with call.services.store.write() as session:
        names = references.names(call.tenant, session, _wanted(body))
        references.require_free_name(call.tenant, session, Kind.SOURCE, body.name)
        found = sources.document(body, new_id(), iso_ms(call.now), names)
        (rid,) = call.tenant.objects.add(session, Kind.SOURCE, [New(found, call.now)])
        return _answer(call, session, writing.reread(call, session, rid), 201)


def patch(call: Call) -> Answer:
    """PATCH /sources/{id}: JSON Patch on everything that the official document does not call immutable."""
    operations = call.json(list[dict[str, Any]])
    patches.require_valid(operations, sources.PATCHABLE)
    with call.services.store.write() as session:
        old = _need(call, session)
        before = old.document()
        after = patches.apply(before, operations, sources.PATCHABLE)
        found = _revised(call, session, before, after, operations)
        return _answer(call, session, writing.revise(call, session, old, before, after, found))


def _revised(call: Call, session: Session, before: Document, after: Document, operations: list[Document]) -> Document:
    """The document after a patch: valid, its references existing, members that we only keep left alone."""
    body = patches.convert(after, SourceBody, operations)
    sources.require_valid(body)
    names = references.names(call.tenant, session, _wanted(body))
    if fold(body.name) != fold(before["name"]):
        references.require_free_name(call.tenant, session, Kind.SOURCE, body.name)
    owner = source_rights.own_only(call.actor)
    if owner and owner != plain_id(body.owner.id):
        raise Forbidden("a SOURCE_SUBADMIN cannot give a source away")
    kept = {name: value for name, value in before.items() if name not in SourceBody.__struct_fields__}
    return kept | sources.document(body, before["id"], before["created"], names)


def _wanted(body: SourceBody) -> list[Wanted]:
    return [Wanted(Kind.IDENTITY, "/owner", [body.owner], single=True)]


def _require_plain(call: Call, session: Session, stored: Stored) -> None:
    """Raise Invalid for the source of a non-employee source, with which alone it goes."""
    id = non_employee_sources.standing_on(session, call.tenant.number, stored.rid)
    if id:
        raise Invalid("it is the source of non-employees", hint=f"DELETE /non-employee-sources/{id}")


def delete(call: Call) -> Answer:
    """DELETE /sources/{id}: 400 while entitlements or access profiles belong to it; else done at once, with a task."""
    with call.services.store.write() as session:
        stored = _need(call, session)
        references.require_empty(call.tenant, session, stored)
        _require_plain(call, session, stored)
        call.tenant.objects.delete(session, stored)
        document = stored.document()
        name = f"Delete source {document['name']}"
        target = Target(document["id"], "APPLICATION", document["name"])
        task = writing.record_deletion(call, session, name, "CLOUD_SOURCE_DELETION", changed=1, target=target)
    # The schema has a string here, which "should be null/empty".
    return answers.ok({"type": "TASK_RESULT", "id": task, "name": ""}, 202)
