"""The documents that both sides hold: a synthetic company and hand-written oddities, as an outsider sees them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from bulkwark.domain import documents, metadata
from bulkwark.domain.kinds import Kind
from bulkwark.domain.synthetic import company
from bulkwark.domain.times import iso_ms
from bulkwark.store.dialect import Session
from bulkwark.store.objects import Stored
from bulkwark.store.tenants import Store, Tenant, open_store
from tests.company import ATTRIBUTES, KINDS, ODD, load, put

OWN = Path(__file__).parent / "odd.json"  # documents that tell similar queries apart
ROLES = 12_000  # with what belongs to them 23,400 documents
INDEXES = {
    "roles": Kind.ROLE,
    "accessprofiles": Kind.ACCESS_PROFILE,
    "entitlements": Kind.ENTITLEMENT,
    "identities": Kind.IDENTITY,
}
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Our side's store, and what the other side is to index."""

    store: Store
    tenant: Tenant
    documents: dict[str, dict[int, Document]]  # index → rid → search document

    @property
    def count(self) -> int:
        return sum(len(found) for found in self.documents.values())


def build(data_dir: Path, roles: int = ROLES) -> Corpus:
    """Load an empty data directory; the same documents for the same number of roles."""
    store = open_store(data_dir)
    tenant = store.need_tenant("default")
    stream = list(company(roles))
    put(store, tenant, [doc for kind, doc in stream if kind == "metadata-attribute"] + list(ATTRIBUTES))
    for kind, found in groupby((pair for pair in stream if pair[0] in KINDS), key=lambda pair: pair[0]):
        load(store, tenant, KINDS[kind], [doc for _, doc in found])
    for file in (ODD, OWN):
        for odd in json.loads(file.read_text("utf-8")):
            load(store, tenant, KINDS[odd["kind"]], odd["documents"])
    with store.snapshot() as session:
        return Corpus(store, tenant, _Reader(session, tenant).all())


class _Reader:
    """Search documents made from the stored objects, nested elements with all that can be searched in them."""

    def __init__(self, session: Session, tenant: Tenant) -> None:
        self.tenant = tenant
        self.pairs = tenant.metadata.catalogue(session).pairs
        rows = session.execute(
            "SELECT o.kind, o.id, o.rid, o.head, s.modified, s.md FROM object o JOIN state s ON s.rid = o.rid "
            "WHERE o.tenant = ?",
            (tenant.number,),
        )
        self.objects: dict[Kind, dict[str, Stored]] = {}
        for kind, id, *rest in rows:
            self.objects.setdefault(Kind(kind), {})[id] = Stored(*rest)
        self.emails = {
            id: str(doc["emailAddress"])
            for id, doc in ((id, one.document()) for id, one in self.objects[Kind.IDENTITY].items())
            if doc.get("emailAddress")
        }
        self.elements: dict[tuple[Kind, str], Document] = {}

    def all(self) -> dict[str, dict[int, Document]]:
        return {index: dict(self._documents(kind)) for index, kind in INDEXES.items()}

    def _documents(self, kind: Kind) -> Iterator[tuple[int, Document]]:
        for one in self.objects[kind].values():
            document = one.document()
            found = self._face(kind, one, document)
            pairs = [self.pairs[pair] for pair in metadata.parse(one.md)]
            if kind is not Kind.IDENTITY:
                found["accessModelMetadata"] = [{"key": a.key, "value": v.value} for a, v in pairs]
            for path, ids in documents.references(kind, document).items():
                target = Kind.ENTITLEMENT if path == "entitlements" else Kind.ACCESS_PROFILE
                found[path] = [self._element(target, id) for id in ids if id in self.objects[target]]
            yield one.rid, found

    def _element(self, kind: Kind, id: str) -> Document:
        key = kind, id
        if key not in self.elements:
            one = self.objects[kind][id]
            face = self._face(kind, one, one.document())
            unseen = ("attributes", "_type", "type", "pod", "org")
            self.elements[key] = {name: value for name, value in face.items() if name not in unseen}
        return self.elements[key]

    def _face(self, kind: Kind, one: Stored, document: Document) -> Document:
        found = documents.face(kind, document, self.emails, org=self.tenant.name)
        del found["_version"]  # a name of OpenSearch's own
        found["modified"] = found["synced"] = iso_ms(one.modified)
        if kind in (Kind.ENTITLEMENT, Kind.ACCESS_PROFILE):
            found["segments"] = [{"id": one["id"]} for one in found["segments"]]
        if kind is Kind.ENTITLEMENT:
            for name, searched in (("owner", ("id", "name")), ("privilegeLevel", ("direct",))):
                found[name] = {inner: value for inner, value in (found.get(name) or {}).items() if inner in searched}
        return found
