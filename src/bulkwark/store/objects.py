"""Governed objects of every kind: add, change, delete, read. Which rules hold for a kind is not decided here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from bulkwark.domain import documents
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind, first_rid, kind_of, require_number
from bulkwark.store import common_access, counters, embedded
from bulkwark.store.dialect import Session, index
from bulkwark.store.entries import Entry
from bulkwark.store.fields import FieldNumbers
from bulkwark.store.indexes import BY_KIND

# An object for sending on: its document as in `Stored.head`, but as UTF-8; modified, ms; metadata pairs.
# From bytes to bytes a page of 250 documents costs a third less than through text.
Raw = tuple[bytes, int, str]
MOST_KNOWN = 50_000


class Stored(msgspec.Struct, frozen=True, gc=False):
    """An object as the store holds it."""

    rid: int
    head: str  # JSON text of the document without `}`, `modified` and metadata
    modified: int  # ms
    md: str  # metadata pairs, '3,17,22'

    def document(self) -> Document:
        """The document without `modified` and metadata, decoded."""
        found: Document = msgspec.json.decode(self.head + "}")
        return found


@dataclass(frozen=True, slots=True)
class New:
    """An object to be added: its document, and the state beside it."""

    document: Document  # with `id`; without `modified` and `accessModelMetadata`
    modified: int
    md: str = ""


class Objects:
    """The objects of one tenant, through one session at a time."""

    def __init__(self, tenant: int, org: str, numbers: FieldNumbers) -> None:
        self.tenant = tenant
        self.org = org
        self.numbers = numbers
        self._known: dict[tuple[Kind, str], int] = {}  # rids of objects that were read before, for point reads

    # --- reading -----------------------------------------------------------------------------------

    def get(self, session: Session, kind: Kind, id: str) -> Stored | None:
        row = session.one("objects.get", (self.tenant, int(kind), id))
        return Stored(*row) if row else None

    def by_rid(self, session: Session, rid: int) -> Stored | None:
        row = session.one("objects.by_rid", (rid,))
        return Stored(*row) if row else None

    def by_rids(self, session: Session, rids: Sequence[int]) -> list[Stored]:
        return [Stored(*row) for row in session.rows("objects.by_rids", (json.dumps(rids),))]

    def raw(self, session: Session, kind: Kind, id: str) -> Raw | None:
        """For an answer that sends the document as it is stored."""
        key = (kind, id)
        rid = self._known.get(key)
        if rid is not None and (row := session.one("objects.raw_by_rid", (rid,))) is not None:
            return row[0], row[1], row[2]
        # A rid is never given twice, so one that is remembered is right or gone.
        found = session.one("objects.raw", (self.tenant, int(kind), id))
        if found is None:
            self._known.pop(key, None)
            return None
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[key] = found[3]
        return found[0], found[1], found[2]

    def raw_by_rids(self, session: Session, rids: Sequence[int]) -> list[Raw]:
        """The same for a page, in the order of the rids."""
        return list(session.rows("objects.raw_by_rids", (json.dumps(rids),)))

    def by_ids(self, session: Session, kind: Kind, ids: Sequence[str]) -> dict[str, Stored]:
        """Id → object of those ids that exist, in their order."""
        rows = session.rows("objects.by_ids", (self.tenant, int(kind), json.dumps(ids)))
        return {id: Stored(*row) for id, *row in rows}

    def rids(self, session: Session, kind: Kind, ids: Iterable[str]) -> dict[str, int]:
        """Id → rid of those ids that exist."""
        wanted = json.dumps(list(dict.fromkeys(ids)))
        return dict(session.rows("objects.rids_of", (self.tenant, int(kind), wanted)))

    def ids(self, session: Session, rids: Iterable[int]) -> dict[int, str]:
        """Rid → id of those that exist."""
        return dict(session.rows("objects.ids_of", (json.dumps(list(rids)),)))

    def count(self, session: Session, kind: Kind) -> int:
        return int(session.value("objects.count", (self.tenant, int(kind))))

    def name_taken(self, session: Session, kind: Kind, folded_name: str) -> int | None:
        """Rid of an object of the kind with that case-folded name."""
        number = self.numbers.find(session, kind, "name~")
        found: int | None = session.value("objects.name_taken", (self.tenant, number, folded_name))
        return found

    def with_value(self, session: Session, kind: Kind, path: str, values: Iterable[str]) -> list[tuple[str, int]]:
        """(value, rid) of the objects that have one of the whole values; `path~` compares case-folded."""
        number = self.numbers.find(session, kind, path)
        rows = session.rows("objects.with_value", (self.tenant, number, json.dumps(list(values))))
        return [(value, rid) for value, rid in rows]

    # --- writing -----------------------------------------------------------------------------------

    def add(self, session: Session, kind: Kind, found: Sequence[New]) -> list[int]:
        """Insert objects; their ids must be free. Answers their rids."""
        start = counters.take(session, self.tenant, f"kind-{int(kind)}", len(found))
        require_number(start + len(found) - 1, kind)
        first = first_rid(self.tenant, kind) + start
        rids = list(range(first, first + len(found)))
        known = BY_KIND[kind]
        emails = self.emails(session, [new.document for new in found])
        targets = self._targets(session, kind, [new.document for new in found])
        numbers = _Numbers(lambda path: self.numbers.need(session, kind, path))
        objects, states, search, faces = [], [], [], []
        links: list[tuple[Any, ...]] = []
        pairs: list[tuple[Any, ...]] = []
        for rid, new in zip(rids, found, strict=True):
            face = documents.face(kind, new.document, emails, org=self.org)
            refs = self._refs(kind, new.document, targets)
            if known.embedded:
                refs |= embedded.number_elements(session, self.tenant, known, rid, face, {})
            objects.append((rid, self.tenant, int(kind), new.document["id"], head(new.document)))
            states.append((rid, self.tenant, int(kind), new.modified, new.md))
            search.append((rid, self.tenant, head(face), json.dumps(refs, separators=(",", ":"))))
            faces.append((rid, face, refs))
            links.extend(self.links(session, rid, refs))
            pairs.extend((self.tenant, int(pair), rid) for pair in new.md.split(",") if pair)
        session.many("objects.add", objects)
        session.many("objects.add_state", states)
        session.many("objects.add_search_doc", search)
        session.many("index.put_link", sorted(links))
        session.many("index.put_pair", sorted(pairs))
        number = numbers.__getitem__
        index.put(
            session,
            self.tenant,
            (entry for rid, face, refs in faces for entry in embedded.entries(known, number, rid, face, refs)),
        )
        return rids

    def change(
        self, session: Session, old: Stored, document: Document, *, modified: int, md: str | None = None
    ) -> None:
        """Replace an object's document (and metadata, when given)."""
        kind = kind_of(old.rid)
        new_md = old.md if md is None else md
        session.run("objects.set_state", (modified, new_md, old.rid))
        if new_md != old.md:
            self._move_pairs(session, old.rid, old.md, new_md)
        new_head = head(document)
        if new_head == old.head:
            return
        session.run("objects.set_head", (new_head, old.rid))
        common_access.follow(session, [(old.rid, document)])
        old_face, old_refs = self._search_doc(session, old.rid)
        face = documents.face(kind, document, self.emails(session, [document]), org=self.org)
        refs = self._refs(kind, document, self._targets(session, kind, [document]))
        refs |= embedded.number_elements(session, self.tenant, BY_KIND[kind], old.rid, face, old_refs)
        index.drop(session, self.tenant, self.entries(session, old.rid, old_face, old_refs))
        index.put(session, self.tenant, self.entries(session, old.rid, face, refs))
        session.many("index.drop_link", self.links(session, old.rid, old_refs))
        session.many("index.put_link", self.links(session, old.rid, refs))
        session.run("objects.set_search_doc", (head(face), json.dumps(refs, separators=(",", ":")), old.rid))

    def set_metadata(self, session: Session, old: Stored, md: str, *, modified: int) -> None:
        """Replace an object's metadata and nothing else."""
        session.run("objects.set_state", (modified, md, old.rid))
        self._move_pairs(session, old.rid, old.md, md)

    def delete(self, session: Session, old: Stored) -> None:
        """Take an object out, with everything that the index knows of it."""
        face, refs = self._search_doc(session, old.rid)
        index.drop(session, self.tenant, self.entries(session, old.rid, face, refs))
        session.many("index.drop_link", self.links(session, old.rid, refs))
        self._move_pairs(session, old.rid, old.md, "")
        for statement in ("objects.drop", "objects.drop_state", "objects.drop_search_doc"):
            session.run(statement, (old.rid,))
        common_access.drop_of(session, old.rid)

    def delete_many(self, session: Session, kind: Kind, found: Sequence[Stored]) -> None:
        """The same for objects of one kind, in few statements."""
        rids = [(old.rid,) for old in found]
        rows = session.rows("objects.search_docs", (json.dumps([rid for (rid,) in rids]),))
        docs = [(rid, msgspec.json.decode(face + "}"), json.loads(refs)) for rid, face, refs, _ in rows]
        entries = (entry for rid, face, refs in docs for entry in self.entries(session, rid, face, refs))
        index.drop(session, self.tenant, entries)
        links = [link for rid, _, refs in docs for link in self.links(session, rid, refs)]
        session.many("index.drop_link", links)
        for old in found:
            self._move_pairs(session, old.rid, old.md, "")
            common_access.drop_of(session, old.rid)
        for statement in ("objects.drop", "objects.drop_state", "objects.drop_search_doc"):
            session.many(statement, rids)

    # --- helpers -----------------------------------------------------------------------------------

    def _search_doc(self, session: Session, rid: int) -> tuple[Document, dict[str, list[int]]]:
        for _, face, refs, _ in session.rows("objects.search_docs", (json.dumps([rid]),)):
            return msgspec.json.decode(face + "}"), json.loads(refs)
        raise AssertionError(f"object {rid} has no search document")

    def entries(self, session: Session, rid: int, face: Document, refs: embedded.Refs) -> list[tuple[int, Entry]]:
        """(number, entry) of an object, and of the elements in its document that are indexed apart."""
        kind = kind_of(rid)
        number = partial(self.numbers.need, session, kind)
        return embedded.entries(BY_KIND[kind], number, rid, face, refs)

    def links(self, session: Session, rid: int, refs: embedded.Refs) -> list[tuple[int, int, int, int]]:
        """The rows of `link` of an object."""
        kind = kind_of(rid)
        return [
            (self.tenant, self.numbers.need(session, kind, path), target, rid)
            for path, targets in refs.items()
            for target in targets
        ]

    def _move_pairs(self, session: Session, rid: int, old: str, new: str) -> None:
        before, after = {p for p in old.split(",") if p}, {p for p in new.split(",") if p}
        session.many("index.drop_pair", [(self.tenant, int(p), rid) for p in before - after])
        session.many("index.put_pair", [(self.tenant, int(p), rid) for p in after - before])

    def _refs(self, kind: Kind, document: Document, targets: Mapping[str, Mapping[str, int]]) -> dict[str, list[int]]:
        return {
            path: [targets[path][id] for id in ids if id in targets[path]]
            for path, ids in documents.references(kind, document).items()
        }

    def _targets(self, session: Session, kind: Kind, docs: Sequence[Document]) -> dict[str, dict[str, int]]:
        """Nested path → id → rid for all references of the documents."""
        known = BY_KIND[kind]
        wanted: dict[str, dict[str, None]] = {path: {} for path in known.links if path not in known.embedded}
        for doc in docs:
            for path, ids in documents.references(kind, doc).items():
                wanted[path].update(dict.fromkeys(ids))
        return {path: self.rids(session, known.links[path], ids) for path, ids in wanted.items()}

    def emails(self, session: Session, docs: Sequence[Document]) -> dict[str, str]:
        """Identity id → email address for all owners of the documents."""
        rids = self.rids(session, Kind.IDENTITY, (id for doc in docs for id in documents.people(doc)))
        found = {}
        for stored in self.by_rids(session, list(rids.values())):
            doc = stored.document()
            if doc.get("emailAddress"):
                found[doc["id"]] = doc["emailAddress"]
        return found


class _Numbers(dict[str, int]):
    """Numbers of fields, each asked for once."""

    def __init__(self, need: Callable[[str], int]) -> None:
        super().__init__()
        self._need = need

    def __missing__(self, path: str) -> int:
        found = self[path] = self._need(path)
        return found


def head(document: Document) -> str:
    """A document as JSON text without the closing brace, so that more members can be joined on."""
    return msgspec.json.encode(document).decode()[:-1]
