"""Search documents as JSON text: the stored root, `modified`, and nested arrays joined from what they link to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from bulkwark.domain.times import iso_ms
from bulkwark.store.dialect import Session
from bulkwark.store.indexes import METADATA
from bulkwark.store.tenants import Tenant

_refs = msgspec.json.Decoder(dict[str, list[int]]).decode


def search_documents(session: Session, tenant: Tenant, rids: Sequence[int], *, nested: bool) -> Iterator[bytes]:
    """The search documents of the rids, in their order; those deleted meanwhile are left out."""
    if not nested:
        for face, modified in session.rows("objects.roots", (json.dumps(list(rids)),)):
            yield b'%b,"modified":"%b","synced":"%b"}' % (face, *[iso_ms(modified).encode()] * 2)
        return
    rows = [
        (face, _refs(refs), modified)
        for face, modified, refs in session.rows("objects.roots_with_refs", (json.dumps(list(rids)),))
    ]
    targets = {target for _, refs, _ in rows for found in refs.values() for target in found}
    elements = tenant.elements.texts(session, targets)
    for face, refs, modified in rows:
        moment = iso_ms(modified).encode()
        arrays = b"".join(
            [
                b',"%b":[%b]' % (path.encode(), b",".join([elements[target] for target in found if target in elements]))
                for path, found in refs.items()
            ]
        )
        yield b'%b,"modified":"%b","synced":"%b"%b}' % (face, moment, moment, arrays)


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
