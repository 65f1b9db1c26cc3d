"""Sets of rids before they become SQL: what FTS5 can answer by itself, what a SELECT answers, nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# FTS5's parser overflows at about 25 levels of brackets that open to the right (measured with SQLite 3.54).
MAX_DEPTH = 12
# SQLite takes at most 500 SELECTs in one compound.
MAX_COMPOUND = 400


@dataclass(frozen=True, slots=True)
class Fts:
    """A set that FTS5 can select by itself; `depth` counts the levels of brackets."""

    expr: str
    depth: int = 0

    def select(self) -> Sql:
        return Sql("SELECT rowid AS rid FROM fts WHERE fts MATCH ?", (self.expr,))


@dataclass(frozen=True, slots=True)
class Sql:
    """A set given by a SELECT with one column, `rid`.

    `loose`: the same rids, of which some may come twice; it has the same parameters and spares SQLite the DISTINCT.
    `several`: the field of dates or numbers whose values those are; none comes twice as long as no object has several.
    `parts`: what `word` (UNION, INTERSECT, EXCEPT) joins.
    """

    text: str
    params: tuple[Any, ...] = ()
    loose: str = ""
    several: int = 0
    word: str = ""
    parts: tuple[Set, ...] = ()

    def select(self) -> Sql:
        return self


@dataclass(frozen=True, slots=True)
class Empty:
    """The empty set."""

    def select(self) -> Sql:
        return Sql("SELECT NULL AS rid WHERE 0")


Set = Fts | Sql | Empty
EMPTY = Empty()


def both(sets: Sequence[Set]) -> Set:
    """The intersection."""
    if any(isinstance(s, Empty) for s in sets):
        return EMPTY
    return _joined("AND", "INTERSECT", sets)


def either(sets: Sequence[Set]) -> Set:
    """The union."""
    return _joined("OR", "UNION", sets)


def several(sets: Sequence[Set], needed: int) -> Set:
    """What is in at least `needed` of the sets, each of which holds a rid once."""
    found = [s for s in sets if not isinstance(s, Empty)]
    if len(found) < needed:
        return EMPTY
    if needed <= 1:
        return either(found)
    if needed == len(sets):
        return both(found)
    parts = [s.select() for s in found]
    # Some hundred SELECTs go into one compound; their counts are then added up.
    groups = [parts[at : at + MAX_COMPOUND] for at in range(0, len(parts), MAX_COMPOUND)]
    counted = [
        "SELECT rid, count(*) AS n FROM ("
        + " UNION ALL ".join(f"SELECT rid FROM ({part.text})" for part in group)
        + ") GROUP BY rid"
        for group in groups
    ]
    text = f"SELECT rid FROM ({' UNION ALL '.join(counted)}) GROUP BY rid HAVING sum(n) >= {int(needed)}"
    return Sql(text, tuple(value for part in parts for value in part.params))


def without(base: Set, less: Set) -> Set:
    """What is in `base` and not in `less`."""
    if isinstance(base, Empty) or isinstance(less, Empty):
        return base
    if isinstance(base, Fts) and isinstance(less, Fts) and max(base.depth, less.depth) < MAX_DEPTH:
        return Fts(f"({base.expr}) NOT ({less.expr})", max(base.depth, less.depth) + 1)
    return _compound("EXCEPT", [base, less])


def _joined(word: str, compound: str, sets: Sequence[Set]) -> Set:
    fts = [s for s in dict.fromkeys(sets) if isinstance(s, Fts)]
    rest: list[Set] = [s for s in dict.fromkeys(sets) if isinstance(s, Sql)]
    shallow = [s for s in fts if s.depth < MAX_DEPTH]
    rest = [*(s for s in fts if s.depth >= MAX_DEPTH), *rest]
    if len(shallow) == 1:
        rest.insert(0, shallow[0])
    elif shallow:
        expr = f" {word} ".join(f"({s.expr})" for s in shallow)
        rest.insert(0, Fts(expr, max(s.depth for s in shallow) + 1))
    if not rest:
        return EMPTY
    while len(rest) > MAX_COMPOUND:
        groups = [rest[i : i + MAX_COMPOUND] for i in range(0, len(rest), MAX_COMPOUND)]
        rest = [_compound(compound, group) for group in groups]
    return rest[0] if len(rest) == 1 else _compound(compound, rest)


def distinct(rest: str, params: Sequence[Any], several: int = 0) -> Sql:
    """`SELECT DISTINCT rid` of the rest of a SELECT, which may find a rid several times."""
    return Sql(f"SELECT DISTINCT rid {rest}", tuple(params), loose=f"SELECT rid {rest}", several=several)


def _compound(word: str, sets: Sequence[Set]) -> Sql:
    parts = [s.select() for s in sets]
    # A compound finds every rid once, however often its parts do.
    text = f" {word} ".join(f"SELECT rid FROM ({p.loose or p.text})" for p in parts)
    return Sql(text, tuple(v for p in parts for v in p.params), word=word, parts=tuple(sets))
