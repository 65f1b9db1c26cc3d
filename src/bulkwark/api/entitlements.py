"""Entitlements: list, get, patch, parents and children, single metadata values, request config."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from bulkwark.api import answers, collections, metadata_values, patches, writing
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.api.entitlement_rights import need, visible
from bulkwark.api.source_rights import is_one
from bulkwark.bulk.entitlement_patches import Change, carry_out
from bulkwark.domain import entitlements
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind, plain_id
from bulkwark.domain.request_configs import RequestConfig, require_valid
from bulkwark.errors import Invalid
from bulkwark.query import ast
from bulkwark.query.ast import Node
from bulkwark.query.fields import Field
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.store import assignments, request_configs
from bulkwark.store.dialect import Session
from bulkwark.store.objects import Stored
from bulkwark.store.search import Sorter

DEFAULT, MOST = 250, 250
NOT_BESIDE_ACCOUNT = ("filters", "segmented-for-identity", "for-segment-ids", "include-unsegmented")


# --- reading -------------------------------------------------------------------------------------------


def list_entitlements(call: Call) -> Answer:
    """GET /entitlements."""
    account = call.query.get("account-id", "")
    if not account:
        return page(call, segments(call, filtered(call)))
    for name in NOT_BESIDE_ACCOUNT:
        if name in call.query:
            raise Invalid(f"{name} cannot stand beside account-id", where=f"query parameter {name}")
    held = assignments.of_account(call.read(), call.tenant, plain_id(account))
    return page(call, with_ids(call, held or ()))


def get(call: Call) -> Answer:
    """GET /entitlements/{id}."""
    session = call.read()
    return _shown(call, session, need(call, session, call.params["id"]))


def parents(call: Call) -> Answer:
    """GET /entitlements/{id}/parents: what the entitlement's own `attributes` name under its `attribute`."""
    document = need(call, call.read(), call.params["id"]).document()
    attribute, value = _pair(document)
    named = (document.get("attributes") or {}).get(attribute)
    values = [str(one) for one in (named if isinstance(named, list) else [named]) if one not in (None, "", value)]
    root: Node = ast.Nothing()
    if attribute and values:
        root = ast.conj(_exact("attribute", attribute), _exact("value", *values), _beside(document))
    return page(call, ast.conj(filtered(call), root))


def children(call: Call) -> Answer:
    """GET /entitlements/{id}/children: those of its source whose `attributes` name it."""
    document = need(call, call.read(), call.params["id"]).document()
    attribute, value = _pair(document)
    root: Node = ast.Nothing()
    if attribute and value:
        holds = _exact(f"attributes.{attribute}", value)
        root = ast.conj(_exact("attribute", attribute), holds, _beside(document))
        root = ast.Bool(must=(root,), must_not=(is_one("id", document["id"]),))
    return page(call, ast.conj(filtered(call), root))


def _pair(document: Document) -> tuple[str, str]:
    return document.get("attribute") or "", document.get("value") or ""


def _beside(document: Document) -> Node:
    """Entitlements of the same source."""
    return is_one("source.id", (document.get("source") or {}).get("id", ""))


def _exact(path: str, *values: str) -> Node:
    return ast.Exact(field=Field(path, FieldKind.TEXT), values=values)


def filtered(call: Call) -> Node:
    """The tree of the query parameter `filters`."""
    text = call.query.get("filters")
    where = "query parameter filters"
    return collections.parse_filter(call, Kind.ENTITLEMENT, entitlements.FILTERS, text, where, paths=entitlements.PATHS)


def page(call: Call, root: Node) -> Answer:
    """One page of entitlements, by `sorters`, `searchAfter`, `limit`, `offset`, `count`."""
    order = collections.sorters(call.query.get("sorters"), entitlements.SORTERS, entitlements.PATHS)
    after = _after(call.query.get("searchAfter", ""), order)
    root = visible(call, call.read(), root)
    return collections.page(call, Kind.ENTITLEMENT, root, order, default=DEFAULT, most=MOST, after=after)


def with_ids(call: Call, rids: Iterable[int]) -> Node:
    """Exactly these objects."""
    ids = list(call.tenant.objects.ids(call.read(), rids).values())
    return is_one("id", *ids) if ids else ast.Nothing()


def _after(text: str, order: tuple[Sorter, ...]) -> tuple[str, ...]:
    """The values of `searchAfter`, one for each sorter; where only one of them is a text, commas are its own."""
    if not text:
        return ()
    where = "query parameter searchAfter"
    if not order:
        raise Invalid("searchAfter needs sorters", where=where, hint="sorters=name,id&searchAfter=<name>,<id>")
    parts = text.split(",")
    more = len(parts) - len(order)
    names = {entitlements.PATHS.get(name, name) for name in entitlements.COMMAS}
    texts = [position for position, sorter in enumerate(order) if sorter.path in names]
    if more > 0 and len(texts) == 1:
        at = texts[0]
        parts[at : at + more + 1] = [",".join(parts[at : at + more + 1])]
    if len(parts) != len(order):
        raise Invalid(f"{len(parts)} values stand for {len(order)} sorters", where=where)
    return tuple(parts)


