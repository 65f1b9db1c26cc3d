"""What SQLite cannot do by itself: letters without case beyond ASCII, and words near each other."""

from __future__ import annotations

from functools import lru_cache

import apsw

from bulkwark.query.analysis import fold
from bulkwark.query.within import near


def install(connection: apsw.Connection) -> None:
    """Make `fold(text)`, `within(fts, …)` and `among(fts, …)` known to a connection."""
    connection.create_scalar_function("fold", _fold, 1, deterministic=True)
    connection.register_fts5_function("within", _within)
    connection.register_fts5_function("among", _among)


def _fold(*given: apsw.SQLiteValue) -> apsw.SQLiteValue:
    value = given[0]
    return fold(value) if isinstance(value, str) else value


def _within(api: apsw.FTS5ExtensionApi, *given: apsw.SQLiteValue) -> bool:
    """`within(fts, slop, sizes)`: whether the row holds a sloppy phrase.

    The expression's phrases are: for each word of the phrase its spellings (`sizes`: how many, as `1,1,3`), then the
    gap between two values of an array, over which nothing reaches.
    """
    slop, sizes = given
    assert isinstance(slop, int)
    assert isinstance(sizes, str)
    places: list[list[int]] = []
    at = 0
    for size in _sizes(sizes):
        if size == 1:
            places.append(api.phrase_locations(at)[0])
        else:
            places.append(sorted({place for n in range(at, at + size) for place in api.phrase_locations(n)[0]}))
        at += size
    return near(places, api.phrase_locations(at)[0], slop)


def _among(api: apsw.FTS5ExtensionApi, *given: apsw.SQLiteValue) -> bool:
    """`among(fts, slop, n)`: whether the row holds a sloppy phrase of the expression's first n words, without a gap."""
    slop, words = given
    assert isinstance(slop, int)
    assert isinstance(words, int)
    if words == 2:
        (first,), (second,) = api.phrase_locations(0), api.phrase_locations(1)
        if len(first) == 1 == len(second):
            return -slop <= second[0] - first[0] - 1 <= slop
        return near((first, second), (), slop)
    return near([api.phrase_locations(n)[0] for n in range(words)], (), slop)


@lru_cache(maxsize=256)
def _sizes(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))
