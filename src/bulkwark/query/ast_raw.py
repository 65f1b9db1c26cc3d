"""Raw leaves, from readers: names and texts as the user wrote them; `field` None is a bare term."""

from __future__ import annotations

from dataclasses import dataclass, field

from bulkwark.query.ast_base import NOWHERE, Node, Pattern, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw(Node):
    """A leaf as written: `span` is the place of its value, `field_span` of the name that governs it.

    `written` is the operator's own word where readers normalise it: `ne` and `isnull` become negations.
    """

    field_span: Span = field(default=NOWHERE, compare=False)
    written: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Raw):
    """A word or a quoted phrase, escapes removed. `slop` only for `"…"~n`.

    A `run` is several adjacent words that one analysis takes together, as Lucene does since version 6.
    """

    field: str | None
    text: str
    quoted: bool = False
    slop: int = 0
    run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Like(Raw):
    """A word with `*` or `?` in it (prefixes too), escapes removed.

    `case` says how letters compare: `field` as the field does (TEXT is folded), `exact` with what is indexed as it
    stands, `any` without regard to case. The same in `Fuzzy`, `Regex` and `Term`.
    """

    field: str | None
    pattern: Pattern
    case: str = "field"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fuzzy(Raw):
    """`word~` or `word~n`; `distance` None means AUTO: no edit below `auto[0]` characters, one below `auto[1]`, two.

    The first `prefix_length` characters must be the same; without `transpositions` a swap of neighbours counts two.
    """

    field: str | None
    text: str
    distance: int | None = None
    auto: tuple[int, int] = (3, 6)
    prefix_length: int = 0
    transpositions: bool = True
    most: int | None = None
    case: str = "field"


@dataclass(frozen=True, slots=True, kw_only=True)
class Regex(Raw):
    """`/pattern/`, anchored to a whole token or whole exact value. `flags`: the optional operators, as in `regexp`."""

    field: str | None
    pattern: str
    flags: str = "ALL"
    case: str = "field"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One end of a raw range, as text."""

    text: str
    inclusive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Range(Raw):
    """`[a TO b]`, `{a TO b}`, `>a` …; a side that is None is open. `format` and `zone` are those of its dates."""

    field: str | None
    low: Bound | None
    high: Bound | None
    format: str = ""
    zone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Term(Raw):
    """One of `values` as it is indexed: not analysed (DSL `term`, `terms`, `ids`)."""

    field: str
    values: tuple[str, ...]
    case: str = "exact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match(Raw):
    """Analysed text over one or several fields (DSL `match…` and `multi_match`; words of `simple_query_string`).

    `fields` are names with `^boost`; none means all that a bare term looks into. `kind`: `words`, `phrase`,
    `phrase_prefix`, `bool_prefix`. `spread`: `each` (every field by itself) or `cross` (word by word over all).
    """

    fields: tuple[str, ...]
    text: str
    kind: str = "words"
    spread: str = "each"
    operator: str = "or"
    minimum: str = ""
    slop: int = 0
    fuzzy: Fuzzy | None = None  # the edits allowed, its text unused
    most: int | None = None  # expansions of a prefix
    zero_terms: str = "none"
    keyword: bool = False  # the whole text is one token
    lenient: bool = False
    tie: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds(Raw):
    """A value begins with `text`, or has it anywhere, without regard to case (query type TEXT)."""

    field: str
    text: str
    anywhere: bool = False


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
