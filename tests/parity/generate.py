"""Seeded queries over the corpus; `python -m tests.parity.run --generated 5000 --seed 1` asks them, with statistics.

A query's conditions are mostly taken from one document, so that they select something; a seed always gives the same
queries for the same corpus and day. Each query is a list of operators, and the run counts them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from tests.parity import mapping
from tests.parity.asked import Query
from tests.parity.corpus import Corpus, Document
from tests.parity.generate_dsl import EVERY_CLAUSE, Clauses
from tests.parity.leaves import OPERATORS, Leaves, Piece
from tests.parity.values import Place, Values

INDEXES = ("roles",) * 5 + ("accessprofiles", "entitlements", "entitlements", "identities")
ZONES = ("Europe/Vienna", "America/New_York", "+05:30", "-08:00", "Asia/Tokyo")
JOINS = (" AND ", " AND ", " OR ", " OR ", " ", " && ", " || ", " AND NOT ", " NOT ", " OR NOT ", " -", " +", " AND +")
NESTING = ("nested", "not nested", "through the root", "metadata")
STRUCTURE = ("AND", "OR", "NOT", "plus", "minus", "blank", "group", "boost", "fields", "time zone", *NESTING)
DSL_SHARE = 0.3  # of the queries
DIFFERENCE = "as the operators' differences say"


@dataclass(frozen=True, slots=True)
class Generated:
    """A query and the operators it is made of."""

    query: Query
    operators: frozenset[str]


class Generator:
    """An endless stream of queries."""

    def __init__(self, corpus: Corpus, seed: int, now: datetime | None = None) -> None:
        self.random = Random(f"parity {seed}")
        self.seed = seed
        self.values = Values(corpus, self.random)
        self.leaves = Leaves(self.values, self.random, now or datetime.now(UTC))
        self.clauses = Clauses(self.leaves, self.random)
        self.used: set[str] = set()

    def queries(self, count: int) -> Iterator[Generated]:
        for number in range(count):
            yield self._dsl(number) if self.random.random() < DSL_SHARE else self._query(number)

    def _dsl(self, number: int) -> Generated:
        index = self.random.choice(INDEXES)
        body = self.clauses.query(index, self.values.document(index), lambda: self.values.document(index))
        query = Query(name=f"seed {self.seed}, {number}", index=index, type="DSL", body=body)
        return Generated(query, frozenset(f"DSL {name}" for name in self.clauses.used))

    def _query(self, number: int) -> Generated:
        self.used = set()
        index = self.random.choice(INDEXES)
        document = self.values.document(index)
        piece = self._clauses(index, document, 2)
        fields, zone = self._settings(index)
        different = piece.meant != piece.text
        query = Query(
            name=f"seed {self.seed}, {number}",
            index=index,
            text=piece.text,
            fields=fields,
            zone=zone,
            difference=DIFFERENCE if different else "",
            referee=piece.meant if different else "",
        )
        return Generated(query, frozenset(self.used))

    def _settings(self, index: str) -> tuple[tuple[str, ...], str | None]:
        fields: tuple[str, ...] = ()
        if self.used & {"bare word", "bare prefix"} and self.random.random() < 0.3:
            self.used.add("fields")
            texts = [path for path, kind in mapping.table(mapping.ROOT[index]) if kind == "text"]
            fields = tuple(self.random.sample(texts, self.random.randint(1, 3)))
        if self.used & {"day", "date range", "date bound", "date math", "date anchor"} and self.random.random() < 0.3:
            self.used.add("time zone")
            return fields, self.random.choice(ZONES)
        return fields, None

    def _clauses(self, index: str, document: Document, depth: int) -> Piece:
        """One level: some clauses and what joins them."""
        count = self.random.choice((1, 1, 2, 2, 3, 4)) if depth == 2 else self.random.choice((2, 2, 3))
        text, meant = self._clause(index, document, depth)
        start = self.random.choice(("", "", "", "", "", "", "NOT ", "+", "-"))
        self._note(start)
        text, meant = start + text, start + meant
        for _ in range(count - 1):
            join = self.random.choice(JOINS)
            negative = "NOT" in join or "-" in join
            other = self.values.document(index) if negative or self.random.random() < 0.25 else document
            piece = self._clause(index, other, depth)
            self._note(join)
            text, meant = text + join + piece.text, meant + join + piece.meant
        return Piece(text, meant)

    def _note(self, join: str) -> None:
        signs = {"AND": "AND", "&&": "AND", "OR": "OR", "||": "OR", "NOT": "NOT", "+": "plus", "-": "minus"}
        self.used |= {name for sign, name in signs.items() if sign in join}
        if join == " ":
            self.used.add("blank")

    def _clause(self, index: str, document: Document, depth: int) -> Piece:
        luck = self.random.random()
        if depth and luck < 0.14:
            self.used.add("group")
            inner = self._clauses(index, document, depth - 1)
            return self._boosted(Piece(f"({inner.text})", f"({inner.meant})"))
        if luck < 0.34:
            found = self._nested(index, document)
            if found:
                return found
        return self._boosted(self._leaf(self.values.root(index, document)))

    def _boosted(self, piece: Piece) -> Piece:
        if self.random.random() > 0.05 or piece.text.endswith("~"):
            return piece
        self.used.add("boost")
        factor = self.random.choice(("^2", "^0.5", "^10"))
        return Piece(piece.text + factor, piece.meant + factor)

    def _nested(self, index: str, document: Document) -> Piece | None:
        arrays = [path for path in mapping.NESTED[index] if document.get(path)]
        if not arrays:
            return None
        path = self.random.choice(arrays)
        element = self.random.choice(document[path])
        if self.random.random() < 0.3:
            self.used.add("through the root")
            return self._leaf(self.values.through(index, path, element), bare=False)
        self.used.add("metadata" if path == "accessModelMetadata" else "nested")
        place = self.values.element(index, path, element)
        text, meant = self._leaf(place)
        if self.random.random() < 0.5:
            join = self.random.choice((" AND ", " OR ", " AND NOT "))
            self._note(join)
            more = self._leaf(place)
            text, meant = text + join + more.text, meant + join + more.meant
        negated = ""
        if self.random.random() < 0.2:
            self.used.add("not nested")
            negated = "NOT "
        return Piece(f"@{path}({negated}{text})", f"@{path}({negated}{meant})")

    def _leaf(self, place: Place, *, bare: bool = True) -> Piece:
        """A condition of the place, whichever operator comes up that it has a value for."""
        while True:
            name = self.random.choice(_NAMES)
            if not bare and name.startswith("bare"):
                continue
            found = OPERATORS[name](self.leaves, place)
            if found:
                self.used.add(name)
                return found


_NAMES = tuple(OPERATORS)
EVERY = (*OPERATORS, *STRUCTURE, *EVERY_CLAUSE)
