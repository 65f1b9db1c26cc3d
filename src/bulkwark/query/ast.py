"""The one tree that every query language is read into and every writer is fed from.

Two layers share `Bool`, `All`, `Nothing` and `Nested`:

* readers (`lucene`, `filters`) produce the **raw** leaves: names and texts as the user wrote them;
* `check.check` turns them into the **checked** leaves: known fields and typed values. Writers accept
  only a `Checked`, so an unchecked tree cannot reach the database.

All nodes are frozen; `span` is the half-open range of characters in the source text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace

from bulkwark.query.ast_base import (
    NOWHERE,
    All,
    Best,
    Bool,
    Boost,
    Constant,
    Demote,
    Nested,
    Node,
    Nothing,
    Pattern,
    Source,
    Span,
    Wild,
)
from bulkwark.query.ast_checked import (
    Between,
    Checked,
    Exact,
    ExactFuzzy,
    ExactLike,
    ExactRegex,
    Folded,
    Has,
    Is,
    Phrase,
    TokenFuzzy,
    TokenLike,
    TokenRegex,
)
from bulkwark.query.ast_raw import Bound, Compare, Exists, Fuzzy, Holds, Like, Match, Range, Raw, Regex, Term, Text

__all__ = [
    "NOWHERE",
    "All",
    "Best",
    "Between",
    "Bool",
    "Boost",
    "Bound",
    "Checked",
    "Compare",
    "Constant",
    "Demote",
    "Exact",
    "ExactFuzzy",
    "ExactLike",
    "ExactRegex",
    "Exists",
    "Folded",
    "Fuzzy",
    "Has",
    "Holds",
    "Is",
    "Like",
    "Match",
    "Nested",
    "Node",
    "Nothing",
    "Pattern",
    "Phrase",
    "Range",
    "Raw",
    "Regex",
    "Source",
    "Span",
    "Term",
    "Text",
    "TokenFuzzy",
    "TokenLike",
    "TokenRegex",
    "Wild",
    "children",
    "conj",
    "disj",
    "negate",
    "rewrite",
    "shape",
]


def conj(*nodes: Node, span: Span = NOWHERE) -> Node:
    """All of the nodes."""
    return nodes[0] if len(nodes) == 1 else Bool(must=nodes, span=span)


def disj(*nodes: Node, span: Span = NOWHERE) -> Node:
    """At least one of the nodes; of none: nothing."""
    if not nodes:
        return Nothing(span=span)
    return nodes[0] if len(nodes) == 1 else Bool(should=nodes, span=span)


def negate(node: Node, span: Span = NOWHERE) -> Node:
    """Everything that the node does not match."""
    return Bool(must_not=(node,), span=span)


def children(node: Node) -> Iterator[Node]:
    """The direct child nodes, in source order of the lists."""
    if isinstance(node, Bool):
        yield from node.must
        yield from node.should
        yield from node.must_not
    elif isinstance(node, Best):
        yield from node.nodes
    elif isinstance(node, Demote):
        yield node.child
        yield node.negative
    elif isinstance(node, Nested | Boost | Constant | Source):
        yield node.child


def rewrite(node: Node, leaf: Callable[[Node], Node]) -> Node:
    """A copy of the tree with `leaf` applied to every node that has no children of its own."""
    if isinstance(node, Bool):
        return replace(
            node,
            must=tuple(rewrite(n, leaf) for n in node.must),
            should=tuple(rewrite(n, leaf) for n in node.should),
            must_not=tuple(rewrite(n, leaf) for n in node.must_not),
        )
    if isinstance(node, Best):
        return replace(node, nodes=tuple(rewrite(n, leaf) for n in node.nodes))
    if isinstance(node, Demote):
        return replace(node, child=rewrite(node.child, leaf), negative=rewrite(node.negative, leaf))
    if isinstance(node, Nested | Boost | Constant | Source):
        return replace(node, child=rewrite(node.child, leaf))
    return leaf(node)


def shape(node: Node) -> str:
    """The tree on one line, spans left out: what tests and `explain` print."""
    parts = []
    for f in fields(node):
        if f.name in {"span", "field_span", "written", "text" if isinstance(node, Source) else "", "places", "where"}:
            continue
        value = getattr(node, f.name)
        if f.name != "field" and (value is None or value == f.default):
            continue
        parts.append(f"{f.name}={_shape_value(value)}")
    return f"{type(node).__name__}({', '.join(parts)})"


def _shape_value(value: object) -> str:
    if isinstance(value, Node):
        return shape(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(_shape_value(v) for v in value) + "]"
    if isinstance(value, Wild):
        return value.value
    if isinstance(value, Bound):
        return f"{'[' if value.inclusive else '{'}{value.text}"
    path = getattr(value, "path", None)
    return str(path) if path is not None else repr(value)
