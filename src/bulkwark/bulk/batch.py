"""One batch of the loader: rows of any kinds, written in one transaction in the order of their dependence."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from bulkwark.bulk import shapes
from bulkwark.bulk.placeholders import placeholder
from bulkwark.bulk.shapes import MetadataAttribute, Parts
from bulkwark.domain import metadata
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind
from bulkwark.domain.metadata import Catalogue
from bulkwark.domain.times import iso_ms
from bulkwark.errors import Invalid
from bulkwark.store.dialect import Session
from bulkwark.store.objects import New, Stored, head
from bulkwark.store.tenants import Tenant

ATTRIBUTE = "metadata-attribute"
# What is referred to stands before what refers to it. Values: the kind, or None for the catalogue.
KINDS: dict[str, Kind | None] = {
    ATTRIBUTE: None,
    "identity": Kind.IDENTITY,
    "source": Kind.SOURCE,
    "entitlement": Kind.ENTITLEMENT,
    "access-profile": Kind.ACCESS_PROFILE,
    "role": Kind.ROLE,
}


def name_of(kind: Kind) -> str:
    """The loader's name of a kind: `access-profile`."""
    return kind.name.lower().replace("_", "-")


@dataclass(slots=True)
class Row:
    """A document and where it came from."""

    kind: str  # one of KINDS
    document: Document
    file: str = ""
    line: int = 0


@dataclass(slots=True)
class Counts:
    """What became of the rows of one kind."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    failed: int = 0
    placeholders: int = 0  # made for references that led nowhere, and not filled by a later row

    @property
    def rows(self) -> int:
        return self.added + self.changed + self.unchanged + self.failed

    def add(self, other: Counts) -> None:
        self.added += other.added
        self.changed += other.changed
        self.unchanged += other.unchanged
        self.failed += other.failed


class Batch:
    """Rows with different ids. `run` writes them and fills the other members, which are good once committed."""

    def __init__(self, tenant: Tenant, now: int, rows: list[Row]) -> None:
        self._tenant = tenant
        self._now = now
        self._rows = rows
        self.counts: dict[str, Counts] = {}
        self.faults: list[tuple[Row, Invalid]] = []
        self.placeholders: set[tuple[Kind, str]] = set()  # made here
        self.filled: set[tuple[Kind, str]] = set()  # changed here: perhaps a placeholder of before

    def run(self, session: Session) -> None:
        """Write everything. Rows with faults are left out."""
        for name, kind in KINDS.items():
            rows = [row for row in self._rows if row.kind == name]
            if rows:
                self.counts[name] = Counts()
                if kind is None:
                    self._attributes(session, rows, self.counts[name])
                else:
                    self._objects(session, kind, rows, self.counts[name])

    # --- the catalogue -------------------------------------------------------------------------------

    def _attributes(self, session: Session, rows: list[Row], counts: Counts) -> None:
        for row in rows:
            try:
                found = shapes.attribute(row.document)
            except Invalid as reason:
                self._fail(row, reason, counts)
                continue
            known = found.key in self._tenant.metadata.catalogue(session).attributes
            changed = self._put_attribute(session, found, replace=True)
            counts.added += not known
            counts.changed += known and changed
            counts.unchanged += known and not changed

    def _put_attribute(self, session: Session, found: MetadataAttribute, *, replace: bool) -> bool:
        """Add an attribute and its values to the catalogue; what is there already is replaced only when asked."""
        before = self._tenant.metadata.catalogue(session)
        document, values = shapes.attribute_documents(found)
        known = before.attributes.get(found.key)
        number = known.number if known else None
        if known is None or (replace and known.doc != head(document)):
            number = self._tenant.metadata.put_attribute(session, document)
        assert number is not None
        for value in values:
            old = known.values.get(value["value"]) if known else None
            if old is None or (replace and (old.name, old.status) != (value["name"], value["status"])):
                self._tenant.metadata.put_value(session, number, value)
        return self._tenant.metadata.catalogue(session).version != before.version

    def _pairs(self, session: Session, found: list[MetadataAttribute]) -> str:
        """Metadata of an object as stored; attributes and values that the catalogue lacks are made."""
        if not found:
            return ""
        catalogue = self._tenant.metadata.catalogue(session)
        pairs: dict[int, None] = {}
        for attribute in found:
            values = [value.value for value in attribute.values or []]
            if not values:
                continue
            if not _known(catalogue, attribute.key, values):
                self._put_attribute(session, shapes.attribute(msgspec.to_builtins(attribute)), replace=False)
                catalogue = self._tenant.metadata.catalogue(session)
            known = catalogue.attributes[attribute.key].values
            pairs.update((known[value].pair, None) for value in values)
        return metadata.text(tuple(pairs))

    # --- objects -------------------------------------------------------------------------------------

    def _objects(self, session: Session, kind: Kind, rows: list[Row], counts: Counts) -> None:
        parts: list[tuple[Row, Parts]] = []
        for row in rows:
            try:
                parts.append((row, shapes.take_apart(kind, row.document)))
            except Invalid as reason:
                self._fail(row, reason, counts)
        self._stand_in(session, [one for _, one in parts])
        objects = self._tenant.objects
        rids = objects.rids(session, kind, (one.document["id"] for _, one in parts))
        old = {stored.rid: stored for stored in objects.by_rids(session, list(rids.values()))} if rids else {}
        new: list[New] = []
        for row, one in parts:
            try:
                md = None if one.metadata is None else self._pairs(session, one.metadata)
            except Invalid as reason:
                self._fail(row, reason, counts)
                continue
            rid = rids.get(one.document["id"])
            if rid is None:
                one.document["created"] = one.document.get("created") or iso_ms(self._now)
                new.append(New(one.document, self._now if one.modified is None else one.modified, md or ""))
            elif self._change(session, old[rid], one, md):
                counts.changed += 1
                self.filled.add((kind, one.document["id"]))
            else:
                counts.unchanged += 1
        if new:
            objects.add(session, kind, new)
            counts.added += len(new)

    def _change(self, session: Session, old: Stored, one: Parts, md: str | None) -> bool:
        """Make the stored object what the document says; whether anything was different."""
        document = one.document
        before: Document | None = None
        if not document.get("created"):
            before = old.document()
            document["created"] = before["created"]
        same = head(document) == old.head or document == (before or old.document())
        modified = old.modified if one.modified is None else one.modified
        if same and md in (None, old.md) and modified == old.modified:
            return False
        moved = self._now if one.modified is None else modified
        self._tenant.objects.change(session, old, document, modified=moved, md=md)
        return True

    def _stand_in(self, session: Session, parts: list[Parts]) -> None:
        """Make placeholders for what the documents point at and the store does not have."""
        wanted: dict[Kind, dict[str, str]] = {}
        for one in parts:
            for kind, id, name in one.references:
                wanted.setdefault(kind, {}).setdefault(id, name)
        for kind, names in wanted.items():
            known = self._tenant.objects.rids(session, kind, names)
            missing = [id for id in names if id not in known]
            if missing:
                created = iso_ms(self._now)
                documents = [placeholder(kind, id, names[id], created) for id in missing]
                self._tenant.objects.add(session, kind, [New(document, self._now) for document in documents])
                self.placeholders.update((kind, id) for id in missing)

    def _fail(self, row: Row, reason: Invalid, counts: Counts) -> None:
        counts.failed += 1
        self.faults.append((row, reason))


def _known(catalogue: Catalogue, key: str, values: list[str]) -> bool:
    attribute = catalogue.attributes.get(key)
    return attribute is not None and all(value in attribute.values for value in values)
