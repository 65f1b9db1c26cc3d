"""Which entitlements a caller may see and change: a SOURCE_SUBADMIN his own and those of his sources (decisions §2)."""

from __future__ import annotations

from bulkwark.api import source_rights
from bulkwark.api.calls import Call
from bulkwark.api.source_rights import is_one
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind, plain_id
from bulkwark.errors import Forbidden, NotFound
from bulkwark.query import ast
from bulkwark.query.ast import Node
from bulkwark.store.dialect import Session
from bulkwark.store.objects import Stored

SUBADMIN = "SOURCE_SUBADMIN"


def own_only(call: Call) -> str:
    """The identity to whose entitlements the caller is limited, or ''. An ordinary user may list all."""
    return source_rights.own_only(call.actor) if SUBADMIN in call.actor.levels else ""


def visible(call: Call, session: Session, root: Node) -> Node:
    """What the caller may see of a selection."""
    owner = own_only(call)
    if not owner:
        return root
    sources = source_rights.owned_sources(call, session, owner)
    own = [is_one("owner.id", owner), is_one("additionalOwners.id", owner)]
    return ast.conj(root, ast.disj(*own, *([is_one("source.id", *sources)] if sources else [])))


def need(call: Call, session: Session, id: str) -> Stored:
    """The entitlement of that id, which the caller may see. Raises NotFound."""
    stored = call.tenant.objects.get(session, Kind.ENTITLEMENT, plain_id(id))
    if stored is None or not _may(call, session, stored):
        raise NotFound(f"there is no entitlement {id}")
    return stored


def need_source(call: Call, session: Session, id: str) -> Document:
    """The source of that id. Raises NotFound, or Forbidden when a SOURCE_SUBADMIN does not own it."""
    stored = call.tenant.objects.get(session, Kind.SOURCE, plain_id(id))
    if stored is None:
        raise NotFound(f"there is no source {id}")
    document = stored.document()
    owner = own_only(call)
    if owner and owner != (document.get("owner") or {}).get("id"):
        raise Forbidden("a SOURCE_SUBADMIN works on sources that he owns himself")
    return document


def _may(call: Call, session: Session, stored: Stored) -> bool:
    owner = own_only(call)
    return not owner or source_rights.may_profile(call, session, stored.document(), owner)
