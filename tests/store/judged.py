"""The store's selections beside the judgement of the plain Python oracle, on what is stored at the moment."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from bulkwark.domain import documents, metadata
from bulkwark.domain.kinds import Kind
from bulkwark.domain.times import iso_ms
from bulkwark.query import filters, lucene
from bulkwark.query.ast import Checked
from bulkwark.query.check import check, check_filter
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.query.fields import Schema
from bulkwark.store import search
from bulkwark.store.dialect import Session
from bulkwark.store.indexes import INDEXES
from bulkwark.store.objects import Stored
from bulkwark.store.sqlite import counts
from bulkwark.store.tenants import Tenant
from tests.query.oracle import matches
from tests.query.samples import NOW_MS

Document = dict[str, Any]
OPERATORS = frozenset({"eq", "ne", "gt", "ge", "lt", "le", "sw", "co", "in", "ca", "pr", "isnull"})
# What stands in every document alike; a bare term does not look there, or `role` would select every role.
EVERYWHERE = ("_type", "type", "_version", "pod", "org")


@dataclass
class Judged:
    """One index of a tenant: its documents as an outsider sees them, made anew from the stored objects."""

    session: Session
    tenant: Tenant
    index: str
    only: Collection[str] = ()  # ids to look at; none: all

    def __post_init__(self) -> None:
        kind = INDEXES[self.index].kind
        assert kind is not None
        self.kind: Kind = kind
        self._by_id: dict[Kind, dict[str, Stored]] = {}
        catalogue = self.tenant.metadata.catalogue(self.session)
        self._pairs = catalogue.pairs
        self._emails = {
            id: str(doc["emailAddress"])
            for id, doc in ((id, one.document()) for id, one in self._all(Kind.IDENTITY).items())
            if doc.get("emailAddress")
        }
        wanted = set(self.only) or set(self._all(kind))
        self.documents = {id: self._document(kind, one) for id, one in self._all(kind).items() if id in wanted}

    @property
    def schema(self) -> Schema:
        return INDEXES[self.index].schema

    def query(self, text: str, *, strict: bool = False) -> Checked:
        elsewhere = {path for index in INDEXES.values() for path in index.schema.nested}
        return check(lucene.parse(text), self.schema, now_ms=NOW_MS, strict=strict, text=text, elsewhere=elsewhere)

    def filter(self, text: str) -> Checked:
        """Every field that can be filtered by at all, with every operator."""
        return check_filter(filters.parse(text), self.schema, self.allowed(), now_ms=NOW_MS, text=text)

    def allowed(self) -> dict[str, frozenset[str]]:
        """What a filter may ask for."""
        index = INDEXES[self.index]
        return {
            field.path: OPERATORS
            for field in index.schema.fields.values()
            if not field.nested and (field.kind is not FieldKind.TEXT or field.path in index.folded)
        }

    def selected(self, checked: Checked) -> set[str]:
        """What the store selects; each object once."""
        sql = self.tenant.select(self.session, checked)
        rids = [rid for (rid,) in self.session.execute(sql.text, sql.params)]
        assert len(rids) == len(set(rids)), "an object is selected twice"
        ids = self.tenant.objects.ids(self.session, rids)
        assert len(ids) == len(rids), "something is selected that does not exist"
        for few in (counts.FEW, -1):  # by sets of numbers, and by marks for all objects
            with patch.object(counts, "FEW", few):
                counted = search.count(self.session, self.tenant, checked)
                assert counted == len(rids), f"{counted} are counted, {len(rids)} selected"
        return set(ids.values()) & set(self.documents) if self.only else set(ids.values())

    def expected(self, checked: Checked) -> set[str]:
        """What the oracle selects."""
        return {id for id, document in self.documents.items() if matches(checked, self.schema, document)}

    # --- documents -----------------------------------------------------------------------------------

    def _all(self, kind: Kind) -> dict[str, Stored]:
        if kind not in self._by_id:
            rows = self.session.execute(
                "SELECT o.id, o.rid, o.head, s.modified, s.md FROM object o JOIN state s ON s.rid = o.rid "
                "WHERE o.tenant = ? AND o.kind = ?",
                (self.tenant.number, int(kind)),
            )
            self._by_id[kind] = {id: Stored(*rest) for id, *rest in rows}
        return self._by_id[kind]

    def _document(self, kind: Kind, one: Stored) -> Document:
        found = self._root(kind, one)
        for path, ids in documents.references(kind, one.document()).items():
            target = INDEXES[self.index].links[path]
            there = self._all(target)
            found[path] = [self._root(target, there[id]) for id in ids if id in there]
        return found

    def _root(self, kind: Kind, one: Stored) -> Document:
        found = documents.face(kind, one.document(), self._emails, org=self.tenant.name)
        for name in EVERYWHERE:
            del found[name]
        found["modified"] = found["synced"] = iso_ms(one.modified)
        pairs = [self._pairs[pair] for pair in metadata.parse(one.md)]
        found["accessModelMetadata"] = [{"key": a.key, "value": v.value} for a, v in pairs]
        return found
