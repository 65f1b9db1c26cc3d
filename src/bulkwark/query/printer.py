"""A tree read from a query string, written as a query string again: `+` and `-` show what Lucene's rule made of it.

Reading what is written here gives the same tree.
"""

from __future__ import annotations

import re

from bulkwark.query import ast
from bulkwark.query.ast import Node, Wild

_SIGNS = re.compile(r"[+\-!(){}\[\]^\"~*?:\\/@\s]")
_WORDS = frozenset({"AND", "OR", "NOT", "&&", "||"})
_PLAIN_BOUND = re.compile(r"[0-9A-Za-z_.:+\-]+")


def text(node: Node) -> str:
    """The query string of a raw tree; `TypeError` for a node that the language has no words for."""
    if isinstance(node, ast.Nothing):
        return ""
    return _level(node) if isinstance(node, ast.Bool) else _clause(node)


def _level(node: ast.Bool) -> str:
    signed = [("+", n) for n in node.must] + [("", n) for n in node.should] + [("-", n) for n in node.must_not]
    return " ".join(sign + _clause(child) for sign, child in signed)


def _clause(node: Node) -> str:
    match node:
        case ast.Bool():
            return f"({_level(node)})"
        case ast.Boost():
            child = _clause(node.child)
            grouped = f"({child})" if isinstance(node.child, ast.Boost) else child
            return f"{grouped}^{node.factor:f}"
        case ast.Nested():
            return f"@{node.path}({text(node.child)})"
        case ast.All():
            return "*:*"
        case ast.Exists():
            return f"_exists_:{escaped(node.field)}"
        case ast.Text() | ast.Like() | ast.Fuzzy() | ast.Regex() | ast.Range():
            return (f"{escaped(node.field)}:" if node.field is not None else "") + _value(node)
    raise TypeError(f"{type(node).__name__} has no words in a query string")


def _value(node: ast.Text | ast.Like | ast.Fuzzy | ast.Regex | ast.Range) -> str:
    match node:
        case ast.Text(quoted=True):
            return _quoted(node.text) + (f"~{node.slop}" if node.slop else "")
        case ast.Text(run=True):
            return " ".join(map(escaped, node.text.split(" ")))
        case ast.Text():
            return escaped(node.text)
        case ast.Like():
            return "".join(part.value if isinstance(part, Wild) else escaped(part) for part in node.pattern)
        case ast.Fuzzy():
            return f"{escaped(node.text)}~{'' if node.distance is None else node.distance}"
        case ast.Regex():
            return f"/{node.pattern.replace('/', chr(92) + '/')}/"
        case ast.Range():
            low, high = node.low, node.high
            begin = "{" if low and not low.inclusive else "["
            end = "}" if high and not high.inclusive else "]"
            return f"{begin}{_bound(low)} TO {_bound(high)}{end}"
    raise AssertionError


def _bound(bound: ast.Bound | None) -> str:
    if bound is None:
        return "*"
    plain = _PLAIN_BOUND.fullmatch(bound.text) and bound.text != "TO"
    return bound.text if plain else _quoted(bound.text)


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def escaped(value: str) -> str:
    """The word with a backslash before every sign that would mean something."""
    if value in _WORDS:
        return "\\" + value
    return _SIGNS.sub(lambda sign: "\\" + sign[0], value)
