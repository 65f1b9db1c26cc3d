"""From a checked leaf on one field to the set of rids: by FTS5, by the whole values, by the dictionaries."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from bulkwark.domain.kinds import Kind
from bulkwark.errors import Invalid
from bulkwark.query import ast, regexp
from bulkwark.query.analysis import fold
from bulkwark.query.ast import Node, Wild
from bulkwark.query.fields import Field
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.query.levenshtein import Levenshtein
from bulkwark.store.entries import FOLDED, GAP, ORDERED, whole
from bulkwark.store.fields import FieldNumbers
from bulkwark.store.sqlite.engine import Session
from bulkwark.store.sqlite.sets import EMPTY, Fts, Set, Sql, both, distinct
from bulkwark.store.sqlite.terms import LAST, MAX_EXPANSION, Dictionary, glob, literal_prefix

# No word of a text has these, and FTS5 would cut there: `sales-2*` would ask for `sales` before any word of field 2.
CUTS = re.compile(r"[^0-9A-Za-z!:=._',;\x80-\U0010ffff]")
MOST_MARKS = 1_000  # longer lists of values are bound as one JSON text
MAX_SLOPPY = 20  # words of a phrase whose words may move
_SURE = "SELECT rowid AS rid FROM fts WHERE fts MATCH ?"
_WITHIN = f"{_SURE} AND within(fts, ?, ?)"

Emit = Callable[[Kind, int, Field, Any], Set]


class Leaves:
    """Compiles the leaves of one tenant's queries."""

    def __init__(self, session: Session, tenant: int, numbers: FieldNumbers) -> None:
        self._session = session
        self._tenant = tenant
        self._numbers = numbers
        self._automata: dict[tuple[str, int, int, bool], Levenshtein] = {}
        self._emitters: dict[type[Node], Emit] = {
            ast.Phrase: self._phrase,
            ast.TokenLike: self._token_like,
            ast.TokenFuzzy: self._token_fuzzy,
            ast.TokenRegex: self._token_regex,
            ast.Exact: self._exact,
            ast.ExactLike: self._exact_like,
            ast.ExactFuzzy: self._exact_fuzzy,
            ast.ExactRegex: self._exact_regex,
            ast.Is: self._is,
            ast.Between: self._between,
            ast.Folded: self._folded,
        }

    def emit(self, kind: Kind, number: int, field: Field, node: Node) -> Set:
        """The set of the kind's objects for which the leaf holds; `number` is the field's."""
        emitter = self._emitters.get(type(node))
        if emitter is None:
            raise TypeError(f"{type(node).__name__} is no checked leaf")
        if isinstance(node, ast.Between) and field.path in ("modified", "synced"):
            return self._modified(kind, node)
        return emitter(kind, number, field, node)

    def _terms(self, number: int) -> Dictionary:
        return Dictionary(self._session, self._tenant, number, "term")

    def _values(self, number: int) -> Dictionary:
        return Dictionary(self._session, self._tenant, number, "value")

    def _near(self, word: str, node: ast.TokenFuzzy | ast.ExactFuzzy) -> Levenshtein:
        """The automaton of a fuzzy word, which a word without a field asks of every field."""
        key = (word, node.distance, node.prefix_length, node.transpositions)
        if key not in self._automata:
            self._automata[key] = Levenshtein(
                word, node.distance, prefix_length=node.prefix_length, transpositions=node.transpositions
            )
        return self._automata[key]

    def one_of(self, number: int, values: Sequence[str | int | float]) -> Set:
        """Objects with one of many whole values."""
        return self._value(number, "value IN (SELECT value FROM json_each(?))", (json.dumps(list(values)),))

    # --- words ---------------------------------------------------------------------------------------

    def _phrase(self, kind: Kind, number: int, field: Field, node: ast.Phrase) -> Set:
        if field.kind is FieldKind.KEYWORD:
            if node.prefix:
                return self._values_like(number, (fold(node.tokens[0]), Wild.ANY))
            return Fts(quote(whole(number, fold(node.tokens[0]))))
        if any(map(CUTS.search, node.tokens)):
            return EMPTY
        if not node.prefix:
            return _sloppy(number, [[token] for token in node.tokens], node.slop)
        *first, last = node.tokens
        if node.most is None and not node.slop:
            return Fts(f"{quote(' '.join(f'{number}:{token}' for token in node.tokens))} *")
        limit = MAX_EXPANSION if node.most is None else node.most
        found = self._terms(number).like((last, Wild.ANY), limit)
        if len(found) > limit and (node.most is None or not node.cut):
            _too_many(f"{last}*", limit, "words that begin so")
        return _sloppy(number, [*([token] for token in first), found[:limit]], node.slop) if found else EMPTY

    def _token_like(self, kind: Kind, number: int, field: Field, node: ast.TokenLike) -> Set:
        if field.kind is FieldKind.KEYWORD:
            return self._values_like(number, node.pattern)
        if len(node.pattern) == 2 and isinstance(node.pattern[0], str) and node.pattern[1] is Wild.ANY:
            if CUTS.search(node.pattern[0]):
                return EMPTY
            return Fts(f"{quote(f'{number}:{node.pattern[0]}')} *")
        if node.pattern == (Wild.ANY,):
            return Fts(f"{quote(f'{number}:')} *")
        found = self._terms(number).like(node.pattern)
        return _any_word(number, found, "".join(p if isinstance(p, str) else p.value for p in node.pattern))

    def _token_fuzzy(self, kind: Kind, number: int, field: Field, node: ast.TokenFuzzy) -> Set:
        keyword = field.kind is FieldKind.KEYWORD
        dictionary = self._values(number) if keyword else self._terms(number)
        found = dictionary.fuzzy(self._near(node.token, node), node.token)
        nearest = _nearest(found, node.token, node.most, node.cut)
        return self._any_value(number, nearest) if keyword else _any_word(number, nearest, f"{node.token}~")

    def _token_regex(self, kind: Kind, number: int, field: Field, node: ast.TokenRegex) -> Set:
        matcher = regexp.compile(node.pattern, folded=node.folded, flags=node.flags)
        if field.kind is FieldKind.KEYWORD:
            return self._any_value(number, self._values(number).regex(matcher, node.pattern))
        return _any_word(number, self._terms(number).regex(matcher, node.pattern), f"/{node.pattern}/")

    # --- whole values --------------------------------------------------------------------------------

    def _exact(self, kind: Kind, number: int, field: Field, node: ast.Exact) -> Set:
        return Fts(" OR ".join(quote(whole(number, value)) for value in node.values))

    def _exact_like(self, kind: Kind, number: int, field: Field, node: ast.ExactLike) -> Set:
        if not node.folded:
            return self._values_like(number, node.pattern)
        if field.kind is not FieldKind.TEXT:
            return self._text_like(kind, number, field, node)
        folded = self._numbers.find(self._session, kind, field.path + FOLDED)
        if folded is not None:
            return self._values_like(folded, node.pattern)
        return self._value(number, "fold(value) GLOB ?", (glob(node.pattern),))

    def _text_like(self, kind: Kind, number: int, field: Field, node: ast.ExactLike) -> Set:
        """A pattern on values that are no strings, by how they look: keywords folded, dates as ISO text."""
        if field.kind is not FieldKind.DATE:
            return self._values_like(number, node.pattern)
        column, table, key = "value", "val", (self._tenant, number)
        where = "tenant = ? AND field = ?"
        if field.path in ("modified", "synced"):
            column, table, where, key = "modified", "state", "tenant = ? AND kind = ?", (self._tenant, int(kind))
        shown = f"fold(strftime('%Y-%m-%dT%H:%M:%fZ', {column} / 1000.0, 'unixepoch'))"
        return distinct(f"FROM {table} WHERE {where} AND {shown} GLOB ?", (*key, glob(node.pattern)))

    def _exact_fuzzy(self, kind: Kind, number: int, field: Field, node: ast.ExactFuzzy) -> Set:
        found = self._values(number).fuzzy(self._near(node.value, node), node.value)
        return self._any_value(number, _nearest(found, node.value, node.most, node.cut))

    def _exact_regex(self, kind: Kind, number: int, field: Field, node: ast.ExactRegex) -> Set:
        matcher = regexp.compile(node.pattern, folded=node.folded, flags=node.flags)
        if not node.folded:
            return self._any_value(number, self._values(number).regex(matcher, node.pattern))
        folded = self._numbers.find(self._session, kind, field.path + FOLDED)
        if folded is not None:
            return self._any_value(folded, self._values(folded).regex(matcher, node.pattern))
        return self._any_value(number, self._values(number).regex(matcher, node.pattern, folded_after=True))

    def _values_like(self, number: int, pattern: ast.Pattern) -> Set:
        prefix = literal_prefix(pattern)
        return distinct(
            "FROM val WHERE tenant = ? AND field = ? AND value >= ? AND value < ? AND value GLOB ?",
            (self._tenant, number, prefix, prefix + LAST, glob(pattern)),
        )

    def _any_value(self, number: int, values: Sequence[str]) -> Set:
        if len(values) > MAX_EXPANSION:
            raise Invalid(
                f"the pattern fits more than {MAX_EXPANSION:,} different values",
                where="query",
                hint="write more of the value",
            )
        if not values:
            return EMPTY
        return Fts(" OR ".join(quote(whole(number, value)) for value in values))

    def _is(self, kind: Kind, number: int, field: Field, node: ast.Is) -> Set:
        value = node.value
        if isinstance(value, bool):
            return Fts(quote(f"{number}={'true' if value else 'false'}"))
        return self._value(number, "value = ?", (value,), field)

    def _between(self, kind: Kind, number: int, field: Field, node: ast.Between) -> Set:
        if field.kind is FieldKind.TEXT and not node.exact:
            condition, values = _range("term", node)
            return _any_word(number, self._terms(number).range(condition, values), f"{node.low} … {node.high}")
        condition, values = _range("value", node)
        # Without it a range of strings that is open below would reach into numbers, which sort first.
        return self._value(number, condition, values, field)

    def _modified(self, kind: Kind, node: ast.Between) -> Set:
        condition, values = _range("modified", node)
        return Sql(
            f"SELECT rid FROM state WHERE tenant = ? AND kind = ? AND {condition}",
            (self._tenant, int(kind), *values),
        )

    def _folded(self, kind: Kind, number: int, field: Field, node: ast.Folded) -> Set:
        """The filter language on strings: whole values, case-folded."""
        column = "value"
        if field.kind is FieldKind.TEXT:
            folded = self._numbers.find(self._session, kind, field.path + FOLDED)
            # A field that no filter may ask for keeps no folded values: its own are folded one by one.
            number, column = (folded, "value") if folded is not None else (number, "fold(value)")
        values = node.values
        match node.op:
            case "eq" | "in":
                if len(values) > MOST_MARKS:
                    return self._value(number, f"{column} IN (SELECT value FROM json_each(?))", (json.dumps(values),))
                marks = ", ".join("?" * len(values))
                return self._value(number, f"{column} IN ({marks})", values)
            case "ca":
                return both([self._value(number, f"{column} = ?", (value,)) for value in values])
            case "sw":
                return self._value(number, f"{column} >= ? AND {column} < ?", (values[0], values[0] + LAST))
            case "co":
                return self._value(number, f"instr({column}, ?) > 0", (values[0],))
            case "ew":
                return self._value(number, f"substr({column}, -length(?)) = ?", (values[0], values[0]))
            case "gt" | "ge" | "lt" | "le":
                sign = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}[node.op]
                return self._value(number, f"{column} {sign} ?", values)
        raise AssertionError(node.op)

    def _value(self, number: int, condition: str, values: Sequence[Any], field: Field | None = None) -> Set:
        rest = f"FROM val WHERE tenant = ? AND field = ? AND {condition}"
        return distinct(
            rest, (self._tenant, number, *values), number if field is not None and field.kind in ORDERED else 0
        )


