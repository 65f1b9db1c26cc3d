"""Which metadata pairs satisfy a query inside `@accessModelMetadata( … )`.

An element of the nested array is one pair, and a tenant has at most some thousands, so the query is
answered here, exactly, for each of them; the database is then asked who holds one of those found.
"""

from __future__ import annotations

import re

from bulkwark.domain.metadata import Catalogue
from bulkwark.errors import Invalid
from bulkwark.query import ast
from bulkwark.query.analysis import fold, tokens
from bulkwark.query.ast import Node, Wild
from bulkwark.query.fields import Field


def matching(catalogue: Catalogue, node: Node) -> list[int]:
    """The pairs for which the query holds, in order."""
    return sorted(
        pair
        for pair, (attribute, value) in catalogue.pairs.items()
        if _holds(node, {"key": attribute.key, "value": value.value})
    )


def fits(node: Node, value: str) -> bool:
    """Whether a leaf fits a text by itself."""
    return _leaf(node, value)


def _holds(node: Node, element: dict[str, str]) -> bool:
    match node:
        case ast.Bool():
            if any(_holds(n, element) for n in node.must_not):
                return False
            if node.must:
                return all(_holds(n, element) for n in node.must)
            return not node.should or any(_holds(n, element) for n in node.should)
        case ast.All():
            return True
        case ast.Nothing():
            return False
        case ast.Boost() | ast.Nested():
            return _holds(node.child, element)
        case ast.Has():
            return True
    field: Field | None = getattr(node, "field", None)
    values = [element[field.path.rpartition(".")[2]]] if field else list(element.values())
    return any(_leaf(node, value) for value in values)


def _leaf(node: Node, value: str) -> bool:
    match node:
        case ast.Phrase():
            return _contains(tokens(value), node.tokens)
        case ast.TokenLike():
            return any(_fits(node.pattern, token) for token in tokens(value))
        case ast.Exact():
            return value in node.values
        case ast.ExactLike():
            return _fits(node.pattern, value)
        case ast.Folded():
            return _folded(node, fold(value))
        case ast.Between():
            return any(_between(node, text) for text in ([value] if node.exact else tokens(value)))
    raise Invalid(f"{type(node).__name__} is not supported on metadata yet")


def _contains(words: list[str], wanted: tuple[str, ...]) -> bool:
    size = len(wanted)
    return any(tuple(words[i : i + size]) == wanted for i in range(len(words) - size + 1))


def _fits(pattern: ast.Pattern, text: str) -> bool:
    parts = {Wild.ANY: ".*", Wild.ONE: "."}
    regex = "".join(parts[p] if isinstance(p, Wild) else re.escape(p) for p in pattern)
    return re.fullmatch(regex, text, re.DOTALL) is not None


def _folded(node: ast.Folded, value: str) -> bool:
    first = node.values[0]
    match node.op:
        case "eq" | "in":
            return value in node.values
        case "ca":
            return all(value == v for v in node.values)
        case "sw":
            return value.startswith(first)
        case "co":
            return first in value
        case "gt":
            return value > first
        case "ge":
            return value >= first
        case "lt":
            return value < first
        case _:
            return value <= first


def _between(node: ast.Between, text: str) -> bool:
    low, high = node.low, node.high
    if isinstance(low, str) and (text < low or (text == low and not node.low_inclusive)):
        return False
    return not (isinstance(high, str) and (text > high or (text == high and not node.high_inclusive)))
