"""Which sources, and access profiles on them, a caller may see and change (decisions §2).

SOURCE_SUBADMIN and ROLE_SUBADMIN: sources they own; access profiles they own (also as additional owner), and those
that belong to their sources. The others: all.
"""

from __future__ import annotations

from bulkwark.api.calls import Call
from bulkwark.auth.actors import Actor
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind, plain_id
from bulkwark.errors import Invalid, NotFound
from bulkwark.query import ast
from bulkwark.query.ast import Checked, Node
from bulkwark.query.fields import Field
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.store import search
from bulkwark.store.dialect import Session
from bulkwark.store.objects import Stored
from bulkwark.store.search import Page

ADMINS = frozenset({"ORG_ADMIN", "SOURCE_ADMIN"})
PROFILE_ADMINS = ADMINS | {"ROLE_ADMIN"}
MOST_SOURCES = 10_000  # that one subadmin owns


def own_only(actor: Actor, admins: frozenset[str] = ADMINS) -> str:
    """The identity to whose things the caller is limited, or ''."""
    return "" if actor.application or actor.levels & admins else actor.identity_id


def for_subadmin(call: Call) -> str:
    """The identity that `for-subadmin` names, or ''. Raises Invalid when there is none."""
    text = call.query.get("for-subadmin", "")
    if not text:
        return ""
    id = call.actor.identity_id if text == "me" else plain_id(text)
    if call.tenant.objects.get(call.read(), Kind.IDENTITY, id) is None:
        raise Invalid(f"there is no identity {text!r}", where="query parameter for-subadmin")
    return id


def owned_sources(call: Call, session: Session, identity: str) -> list[str]:
    """Ids of the sources that the identity owns."""
    rids = search.rids(session, call.tenant, [Checked("sources", is_one("owner.id", identity))], Page((), MOST_SOURCES))
    return list(call.tenant.objects.ids(session, rids).values())


def visible_sources(root: Node, owner: str) -> Node:
    """The selection of sources, limited to an owner's."""
    return ast.conj(root, is_one("owner.id", owner)) if owner else root


def own_profiles(call: Call) -> str:
    """The identity to whose access profiles the caller is limited, or ''."""
    return own_only(call.actor, PROFILE_ADMINS)


def need_profile(call: Call, session: Session, id: str) -> Stored:
    """The access profile of that id, which the caller may see. Raises NotFound."""
    stored = call.tenant.objects.get(session, Kind.ACCESS_PROFILE, plain_id(id))
    if stored is None or not may_profile(call, session, stored.document(), own_profiles(call)):
        raise NotFound(f"there is no access profile {id}")
    return stored


def visible_profiles(call: Call, session: Session, root: Node, owner: str) -> Node:
    """The selection of access profiles, limited to what an owner may see."""
    if not owner:
        return root
    own = [is_one("owner.id", owner), is_one("additionalOwners.id", owner)]
    sources = owned_sources(call, session, owner)
    return ast.conj(root, ast.disj(*own, *([is_one("source.id", *sources)] if sources else [])))


def may_profile(call: Call, session: Session, document: Document, owner: str) -> bool:
    """Whether an owner ('': anyone) may see and change the access profile."""
    refs = [document.get("owner") or {}, *(document.get("additionalOwners") or [])]
    if not owner or owner in [ref.get("id") for ref in refs]:
        return True
    return owns_source(call, session, (document.get("source") or {}).get("id", ""), owner)


def owns_source(call: Call, session: Session, id: str, owner: str) -> bool:
    """Whether the source exists and an owner ('': anyone) owns it."""
    stored = call.tenant.objects.get(session, Kind.SOURCE, id)
    return stored is not None and owner in ("", (stored.document().get("owner") or {}).get("id"))


def is_one(path: str, *ids: str) -> Node:
    """The keyword field is one of the ids."""
    return ast.Folded(field=Field(path, FieldKind.KEYWORD), op="in", values=ids)
