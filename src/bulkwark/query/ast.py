"""The one tree that every query language is read into and every writer is fed from.

Two layers share `Bool`, `All`, `Nothing` and `Nested`:

* readers (`lucene`, `filters`) produce the **raw** leaves: names and texts as the user wrote them;
* `check.check` turns them into the **checked** leaves: known fields and typed values. Writers accept
  only a `Checked`, so an unchecked tree cannot reach the database.

All nodes are frozen; `span` is the half-open range of characters in the source text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bulkwark.query.fields import Field

Span = tuple[int, int]
NOWHERE: Span = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Anything in a tree."""

    span: Span = field(default=NOWHERE, compare=False)


# --- shared by both layers ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Bool(Node):
    """Lucene's clause list: all `must`, no `must_not`, and one `should` when there is no `must`.

    A list of only `must_not` means "everything but". `And` is must-only, `Or` is should-only.
    """

    must: tuple[Node, ...] = ()
    should: tuple[Node, ...] = ()
    must_not: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class All(Node):
    """Matches every document (inside `Nested`: every element)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing(Node):
    """Matches no document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nested(Node):
    """`@path( child )`: some element of the nested array satisfies `child` as a whole."""

    path: str
    child: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Boost(Node):
    """`child^factor`: changes scores, never the selection."""

    child: Node
    factor: float


class Wild(Enum):
    """Wildcards inside a pattern; literal text stands beside them as plain strings."""

    ANY = "*"
    ONE = "?"


Pattern = tuple["str | Wild", ...]


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


# --- raw leaves (from readers); `field` is the name as written, None for a bare term --------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw(Node):
    """A leaf as written: `span` is the place of its value, `field_span` of the name that governs it.

    `written` is the operator's own word where readers normalise it: `ne` and `isnull` become negations.
    """

    field_span: Span = field(default=NOWHERE, compare=False)
    written: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Raw):
    """A word or a quoted phrase, escapes removed. `slop` only for `"…"~n`."""

    field: str | None
    text: str
    quoted: bool = False
    slop: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Like(Raw):
    """A word with `*` or `?` in it (prefixes too), escapes removed."""

    field: str | None
    pattern: Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Fuzzy(Raw):
    """`word~` or `word~n`; `distance` None means AUTO (0, 1 or 2 edits by length)."""

    field: str | None
    text: str
    distance: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Regex(Raw):
    """`/pattern/`, anchored to a whole token or whole exact value."""

    field: str | None
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One end of a raw range, as text."""

    text: str
    inclusive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Range(Raw):
    """`[a TO b]`, `{a TO b}`, `>a` …; a side that is None is open."""

    field: str | None
    low: Bound | None
    high: Bound | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exists(Raw):
    """`_exists_:name`, `name:*`, `name pr`."""

    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare(Raw):
    """A primitive of the filter language: `op` is eq ne gt ge lt le sw co in ca.

    Values are texts as written (quotes and escapes removed); only in and ca have several.
    """

    field: str
    op: str
    values: tuple[str, ...]


# --- checked leaves (from check); `field` None means "any field that can hold it" ------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase(Node):
    """Analysed tokens, adjacent and in order within `slop` moves; one token is a plain term.

    On KEYWORD fields there is exactly one token: the whole value, case-folded.
    """

    field: Field | None
    tokens: tuple[str, ...]
    slop: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLike(Node):
    """Some analysed token (KEYWORD: the whole folded value) fits the folded pattern."""

    field: Field | None
    pattern: Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFuzzy(Node):
    """Some analysed token is within `distance` edits (Damerau-Levenshtein, 0 to 2) of `token`."""

    field: Field | None
    token: str
    distance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRegex(Node):
    """Some analysed token fully matches the pattern."""

    field: Field | None
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact(Node):
    """`field.exact:value`: some whole value equals one of `values`, case included."""

    field: Field
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactLike(Node):
    """`field.exact:Val*`: some whole value fits the pattern, case included."""

    field: Field
    pattern: Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactFuzzy(Node):
    """`field.exact:Value~1`."""

    field: Field
    value: str
    distance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactRegex(Node):
    """`field.exact:/Val.*/`."""

    field: Field
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Is(Node):
    """A BOOL or NUMBER field equals `value` (bool, int or float)."""

    field: Field
    value: bool | int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Between(Node):
    """A value lies in a range; a side that is None is open.

    DATE: whole milliseconds since 1970 UTC, rounding already applied. NUMBER: int or float. TEXT and
    KEYWORD: folded tokens by code point, or whole values with case when `exact`.
    """

    field: Field
    low: int | float | str | None
    low_inclusive: bool = True
    high: int | float | str | None
    high_inclusive: bool = True
    exact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Has(Node):
    """The field has at least one value (an empty string counts; null and [] do not).

    `field` None with `prefix`: some field below an object path has one.
    """

    field: Field | None
    prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded(Node):
    """Filter language on strings: whole values without regard to case.

    `op`: eq, sw, co, gt, ge, lt, le, ew (ends with; one value) or in, ca (several). Values are case-folded.
    """

    field: Field
    op: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """A tree that passed `check.check` against one index; the only thing a writer accepts."""

    index: str
    root: Node


def children(node: Node) -> Iterator[Node]:
    """The direct child nodes, in source order of the lists."""
    if isinstance(node, Bool):
        yield from node.must
        yield from node.should
        yield from node.must_not
    elif isinstance(node, Nested | Boost):
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
    if isinstance(node, Nested | Boost):
        return replace(node, child=rewrite(node.child, leaf))
    return leaf(node)


def shape(node: Node) -> str:
    """The tree on one line, spans left out: what tests and `explain` print."""
    parts = []
    for f in fields(node):
        if f.name in {"span", "field_span", "written"}:
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
