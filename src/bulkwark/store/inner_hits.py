"""Inner hits: the elements of the found objects that match, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bulkwark.domain.kinds import kind_of
from bulkwark.query.ast import Checked, Node
from bulkwark.store import documents, search
from bulkwark.store.dialect import Aggregator, Session, inner
from bulkwark.store.indexes import BY_KIND, kind_called
from bulkwark.store.search import Page
from bulkwark.store.tenants import Tenant

Element = tuple[int, int]  # rid of the object, and the element in it


def _asker(session: Session, tenant: Tenant, checked: Sequence[Checked]) -> Aggregator:
    kinds = [kind for one in checked if (kind := kind_called(one.index)) is not None]
    return Aggregator(session, tenant.number, tenant.numbers, tenant.metadata.catalogue(session), kinds)


def count(session: Session, tenant: Tenant, checked: Sequence[Checked], path: str, nested: Mapping[str, Node]) -> int:
    """How many elements of the found objects match."""
    selections = [tenant.select(session, one) for one in checked if kind_called(one.index) is not None]
    return inner.count(_asker(session, tenant, checked), selections, path, nested)


def page(
    session: Session, tenant: Tenant, checked: Sequence[Checked], path: str, nested: Mapping[str, Node], wanted: Page
) -> list[Element]:
    """Some of the elements: objects in the order of the page, elements in the order in which they stand in them."""
    # Every object has one such element at least, so the page lies within as many objects.
    rids = search.rids(session, tenant, checked, Page(wanted.sorters, wanted.offset + wanted.limit, 0))
    asker = _asker(session, tenant, checked)
    found: list[Element] = []
    for start in range(0, len(rids), 500):
        part = rids[start : start + 500]
        held = documents.elements_of(session, part, path)
        fitting = inner.fitting(asker, {element for elements in held.values() for element in elements}, path, nested)
        found.extend((rid, element) for rid in part for element in held.get(rid, ()) if element in fitting)
        if len(found) >= wanted.offset + wanted.limit:
            break
    return found[wanted.offset : wanted.offset + wanted.limit]


def texts(session: Session, tenant: Tenant, found: Sequence[Element], path: str) -> Iterator[bytes]:
    """The elements as JSON, with the type of the object that each stands in."""
    shown = documents.element_texts(session, tenant, found, path)
    for rid, element in found:
        text = shown.get(element)
        if text is not None:
            parent = BY_KIND[kind_of(rid)].type
            yield b'%b,"_type":"%b","_originalType":"%b","_version":"v2"}' % (
                text[:-1],
                path.encode(),
                parent.encode(),
            )
