"""Search documents as text: the stored root, `modified`, and nested arrays joined from what they link to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import msgspec

from bulkwark.domain.kinds import Kind, kind_of
from bulkwark.domain.times import iso_ms
from bulkwark.store.dialect import Session
from bulkwark.store.indexes import METADATA
from bulkwark.store.tenants import Tenant

# What an element of a nested array shows of the object it links to (BaseEntitlement, BaseAccessProfile).
_ENTITLEMENT = ("id", "name", "description", "attribute", "value", "schema", "privileged", "sourceSchemaObjectType")
_PROFILE = ("id", "name")


def search_documents(session: Session, rids: Sequence[int], *, nested: bool) -> Iterator[str]:
    """The search documents of the rids, in their order; those deleted meanwhile are left out."""
    rows = list(session.rows("objects.search_docs", (json.dumps(list(rids)),)))
    elements: dict[int, str] = {}
    references: list[dict[str, list[int]]] = []
    if nested:
        references = [json.loads(refs) for _, _, refs, _ in rows]
        targets = {target for refs in references for found in refs.values() for target in found}
        elements = _elements(session, sorted(targets))
    for position, (_, face, _, modified) in enumerate(rows):
        moment = iso_ms(modified)
        text = f'{face},"modified":"{moment}","synced":"{moment}"'
        if nested:
            for path, targets_ in references[position].items():
                inner = ",".join(elements[target] for target in targets_ if target in elements)
                text += f',"{path}":[{inner}]'
        yield text + "}"


def elements_of(session: Session, rids: Sequence[int], path: str) -> dict[int, list[int]]:
    """Object → the elements of one of its nested arrays, in order: rids, or metadata pairs."""
    if path == METADATA:
        rows = session.rows("objects.pairs_of", (json.dumps(list(rids)),))
        return {rid: [int(pair) for pair in md.split(",") if pair] for rid, md in rows}
    found = session.rows("objects.search_docs", (json.dumps(list(rids)),))
    return {rid: json.loads(refs).get(path, []) for rid, _, refs, _ in found}


def element_texts(session: Session, tenant: Tenant, elements: Sequence[int], path: str) -> dict[int, str]:
    """Element → its JSON text."""
    if path != METADATA:
        return _elements(session, elements)
    catalogue = tenant.metadata.catalogue(session)
    found = {}
    for pair in elements:
        key, value = catalogue.words(pair)
        found[pair] = msgspec.json.encode({"key": key, "value": value}).decode()
    return found


def _elements(session: Session, targets: Sequence[int]) -> dict[int, str]:
    found = {}
    for rid, face, _, _ in session.rows("objects.search_docs", (json.dumps(list(targets)),)):
        doc = msgspec.json.decode(face + "}")
        kind = kind_of(rid)
        if kind is Kind.ENTITLEMENT:
            element = {"hasPermissions": False, **{name: doc[name] for name in _ENTITLEMENT if name in doc}}
            element["source"] = doc["source"]
        else:
            element = {name: doc[name] for name in _PROFILE if name in doc}
        found[rid] = msgspec.json.encode(element).decode()
    return found