def quote(text: str) -> str:
    """A string of an FTS5 expression."""
    return '"' + text.replace('"', '""') + '"'


def _any_word(number: int, found: Sequence[str], shown: str) -> Set:
    if len(found) > MAX_EXPANSION:
        _too_many(shown, MAX_EXPANSION, "different words")
    return Fts(" OR ".join(quote(f"{number}:{term}") for term in found)) if found else EMPTY


def _too_many(shown: str, most: int, what: str) -> None:
    raise Invalid(
        f"the pattern {shown[:60]} fits more than {most:,} {what}", where="query", hint="write more of the word"
    )


def _nearest(found: Sequence[tuple[str, int]], word: str, most: int | None, cut: bool) -> list[str]:
    """The texts that count when only so many may: by nearness as Lucene measures it, then in order."""
    if most is None or len(found) <= most:
        return [text for text, _ in found]
    if not cut:
        _too_many(f"{word}~", most, "different words")
    ranked = sorted(found, key=lambda one: (one[1] / max(min(len(one[0]), len(word)), 1), one[0]))
    return [text for text, _ in ranked[:most]]


def _sloppy(number: int, words: Sequence[Sequence[str]], slop: int) -> Set:
    """A phrase, each word in one of its spellings, within `slop` moves."""
    spelled = [[quote(f"{number}:{token}") for token in word] for word in words]
    if not slop and all(len(word) == 1 for word in words):
        return Fts(quote(" ".join(f"{number}:{word[0]}" for word in words)))
    if len(words) == 1:
        return Fts(" OR ".join(spelled[0]))
    if not slop:
        begin = " ".join(f"{number}:{word[0]}" for word in words[:-1])
        return Fts(" OR ".join(quote(f"{begin} {number}:{last}") for last in words[-1]))
    if len(words) > MAX_SLOPPY:
        raise Invalid(
            f"the phrase has {len(words)} words that may move, more than {MAX_SLOPPY}",
            where="query",
            hint="leave ~n out",
        )
    expr = " AND ".join(f"({' OR '.join(word)})" for word in spelled)
    # The gap between values is asked for as a phrase too, so that `within` learns where it stands.
    expr += f' AND ("{GAP}" OR {" OR ".join(spelled[0])})'
    sizes = ",".join(str(len(word)) for word in words)
    if all(len(word) == 1 for word in spelled) and len({word for (word,) in spelled}) == len(spelled):
        return _near([word for (word,) in spelled], slop, expr, sizes)
    return Sql(_WITHIN, (expr, slop, sizes))


