"""Search documents as JSON text: the stored root, `modified`, and nested arrays joined from what they link to."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from bulkwark.domain.kinds import Kind, kind_of
from bulkwark.domain.times import iso_ms
from bulkwark.store.dialect import Session
from bulkwark.store.indexes import EMBEDDED, METADATA
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
    # Read in the order in which they lie, which is a third cheaper than in that of a page.
    found = session.rows("objects.roots", (json.dumps(sorted(rids)),))
    rows = {}
    for rid, face, modified, refs in found:
        arrays: dict[str, list[int]] = _refs(refs) if nested else {}
        if refs != "{}" and kind_of(rid) is Kind.IDENTITY:
            # Its arrays stand in the document already.
            face, arrays = face if nested else _without(face, EMBEDDED), {}
        rows[rid] = face, iso_ms(modified).encode(), arrays
    targets = {target for _, _, refs in rows.values() for held in refs.values() for target in held}
    elements = tenant.elements.texts(session, targets) if targets else {}
    gone = targets - elements.keys()
    for rid in rids:
        if rid not in rows:
            continue
        face, moment, refs = rows[rid]
        parts = [face, b',"modified":"', moment, b'","synced":"', moment, b'"']
        for path, held in refs.items():
            kept = [target for target in held if target not in gone] if gone else held
            parts += (_OPEN[path], b",".join(map(elements.__getitem__, kept)), b"]")
        parts.append(b"}")
        yield b"".join(parts)


def _without(face: bytes, members: Collection[str]) -> bytes:
    """The root of a search document without some of its members."""
    found = msgspec.json.decode(face + b"}", type=dict[str, msgspec.Raw])
    return msgspec.json.encode({name: text for name, text in found.items() if name not in members})[:-1]


def elements_of(session: Session, rids: Sequence[int], path: str) -> dict[int, list[int]]:
    """Object → the elements of one of its nested arrays, in order: rids, or metadata pairs."""
    if path == METADATA:
        rows = session.rows("objects.pairs_of", (json.dumps(list(rids)),))
        return {rid: [int(pair) for pair in md.split(",") if pair] for rid, md in rows}
    found = session.rows("objects.search_docs", (json.dumps(list(rids)),))
    return {rid: _refs(refs).get(path, []) for rid, _, refs, _ in found}


def element_texts(session: Session, tenant: Tenant, found: Sequence[tuple[int, int]], path: str) -> Mapping[int, bytes]:
    """Element → its JSON text, for elements (object, element) of one nested array."""
    elements = sorted({element for _, element in found})
    if path in EMBEDDED:
        return _embedded_texts(session, sorted({rid for rid, _ in found}), path)
    if path != METADATA:
        return tenant.elements.texts(session, elements)
    catalogue = tenant.metadata.catalogue(session)
    words = {}
    for pair in elements:
        key, value = catalogue.words(pair)
        words[pair] = msgspec.json.encode({"key": key, "value": value})
    return words


def _embedded_texts(session: Session, rids: Sequence[int], path: str) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for _, face, refs, _ in session.rows("objects.search_docs", (json.dumps(rids),)):
        texts = msgspec.json.decode(face + "}", type=dict[str, msgspec.Raw])
        if path in texts:
            elements = msgspec.json.decode(texts[path], type=list[msgspec.Raw])
            found.update(zip(_refs(refs).get(path, []), map(bytes, elements), strict=True))
    return found
