"""BM25 as Lucene computes it, for few hits: their texts are read again, so each field has its own length.

`scores.py` weighs many hits by what the full-text index knows. Where both differ, and from Lucene:
docs/decisions/0017-aggregations-and-relevance.md.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any

import msgspec

from bulkwark.domain.kinds import Kind
from bulkwark.query import ast
from bulkwark.query.ast import Checked, Node
from bulkwark.query.fields import Field
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.store import counters
from bulkwark.store.entries import boolean, json_text, present, split
from bulkwark.store.indexes import BY_KIND
from bulkwark.store.sqlite.engine import Session
from bulkwark.store.sqlite.leaves import quote

if TYPE_CHECKING:
    from bulkwark.store.tenants import Tenant

K1, B = 1.2, 0.75
_GROWTH = 1.1  # statistics are asked again when a kind has grown by so much
Scores = Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of one text field: in how many objects it stands, and how long it is on average, in words."""

    numbers: int  # given to objects of the kind when it was asked
    documents: int
    length: float


class Weigher:
    """Weighs some hits of one kind; they stand in temp.hit."""

    def __init__(self, session: Session, tenant: Tenant, kind: Kind) -> None:
        self._session = session
        self._tenant = tenant
        self._kind = kind
        rids = [rid for (rid,) in session.execute("SELECT rid FROM temp.hit")]
        found = session.rows("objects.faces", (json.dumps(rids),))
        self._documents: dict[int, dict[str, Any]] = {rid: msgspec.json.decode(face + b"}") for rid, face in found}
        self._words: dict[str, dict[int, list[list[str]]]] = {}

    def scores(self, root: Node) -> Scores:
        """rid → score of the hits of a query; those without one are left out."""
        return self._score(root, optional=False)

    # --- the tree ----------------------------------------------------------------------------------

    def _score(self, node: Node, *, optional: bool) -> Scores:
        """`optional`: not every hit matches the node."""
        match node:
            case ast.Phrase(field=None):
                return _best([self._phrase(node, path) for path in self._bare()], 0.0)
            case ast.Phrase(field=Field(kind=FieldKind.TEXT, nested="", path=path)) if "*" not in path:
                return self._phrase(node, path)
            case ast.Bool():
                parts = [self._score(child, optional=False) for child in node.must]
                parts.extend(self._score(child, optional=True) for child in node.should)
                return self._only(node, _sum(parts)) if optional and (node.must or node.must_not) else _sum(parts)
            case ast.Best():
                return _best([self._score(child, optional=True) for child in node.nodes], node.tie)
            case ast.Boost():
                return {rid: score * node.factor for rid, score in self._score(node.child, optional=optional).items()}
            case ast.Constant():
                return dict.fromkeys(self._members(node.child), node.score) if optional and node.score else {}
            case ast.Demote():
                less = self._members(node.negative)
                found = self._score(node.child, optional=optional)
                return {rid: score * (node.factor if rid in less else 1) for rid, score in found.items()}
            case ast.Nothing():
                return {}
            case ast.Is(field=Field(kind=FieldKind.BOOL, nested="", path=path), value=bool() as value) if optional:
                return dict.fromkeys(self._members(node), self._flag(path, value))
        return dict.fromkeys(self._members(node), 1.0) if optional else {}

    def _members(self, node: Node) -> set[int]:
        """The hits that match a node."""
        selection = self._tenant.select(self._session, Checked(BY_KIND[self._kind].name, node))
        sql = f"SELECT rid FROM ({selection.text}) WHERE rid IN temp.hit"
        return {rid for (rid,) in self._session.execute(sql, selection.params)}

    def _only(self, node: Node, found: Scores) -> Scores:
        """The scores of those that match the node as a whole."""
        if not found:
            return found
        members = self._members(node)
        return {rid: score for rid, score in found.items() if rid in members}

    def _bare(self) -> Iterator[str]:
        """The text fields of the object in which a word without a field is looked for."""
        known = BY_KIND[self._kind].schema
        yield from (field.path for field in known.fields.values() if field.kind is FieldKind.TEXT and not field.nested)
        for prefix, nested in known.open_maps.items():
            if not nested:
                yield from (path for path, _ in self._tenant.numbers.below(self._session, self._kind, prefix))

    # --- words and phrases -------------------------------------------------------------------------

    def _phrase(self, node: ast.Phrase, path: str) -> Scores:
        number = self._tenant.numbers.find(self._session, self._kind, path)
        if number is None:
            return {}
        known = self._statistics(path, number)
        weight = sum(self._rarity(number, token, known.documents) for token in node.tokens)
        found: dict[int, float] = {}
        for rid, values in self._words_of(path).items():
            often = sum(_frequency(node, words) for words in values)
            if often:
                length = _coarse(sum(map(len, values)))
                part = often / (often + K1 * (1 - B + B * length / known.length))
                found[rid] = (K1 + 1) * weight * part
        return found

    def _flag(self, path: str, value: bool) -> float:
        """A boolean weighs by how rare its value is."""
        number = self._tenant.numbers.find(self._session, self._kind, path) or 0
        counts = [
            self._session.value("index.term_count", (self._tenant.number, number, boolean(given))) or 0
            for given in (value, not value)
        ]
        return log(1 + (counts[1] + 0.5) / (counts[0] + 0.5))

    def _rarity(self, number: int, token: str, documents: int) -> float:
        have = self._session.value("index.term_count", (self._tenant.number, number, token)) or 0
        have = min(have, documents)
        return log(1 + (documents - have + 0.5) / (have + 0.5))

    def _statistics(self, path: str, number: int) -> Statistics:
        """Remembered, as they are sums over the whole index and move little."""
        given = counters.current(self._session, self._tenant.number, f"kind-{int(self._kind)}")
        key = int(self._kind), path
        known = self._tenant.statistics.get(key)
        if known is None or not known.numbers <= given <= known.numbers * _GROWTH:
            sql = "SELECT count(*) FROM fts WHERE fts MATCH ?"
            documents = next(n for (n,) in self._session.execute(sql, (quote(present(number)),)))
            words = self._session.value("index.words", (self._tenant.number, number)) or 0
            known = Statistics(given, documents, max(1.0, words / max(1, documents)))
            self._tenant.statistics[key] = known
        return known

    def _words_of(self, path: str) -> Mapping[int, list[list[str]]]:
        """rid → the words of each value of a field."""
        found = self._words.get(path)
        if found is None:
            parts = path.split(".")
            found = self._words[path] = {}
            for rid, document in self._documents.items():
                values = [split(text) for text in _texts(document, parts)]
                if values:
                    found[rid] = values
        return found


