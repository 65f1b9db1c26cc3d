"""The sorted texts of one field, and which of them a pattern, a fuzzy word or a regular expression fits.

`vocab` has the words of TEXT fields, `val` whole values. Patterns are tried by SQLite itself (0.15 s for 1,000,000
different words); fuzzy words and regular expressions are automata that say where the next fitting text may stand, so
that most of the dictionary is never read.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any

from bulkwark.errors import Invalid
from bulkwark.query import regexp
from bulkwark.query.analysis import fold
from bulkwark.query.ast import Pattern, Wild
from bulkwark.query.levenshtein import Levenshtein
from bulkwark.store.sqlite.engine import Session

# What fits more texts than this is refused: the answer would be slow and rarely meant.
MAX_EXPANSION = 20_000
# Texts of one dictionary that an automaton is tried on; more takes over half a second.
MAX_TRIED = 200_000
LAST = "\U0010ffff"  # sorts after every string that starts with what stands before it
_PIECE = 12  # texts read at each seek: the next one that may fit is often near
_LARGE_PIECE = 2_000  # … and when everything is tried

_SEEK = {
    "term": "SELECT term FROM vocab WHERE tenant = ? AND field = ? AND term >= ? AND term < ?",
    "value": "SELECT DISTINCT value FROM val WHERE tenant = ? AND field = ? AND value >= ? AND value < ?",
}


class Dictionary:
    """The texts of one field. `column` is `term` or `value`."""

    def __init__(self, session: Session, tenant: int, number: int, column: str) -> None:
        self._session = session
        self._key = (tenant, number)
        self._column = column

    def like(self, pattern: Pattern, most: int = MAX_EXPANSION) -> list[str]:
        """What the pattern fits, in order; one more than `most` when there are more."""
        prefix = literal_prefix(pattern)
        if pattern == (prefix, Wild.ANY):
            return self._read("", (), prefix, most + 1)
        return self._read(f"AND {self._column} GLOB ?", (glob(pattern),), prefix, most + 1)

    def range(self, condition: str, values: tuple[Any, ...]) -> list[str]:
        """What fulfils the condition; one more than MAX_EXPANSION when there are more."""
        return self._read(f"AND {condition}", values, "", MAX_EXPANSION + 1)

    def fuzzy(self, near: Levenshtein, shown: str) -> list[tuple[str, int]]:
        """What stands within the distance, in order, with the edits."""
        found = self._walk(near.tried, near.prefix, "", f"{shown}~")
        return [(text, near.edits(text) or 0) for text in found]

    def regex(self, matcher: regexp.Matcher, shown: str, *, folded_after: bool = False) -> list[str]:
        """What the pattern fits; `folded_after`: the texts have case, and the pattern is meant for folded ones."""
        if folded_after:
            return list(
                self._walk(lambda text: None if matcher.fullmatch(fold(text)) else text + "\0", "", "", f"/{shown}/")
            )
        prefix, contained = matcher.literals()
        return list(self._walk(matcher.tried, prefix, contained, f"/{shown}/"))

    def _read(self, condition: str, values: tuple[Any, ...], prefix: str, limit: int) -> list[str]:
        sql = f"{_SEEK[self._column]} {condition} LIMIT {limit}"
        return [text for (text,) in self._session.execute(sql, (*self._key, prefix, prefix + LAST, *values))]

    def _walk(self, tried: Callable[[str], str | None], prefix: str, contained: str, shown: str) -> Iterator[str]:
        """The fitting texts in order; `tried` answers None for one, else where to go on ('': nowhere)."""
        within = " AND instr({0}, ?) > 0" if contained and contained != prefix else ""
        sql = _SEEK[self._column] + within.format(self._column)
        sql += f" ORDER BY {self._column} LIMIT "
        more = (contained,) if within else ()
        at, end, size, looked, fitting = prefix, prefix + LAST, _PIECE, 0, 0
        while True:
            batch = [text for (text,) in self._session.execute(sql + str(size), (*self._key, at, end, *more))]
            place = used = 0
            while place < len(batch):
                used += 1
                further = tried(batch[place])
                if further is None:
                    yield batch[place]
                    fitting += 1
                    at, place = batch[place] + "\0", place + 1
                elif not further:
                    return
                else:
                    at, place = further, bisect_left(batch, further, place + 1)
            looked += used
            if len(batch) < size:
                return
            if fitting > MAX_EXPANSION:
                return
            if looked > MAX_TRIED:
                hint = "begin with letters, or write three letters more that stand in every word meant"
                raise Invalid(
                    f"{shown} would have to be tried on more than {MAX_TRIED:,} different texts",
                    where="query",
                    hint=hint,
                )
            size = _LARGE_PIECE if used * 2 > len(batch) else _PIECE


def literal_prefix(pattern: Pattern) -> str:
    """What every text that fits begins with."""
    return pattern[0] if pattern and isinstance(pattern[0], str) else ""


def glob(pattern: Pattern) -> str:
    """A pattern in SQLite's GLOB, whose own special characters are bracketed."""
    text = ""
    for part in pattern:
        if isinstance(part, Wild):
            text += part.value
        else:
            text += "".join(f"[{c}]" if c in "*?[" else c for c in part)
    return text
