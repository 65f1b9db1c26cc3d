"""Changes to many objects in few statements: of what the index knows only that moves which differs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from itertools import compress
from operator import ne
from typing import Any

import msgspec

from bulkwark.domain import documents
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind, kind_of
from bulkwark.query.fields import Field
from bulkwark.store import common_access, embedded
from bulkwark.store.dialect import Session, index
from bulkwark.store.entries import ALL, Entry, leaves, part, present, speller, words
from bulkwark.store.indexes import BY_KIND, Index
from bulkwark.store.objects import Objects, Stored, head

# Members of search documents that take few values, or the same one in most: their tokens are spelled together.
COMMON = frozenset(
    {"_type", "type", "_version", "pod", "org", "enabled", "requestable", "requestCommentsRequired", "privileged"}
    | {"cloudGoverned", "containsDataAccess", "dimensional", "segments", "segmentCount", "privilegeLevel"}
    | {"additionalOwners", "tags"}
)


def change_many(
    session: Session, objects: Objects, kind: Kind, found: Sequence[tuple[Stored, Document]], now: int
) -> None:
    """Replace the documents of objects of one kind. They must refer to the objects that they did; metadata stays.

    `now` (ms) becomes `modified`, which never goes back.
    """
    session.many("objects.set_state", [(max(now, old.modified), old.md, old.rid) for old, _ in found])
    session.many("objects.set_head", [(head(document), old.rid) for old, document in found])
    common_access.follow(session, [(old.rid, document) for old, document in found])
    rows = {
        rid: (msgspec.json.decode(face + "}"), msgspec.json.decode(refs))
        for rid, face, refs, _ in session.rows("objects.search_docs", (json.dumps([old.rid for old, _ in found]),))
    }
    emails = _emails(session, objects, [document for _, document in found], [face for face, _ in rows.values()])
    known = BY_KIND[kind]
    rewritten = _Rewritten(known, lambda path: objects.numbers.need(session, kind, path))
    arrays = _Arrays(session, objects, known)
    faces = []
    for old, document in found:
        before, refs = rows[old.rid]
        after = documents.face(kind, document, emails, org=objects.org)
        if after != before:
            faces.append((head(after), old.rid))
            if known.embedded:
                fresh = arrays.change(old.rid, before, after, refs)
                before, after = embedded.own(known, old.rid, before, refs), embedded.own(known, old.rid, after, fresh)
                refs = fresh
            rewritten.add(old.rid, before, after, embedded.present_paths(known, old.rid, refs))
    session.many("objects.set_face", faces)
    arrays.write()
    index.move(session, objects.tenant, rewritten.tokens, rewritten.gone, rewritten.come)


def rename_references(session: Session, objects: Objects, kind: Kind, names: dict[int, tuple[str, str]]) -> int:
    """Write new names of objects of a kind (rid → id, name) where other documents repeat them; answers where.

    Only stored documents repeat a name: search documents and the index follow links.
    """
    by_id = dict(names.values())
    changed: list[tuple[str, int]] = []
    for holder, found in BY_KIND.items():
        for path, target in found.links.items():
            number = objects.numbers.find(session, holder, path) if target is kind else None
            if number is not None:
                rids = _holders(session, objects.tenant, number, list(names))
                changed.extend(_renamed(objects.by_rids(session, rids), path, by_id))
    session.many("objects.set_head", changed)
    return len(changed)


def _holders(session: Session, tenant: int, field: int, targets: list[int]) -> list[int]:
    rows = session.rows("objects.holders", (tenant, field, json.dumps(targets)))
    return sorted({rid for _, rid in rows})


def _renamed(holders: Sequence[Stored], path: str, names: dict[str, str]) -> list[tuple[str, int]]:
    found = []
    for stored in holders:
        document = stored.document()
        for reference in document.get(path) or []:
            if reference.get("id") in names:
                reference["name"] = names[reference["id"]]
        found.append((head(document), stored.rid))
    return found


def _emails(session: Session, objects: Objects, found: Sequence[Document], faces: Sequence[Document]) -> dict[str, str]:
    """Identity id → address. What the search documents hold already is not looked up again."""
    owners = [owner for face in faces if isinstance(owner := face.get("owner"), dict)]
    known = {owner["id"]: owner.get("email") for owner in owners if owner.get("id")}
    fresh = [document for document in found if not known.keys() >= set(documents.people(document))]
    looked_up = objects.emails(session, fresh) if fresh else {}
    return {id: email for id, email in known.items() if email} | looked_up


class _Arrays:
    """The embedded arrays of changed objects: elements that are indexed apart, and the links that lead from them."""

    def __init__(self, session: Session, objects: Objects, found: Index) -> None:
        self._session = session
        self._objects = objects
        self._index = found
        self._refs: list[tuple[str, int]] = []
        self._gone: list[tuple[int, Entry]] = []
        self._come: list[tuple[int, Entry]] = []
        self._dropped: list[tuple[int, int, int, int]] = []
        self._put: list[tuple[int, int, int, int]] = []

    def change(self, rid: int, before: Document, after: Document, refs: embedded.Refs) -> dict[str, list[int]]:
        """Note what is new in the arrays; answers where their elements are now."""
        if all(before.get(path) == after.get(path) for path in self._index.embedded):
            return dict(refs)
        session, objects = self._session, self._objects
        fresh = {path: held for path, held in refs.items() if path not in self._index.embedded}
        fresh |= embedded.number_elements(session, objects.tenant, self._index, rid, after, refs)
        number: Callable[[str], int] = partial(objects.numbers.need, session, kind_of(rid))
        self._gone.extend(embedded.apart(self._index, number, rid, before, refs))
        self._come.extend(embedded.apart(self._index, number, rid, after, fresh))
        if fresh != refs:
            self._refs.append((json.dumps(fresh, separators=(",", ":")), rid))
            self._dropped.extend(objects.links(session, rid, refs))
            self._put.extend(objects.links(session, rid, fresh))
        return fresh

    def write(self) -> None:
        session = self._session
        session.many("objects.set_refs", self._refs)
        session.many("index.drop_link", self._dropped)
        session.many("index.put_link", self._put)
        index.drop(session, self._objects.tenant, self._gone)
        index.put(session, self._objects.tenant, self._come)


class _Rewritten:
    """Index rows of changed search documents: all tokens anew, and the values and terms that differ.

    The order of members among the tokens is free: every token names its field, and a phrase stays within one.
    """

    def __init__(self, found: Index, number: Callable[[str], int]) -> None:
        self.tokens: list[tuple[int, str]] = []
        self.gone: list[tuple[int, Entry]] = []
        self.come: list[tuple[int, Entry]] = []
        self._index = found
        self._numbers: dict[str, int] = {}
        self._need = number
        # Objects of one change share most members: their source, their schema, what was set on all of them.
        self._words: dict[tuple[Any, Any], str] = {}
        self._parts: dict[tuple[str, Any], Entry] = {}
        self._spellers: dict[str, Callable[[str], str]] = {}
        self._fields: dict[str, tuple[Field, int] | None] = {}
        self._divided: dict[tuple[str, ...], tuple[tuple[str, ...], tuple[str, ...]]] = {}

    def add(self, rid: int, before: Document, after: Document, nested: list[str]) -> None:
        names = tuple(after)
        if names == tuple(before):
            members = list(compress(names, map(ne, after.values(), before.values())))
        else:
            members = [name for name, value in after.items() if name not in before or before[name] != value]
            members.extend(name for name in before if name not in after)
        old, new = _different(before, after, members)
        gone, come = self._part(old, members), self._part(new, members)
        if gone.values != come.values or gone.terms != come.terms:
            self.gone.append((rid, Entry([], gone.values - come.values, gone.terms - come.terms)))
            self.come.append((rid, Entry([], come.values - gone.values, come.terms - gone.terms)))
        elif self._spelled_of(before, members) == self._spelled_of(after, members):
            return
        self.tokens.append((rid, self._all(names, after, nested)))

    def _spelled_of(self, document: Document, members: list[str]) -> str:
        return self._joined([name for name in members if name in document], document)

    def _part(self, document: Document, members: list[str]) -> Entry:
        """What some members of a search document add to the index. Not to be changed: it may serve many."""
        found = [self._entry(name, document[name]) for name in members if name in document]
        if len(found) == 1:
            return found[0]
        whole = Entry()
        for entry in found:
            whole.values |= entry.values
            whole.terms |= entry.terms
        return whole

    def _entry(self, name: str, value: Any) -> Entry:
        key = name, _key(value)
        entry = self._parts.get(key)
        if entry is None:
            entry = self._parts[key] = part(self._index, self._number, {name: value})
        return entry

    def _all(self, names: tuple[str, ...], document: Document, nested: list[str]) -> str:
        """All tokens of a search document."""
        common, own = self._divided.get(names) or self._divide(names)
        key = common, tuple([_key(document[name]) for name in common])
        text = self._words.get(key)
        if text is None:
            text = self._words[key] = self._joined(common, document)
        marks = [present(self._number(path)) for path in (ALL, *nested)]
        return " ".join([*marks, text, self._joined(own, document)])

    def _divide(self, names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The members that are spelled together, and the others."""
        common = tuple(name for name in names if name in COMMON)
        own = tuple(name for name in names if name not in COMMON)
        self._divided[names] = common, own
        return common, own

    def _joined(self, names: Sequence[str], document: Document) -> str:
        return " ".join(filter(None, [self._member(name, document[name]) for name in names]))

    def _member(self, name: str, value: Any) -> str:
        """The tokens of one member of a search document."""
        key = name, _key(value)
        text = self._words.get(key)
        if text is None:
            text = self._words[key] = self._spelled(name, value)
        return text

    def _spelled(self, path: str, value: Any) -> str:
        if value.__class__ is str:
            return (self._spellers.get(path) or self._speller(path))(value)
        if value.__class__ is dict:
            found = [self._spelled(f"{path}.{name}", inner) for name, inner in value.items() if inner is not None]
        else:
            found = [self._leaf(*leaf) for leaf in leaves({path: value})]
        return " ".join(filter(None, found))

    def _speller(self, name: str) -> Callable[[str], str]:
        found = self._index.schema.find(name)
        made = (lambda text: "") if found is None else speller(found, self._number(found.path))
        self._spellers[name] = made
        return made

    def _leaf(self, path: str, values: list[Any]) -> str:
        if path not in self._fields:
            found = self._index.schema.find(path)
            self._fields[path] = None if found is None else (found, self._number(found.path))
        known = self._fields[path]
        return "" if known is None else words(*known, values)

    def _number(self, path: str) -> int:
        number = self._numbers.get(path)
        if number is None:
            number = self._numbers[path] = self._need(path)
        return number


def _different(before: Document, after: Document, members: list[str]) -> tuple[Document, Document]:
    """Members that differ; of objects among them (`attributes`) only what differs, as a path has one place there."""
    old: Document = {name: before[name] for name in members if name in before}
    new: Document = {name: after[name] for name in members if name in after}
    for name in old.keys() & new.keys():
        one, other = old[name], new[name]
        if one.__class__ is dict and other.__class__ is dict and not any("." in key for key in (*one, *other)):
            old[name] = {key: value for key, value in one.items() if key not in other or other[key] != value}
            new[name] = {key: value for key, value in other.items() if key not in one or one[key] != value}
    return old, new


def _key(value: Any) -> str | bool | bytes:
    """What stands for a value of JSON in a dictionary; 1 and true are two."""
    return value if value.__class__ is str or value.__class__ is bool else msgspec.json.encode(value)
