"""Referential truth: what a body refers to exists, names are free, and nothing that is in use goes away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind, kind_of, plain_id
from bulkwark.domain.role_parts import Reference
from bulkwark.errors import Invalid
from bulkwark.query.analysis import fold
from bulkwark.store import references
from bulkwark.store.dialect import Session
from bulkwark.store.objects import Stored
from bulkwark.store.tenants import Tenant

NAMED = 20  # objects that a refusal names


@dataclass(frozen=True, slots=True)
class Wanted:
    """References of one member: `where` is its pointer; `single` when it is no list.

    Governance groups among them, which are no kind of ours, are let through.
    """

    kind: Kind
    where: str
    refs: Sequence[Reference]
    single: bool = False


def require(tenant: Tenant, session: Session, wanted: Iterable[Wanted]) -> dict[str, Document]:
    """Id → document of everything that is referred to. Raises Invalid for what does not exist."""
    found: dict[str, Document] = {}
    for one in wanted:
        ids = {place: plain_id(ref.id) for place, ref in enumerate(one.refs) if ref.type != "GOVERNANCE_GROUP"}
        rids = tenant.objects.rids(session, one.kind, ids.values()) if ids else {}
        for position, id in ids.items():
            if id not in rids:
                place = f"{one.where}/id" if one.single else f"{one.where}/{position}/id"
                raise Invalid(f"there is no {one.kind.noun} {id!r}", where=place, code="400.1.404")
        for stored in tenant.objects.by_rids(session, list(rids.values())):
            document = stored.document()
            found[document["id"]] = document
    return found


def names(tenant: Tenant, session: Session, wanted: Iterable[Wanted]) -> dict[str, str]:
    """Id → name of everything that is referred to. Raises Invalid for what does not exist."""
    return {id: document.get("name") or "" for id, document in require(tenant, session, wanted).items()}


def require_free_name(tenant: Tenant, session: Session, kind: Kind, name: str, where: str = "/name") -> None:
    """Raise Invalid when an object of the kind has the name, in any case."""
    if tenant.objects.name_taken(session, kind, fold(name)) is not None:
        article = "an" if kind.noun[0] in "aeiou" else "a"
        raise Invalid(f"{article} {kind.noun} named {name!r} exists already", where=where)


def users(tenant: Tenant, session: Session, kind: Kind, rids: Sequence[int]) -> dict[int, list[Document]]:
    """Rid → references (`type`, `id`, `name`) of what holds it; a dimension speaks for its role."""
    pairs = references.holders(tenant, session, kind, rids)
    stored = {one.rid: one for one in tenant.objects.by_rids(session, sorted({rid for _, rid in pairs}))}
    found: dict[int, list[Document]] = {}
    for target, rid in pairs:
        reference = _reference(tenant, session, stored[rid])
        known = found.setdefault(target, [])
        if reference not in known:
            known.append(reference)
    return found


def require_unused(tenant: Tenant, session: Session, stored: Stored, where: str = "") -> None:
    """Raise Invalid naming up to 20 that hold the object."""
    kind = kind_of(stored.rid)
    found = users(tenant, session, kind, [stored.rid]).get(stored.rid, [])
    if found:
        refuse(f"the {kind.noun} {stored.document()['name']!r} is in use", found, len(found), where)


def require_empty(tenant: Tenant, session: Session, source: Stored) -> None:
    """Raise Invalid naming up to 20 that belong to the source."""
    document = source.document()
    count, rids = references.belonging(tenant, session, document["id"], NAMED)
    if count:
        found = [_reference(tenant, session, one) for one in tenant.objects.by_rids(session, rids)]
        refuse(f"entitlements or access profiles belong to the source {document['name']!r}", found, count)


def refuse(sentence: str, found: Sequence[Document], count: int, where: str = "") -> None:
    """Raise Invalid with the sentence and what stands in the way."""
    shown = ", ".join(f"{one['type'].lower().replace('_', ' ')} {one['name']!r} ({one['id']})" for one in found[:NAMED])
    raise Invalid(f"{sentence}: {shown}", where=where, hint=f"{count} in all" if count > 1 else "")


def _reference(tenant: Tenant, session: Session, stored: Stored) -> Document:
    kind, document = kind_of(stored.rid), stored.document()
    if kind is Kind.DIMENSION:
        role = tenant.objects.get(session, Kind.ROLE, document["parentId"])
        if role is not None:
            kind, document = Kind.ROLE, role.document()
    return {"type": kind.name, "id": document["id"], "name": document.get("name") or ""}
