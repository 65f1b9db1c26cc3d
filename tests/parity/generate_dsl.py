"""Seeded DSL queries over the corpus: every clause that is served, values taken from a document."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from tests.parity import mapping
from tests.parity.corpus import Document
from tests.parity.leaves import Leaves
from tests.parity.values import Place

Clause = dict[str, Any]
Made = Clause | None
Maker = Callable[["Clauses", Place], Made]


class Clauses:
    """Makes clauses; `used` collects the names of those in the last query."""

    def __init__(self, leaves: Leaves, random: Random) -> None:
        self.leaves = leaves
        self.random = random
        self.used: set[str] = set()

    def query(self, index: str, document: Document, other: Callable[[], Document]) -> str:
        """One query as JSON."""
        self.used = set()
        return json.dumps(self._clause(index, document, other, 2), ensure_ascii=False)

    def _clause(self, index: str, document: Document, other: Callable[[], Document], depth: int) -> Clause:
        luck = self.random.random()
        if depth and luck < 0.55:
            return self._compound(index, document, other, depth - 1)
        if luck < 0.72:
            found = self._nested(index, document)
            if found:
                return found
        return self._leaf(self.leaves.values.root(index, document))

    def _compound(self, index: str, document: Document, other: Callable[[], Document], depth: int) -> Clause:
        def some(least: int, most: int, *, strange: float = 0.3) -> list[Clause]:
            count = self.random.randint(least, most)
            chosen = [other() if self.random.random() < strange else document for _ in range(count)]
            return [self._clause(index, one, other, depth) for one in chosen]

        kind = self.random.choice(("bool", "bool", "bool", "constant_score", "boosting", "dis_max"))
        self.used.add(kind)
        if kind == "constant_score":
            return {kind: {"filter": some(1, 1)[0], "boost": 2}}
        if kind == "boosting":
            return {kind: {"positive": some(1, 1)[0], "negative": some(1, 1)[0], "negative_boost": 0.5}}
        if kind == "dis_max":
            return {kind: {"queries": some(1, 3), "tie_breaker": 0.5}}
        found: Clause = {}
        for occur, luck in (("must", 0.5), ("filter", 0.3), ("should", 0.6), ("must_not", 0.3)):
            if self.random.random() < luck:
                found[occur] = some(1, 3, strange=0.9 if occur == "must_not" else 0.3)
        if "should" in found and self.random.random() < 0.5:
            self.used.add("minimum_should_match")
            found["minimum_should_match"] = self.random.choice((1, 2, "1", "-1", "50%", "-25%", "2<75%", 0))
        return {kind: found}

    def _nested(self, index: str, document: Document) -> Made:
        arrays = [path for path in mapping.NESTED[index] if document.get(path)]
        if not arrays:
            return None
        path = self.random.choice(arrays)
        place = self.leaves.values.through(index, path, self.random.choice(document[path]))
        self.used.add("nested")
        count = self.random.choice((1, 1, 2))
        occur = self.random.choice(("must", "must", "should", "must_not"))
        inner = self._leaf(place) if count == 1 else {"bool": {occur: [self._leaf(place) for _ in range(count)]}}
        return {"nested": {"path": path, "query": inner}}

    def _leaf(self, place: Place) -> Clause:
        while True:
            name = self.random.choice(_NAMES)
            found = MAKERS[name](self, place)
            if found:
                self.used.add(name)
                return found

    def words(self, place: Place, most: int) -> tuple[str, str] | None:
        """A text field and some neighbouring words of it."""
        found = self.leaves.text(place)
        if not found:
            return None
        parts = found[1].split()
        at = self.random.randrange(len(parts))
        return found[0], " ".join(parts[at : at + self.random.randint(1, most)])

    def full(self, name: str, value: Any, member: str = "query", **more: Any) -> Clause:
        """`{field: value}` in its short or its long form."""
        return {name: {member: value, **more}} if more or self.random.random() < 0.5 else {name: value}

    def choose(self, options: Sequence[Clause]) -> Clause:
        return self.random.choice(options)


def match(c: Clauses, p: Place) -> Made:
    found = c.words(p, 3)
    if not found:
        return None
    more = c.choose(({}, {}, {"operator": "and"}, {"minimum_should_match": "75%"}, {"fuzziness": "AUTO"}))
    return {"match": c.full(*found, **more)}


def match_phrase(c: Clauses, p: Place) -> Made:
    found = c.words(p, 4)
    return {"match_phrase": c.full(*found, **c.choose(({}, {"slop": 2})))} if found else None


def match_phrase_prefix(c: Clauses, p: Place) -> Made:
    found = c.words(p, 3)
    if not found or len(found[1]) < 3:
        return None
    return {"match_phrase_prefix": c.full(found[0], found[1][:-1], max_expansions=1000)}


def match_bool_prefix(c: Clauses, p: Place) -> Made:
    found = c.words(p, 3)
    return {"match_bool_prefix": c.full(*found, **c.choose(({}, {"operator": "and"})))} if found else None


def multi_match(c: Clauses, p: Place) -> Made:
    found = c.words(p, 2)
    texts = sorted({name for name, value in p.values.get("text", ()) if isinstance(value, str)})
    if not found:
        return None
    fields = sorted({found[0], *c.random.sample(texts, min(2, len(texts)))})
    kind = c.random.choice(("best_fields", "most_fields", "phrase", "cross_fields"))
    more: Clause = {} if kind == "phrase" else c.choose(({}, {"operator": "and"}))
    return {"multi_match": {"query": found[1], "fields": fields, "type": kind, **more}}


def term(c: Clauses, p: Place) -> Made:
    kind = c.random.choice(sorted(p.values))
    name, value = c.random.choice(p.values[kind])
    if kind == "text":
        return {"term": c.full(f"{name}.exact", str(value), "value")} if isinstance(value, str) else None
    if kind == "date":
        return {"term": c.full(name, value[:10], "value")}
    return {"term": c.full(name, value, "value")}


def terms(c: Clauses, p: Place) -> Made:
    kind = c.random.choice(("keyword", "text"))
    found = [(n, v) for n, v in p.values.get(kind, ()) if isinstance(v, str)]
    if not found:
        return None
    name, value = c.random.choice(found)
    exact = f"{name}.exact" if kind == "text" else name
    others = [v for n, v in found if n == name]
    return {"terms": {exact: [value, "nobody", *others[:3]]}}


def span(c: Clauses, p: Place) -> Made:
    kind = c.random.choice(("date", "long", "keyword"))
    if not p.values.get(kind):
        return None
    name, value = c.random.choice(p.values[kind])
    if kind == "date":
        low: Any = f"{value[:10]}||-{c.random.choice((0, 1, 30, 400))}d"
        high: Any = f"{value[:10]}||+{c.random.choice((0, 1, 30, 400))}d/d"
    elif kind == "long":
        low, high = value - c.random.randint(0, 2), value + c.random.randint(0, 2)
    else:
        low, high = "1", value[:3]
    bounds = {c.random.choice(("gte", "gt")): low, c.random.choice(("lte", "lt")): high}
    if c.random.random() < 0.3:
        del bounds[c.random.choice(sorted(bounds))]
    return {"range": {name: bounds}}


def exists(c: Clauses, p: Place) -> Made:
    name, _ = c.random.choice(p.values[c.random.choice(sorted(p.values))])
    return {"exists": {"field": name}}


def prefix(c: Clauses, p: Place) -> Made:
    found = c.leaves.word(p, 2)
    if not found:
        return None
    text = found[1].lower()
    return {"prefix": c.full(found[0], text[: c.leaves.cut(text)], "value")}


def wildcard(c: Clauses, p: Place) -> Made:
    found = c.leaves.word(p, 3)
    if not found:
        return None
    text = found[1].lower()
    at = c.leaves.cut(text)
    pattern = c.random.choice((f"{text[:at]}*", f"*{text[at:]}", f"*{text[1:-1]}*", f"{text[:at]}?{text[at + 1 :]}"))
    return {"wildcard": c.full(found[0], pattern, "value")}


def regexp(c: Clauses, p: Place) -> Made:
    found = c.leaves.word(p, 3)
    if not found:
        return None
    text = found[1].lower()
    at = c.leaves.cut(text)
    pattern = c.random.choice((f"{text[:at]}.*", f".*{text[at:]}", f"({text}|zebra)", f"{text[:1]}[a-z]+", f"{text}?"))
    return {"regexp": c.full(found[0], pattern, "value")}


def fuzzy(c: Clauses, p: Place) -> Made:
    found = c.leaves.word(p, 4)
    if not found:
        return None
    text = found[1].lower()
    at = c.leaves.cut(text)
    more = c.choose(({}, {"fuzziness": 1}, {"fuzziness": 2}, {"prefix_length": 1}, {"transpositions": False}))
    return {"fuzzy": {found[0]: {"value": text[:at] + text[at + 1 :], **more}}}


def ids(c: Clauses, p: Place) -> Made:
    found = [value for name, value in p.values.get("keyword", ()) if name == "id"]
    return {"ids": {"values": [*found, "nobody"]}} if found else None


def match_all(c: Clauses, p: Place) -> Made:
    return c.choose(({"match_all": {}}, {"match_none": {}})) if c.random.random() < 0.5 else None


def query_string(c: Clauses, p: Place) -> Made:
    first, second = c.leaves.word(p), c.leaves.word(p)
    if not first or not second:
        return None
    join = c.random.choice((" AND ", " OR ", " ", " NOT "))
    text = f"{first[0]}:{first[1]}{join}{second[0]}:{second[1]}"
    more = c.choose(({}, {"default_operator": "AND"}))
    return {"query_string": {"query": text, **more}}


def simple_query_string(c: Clauses, p: Place) -> Made:
    first, second = c.leaves.word(p), c.leaves.word(p)
    if not first or not second:
        return None
    one, two = first[1], second[1]
    forms = (
        f"{one} {two}",
        f"{one} + {two}",
        f"{one} | {two}",
        f"{one} -{two}",
        f'"{one}" {two}*',
        f"({one}) + -{two}",
    )
    fields = sorted({first[0], second[0]})
    more = c.choose(({}, {"default_operator": "and"}))
    return {"simple_query_string": {"query": c.random.choice(forms), "fields": fields, **more}}


MAKERS: dict[str, Maker] = {
    "match": match,
    "match_phrase": match_phrase,
    "match_phrase_prefix": match_phrase_prefix,
    "match_bool_prefix": match_bool_prefix,
    "multi_match": multi_match,
    "term": term,
    "terms": terms,
    "range": span,
    "exists": exists,
    "prefix": prefix,
    "wildcard": wildcard,
    "regexp": regexp,
    "fuzzy": fuzzy,
    "ids": ids,
    "match_all or match_none": match_all,
    "query_string": query_string,
    "simple_query_string": simple_query_string,
}
_NAMES = (*MAKERS, "ids", "ids", "match_all or match_none")  # these come to nothing more often than others
COMPOUND = ("bool", "minimum_should_match", "constant_score", "boosting", "dis_max", "nested")
EVERY_CLAUSE = tuple(f"DSL {name}" for name in (*MAKERS, *COMPOUND))
