"""The filter language on a handful of documents in memory (metadata attributes, credentials)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from bulkwark.errors import QueryError
from bulkwark.query import ast
from bulkwark.query.analysis import fold
from bulkwark.query.ast import Node


def matches(node: Node, document: dict[str, Any], allowed: Collection[str], text: str) -> bool:
    """Whether the document fulfils a parsed filter. Raises QueryError for a field that is not allowed."""
    match node:
        case ast.Bool():
            # Every part is looked at, also where the first decides: a wrong field name is always refused.
            wanted = {n: matches(n, document, allowed, text) for n in ast.children(node)}
            if any(wanted[n] for n in node.must_not):
                return False
            if node.must:
                return all(wanted[n] for n in node.must)
            return not node.should or any(wanted[n] for n in node.should)
        case ast.Exists():
            _require(node.field, node, allowed, text)
            return document.get(node.field) is not None
        case ast.Compare():
            _require(node.field, node, allowed, text)
            return _compare(node, document.get(node.field))
    raise QueryError("this cannot be used in a filter", text=text, position=node.span[0])


def _require(field: str, node: Node, allowed: Collection[str], text: str) -> None:
    if field not in allowed:
        raise QueryError(
            f"cannot filter by {field!r}", text=text, position=node.span[0], hint=f"one of {', '.join(allowed)}"
        )


def _compare(node: ast.Compare, value: Any) -> bool:
    if isinstance(value, list):
        return any(_compare(node, one) for one in value)
    if value is None:
        return False
    have = fold(str(value).lower() if isinstance(value, bool) else str(value))
    wanted = [fold(v) for v in node.values]
    match node.op:
        case "eq" | "in":
            return have in wanted
        case "sw":
            return have.startswith(wanted[0])
        case "co":
            return wanted[0] in have
        case "gt":
            return have > wanted[0]
        case "ge":
            return have >= wanted[0]
        case "lt":
            return have < wanted[0]
        case "le":
            return have <= wanted[0]
    return False
