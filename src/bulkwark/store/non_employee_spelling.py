"""New records of a source as rows of the store, many at once: what `Objects.add` would write, five times as fast.

The identities of a source's records differ in a dozen texts alone. So one of each sort is made the usual way, with
marks in the place of those texts, and taken apart; for every record the texts are put back. What holds for any identity
stays decided in one place (`domain/documents.py`, `store/entries.py`), and a test compares both ways.

`Spelling.spell` asks nothing of the database: a process that only reads a file can do it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from secrets import token_hex
from typing import Any

import msgspec
from msgspec import Struct

from bulkwark.domain import documents
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind, first_rid, require_number
from bulkwark.domain.non_employees import Cells, Person, Phase, canonical, data_of, identity, phase_at
from bulkwark.domain.times import iso_ms
from bulkwark.query.analysis import fold
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.store import counters
from bulkwark.store.dialect import Session
from bulkwark.store.embedded import present_paths
from bulkwark.store.entries import ALL, FOLDED, derive, digested, leaves, split
from bulkwark.store.indexes import BY_KIND
from bulkwark.store.objects import head
from bulkwark.store.tenants import Tenant

Value = str | int | float
MOST_SORTS = 1_000  # remembered: a file has few
MOST_KNOWN = 30_000  # remembered texts
_UNIQUE = frozenset({"id", "account", "display", "email", "phone"})  # texts that hardly ever come again
_FIXED = ("id", "account", "first", "last", "email", "phone", "manager id", "manager name")
# A mark stands for a text that differs; nobody can know it.
_MARK = f"\ue0f0{token_hex(8)} {{}}\ue0f1"
_MARKS = {name: _MARK.format(name) for name in _FIXED}
_MARKS["display"] = f"{_MARKS['first']} {_MARKS['last']}"


class Column(Struct):
    """What one text of the records (their last names, say) adds to the index; the same for each of its fields."""

    exact: tuple[int, ...]  # fields that list the whole text
    folded: tuple[int, ...]  # fields that list it folded
    worded: tuple[int, ...]  # fields that count its words
    texts: list[tuple[str, int]] = []  # (text, position)
    low: list[tuple[str, int]] = []  # (folded text, position), where there are folded fields
    words: list[tuple[str, int]] = []  # (word, position), each word once for each record that has it


class Spelled(Struct):
    """Rows for the store; objects are named by their position, as their numbers are given at the very end."""

    array: int = 0  # number of the field `accounts`
    objects: list[tuple[str, str, str, str]] = []  # id, head, face, tokens
    records: list[tuple[Any, ...]] = []  # key … modified, as in the table `ne_record`
    columns: list[Column] = []
    constants: list[tuple[int, Value, list[int]]] = []  # field, value, positions: what all records of a sort have
    sorts: list[int] = []  # number of each object's sort
    made: dict[Sort, list[int]] = {}  # those sorts, and the positions of their objects

    def __len__(self) -> int:
        return len(self.objects)

    def values(self) -> Iterator[tuple[int, Value, int]]:
        """(field, whole value, position); of each field in order, so that a load appends where it can."""
        for column in self.columns:
            for fields, found in ((column.exact, column.texts), (column.folded, column.low)):
                found.sort()
                for field in fields:
                    for value, position in found:
                        yield field, value, position
        for field, constant, positions in self.constants:
            for position in positions:
                yield field, constant, position

    def terms(self) -> Iterator[tuple[int, str, int]]:
        """(field, term, in how many records); of each field in order."""
        for column in self.columns:
            counts = sorted(Counter(word for word, _ in column.words).items())
            for field in column.worded:
                for word, count in counts:
                    yield field, word, count
        for sort, positions in self.made.items():
            for field, term in sorted(sort.terms):
                yield field, term, len(positions)


class _Text:
    """One text of a record: the fields of the index that it goes into, and its tokens in all of them."""

    def __init__(self) -> None:
        self.worded: list[tuple[int, int]] = []  # TEXT: field, and the field of its folded values or 0
        self.whole: list[int] = []  # KEYWORD

    def column(self) -> Column:
        exact = tuple(field for field, _ in self.worded)
        folded = (*(low for _, low in self.worded if low), *self.whole)
        return Column(exact, folded, exact)

    def spelled(self, text: str) -> tuple[str, str, tuple[str, ...]]:
        """Tokens, folded text, different words."""
        low, words = fold(text), split(text)
        lines = []
        if self.worded:
            digest = digested(text)
            for field, _ in self.worded:
                before = f" {field}:"
                lines.append(f"{field}!{before if words else ''}{before.join(words)} {field}={digest}")
        lines.extend(f"{field}! {field}={digested(low)}" for field in self.whole)
        return " ".join(lines), low, tuple(set(words)) if self.worded else ()


class Sort:
    """Identities of records that are in the same phase and have values of the same custom attributes.

    `values` and `terms`: what all of them add to the index.
    """

    def __init__(
        self,
        number: int,
        face: Document,
        document: Document,
        marks: Mapping[str, str],
        numbers: Mapping[str, int],
    ) -> None:
        self.number = number
        self.head, self.face = _pieces(head(document), marks), _pieces(head(face), marks)
        index = BY_KIND[Kind.IDENTITY]
        by_mark = {mark: name for name, mark in marks.items()}
        number_of = numbers.__getitem__
        constant: Document = {}
        self.texts: dict[str, _Text] = {}
        for path, found in leaves(face):
            known = index.schema.find(path)
            name = by_mark.get(found[0]) if len(found) == 1 and isinstance(found[0], str) else None
            if name is None:
                _put(constant, path, found)
            elif known is not None and known.kind is FieldKind.TEXT:
                folded = number_of(known.path + FOLDED) if index.folds(path) else 0
                self.texts.setdefault(name, _Text()).worded.append((number_of(known.path), folded))
            elif known is not None:
                assert known.kind is FieldKind.KEYWORD, f"{path} is a {known.kind.value}"
                self.texts.setdefault(name, _Text()).whole.append(number_of(known.path))
        entry = derive(index, number_of, constant, present_paths(index, 0, {"accounts": [0]}))
        self.tokens = " ".join(entry.tokens)
        self.values, self.terms = entry.values, entry.terms


def _put(document: Document, path: str, found: list[Any]) -> None:
    """Give a document values at a dotted path. Only what the index reads of it matters."""
    *above, last = path.split(".")
    for name in above:
        document = document.setdefault(name, {})
    document[last] = found


def _pieces(text: str, marks: Mapping[str, str]) -> list[str]:
    """JSON text cut at the marks: every second piece is the name of a text."""
    by_mark = {mark: name for name, mark in marks.items()}
    # The longest first: one mark is part of another.
    pattern = "|".join(re.escape(mark) for mark in sorted(by_mark, key=len, reverse=True))
    return [by_mark.get(piece, piece) for piece in re.split(f"({pattern})", text)]


class Spelling:
    """What spells the records of one source. `org`: name of the tenant; `numbers`: from the function of that name."""

    def __init__(self, source: Document, org: str, numbers: Mapping[str, int]) -> None:
        self._source = {"id": source["id"], "name": source["name"]}
        self._org = org
        self._sorts: dict[tuple[Phase, tuple[str, ...], str], Sort] = {}
        self._count = 0
        self._numbers = numbers
        # Of texts that come again and again: tokens, folded text, words.
        self._known: dict[tuple[_Text, str], tuple[str, str, tuple[str, ...]]] = {}

    def spell(self, rows: Sequence[tuple[str, Cells, Person]], *, now: int, warning: int) -> Spelled:
        """The rows of new records: (id of the identity, cells, manager)."""
        created = iso_ms(now)
        spelled = Spelled(array=self._numbers["accounts"])
        columns: dict[str, Column] = {}
        members: dict[Sort, list[int]] = {}
        known = self._known
        if len(known) > MOST_KNOWN:
            known.clear()
        for position, (id, cells, manager) in enumerate(rows):
            phase, due = phase_at(cells.starts, cells.ends, now, warning)
            data = {} if cells.data == "{}" else data_of(cells.data)
            sort = self._sort(phase, tuple(data), created)
            members.setdefault(sort, []).append(position)
            spelled.sorts.append(sort.number)
            texts = {
                "id": id,
                "account": cells.account,
                "first": cells.first,
                "last": cells.last,
                "display": f"{cells.first} {cells.last}",
                "email": cells.email,
                "phone": cells.phone,
                "manager id": manager.id,
                "manager name": manager.name,
                **{f"data {name}": text for name, text in data.items()},
            }
            tokens = [sort.tokens]
            for name, fields in sort.texts.items():
                text = texts[name]
                if name in _UNIQUE:
                    line, low, words = fields.spelled(text)
                else:
                    found = known.get((fields, text))
                    if found is None:
                        found = known[fields, text] = fields.spelled(text)
                    line, low, words = found
                tokens.append(line)
                column = columns.get(name)
                if column is None:
                    column = columns[name] = fields.column()
                if column.exact:
                    column.texts.append((text, position))
                    column.words.extend([(word, position) for word in words])
                if column.folded:
                    column.low.append((low, position))
            safe = {name: _json(text) for name, text in texts.items()}
            spelled.objects.append((id, _joined(sort.head, safe), _joined(sort.face, safe), " ".join(tokens)))
            spelled.records.append((fold(cells.account), *msgspec.structs.astuple(cells), int(phase), due, now, now))
        spelled.columns.extend(columns.values())
        spelled.constants.extend(
            (field, value, positions) for sort, positions in members.items() for field, value in sorted(sort.values)
        )
        spelled.made = members
        return spelled

    def _sort(self, phase: Phase, names: tuple[str, ...], created: str) -> Sort:
        key = phase, names, created
        found = self._sorts.get(key)
        if found is None:
            if len(self._sorts) >= MOST_SORTS:
                self._sorts.clear()
            marks = _MARKS | {f"data {name}": _MARK.format(f"data {name}") for name in names}
            plain = {name: marks[name] for name in ("account", "first", "last", "email", "phone")}
            data = canonical({name: marks[f"data {name}"] for name in names})
            cells = Cells(**plain, manager="", starts=0, ends=0, data=data)
            manager = Person(marks["manager id"], "", marks["manager name"])
            document = identity(marks["id"], cells, manager, self._source, phase, created)
            face = documents.face(Kind.IDENTITY, document, {}, org=self._org)
            found = self._sorts[key] = Sort(self._count, face, document, marks, self._numbers)
            self._count += 1
        return found


def insert(session: Session, tenant: int, source: int, spelled: Spelled, now: int) -> list[int]:
    """Write spelled records, whose ids and account names must be free. Answers the rids of their identities."""
    many = len(spelled)
    if not many:
        return []
    kind = int(Kind.IDENTITY)
    start = counters.take(session, tenant, f"kind-{kind}", many)
    require_number(start + many - 1, Kind.IDENTITY)
    first = first_rid(tenant, Kind.IDENTITY) + start
    rids = list(range(first, first + many))
    pairs = list(zip(rids, spelled.objects, strict=True))
    session.many("objects.add", ((rid, tenant, kind, id, text) for rid, (id, text, _, _) in pairs))
    session.many("objects.add_state", ((rid, tenant, kind, now, "") for rid in rids))
    # The one account of each is indexed with its identity.
    refs = ((rid, tenant, face, f'{{"accounts":[{rid}]}}') for rid, (_, _, face, _) in pairs)
    session.many("objects.add_search_doc", refs)
    session.many("index.put_link", ((tenant, spelled.array, rid, rid) for rid in rids))
    session.many("index.put_tokens", ((rid, tokens) for rid, (_, _, _, tokens) in pairs))
    values = ((tenant, field, value, first + position) for field, value, position in spelled.values())
    session.many("index.put_value", values)
    session.many("index.count_term", ((tenant, *row) for row in spelled.terms()))
    session.many(
        "non_employee_records.add",
        ((rid, tenant, source, *row) for rid, row in zip(rids, spelled.records, strict=True)),
    )
    return rids


def _joined(pieces: list[str], texts: Mapping[str, str]) -> str:
    found = pieces.copy()
    found[1::2] = [texts[name] for name in pieces[1::2]]
    return "".join(found)


_PLAIN = re.compile(r'[^"\\\x00-\x1f]*').fullmatch


def _json(text: str) -> str:
    """A text as it stands between the quotes of a JSON string."""
    return text if _PLAIN(text) else msgspec.json.encode(text).decode()[1:-1]


def numbers(session: Session, tenant: Tenant, custom: Iterable[str]) -> dict[str, int]:
    """Path → number of all that the identity of a record can have; in a write transaction, as some may be new."""
    index = BY_KIND[Kind.IDENTITY]
    own = ("firstname", "lastname", "displayName", "email", "phone", "cloudLifecycleState")
    attributes = [f"attributes.{name}" for name in (*own, *custom)]
    fields = [one.path for one in index.schema.fields.values() if one.nested in ("", "accounts")]
    paths = [ALL, "accounts", f"accounts.{ALL}", *fields, *attributes]
    paths.extend(path + FOLDED for path in [*index.folded, *attributes])
    return {path: tenant.numbers.need(session, Kind.IDENTITY, path) for path in paths}