def _near(words: Sequence[str], slop: int, expr: str, sizes: str) -> Sql:
    """The same for different words of one spelling: FTS5's own NEAR says of most rows whether they match.

    Lucene lets words move, so their order costs moves; NEAR(words, n) counts the words between the first and the last
    in any order. Of n words, those with at most slop - n between them match in any order, and none with more than
    slop + n - 2 does. What lies between is left to `among`; what may have a gap among its words, which is rare, to
    `within`. No row is in two of the three parts.
    """
    many, reach, close = " ".join(words), slop + len(words) - 2, slop - len(words)
    gap = f'NEAR({many} "{GAP}", {reach})'
    # Of two words NEAR keeps the nearest places, and they decide; of more it may drop places that count.
    wide = f"NEAR({many}, {reach})" if len(words) == 2 else f"(({' AND '.join(words)}) AND NEAR({many}, {reach}))"
    rest, parts = gap, [Sql(_WITHIN, (f"({expr}) AND {gap}", slop, sizes))]
    if close >= 0:
        rest = f"(NEAR({many}, {close}) OR {gap})"
        parts.append(Sql(_SURE, (f"NEAR({many}, {close}) NOT {gap}",)))
    parts.append(Sql(f"{_SURE} AND among(fts, ?, ?)", (f"{wide} NOT {rest}", slop, len(words))))
    return Sql(" UNION ALL ".join(part.text for part in parts), tuple(value for part in parts for value in part.params))


def _range(column: str, node: ast.Between) -> tuple[str, tuple[Any, ...]]:
    conditions, values = [], []
    if node.low is not None:
        conditions.append(f"{column} {'>=' if node.low_inclusive else '>'} ?")
        values.append(node.low)
    if node.high is not None:
        conditions.append(f"{column} {'<=' if node.high_inclusive else '<'} ?")
        values.append(node.high)
    return " AND ".join(conditions) or f"{column} IS NOT NULL", tuple(values)
