"""The nodes of the tree that both layers share; see `ast.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

Span = tuple[int, int]
NOWHERE: Span = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Anything in a tree."""

    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bool(Node):
    """Lucene's clause list: all `must`, no `must_not`, and one `should` when there is no `must`.

    A list of only `must_not` means "everything but". `And` is must-only, `Or` is should-only. `minimum`, when given,
    says how many of `should` must hold: 0 only beside a `must`; more than there are means that nothing matches.
    """

    must: tuple[Node, ...] = ()
    should: tuple[Node, ...] = ()
    must_not: tuple[Node, ...] = ()
    minimum: int | None = None

    @property
    def needed(self) -> int:
        """How many of `should` must hold."""
        least = 1 if self.should and not self.must else 0
        return max(self.minimum or 0, least)


@dataclass(frozen=True, slots=True, kw_only=True)
class All(Node):
    """Matches every document (inside `Nested`: every element)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing(Node):
    """Matches no document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nested(Node):
    """`@path( child )`: some element of the nested array satisfies `child` as a whole.

    `lax`: where there is no such array nothing matches, outside bulk changes (only before the check).
    """

    path: str
    child: Node
    lax: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Boost(Node):
    """`child^factor`: changes scores, never the selection."""

    child: Node
    factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(Node):
    """Matches as `child`, with one score for all: a filter has 0."""

    child: Node
    score: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Best(Node):
    """At least one of the nodes; scores as its best one, plus `tie` times each of the others (`dis_max`)."""

    nodes: tuple[Node, ...]
    tie: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Demote(Node):
    """Matches as `child`; what also matches `negative` scores less, by `factor` (`boosting`)."""

    child: Node
    negative: Node
    factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(Node):
    """A tree with what is needed to check it by itself: only readers make it, the check takes it away.

    `text` is the query string that the child's spans count in. A tree read from JSON has `places` instead: JSON
    pointers, and a span `(n, n)` means the n-th. `where` is the pointer of the whole. `fields`, `zone` and
    `operator` rule bare terms, dates and words of several tokens inside, `word_split` overrides the caller's.
    """

    child: Node
    text: str = field(default="", compare=False)
    places: tuple[str, ...] = field(default=(), compare=False)
    where: str = field(default="", compare=False)
    fields: tuple[str, ...] = ()
    zone: str | None = None
    operator: str = "or"
    word_split: str | None = None
    lenient: bool = False
    minimum: str = ""
    exact_quotes: str = ""  # suffix of the fields that quoted texts look in


class Wild(Enum):
    """Wildcards inside a pattern; literal text stands beside them as plain strings."""

    ANY = "*"
    ONE = "?"


Pattern = tuple["str | Wild", ...]
