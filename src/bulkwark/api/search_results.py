"""How found documents are shown: `queryResultFilter`, and aggregations as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from bulkwark.domain.spreadsheets import neutral
from bulkwark.query import aggregations as tree
from bulkwark.query.aggregations import Aggregation

#: What a client needs to tell documents apart and to page on; never filtered out.
ALWAYS = frozenset({"id", "_type", "_originalType", "_version"})


class ResultFilter:
    """Elasticsearch's source filtering: dotted paths with `*`; the name of an object means all below it.

    An object or array of which nothing is left disappears; excludes win.
    """

    def __init__(self, includes: Sequence[str], excludes: Sequence[str], needed: Sequence[str] = ()) -> None:
        self._includes = tuple(includes)
        self._excludes = tuple(excludes)
        self._needed = ALWAYS | frozenset(needed)
        self._known: dict[str, bool] = {}

    def text(self, document: bytes) -> bytes:
        """The document with only what is shown."""
        decoded = msgspec.json.decode(document)
        kept, _ = self._kept(decoded, "")
        return msgspec.json.encode(kept)

    def _kept(self, value: Any, path: str) -> tuple[Any, bool]:
        """What is left of a value, and whether anything is."""
        if isinstance(value, dict):
            kept = {}
            for name, inner in value.items():
                left, some = self._kept(inner, f"{path}.{name}" if path else name)
                if some:
                    kept[name] = left
            return kept, bool(kept) or (not value and self._shown(path))
        if isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
            parts = [self._kept(one, path) for one in value]
            left = [part for part, some in parts if some]
            return left, bool(left)
        return value, self._shown(path)

    def _shown(self, path: str) -> bool:
        known = self._known.get(path)
        if known is None:
            included = not self._includes or any(_covers(pattern, path) for pattern in self._includes)
            known = included and not any(_covers(pattern, path) for pattern in self._excludes)
            known = self._known[path] = known or path in self._needed
        return known


def _covers(pattern: str, path: str) -> bool:
    """Whether the pattern fits the path, or an object that the path lies in."""
    if "*" not in pattern:
        return path == pattern or path.startswith(pattern + ".")
    parts = path.split(".")
    return any(_fits(pattern, ".".join(parts[:size])) for size in range(1, len(parts) + 1))


def _fits(pattern: str, text: str) -> bool:
    """`*` stands for any characters; greedy with one step back, so never slow."""
    at = place = 0
    star, mark = -1, 0
    while place < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, mark = at, place
            at += 1
        elif at < len(pattern) and pattern[at] == text[place]:
            at, place = at + 1, place + 1
        elif star >= 0:
            mark += 1
            at, place = star + 1, mark
        else:
            return False
    return not pattern[at:].strip("*")


# --- CSV ---------------------------------------------------------------------------------------------------


def as_csv(found: Sequence[Aggregation], results: dict[str, Any]) -> str:
    """A column for each level of buckets, then the count or the measure. RFC 4180, lines end with LF; no text is a
    formula.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    levels, last = _columns(found)
    for row in ([*levels, last], *_rows(found, results)):
        writer.writerow([neutral(cell) if isinstance(cell, str) else cell for cell in row])
    return out.getvalue()


def _columns(found: Sequence[Aggregation]) -> tuple[list[str], str]:
    levels: list[str] = []
    last = "Count"
    while found:
        one = found[0]
        if isinstance(one, tree.Terms):
            levels.append(one.name)
        elif isinstance(one, tree.Metric | tree.Percentiles):
            last = one.name
        found = _below(one)
    return levels, last


def _below(one: Aggregation) -> Sequence[Aggregation]:
    """The children, of which buckets come before measures."""
    return sorted(one.children, key=lambda child: not isinstance(child, tree.Terms))


def _rows(found: Sequence[Aggregation], results: dict[str, Any], count: int = 0) -> Iterator[list[Any]]:
    if not found:
        yield [count]
        return
    one = found[0]
    result = results[one.name]
    if isinstance(one, tree.Terms):
        for bucket in result["buckets"]:
            key = bucket.get("key_as_string", bucket["key"])
            for row in _rows(_below(one), bucket, bucket["doc_count"]):
                yield [key, *row]
    elif isinstance(one, tree.Metric):
        yield [_shown(result)]
    elif isinstance(one, tree.Percentiles):
        yield [next(iter(result["values"].values()))]
    else:
        yield from _rows(_below(one), result, result["doc_count"])


def _shown(result: dict[str, Any]) -> Any:
    value = result.get("value_as_string", result.get("value", result.get("count")))
    return "" if value is None else value
