"""A CSV file becomes entitlements of one source: rows are upserted by id, or by attribute and value.

Good rows are applied in transactions of a few hundred, so that other writers wait for none of them long; bad rows
are remembered by line. An interrupted import is simply run again: what stands there already is found unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from bulkwark.domain.documents import Document
from bulkwark.domain.entitlement_rows import Fault, Row, merged
from bulkwark.domain.kinds import Kind, new_id, plain_id
from bulkwark.domain.times import iso_ms
from bulkwark.query.analysis import fold
from bulkwark.store.changes import change_many, rename_references
from bulkwark.store.dialect import Session
from bulkwark.store.objects import New, Stored
from bulkwark.store.tenants import Store, Tenant

BATCH = 300  # rows of one transaction
Pair = tuple[str, str]  # attribute, value


@dataclass(slots=True)
class Report:
    """What an import did."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.created + self.updated + self.unchanged + len(self.faults)


class Import:
    """One file for one source."""

    def __init__(self, store: Store, tenant: Tenant, source: Document, now: int) -> None:
        self._store = store
        self._tenant = tenant
        self._source = {"id": source["id"], "type": "SOURCE", "name": source.get("name") or ""}
        self._now = now
        self._seen: dict[str | Pair, int] = {}  # what a row was about → its line
        self._people: dict[str, Document | None] = {}
        self.report = Report()

    def run(self, rows: Iterable[Row | Fault]) -> Report:
        """Apply all good rows."""
        whole = iter(rows)
        while batch := list(islice(whole, BATCH)):
            good = list(self._good(batch))
            with self._store.write() as session:
                self.report.faults.extend(self._write(session, good))
        self.report.faults.sort(key=lambda fault: fault.line)
        return self.report

    def _good(self, batch: list[Row | Fault]) -> Iterator[Row]:
        """Rows about something that no earlier row was about."""
        for row in batch:
            if isinstance(row, Fault):
                self.report.faults.append(row)
                continue
            pair = row.cells["attribute"], row.cells["value"]
            keys: list[str | Pair] = [pair, *([row.cells["id"]] if row.cells.get("id") else [])]
            earlier = next((self._seen[key] for key in keys if key in self._seen), None)
            if earlier is not None:
                self.report.faults.append(Fault(row.line, f"line {earlier} is about the same entitlement"))
                continue
            self._seen.update((key, row.line) for key in keys)
            yield row

    def _write(self, session: Session, rows: list[Row]) -> list[Fault]:
        by_id, by_pair = self._known(session, rows)
        self._find_people(session, {row.cells["owner"] for row in rows if row.cells.get("owner")})
        faults: list[Fault] = []
        new: list[New] = []
        changed: list[tuple[Stored, Document]] = []
        renamed: dict[int, tuple[str, str]] = {}
        unchanged = 0
        for row in rows:
            pair = row.cells["attribute"], row.cells["value"]
            id = row.cells.get("id", "")
            old = by_id.get(id) if id else by_pair.get(pair)
            fault = self._fault(row, old, by_pair.get(pair))
            if fault:
                faults.append(Fault(row.line, fault))
                continue
            before = old.document() if old else None
            owner = self._people.get(row.cells.get("owner", ""))
            made = merged(row, before, id or new_id(), iso_ms(self._now), self._source, owner)
            if old is None:
                new.append(New(made, self._now))
            elif made != before:
                changed.append((old, made))
                if before is not None and made["name"] != before.get("name"):
                    renamed[old.rid] = made["id"], made["name"]
            else:
                unchanged += 1
        objects = self._tenant.objects
        if new:
            objects.add(session, Kind.ENTITLEMENT, new)
        if changed:
            change_many(session, objects, Kind.ENTITLEMENT, changed, self._now)
        if renamed:
            rename_references(session, objects, Kind.ENTITLEMENT, renamed)
        self.report.created += len(new)
        self.report.updated += len(changed)
        self.report.unchanged += unchanged
        return faults

    def _fault(self, row: Row, old: Stored | None, of_pair: Stored | None) -> str:
        """Why the row cannot be applied, or ''."""
        owner = row.cells.get("owner")
        if owner and self._people.get(owner) is None:
            return f"column owner: there is no one identity {owner!r} (id, alias or display name)"
        id = row.cells.get("id")
        if id and old is not None and self._source_of(old) != self._source["id"]:
            return f"column id: the entitlement {id} belongs to another source"
        if id and of_pair is not None and (old is None or old.rid != of_pair.rid):
            return f"column id: the source has this attribute and value as {of_pair.document()['id']}"
        return ""

    def _known(self, session: Session, rows: list[Row]) -> tuple[dict[str, Stored], dict[Pair, Stored]]:
        """What the store has already: by id in any source, and by attribute and value in this one."""
        objects = self._tenant.objects
        ids = objects.rids(session, Kind.ENTITLEMENT, [row.cells["id"] for row in rows if row.cells.get("id")])
        stored = {one.rid: one for one in objects.by_rids(session, list(ids.values()))}
        by_id = {id: stored[rid] for id, rid in ids.items()}
        found = objects.with_value(session, Kind.ENTITLEMENT, "value", {row.cells["value"] for row in rows})
        by_pair: dict[Pair, Stored] = {}
        for one in objects.by_rids(session, sorted({rid for _, rid in found})):
            document = one.document()
            if (document.get("source") or {}).get("id") == self._source["id"]:
                by_pair[document.get("attribute") or "", document.get("value") or ""] = one
        return by_id, by_pair

    def _source_of(self, stored: Stored) -> str:
        return str((stored.document().get("source") or {}).get("id", ""))

    def _find_people(self, session: Session, wanted: set[str]) -> None:
        """Owners by id, alias or display name; None for those that are nobody or several."""
        objects = self._tenant.objects
        fresh = {text for text in wanted if text not in self._people}
        if not fresh:
            return
        places: list[dict[str, set[int]]] = [
            {id: {rid} for id, rid in objects.rids(session, Kind.IDENTITY, [plain_id(text) for text in fresh]).items()}
        ]
        for path in ("alias~", "displayName~"):
            named: dict[str, set[int]] = {}
            for value, rid in objects.with_value(session, Kind.IDENTITY, path, {fold(text) for text in fresh}):
                named.setdefault(value, set()).add(rid)
            places.append(named)
        for text in fresh:
            keys = (plain_id(text), fold(text), fold(text))
            rids = next((place[key] for key, place in zip(keys, places, strict=True) if key in place), set())
            stored = objects.by_rids(session, list(rids)) if len(rids) == 1 else []
            self._people[text] = None
            for one in stored:
                document = one.document()
                reference = {"type": "IDENTITY", "id": document["id"], "name": document.get("name") or ""}
                self._people[text] = reference