def segments(call: Call, root: Node) -> Node:
    """`for-segment-ids`, `segmented-for-identity` and `include-unsegmented`."""
    ids = [part.strip() for part in call.query.get("for-segment-ids", "").split(",") if part.strip()]
    identity = call.query.get("segmented-for-identity", "").strip()
    unsegmented = call.flag("include-unsegmented", True)
    if not ids and not identity:
        if not unsegmented:
            raise Invalid(
                "include-unsegmented=false needs for-segment-ids or segmented-for-identity",
                where="query parameter include-unsegmented",
            )
        return root
    field = Field("segments.id", FieldKind.KEYWORD)
    outside: list[Node] = [ast.negate(ast.Has(field=field))] if unsegmented else []
    if ids:
        root = ast.conj(root, ast.disj(is_one("segments.id", *map(str.lower, ids)), *outside))
    if identity:
        seen = _segments_of(call, identity)
        inside: list[Node] = [is_one("segments.id", *seen)] if seen else []
        root = ast.conj(root, ast.disj(*inside, *outside) if inside or outside else ast.Nothing())
    return root


def _segments_of(call: Call, identity: str) -> list[str]:
    """Ids of the segments that an identity's document says he sees (`visibleSegments`). Raises Invalid."""
    id = call.actor.identity_id if identity == "me" else plain_id(identity)
    stored = call.tenant.objects.get(call.read(), Kind.IDENTITY, id)
    if stored is None:
        raise Invalid(f"there is no identity {identity!r}", where="query parameter segmented-for-identity")
    return [str(one).lower() for one in stored.document().get("visibleSegments") or []]


def _shown(call: Call, session: Session, stored: Stored, status: int = 200) -> Answer:
    return answers.text(collections.document(stored, call.tenant.wire(session), Kind.ENTITLEMENT), status)


# --- patching ------------------------------------------------------------------------------------------


def patch(call: Call) -> Answer:
    """PATCH /entitlements/{id}: the members that the version's document names."""
    operations = call.json(list[dict[str, Any]])
    patches.require_valid(operations, entitlements.patchable(call.route.version))
    entitlements.require_values(operations)
    with call.services.store.write() as session:
        old = need(call, session, call.params["id"])
        carry_out(session, call.tenant, patched(call, session, [old], operations), call.now)
        return _shown(call, session, writing.reread(call, session, old.rid))


def patched(call: Call, session: Session, found: list[Stored], operations: list[Document]) -> list[Change]:
    """What operations that are known to be valid make of entitlements. Raises Invalid; nothing is written."""
    owner = _owner(call, session, operations)
    changes: list[Change] = []
    # Entitlements differ little in what a patch looks at: the library works once for each difference.
    results: dict[bytes, Document] = {}
    for stored in found:
        before = entitlements.complete(stored.document())
        view = entitlements.view(before, operations)
        key = msgspec.json.encode(view)
        if key not in results:
            try:
                results[key] = patches.run(view, operations)
            except Invalid as error:
                error.detail += f" (entitlement {before['id']})" if len(found) > 1 else ""
                raise
        document = entitlements.patched(before, results[key], owner, call.actor.user_name)
        changes.append((stored, before, document))
    return changes


def _owner(call: Call, session: Session, operations: list[Document]) -> Document | None:
    """The reference that the last patched owner stands for. Raises Invalid for one that does not exist."""
    found = entitlements.owners(operations)
    if not found:
        return None
    rids = call.tenant.objects.rids(session, Kind.IDENTITY, [plain_id(owner["id"]) for _, owner in found])
    documents = [stored.document() for stored in call.tenant.objects.by_rids(session, list(rids.values()))]
    names = {document["id"]: document.get("name") or "" for document in documents}
    entitlements.require_owner_name(operations, names)
    id = plain_id(found[-1][1]["id"])
    return {"type": "IDENTITY", "id": id, "name": names[id]}


# --- single metadata values ----------------------------------------------------------------------------


def add_value(call: Call) -> Answer:
    """POST /entitlements/{id}/access-model-metadata/{key}/values/{value}."""
    return metadata_values.add(call, need)


def remove_value(call: Call) -> Answer:
    """DELETE of the same."""
    return metadata_values.remove(call, need)


# --- request config ------------------------------------------------------------------------------------


def get_config(call: Call) -> Answer:
    """GET /entitlements/{id}/entitlement-request-config."""
    session = call.read()
    stored = need(call, session, call.params["id"])
    known = request_configs.get(session, call.tenant.number, stored.rid)
    return answers.ok(known or RequestConfig())


def put_config(call: Call) -> Answer:
    """PUT of the same: replaces it as a whole."""
    body = call.json(RequestConfig)
    require_valid(body)
    document = msgspec.to_builtins(body)
    with call.services.store.write() as session:
        stored = need(call, session, call.params["id"])
        request_configs.put(session, call.tenant.number, stored.rid, document)
    return answers.ok(document)
