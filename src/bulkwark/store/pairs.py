"""Which metadata pairs satisfy a query inside `@accessModelMetadata( … )`.

An element of the nested array is one pair, and a tenant has at most some thousands, so the query is
answered here, exactly, for each of them; the database is then asked who holds one of those found.
"""

from __future__ import annotations

from bulkwark.domain.metadata import Catalogue
from bulkwark.errors import Invalid
from bulkwark.query import ast
from bulkwark.query.ast import Node
from bulkwark.query.fields import Field
from bulkwark.query.match import fits

__all__ = ["fits", "matching"]

MAX_TESTS = 2_000_000  # pairs times conditions; half a second and more


def matching(catalogue: Catalogue, node: Node) -> list[int]:
    """The pairs for which the query holds, in order."""
    if _size(node) * len(catalogue.pairs) > MAX_TESTS:
        raise Invalid(
            "too many conditions on metadata in one query", where="query", hint="split it into several requests"
        )
    return sorted(
        pair
        for pair, (attribute, value) in catalogue.pairs.items()
        if _holds(node, {"key": attribute.key, "value": value.value})
    )


def _holds(node: Node, element: dict[str, str]) -> bool:
    match node:
        case ast.Bool():
            if any(_holds(n, element) for n in node.must_not) or not all(_holds(n, element) for n in node.must):
                return False
            return sum(_holds(n, element) for n in node.should) >= node.needed if node.needed else True
        case ast.All():
            return True
        case ast.Nothing():
            return False
        case ast.Boost() | ast.Constant() | ast.Demote() | ast.Nested():
            return _holds(node.child, element)
        case ast.Best():
            return any(_holds(n, element) for n in node.nodes)
    field: Field | None = getattr(node, "field", None)
    values = [element[field.path.rpartition(".")[2]]] if field else list(element.values())
    return any(fits(node, value) for value in values)


def _size(node: Node) -> int:
    """How many conditions the tree has."""
    return 1 + sum(map(_size, ast.children(node)))
