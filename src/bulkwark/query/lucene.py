"""Reader of the SAILPOINT query string: Lucene's classic syntax with SailPoint's `@type( … )`.

    query    = clauses END
    clauses  = [ modifier ] clause { [ AND | OR ] [ modifier ] clause }
    modifier = "+" | "-" | NOT | "!"
    clause   = [ field ":" | "*:" ] ( term | "(" clauses ")" [ boost ] )  |  "@" name "(" clauses ")" [ boost ]
    term     = ( word | pattern | regex | quoted | range ) [ fuzzy ] [ boost ]

There is no precedence between AND and OR: `_Level` holds Lucene's rule (QueryParserBase.addClause). The text
pieces come from `lucene_lexer`. Every fault is a `QueryError` with its place; the reader knows no fields.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NoReturn

from bulkwark.errors import QueryError
from bulkwark.query.ast import (
    NOWHERE,
    All,
    Bool,
    Boost,
    Bound,
    Exists,
    Fuzzy,
    Like,
    Nested,
    Node,
    Nothing,
    Range,
    Regex,
    Span,
    Text,
    Wild,
)
from bulkwark.query.lucene_lexer import Kind, Lexer, Piece

MAX_LENGTH = 1_000_000  # characters; 10,000 clauses of `id:<uuid> OR ` take 430,000
MAX_CLAUSES = 10_000  # leaf clauses in one text
MAX_DEPTH = 100  # parentheses inside parentheses
MAX_SLOP = 1_000_000  # positions; more means the same
MAX_BOOST = 3.4e38  # what Elasticsearch's numbers hold
MAX_EDITS = 2  # Elasticsearch's Fuzziness cuts larger distances

_NESTED_NAME = re.compile(r"@[A-Za-z_][A-Za-z0-9_.]*+")
_MODIFIERS = frozenset({Kind.PLUS, Kind.MINUS, Kind.NOT})
_RULING = frozenset({Kind.COLON, Kind.FUZZY, Kind.BOOST, Kind.AND, Kind.OR})  # they concern one word, not a run
_TERMS = frozenset({Kind.WORD, Kind.WILD, Kind.QUOTED, Kind.REGEX, Kind.RANGE})


def parse(
    text: str,
    *,
    strict_precedence: bool = False,
    nested: Collection[str] = (),
    operator: str = "or",
    runs: bool = False,
) -> Node:
    """Read a query string; a blank text is `Nothing`.

    `operator` joins conditions that stand side by side (`or`, `and`). With `runs` adjacent plain words become one
    `Text` that is analysed as a whole, as Lucene does since version 6; without it every blank separates.

    With `strict_precedence` a level that mixes AND with OR (or with blanks that mean OR), or joins a NOT by OR,
    is refused: Lucene's reading of it surprises. `nested` are names after which a blank before the parenthesis
    is tolerated (`@access (id:x)`); without it `@access (id:x)` is a word and a group.
    """
    if len(text) > MAX_LENGTH:
        detail = f"the query has {len(text):,} characters, more than {MAX_LENGTH:,}"
        raise QueryError(detail, text=text, position=MAX_LENGTH, hint="split it into several requests")
    lexer = Lexer(text)
    reader = _Reader(lexer, lexer.pieces(), strict_precedence, frozenset(nested), operator == "and", runs)
    if reader.peek().kind is Kind.END:
        return Nothing(span=(0, len(text)))
    return reader.clauses(_Place(), opened=None)


@dataclass(frozen=True, slots=True)
class _Place:
    """The field that governs a clause and how deep it stands."""

    field: str | None = None
    span: Span = NOWHERE
    depth: int = 0
    direct: bool = False  # the field's colon stands right before


@dataclass(slots=True)
class _Level:
    """The clauses between two parentheses, with Lucene's occurrence for each."""

    required: bool = False  # side by side means AND
    clauses: list[tuple[str, Node]] = field(default_factory=list)

    def add(self, joined_by: Kind | None, modifier: Kind | None, node: Node) -> None:
        """AND makes both neighbours required, unless one is excluded; all else is optional.

        Where conditions are required by default, OR makes both its neighbours optional instead.
        """
        last = self.clauses[-1] if self.clauses else None
        if joined_by is Kind.AND and last and last[0] == "should":
            self.clauses[-1] = ("must", last[1])
        if self.required and joined_by is Kind.OR and last and last[0] == "must":
            self.clauses[-1] = ("should", last[1])
        if modifier in {Kind.MINUS, Kind.NOT}:
            occur = "must_not"
        elif (
            (modifier is Kind.PLUS and not self.required)
            or joined_by is Kind.AND
            or (self.required and joined_by is not Kind.OR)
        ):
            occur = "must"
        else:
            occur = "should"
        self.clauses.append((occur, node))

    def node(self, span: Span) -> Node:
        """The clause list as a tree; one positive clause is itself."""
        if len(self.clauses) == 1 and self.clauses[0][0] != "must_not":
            return self.clauses[0][1]
        chosen = {o: tuple(n for occur, n in self.clauses if occur == o) for o in ("must", "should", "must_not")}
        return Bool(must=chosen["must"], should=chosen["should"], must_not=chosen["must_not"], span=span)


