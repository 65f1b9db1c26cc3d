"""Search documents as JSON text: the stored root, `modified`, and nested arrays joined from what they link to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from bulkwark.store.dialect import Session
from bulkwark.store.indexes import METADATA
from bulkwark.store.tenants import Tenant

class _Opened(dict[str, bytes]):
    """How each nested array begins."""

    def __missing__(self, path: str) -> bytes:
        found = self[path] = b',"%b":[' % path.encode()
        return found


_OPEN = _Opened()
_refs = msgspec.json.Decoder(dict[str, list[int]]).decode


def search_documents(session: Session, tenant: Tenant, rids: Sequence[int], *, nested: bool) -> Iterator[bytes]:
    """The search documents of the rids, in their order; those deleted meanwhile are left out."""
    listed = json.dumps(list(rids))
    if not nested:
        for (root,) in session.rows("objects.roots", (listed,)):
            yield root + b"}"
        return
    rows = [(root, _refs(refs)) for root, refs in session.rows("objects.roots_with_refs", (listed,))]
    targets = {target for _, refs in rows for found in refs.values() for target in found}
    elements = tenant.elements.texts(session, targets)
    gone = targets - elements.keys()
    for root, refs in rows:
        arrays = []
        for path, found in refs.items():
            kept = [target for target in found if target not in gone] if gone else found
            arrays.append(_OPEN[path] + b",".join([elements[target] for target in kept]))
        yield root + b"]".join(arrays) + (b"]}" if refs else b"}")


def elements_of(session: Session, rids: Sequence[int], path: str) -> dict[int, list[int]]:
    """Object → the elements of one of its nested arrays, in order: rids, or metadata pairs."""
    if path == METADATA:
        rows = session.rows("objects.pairs_of", (json.dumps(list(rids)),))
        return {rid: [int(pair) for pair in md.split(",") if pair] for rid, md in rows}
    found = session.rows("objects.search_docs", (json.dumps(list(rids)),))
    return {rid: _refs(refs).get(path, []) for rid, _, refs, _ in found}


def element_texts(session: Session, tenant: Tenant, elements: Sequence[int], path: str) -> Mapping[int, bytes]:
    """Element → its JSON text."""
    if path != METADATA:
        return tenant.elements.texts(session, elements)
    catalogue = tenant.metadata.catalogue(session)
    found = {}
    for pair in elements:
        key, value = catalogue.words(pair)
        found[pair] = msgspec.json.encode({"key": key, "value": value})
    return found
