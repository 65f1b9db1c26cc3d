"""Checked leaves, from `check`: known fields, typed values; `field` None means "any field that can hold it"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bulkwark.query.ast_base import Node, Pattern

if TYPE_CHECKING:
    from bulkwark.query.fields import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase(Node):
    """Analysed tokens, adjacent and in order within `slop` moves; one token is a plain term.

    On KEYWORD fields there is exactly one token: the whole value, case-folded.
    """

    field: Field | None
    tokens: tuple[str, ...]
    slop: int = 0
    prefix: bool = False  # the last token is the beginning of one
    most: int | None = None  # into how many terms it may grow, in their order
    cut: bool = True  # what is beyond `most` is left out; else refused


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
    prefix_length: int = 0
    transpositions: bool = True
    most: int | None = None  # the nearest so many terms
    cut: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRegex(Node):
    """Some analysed token fully matches the pattern; `folded`: letters in it stand for both cases."""

    field: Field | None
    pattern: str
    flags: str = "ALL"
    folded: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact(Node):
    """`field.exact:value`: some whole value equals one of `values`, case included."""

    field: Field
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactLike(Node):
    """`field.exact:Val*`: some whole value fits the pattern, case included unless `folded` (then so is the pattern)."""

    field: Field
    pattern: Pattern
    folded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactFuzzy(Node):
    """`field.exact:Value~1`."""

    field: Field
    value: str
    distance: int
    prefix_length: int = 0
    transpositions: bool = True
    most: int | None = None  # the nearest so many terms
    cut: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactRegex(Node):
    """`field.exact:/Val.*/`."""

    field: Field
    pattern: str
    flags: str = "ALL"
    folded: bool = False


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