class _Reader:
    """Recursive descent over the pieces."""

    def __init__(
        self,
        lexer: Lexer,
        pieces: list[Piece],
        strict: bool,
        nested: frozenset[str],
        required: bool = False,
        runs: bool = False,
    ) -> None:
        self.required = required
        self.runs = runs
        self.lexer = lexer
        self.pieces = pieces
        self.at = 0
        self.leaves = 0
        self.strict = strict
        self.nested = nested

    def peek(self, ahead: int = 0) -> Piece:
        """The piece at hand, or one after it (END repeats)."""
        return self.pieces[min(self.at + ahead, len(self.pieces) - 1)]

    def take(self) -> Piece:
        """The piece at hand, which is then behind us."""
        piece = self.peek()
        self.at += 1
        return piece

    def clauses(self, place: _Place, opened: Piece | None) -> Node:
        """Clauses up to the closing parenthesis of `opened` (left in place), or to the end."""
        if place.depth > MAX_DEPTH:
            self._fail(f"more than {MAX_DEPTH} parentheses inside each other", opened or self.peek())
        level, joins = _Level(self.required), _Joins(self, self.strict)
        begin = self.peek().start
        operator: Piece | None = None
        while True:
            piece = self.peek()
            if piece.kind in {Kind.AND, Kind.OR}:
                if operator or not level.clauses:
                    self._misplaced(piece, operator)
                operator = self.take()
                continue
            if piece.kind is Kind.END or piece.kind is Kind.CLOSE:
                self._may_end(piece, opened, operator, bool(level.clauses))
                return level.node((begin, self.pieces[self.at - 1].end))
            modifier = self.take() if piece.kind in _MODIFIERS else None
            if modifier and self.peek().kind not in _TERMS | {Kind.OPEN}:
                self._misplaced(self.peek(), modifier)
            joins.note(operator, modifier, piece, first=not level.clauses)
            run = self._run(place) if self.runs and not operator and not modifier else None
            node = run or self._clause(place)
            level.add(operator and operator.kind, modifier and modifier.kind, node)
            operator = None

    def _run(self, place: _Place) -> Node | None:
        """Two and more plain words side by side, up to the last one that no sign rules."""
        size = 0
        while self.peek(size).kind is Kind.WORD and self.peek(size + 1).kind not in _RULING:
            if self._nested_name(self.peek(size), self.peek(size + 1)):
                break
            size += 1
        words = [self.peek(at) for at in range(size)]
        if size < 2 or any(word.value[:1] in {"<", ">"} for word in words):
            return None
        self.at += size
        self.leaves += size
        if self.leaves > MAX_CLAUSES:
            self._fail(f"more than {MAX_CLAUSES:,} conditions in one query", words[0], "split it into several requests")
        span = (words[0].start, words[-1].end)
        text = " ".join(word.value for word in words)
        return Text(field=place.field, text=text, run=True, span=span, field_span=place.span)

    def _may_end(self, piece: Piece, opened: Piece | None, operator: Piece | None, filled: bool) -> None:
        if operator:
            self._misplaced(piece, operator)
        if piece.kind is Kind.END and opened:
            self._fail("the parenthesis is never closed", opened, "write \\( for a parenthesis that is text")
        if piece.kind is Kind.CLOSE and not opened:
            self._fail("')' closes nothing", piece, "write \\) for a parenthesis that is text")
        if not filled:
            self._fail("the parentheses are empty", opened or piece, "write a condition between them")

    def _clause(self, place: _Place) -> Node:
        piece, after = self.peek(), self.peek(1)
        if after.kind is Kind.COLON and piece.kind in {Kind.WORD, Kind.WILD, Kind.QUOTED}:
            return self._field_clause(place)
        name = self._nested_name(piece, after)
        if name:
            if place.direct:
                self._fail("a nested condition has no field before it", piece, f"write only {piece.value}( … )")
            self.take()
            return self._boosted(
                Nested(path=name, child=self._group(_Place(depth=place.depth)), span=self._since(piece))
            )
        if piece.kind is Kind.OPEN:
            child = self._group(_Place(place.field, place.span, place.depth))
            return self._boosted(child)
        if piece.kind not in _TERMS:
            self._misplaced(piece, None)
        return self._term(place)

    def _field_clause(self, place: _Place) -> Node:
        name = self.take()
        colon = self.take()
        if place.direct:
            hint = "write \\: for a colon inside a value, or put the value in double quotes"
            self._fail("a second ':' after one field", colon, hint)
        if name.kind is Kind.QUOTED:
            self._fail("a field name stands without quotes", name, 'as in name:"Sales Global"')
        if name.kind is Kind.WILD and name.value != "*":
            escaped = name.value.replace("*", "\\*").replace("?", "\\?")
            self._fail("a wildcard in a field name needs a backslash", name, f"write {escaped}:")
        span = (name.start, name.end)
        following = self.peek()
        if following.kind not in _TERMS | {Kind.OPEN}:
            self._no_value(name, colon, following)
        known = None if name.kind is Kind.WILD else name.value
        if known is None and following.kind is Kind.WILD and following.value == "*":
            self.take()
            return self._boosted(All(span=self._since(name)))
        return self._clause(_Place(known, span, place.depth, direct=True))

    def _no_value(self, name: Piece, colon: Piece, following: Piece) -> NoReturn:
        field_text = self.lexer.text[name.start : colon.end]
        shown = self.lexer.text[following.start : following.end]
        hint = 'as in name:sales or name:"sales global"'
        if following.kind in {Kind.MINUS, Kind.PLUS, Kind.NOT}:
            hint = f"write {field_text}\\{shown}… for a value that begins with {shown!r}, or put it in double quotes"
        elif following.kind in {Kind.AND, Kind.OR}:
            hint = f'write {field_text}"{shown}" for the word itself'
        elif following.kind is Kind.COLON:
            hint = "write \\: for a colon inside a value, or put the value in double quotes"
        self._fail(f"a value is missing after {field_text!r}", following, hint)

    def _nested_name(self, piece: Piece, after: Piece) -> str:
        if piece.kind is not Kind.WORD or after.kind is not Kind.OPEN:
            return ""
        if not _NESTED_NAME.fullmatch(self.lexer.text, piece.start, piece.end):
            return ""
        name = piece.value[1:]
        return name if after.start == piece.end or name in self.nested else ""

    def _group(self, place: _Place) -> Node:
        opened = self.take()
        child = self.clauses(_Place(place.field, place.span, place.depth + 1), opened)
        self.take()
        return child

    def _term(self, place: _Place) -> Node:
        piece = self.take()
        self.leaves += 1
        if self.leaves > MAX_CLAUSES:
            self._fail(f"more than {MAX_CLAUSES:,} conditions in one query", piece, "split it into several requests")
        fuzzy = boost = None
        while self.peek().kind in {Kind.FUZZY, Kind.BOOST}:
            if self.peek().kind is Kind.FUZZY:
                if fuzzy or piece.kind not in {Kind.WORD, Kind.QUOTED}:
                    self._fail(
                        "'~' follows a plain word or a quoted text", self.peek(), "write \\~ for the sign itself"
                    )
                fuzzy = self.take()
            else:
                if boost:
                    self._fail("a second boost", self.peek(), "write \\^ for the sign itself")
                boost = self.take()
        node = self._leaf(piece, fuzzy, place)
        return Boost(child=node, factor=self._factor(boost), span=node.span) if boost else node

    def _factor(self, piece: Piece) -> float:
        factor = float(piece.value)
        if factor > MAX_BOOST:
            self._fail("the boost is too large a number", piece, "a boost looks like sales^2")
        return factor

    def _leaf(self, piece: Piece, fuzzy: Piece | None, place: _Place) -> Node:
        name, span, at = place.field, (piece.start, piece.end), place.span
        if name == "_exists_":
            if piece.kind not in {Kind.WORD, Kind.QUOTED} or fuzzy:
                self._fail("_exists_ needs a field name", piece, "as in _exists_:description")
            return Exists(field=piece.value, span=span, field_span=span)
        if piece.kind is Kind.WILD:
            if name and piece.value[0] in "<>":
                self._fail("a range bound has no wildcards", piece, "use a bracket range, as in [a TO c}")
            if piece.pattern == (Wild.ANY,):
                return Exists(field=name, span=span, field_span=at) if name else All(span=span)
            return Like(field=name, pattern=piece.pattern, span=span, field_span=at)
        if piece.kind is Kind.REGEX:
            return Regex(field=name, pattern=piece.value, span=span, field_span=at)
        if piece.kind is Kind.RANGE:
            return Range(field=name, low=piece.bounds[0], high=piece.bounds[1], span=span, field_span=at)
        if piece.kind is Kind.WORD and name and piece.value[:1] in {"<", ">"}:
            return self._one_sided(piece, fuzzy, place)
        if fuzzy and piece.kind is Kind.WORD:
            distance = int(min(float(fuzzy.value), MAX_EDITS)) if fuzzy.value else None
            return Fuzzy(field=name, text=piece.value, distance=distance, span=(piece.start, fuzzy.end), field_span=at)
        slop = int(min(float(fuzzy.value or 0), MAX_SLOP)) if fuzzy else 0
        quoted = piece.kind is Kind.QUOTED
        return Text(field=name, text=piece.value, quoted=quoted, slop=slop, span=span, field_span=at)

    def _one_sided(self, piece: Piece, fuzzy: Piece | None, place: _Place) -> Node:
        """`field:>x` and its kin; Elasticsearch reads them only right after a named field."""
        sign = piece.value[:2] if piece.value[1:2] == "=" else piece.value[:1]
        value = piece.value[len(sign) :]
        if not value:
            self._fail(f"a bound is missing after {sign!r}", piece, f"no blank after the sign, as in {sign}5")
        if fuzzy:
            self._fail("a range is not fuzzy", fuzzy)
        bound = Bound(text=value, inclusive=len(sign) == 2)
        low, high = (bound, None) if sign[0] == ">" else (None, bound)
        return Range(field=place.field, low=low, high=high, span=(piece.start, piece.end), field_span=place.span)

    def _boosted(self, node: Node) -> Node:
        if self.peek().kind is Kind.BOOST:
            return Boost(child=node, factor=self._factor(self.take()), span=node.span)
        return node

    def _since(self, piece: Piece) -> Span:
        return (piece.start, self.pieces[self.at - 1].end)

    def _misplaced(self, piece: Piece, after: Piece | None) -> NoReturn:
        text = self.lexer.text
        shown = text[piece.start : piece.end] or "the end"
        if after:
            before = text[after.start : after.end]
            detail = f"a condition is missing after {before!r}, before {shown!r}"
        elif piece.kind in {Kind.AND, Kind.OR}:
            detail = f"a condition is missing before {shown!r}"
        elif piece.kind is Kind.COLON:
            detail = "a field name is missing before ':'"
        else:
            detail = f"{shown!r} cannot stand here"
        kinds = {piece.kind, after.kind if after else None}
        word = next((k.value for k in (Kind.AND, Kind.OR, Kind.NOT) if k in kinds), "")
        hint = f'write "{word}" in double quotes for the word itself' if word else "write \\ before a sign that is text"
        self._fail(detail, piece, hint)

    def _fail(self, detail: str, piece: Piece, hint: str = "") -> NoReturn:
        self.lexer.fail(detail, piece.start, hint)


class _Joins:
    """Watches one level for AND beside OR, when the caller asked for it."""

    def __init__(self, reader: _Reader, strict: bool) -> None:
        self.reader = reader
        self.strict = strict
        self.seen: set[Kind] = set()
        self.negated = False

    def note(self, operator: Piece | None, modifier: Piece | None, piece: Piece, *, first: bool) -> None:
        """Take note of one join; refuse the first that mixes."""
        if not self.strict:
            return
        if not first:
            self.seen.add(operator.kind if operator else Kind.OR)
        self.negated |= modifier is not None and modifier.kind in {Kind.MINUS, Kind.NOT}
        place = (operator or piece).start
        if {Kind.AND, Kind.OR} <= self.seen:
            self.reader.lexer.fail("AND and OR are mixed without parentheses", place, "write (a AND b) OR c")
        if self.negated and operator and operator.kind is Kind.OR:
            self.reader.lexer.fail("OR and NOT are mixed without parentheses", place, "write a OR (NOT b)")