def _texts(value: Any, parts: Sequence[str]) -> Iterator[str]:
    """The texts at a path of a document; names of members may have dots."""
    if isinstance(value, list):
        for one in value:
            yield from _texts(one, parts)
    elif not parts:
        if value is not None and not isinstance(value, dict):
            yield json_text(value)
    elif isinstance(value, dict):
        for end in range(1, len(parts) + 1):
            inner = value.get(".".join(parts[:end]))
            if inner is not None:
                yield from _texts(inner, parts[end:])


def _frequency(node: ast.Phrase, words: Sequence[str]) -> float:
    """How often a value has the word or the phrase; a loose one counts less the farther its words stand apart."""
    tokens = node.tokens
    if len(tokens) == 1:
        if node.prefix:
            return sum(word.startswith(tokens[0]) for word in words)
        return words.count(tokens[0])
    if node.slop:
        counts = Counter(words)
        often = min(counts[token] for token in tokens)
        return often / (1 + _spread(tokens, words)) if often else 0.0
    last = len(tokens) - 1
    return sum(
        all(
            words[at + i] == token or (node.prefix and i == last and words[at + i].startswith(token))
            for i, token in enumerate(tokens)
        )
        for at in range(len(words) - last)
    )


def _spread(tokens: Sequence[str], words: Sequence[str]) -> int:
    """How many moves the first places of the words are from the phrase."""
    places = [words.index(token) - at for at, token in enumerate(tokens)]
    return max(places) - min(places)


def _coarse(length: int) -> int:
    """A length as Lucene keeps it in one byte: exact below 24, then with four bits."""
    if length < 24:
        return length
    rest = length - 24
    shift = max(0, rest.bit_length() - 4)
    return 24 + (rest >> shift << shift)


def _sum(parts: Iterable[Scores]) -> Scores:
    found: dict[int, float] = {}
    for part in parts:
        for rid, score in part.items():
            found[rid] = found.get(rid, 0.0) + score
    return found


def _best(parts: Sequence[Scores], tie: float) -> Scores:
    """The best score of each, plus `tie` times each of the others."""
    most: dict[int, float] = {}
    for part in parts:
        for rid, score in part.items():
            most[rid] = max(most.get(rid, 0.0), score)
    if not tie:
        return most
    return {rid: best + tie * (sum(part.get(rid, 0.0) for part in parts) - best) for rid, best in most.items()}
