"""Who refers to an object, and the names that referring documents repeat of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind, kind_of
from bulkwark.query.ast import Checked, Phrase
from bulkwark.query.fields import Field
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.store import changes, search
from bulkwark.store.dialect import Session
from bulkwark.store.indexes import BY_KIND
from bulkwark.store.objects import Stored
from bulkwark.store.search import Page
from bulkwark.store.tenants import Tenant

PIECE = 500  # documents changed at a time
BELONGING = (Kind.ENTITLEMENT, Kind.ACCESS_PROFILE)  # kinds whose documents name the source they belong to


def holders(tenant: Tenant, session: Session, kind: Kind, rids: Sequence[int]) -> list[tuple[int, int]]:
    """(object, holder) for every object of a kind that stands in a nested array of another, as numbers."""
    found: list[tuple[int, int]] = []
    for number in _arrays(tenant, session, kind):
        rows = session.rows("objects.holders", (tenant.number, number, json.dumps(list(rids))))
        found.extend((target, rid) for target, rid in rows)
    return found


def belonging(tenant: Tenant, session: Session, source: str, most: int) -> tuple[int, list[int]]:
    """How many entitlements and access profiles belong to a source, and the rids of the first of them."""
    count, rids = 0, []
    for kind in BELONGING:
        checked = _of_source(kind, source)
        count += search.count(session, tenant, checked)
        rids.extend(search.rids(session, tenant, [checked], Page(limit=most)))
    return count, rids[:most]


def rename(tenant: Tenant, session: Session, renamed: Stored, name: str) -> None:
    """Write the new name of an object wherever documents repeat it. Their `modified` stays: nobody changed them."""
    id, kind = renamed.document()["id"], kind_of(renamed.rid)
    changes.rename_references(session, tenant.objects, kind, {renamed.rid: (id, name)})
    if kind is Kind.SOURCE:
        _rename_source(tenant, session, id, name)


def dimensions(tenant: Tenant, session: Session, role: str) -> list[Stored]:
    """The dimensions of a role."""
    parent = Phrase(field=Field("parentId", FieldKind.KEYWORD), tokens=(role,))
    checked = Checked(BY_KIND[Kind.DIMENSION].name, parent)
    count = search.count(session, tenant, checked)
    return tenant.objects.by_rids(session, search.rids(session, tenant, [checked], Page(limit=count)))


def delete_whole(tenant: Tenant, session: Session, stored: Stored) -> None:
    """Delete an object with what exists only inside it: the dimensions of a role."""
    if kind_of(stored.rid) is Kind.ROLE:
        for inner in dimensions(tenant, session, stored.document()["id"]):
            tenant.objects.delete(session, inner)
    tenant.objects.delete(session, stored)


def _rename_source(tenant: Tenant, session: Session, id: str, name: str) -> None:
    for kind in (*BELONGING, Kind.IDENTITY):
        checked = _of_source(kind, id)
        rids = search.rids(session, tenant, [checked], Page(limit=search.count(session, tenant, checked)))
        for start in range(0, len(rids), PIECE):
            found = []
            for stored in tenant.objects.by_rids(session, rids[start : start + PIECE]):
                document = stored.document()
                found.append((stored, _of_renamed(document, id, name)))
            changes.change_many(session, tenant.objects, kind, found, now=0)


def _of_renamed(document: Document, id: str, name: str) -> Document:
    """A document that names its source, and perhaps accounts on it, with the source's new name."""
    found = document | {"source": document["source"] | {"name": name}}
    if isinstance(document.get("accounts"), list):
        found["accounts"] = [
            one | {"source": one["source"] | {"name": name}} if (one.get("source") or {}).get("id") == id else one
            for one in document["accounts"]
        ]
    return found


def _arrays(tenant: Tenant, session: Session, kind: Kind) -> Iterator[int]:
    """The field number of every nested array that holds objects of the kind."""
    for holder, index in BY_KIND.items():
        for path, target in index.links.items():
            number = tenant.numbers.find(session, holder, path)
            if target is kind and number is not None:
                yield number


def _of_source(kind: Kind, source: str) -> Checked:
    return Checked(BY_KIND[kind].name, Phrase(field=Field("source.id", FieldKind.KEYWORD), tokens=(source,)))


def different_values(tenant: Tenant, session: Session, kind: Kind, path: str) -> list[str]:
    """The different whole values that a TEXT field has among the objects of a kind, in order."""
    number = tenant.numbers.find(session, kind, path)
    return [str(value) for (value,) in session.rows("index.different_values", (tenant.number, number))]
