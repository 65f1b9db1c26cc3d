"""The meaning of a checked tree on one JSON document: plain, slow, and the judge of all quicker writers.

`matches` takes documents as `/search` returns them. Rules that writers must share:

* A path walks through objects and arrays; null, missing and `[]` are no value, `""` is one.
* Each value of an array is analysed by itself: a phrase never crosses from one value to the next.
* Numbers and booleans below a TEXT field count by their JSON text.
* A field whose path has a `*` is every value below its open map whose full path fits, `*` being any characters.
* A leaf with field None looks into all TEXT and KEYWORD fields of the schema and all open maps.
* Sloppy phrases as in Lucene: give each token a position in the value, subtract its index in the phrase; the
  largest less the smallest may differ by `slop`. A phrase without slop is the same with 0.
* Edit distance: insert, delete, replace, swap of neighbours, none edited twice (optimal string alignment).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC
from itertools import product
from typing import Any

import msgspec

from bulkwark.query import ast, regexp
from bulkwark.query.analysis import fold, tokens
from bulkwark.query.ast import Pattern, Wild
from bulkwark.query.datemath import resolve
from bulkwark.query.fields import Field, Kind, Schema

Scalar = str | int | float | bool


def matches(checked: ast.Checked, schema: Schema, document: dict[str, Any]) -> bool:
    """Whether the document is selected."""
    assert checked.index == schema.index
    return _Oracle(schema).holds(checked.root, document, "")


def values_at(value: object, path: str) -> Iterator[object]:
    """Everything found at a dotted path, arrays opened, null left out."""
    if isinstance(value, list):
        for item in value:
            yield from values_at(item, path)
    elif not path:
        if value is not None:
            yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name == path:
                yield from values_at(inner, "")
            elif path.startswith(name + "."):
                yield from values_at(inner, path[len(name) + 1 :])


def leaves(value: object, path: str = "") -> Iterator[tuple[str, Scalar]]:
    """Every scalar of a document with its full dotted path."""
    if isinstance(value, list):
        for item in value:
            yield from leaves(item, path)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, str | int | float):
        yield path, value


class _Oracle:
    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def holds(self, node: ast.Node, element: object, within: str) -> bool:
        """Whether the node is true of the document, or of one nested element whose path is `within`."""
        if isinstance(node, ast.All):
            return True
        if isinstance(node, ast.Nothing):
            return False
        if isinstance(node, ast.Boost | ast.Constant | ast.Demote):
            return self.holds(node.child, element, within)
        if isinstance(node, ast.Best):
            return any(self.holds(n, element, within) for n in node.nodes)
        if isinstance(node, ast.Bool):
            if any(self.holds(n, element, within) for n in node.must_not):
                return False
            if not all(self.holds(n, element, within) for n in node.must):
                return False
            wanted = node.minimum or 0
            if node.should and not node.must:
                wanted = max(wanted, 1)
            return sum(self.holds(n, element, within) for n in node.should) >= wanted
        if isinstance(node, ast.Nested):
            inner = values_at(element, _relative(node.path, within))
            return any(self.holds(node.child, e, node.path) for e in inner if isinstance(e, dict))
        if isinstance(node, ast.Has) and not (node.field and "*" in node.field.path):
            path = node.field.path if node.field else node.prefix
            return any(True for found in values_at(element, _relative(path, within)) for _ in leaves(found))
        field = getattr(node, "field", None)
        fields = [field] if field else self._all_fields()
        return any(self._leaf(node, f, self._values(f, element, within)) for f in fields)

    def _all_fields(self) -> list[Field]:
        strings = [f for f in self.schema.fields.values() if f.kind in {Kind.TEXT, Kind.KEYWORD}]
        return strings + [Field(f"{path}.*", Kind.TEXT, home) for path, home in self.schema.open_maps.items()]

    def _values(self, field: Field, element: object, within: str) -> list[Scalar]:
        if "*" not in field.path:
            found = values_at(element, _relative(field.path, within))
            return [v for v in found if isinstance(v, str | int | float)]
        fits = re.compile(".*".join(map(re.escape, field.path.split("*"))), re.DOTALL).fullmatch
        return [value for path, value in leaves(element, within) if fits(path)]

    def _leaf(self, node: ast.Node, field: Field, found: list[Scalar]) -> bool:
        if isinstance(node, ast.Has):
            return bool(found)
        if isinstance(node, ast.Is):
            return any(_typed(field, v) == node.value for v in found if _typed(field, v) is not None)
        if isinstance(node, ast.Folded):
            return _folded(node.op, node.values, [fold(_text(v)) for v in found])
        if isinstance(node, ast.Between):
            return any(_between(node, v) for v in _comparable(node, field, found))
        if isinstance(node, ast.Exact):
            return any(_text(v) in node.values for v in found)
        if isinstance(node, ast.Phrase):
            return any(phrase_in(node.tokens, words, node.slop, node.prefix) for words in map(_words(field), found))
        test = _text_test(node)
        if isinstance(node, ast.ExactLike | ast.ExactRegex) and node.folded:
            return any(test(fold(_text(v))) for v in found)
        if isinstance(node, ast.ExactLike | ast.ExactFuzzy | ast.ExactRegex):
            return any(test(_text(v)) for v in found)
        return any(test(word) for v in found for word in _words(field)(v))


def _relative(path: str, within: str) -> str:
    if path == within:
        return ""
    return path.removeprefix(within + ".") if within else path


def _text(value: Scalar) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _words(field: Field) -> Callable[[Scalar], list[str]]:
    if field.kind is Kind.KEYWORD:
        return lambda value: [fold(_text(value))]
    return lambda value: tokens(_text(value))


def _typed(field: Field, value: Scalar) -> bool | int | float | None:
    """The value of a BOOL or NUMBER field; texts that mean one count."""
    if field.kind is Kind.BOOL:
        return value if isinstance(value, bool) else {"true": True, "false": False}.get(_text(value).lower())
    if isinstance(value, bool):
        return None
    try:
        return value if isinstance(value, int | float) else float(value)
    except ValueError:
        return None


def _comparable(node: ast.Between, field: Field, found: list[Scalar]) -> list[Any]:
    if field.kind is Kind.DATE:
        return [v if isinstance(v, int) else resolve(_text(v), now_ms=0, zone=UTC) for v in found]
    if field.kind is Kind.NUMBER:
        return [number for v in found if (number := _typed(field, v)) is not None]
    if node.exact:
        return [_text(v) for v in found]
    return [word for v in found for word in _words(field)(v)]


def _between(node: ast.Between, value: Any) -> bool:
    if node.low is not None and not (value >= node.low if node.low_inclusive else value > node.low):
        return False
    return node.high is None or bool(value <= node.high if node.high_inclusive else value < node.high)


def _folded(op: str, wanted: tuple[str, ...], found: list[str]) -> bool:
    if op == "ca":
        return set(wanted) <= set(found)
    tests: dict[str, Callable[[str, str], bool]] = {
        "eq": lambda value, want: value == want,
        "in": lambda value, want: value == want,
        "sw": lambda value, want: value.startswith(want),
        "co": lambda value, want: want in value,
        "gt": lambda value, want: value > want,
        "ge": lambda value, want: value >= want,
        "lt": lambda value, want: value < want,
        "le": lambda value, want: value <= want,
    }
    return any(tests[op](value, want) for value in found for want in wanted)


def _text_test(node: ast.Node) -> Callable[[str], bool]:
    if isinstance(node, ast.TokenLike | ast.ExactLike):
        return like(node.pattern)
    if isinstance(node, ast.TokenFuzzy | ast.ExactFuzzy):
        wanted = node.token if isinstance(node, ast.TokenFuzzy) else node.value
        begin, swaps = wanted[: node.prefix_length], node.transpositions
        return lambda text: text.startswith(begin) and distance(text, wanted, swaps=swaps) <= node.distance
    if isinstance(node, ast.TokenRegex | ast.ExactRegex):
        return regexp.compile(node.pattern, folded=node.folded, flags=node.flags).fullmatch
    raise TypeError(f"{type(node).__name__} is no checked leaf")


def like(pattern: Pattern) -> Callable[[str], bool]:
    """A test for a pattern of literal parts and wildcards."""
    signs = {Wild.ANY: ".*", Wild.ONE: "."}
    parts = (signs[part] if isinstance(part, Wild) else re.escape(part) for part in pattern)
    fits = re.compile("".join(parts), re.DOTALL)
    return lambda text: fits.fullmatch(text) is not None


def phrase_in(phrase: tuple[str, ...], words: list[str], slop: int, prefix: bool = False) -> bool:
    """Whether the words hold the phrase within `slop` moves; with `prefix` its last word may go on."""
    places = [[at for at, word in enumerate(words) if word == wanted] for wanted in phrase]
    if prefix:
        places[-1] = [at for at, word in enumerate(words) if word.startswith(phrase[-1])]
    for chosen in product(*places):
        shifted = [at - index for index, at in enumerate(chosen)]
        if len(set(chosen)) == len(chosen) and max(shifted) - min(shifted) <= slop:
            return True
    return False


def distance(a: str, b: str, *, swaps: bool = True) -> int:
    """Optimal string alignment distance; without `swaps` Levenshtein's."""
    rows = [list(range(len(b) + 1))]
    for i, left in enumerate(a, 1):
        row = [i]
        for j, right in enumerate(b, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (left != right))
            if swaps and i > 1 and j > 1 and left == b[j - 2] and a[i - 2] == right:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
