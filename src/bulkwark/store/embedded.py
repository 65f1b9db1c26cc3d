"""Nested arrays whose elements stand in the document itself: the accounts, apps and access of an identity.

An element has an entry of its own in the index, so that `@accounts(…)` asks one element for everything, and a `link`
leads from it to the identity, as with the elements that are objects. The only element of an array is indexed with its
identity, under the identity's own number: most people have one account, and a row of its own would cost as much
as the person's. Its fields have other numbers than the identity's, so neither is taken for the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import first_rid, require_number
from bulkwark.store import counters
from bulkwark.store.dialect import Session
from bulkwark.store.entries import ALL, Entry, Number, Text, derive, json_text
from bulkwark.store.indexes import BY_KIND, Index

Refs = Mapping[str, list[int]]


def number_elements(
    session: Session, tenant: int, index: Index, rid: int, face: Document, old: Refs
) -> dict[str, list[int]]:
    """Embedded path → numbers of the elements there. Those that the array has had are used again, new ones follow."""
    found: dict[str, list[int]] = {}
    for path in index.embedded:
        many = len(face.get(path) or [])
        if many == 1:
            found[path] = [rid]
        elif many:
            known = [element for element in old.get(path, []) if element != rid][:many]
            found[path] = [*known, *_fresh(session, tenant, index, path, many - len(known))]
    return found


def _fresh(session: Session, tenant: int, index: Index, path: str, many: int) -> range:
    if not many:
        return range(0)
    kind = index.links[path]
    start = counters.take(session, tenant, f"kind-{int(kind)}", many)
    require_number(start + many - 1, kind)
    first = first_rid(tenant, kind) + start
    return range(first, first + many)


def own(index: Index, rid: int, face: Document, refs: Refs) -> Document:
    """What is indexed under the number of the object itself."""
    apart = [path for path in index.embedded if path in face and refs.get(path) != [rid]]
    return {name: value for name, value in face.items() if name not in apart} if apart else face


def present_paths(index: Index, rid: int, refs: Refs) -> list[str]:
    """The paths that the object's own row says are there: arrays, and the element that is indexed with the object."""
    held = [path for path, elements in refs.items() if elements]
    return [*held, *(f"{path}.{ALL}" for path in held if path in index.embedded and refs[path] == [rid])]


def entries(
    index: Index, number: Number, rid: int, face: Document, refs: Refs, text: Text = json_text
) -> list[tuple[int, Entry]]:
    """(number, entry) of an object and of the elements that are indexed apart."""
    whole = derive(index, number, own(index, rid, face, refs), present_paths(index, rid, refs), text)
    return [(rid, whole), *apart(index, number, rid, face, refs, text)]


def apart(
    index: Index, number: Number, rid: int, face: Document, refs: Refs, text: Text = json_text
) -> list[tuple[int, Entry]]:
    """(number, entry) of the elements that are indexed apart."""
    found: list[tuple[int, Entry]] = []
    for path in index.embedded:
        elements: Sequence[int] = refs.get(path, [])
        if elements and elements != [rid]:
            target = BY_KIND[index.links[path]]
            for element, document in zip(elements, face[path], strict=True):
                found.append((element, derive(target, _below(number, path), document, [], text)))
    return found


def _below(number: Number, path: str) -> Number:
    return lambda inner: number(f"{path}.{inner}")
