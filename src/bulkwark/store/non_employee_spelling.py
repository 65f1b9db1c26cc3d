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
from itertools import chain
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
from bulkwark.store.entries import ALL, FOLDED, derive, leaves, speller
from bulkwark.store.indexes import BY_KIND
from bulkwark.store.objects import head
from bulkwark.store.tenants import Tenant

Value = str | int | float
MOST_SORTS = 1_000  # remembered: a file has few
_FIXED = ("id", "account", "first", "last", "email", "phone", "manager id", "manager name")
# A mark stands for a text that differs; nobody can know it.
_MARK = f"\ue0f0{token_hex(8)} {{}}\ue0f1"
_MARKS = {name: _MARK.format(name) for name in _FIXED}
_MARKS["display"] = f"{_MARKS['first']} {_MARKS['last']}"


class Spelled(Struct, gc=False):
    """Rows for the store; objects are named by their position, as their numbers are given at the very end."""

    objects: list[tuple[str, str, str, str]] = []  # id, head, face, tokens
    records: list[tuple[Any, ...]] = []  # key … due, as in the table `ne_record`
    values: list[tuple[int, list[tuple[Value, int]]]] = []  # field, [(value, position)] in order
    terms: list[tuple[int, str, int]] = []  # field, term, in how many

    def __len__(self) -> int:
        return len(self.objects)


class _Sort:
    """Identities of records that are in the same phase and have values of the same custom attributes."""

    def __init__(
        self, face: Document, document: Document, marks: Mapping[str, str], numbers: Mapping[str, int]
    ) -> None:
        self.head, self.face = _pieces(head(document), marks), _pieces(head(face), marks)
        index = BY_KIND[Kind.IDENTITY]
        by_mark = {mark: name for name, mark in marks.items()}
        number = numbers.__getitem__
        constant: Document = {}
        #: (text, what spells its tokens, field, field of its folded values or 0, whether it has terms)
        self.texts: list[tuple[str, Any, int, int, bool]] = []
        for path, found in leaves(face):
            known = index.schema.find(path)
            name = by_mark.get(found[0]) if len(found) == 1 and isinstance(found[0], str) else None
            if name is None:
                _put(constant, path, found)
            elif known is not None:
                field = number(known.path)
                folded = number(known.path + FOLDED) if known.kind is FieldKind.TEXT and index.folds(path) else 0
                is_text = known.kind is FieldKind.TEXT
                self.texts.append((name, speller(known, field), field, folded, is_text))
        entry = derive(index, number, constant, [])
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
    """What spells the records of one source. Make it in a write transaction: it may need new numbers of fields."""

    def __init__(self, session: Session, tenant: Tenant, source: Document, custom: Iterable[str]) -> None:
        self._source = {"id": source["id"], "name": source["name"]}
        self._org = tenant.name
        self._sorts: dict[tuple[Phase, tuple[str, ...], str], _Sort] = {}
        self._numbers = _numbers(session, tenant, custom)

    def __getstate__(self) -> dict[str, Any]:
        """For another process: the sorts are made anew there."""
        return self.__dict__ | {"_sorts": {}}

    def spell(self, rows: Sequence[tuple[str, Cells, Person]], *, now: int, warning: int) -> Spelled:
        """The rows of new records: (id of the identity, cells, manager)."""
        created = iso_ms(now)
        spelled = Spelled()
        values: dict[int, list[tuple[Value, int]]] = {}
        terms: Counter[tuple[int, str]] = Counter()
        for position, (id, cells, manager) in enumerate(rows):
            phase, due = phase_at(cells.starts, cells.ends, now, warning)
            data = {} if cells.data == "{}" else data_of(cells.data)
            sort = self._sort(phase, tuple(data), created)
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
            safe = {name: _json(text) for name, text in texts.items()}
            tokens = [sort.tokens]
            folds: dict[str, str] = {}
            for name, spell, field, folded, is_text in sort.texts:
                text = texts[name]
                line = spell(text)
                tokens.append(line)
                known = values.get(field)
                if known is None:
                    known = values[field] = []
                if not is_text:
                    known.append((fold(text), position))
                    continue
                known.append((text, position))
                if folded:
                    low = folds.get(name)
                    if low is None:
                        low = folds[name] = fold(text)
                    values.setdefault(folded, []).append((low, position))
                # `12! 12:ann 12:lee 12=9f3c`: the words stand between the first and the last.
                start = len(str(field)) + 1
                terms.update({(field, word[start:]) for word in line.split(" ")[1:-1]})
            for field, value in sort.values:
                values.setdefault(field, []).append((value, position))
            terms.update(sort.terms)
            spelled.objects.append((id, _joined(sort.head, safe), _joined(sort.face, safe), " ".join(tokens)))
            spelled.records.append((fold(cells.account), *msgspec.structs.astuple(cells), int(phase), due, now, now))
        spelled.values = [(field, _in_order(found)) for field, found in sorted(values.items())]
        spelled.terms = [(field, term, count) for (field, term), count in sorted(terms.items())]
        return spelled

    def _sort(self, phase: Phase, names: tuple[str, ...], created: str) -> _Sort:
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
            found = self._sorts[key] = _Sort(face, document, marks, self._numbers)
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
    session.many("objects.add_search_doc", ((rid, tenant, face, "{}") for rid, (_, _, face, _) in pairs))
    session.many("index.put_tokens", ((rid, tokens) for rid, (_, _, _, tokens) in pairs))
    session.many("index.put_value", chain.from_iterable(_value_rows(tenant, first, spelled)))
    session.many("index.count_term", ((tenant, *row) for row in spelled.terms))
    session.many(
        "non_employee_records.add",
        ((rid, tenant, source, *row) for rid, row in zip(rids, spelled.records, strict=True)),
    )
    return rids


def _value_rows(tenant: int, first: int, spelled: Spelled) -> Iterator[Iterator[tuple[int, int, Value, int]]]:
    for field, found in spelled.values:
        yield ((tenant, field, value, first + position) for value, position in found)


def _in_order(found: list[tuple[Value, int]]) -> list[tuple[Value, int]]:
    found.sort()
    return found


def _joined(pieces: list[str], texts: Mapping[str, str]) -> str:
    found = pieces.copy()
    found[1::2] = [texts[name] for name in pieces[1::2]]
    return "".join(found)


_PLAIN = re.compile(r'[^"\\\x00-\x1f]*').fullmatch


def _json(text: str) -> str:
    """A text as it stands between the quotes of a JSON string."""
    return text if _PLAIN(text) else msgspec.json.encode(text).decode()[1:-1]


def _numbers(session: Session, tenant: Tenant, custom: Iterable[str]) -> dict[str, int]:
    """Path → number of all that the identity of a record can have."""
    index = BY_KIND[Kind.IDENTITY]
    own = ("firstname", "lastname", "displayName", "email", "phone", "cloudLifecycleState")
    attributes = [f"attributes.{name}" for name in (*own, *custom)]
    paths = [ALL, *(one.path for one in index.schema.fields.values() if not one.nested), *attributes]
    paths.extend(path + FOLDED for path in [*index.folded, *attributes])
    return {path: tenant.numbers.need(session, Kind.IDENTITY, path) for path in paths}
