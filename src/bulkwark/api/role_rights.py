"""Which roles a caller may see and change: a ROLE_SUBADMIN those he owns, the others all (decisions §2)."""

from __future__ import annotations

from bulkwark.api.calls import Call
from bulkwark.auth.actors import Actor
from bulkwark.bulk.selection import restrict
from bulkwark.domain import roles
from bulkwark.domain.kinds import Kind, plain_id
from bulkwark.errors import Forbidden, Invalid, NotFound
from bulkwark.query.ast import Node
from bulkwark.store.dialect import Session
from bulkwark.store.objects import Stored

SUBADMIN = "ROLE_SUBADMIN"


def own_only(actor: Actor) -> str:
    """The identity to whose roles the caller is limited, or ''."""
    if actor.application or actor.levels & {"ORG_ADMIN", "ROLE_ADMIN"}:
        return ""
    return actor.identity_id if SUBADMIN in actor.levels else ""


def own_only_in_search(actor: Actor) -> str:
    """The same for /search, where any other level that may search sees all roles."""
    if actor.levels & {"CERT_ADMIN", "REPORT_ADMIN", "SOURCE_ADMIN", "SOURCE_SUBADMIN"}:
        return ""
    return own_only(actor)


def visible(call: Call, root: Node) -> Node:
    """What the caller may see of a selection: a ROLE_SUBADMIN sees what he owns."""
    for_subadmin = call.query.get("for-subadmin", "")
    owner = own_only(call.actor) or ("" if not for_subadmin else _subadmin(call, for_subadmin))
    return restrict(root, owner)


def _subadmin(call: Call, text: str) -> str:
    return call.actor.identity_id if text == "me" else plain_id(text)


def require_roles(call: Call, session: Session, ids: list[str], where: str) -> list[Stored]:
    """All roles of the ids. Raises Invalid naming those that do not exist, Forbidden for those not owned."""
    rids = call.tenant.objects.rids(session, Kind.ROLE, ids)
    unknown = [id for id in ids if id not in rids]
    owner = own_only(call.actor)
    found = call.tenant.objects.by_rids(session, list(rids.values()))
    if owner and any(owner not in roles.owners(stored.document()) for stored in found):
        raise Forbidden("some of the roles are not owned by the caller")
    if unknown:
        shown = ", ".join(repr(id) for id in unknown[:20])
        raise Invalid(f"there are no roles {shown}", where=where, hint=f"{len(unknown)} unknown", code="400.1.404")
    return found


def need_role(call: Call, session: Session, id: str) -> Stored:
    """The role of that id, which the caller may see. Raises NotFound."""
    stored = call.tenant.objects.get(session, Kind.ROLE, plain_id(id))
    owner = own_only(call.actor)
    if stored is None or (owner and owner not in roles.owners(stored.document())):
        raise NotFound(f"there is no role {id}")
    return stored
