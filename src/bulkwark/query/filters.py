"""Reader of the standard-collection language: `filters=` and `sorters=`.

    filter    = and { "or" and }            and = not { "and" not }
    not       = "not" not | "(" filter ")" | primitive
    primitive = name ( eq | ne | gt | ge | lt | le | sw | co ) value | name ( in | ca ) "(" value { "," value } ")"
              | name ( pr | isnull ) | "pr" name
    value     = '"' … '"' | "'" … "'" | a bare word, which ends at a blank, a comma or a parenthesis

Precedence is the usual one, unlike the query string's. Source: the standard collection parameters page. The type
of a value is decided by its field, in `check_filter`. Every fault is a `QueryError` with its place.
"""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from bulkwark.errors import QueryError
from bulkwark.query.ast import Bool, Compare, Exists, Node, Span, negate

LIKE = 'as in name sw "Sales" and (requestable eq true or created gt 2024-01-31)'
MAX_LENGTH = 1_000_000  # characters
MAX_VALUES = 10_000  # literals in one filter
MAX_DEPTH = 100  # parentheses inside parentheses

ONE_VALUE = ("eq", "ne", "gt", "ge", "lt", "le", "sw", "co")
LISTS = ("in", "ca")
PRESENCE = ("pr", "isnull")
OPERATORS = (*ONE_VALUE, *LISTS, *PRESENCE)
_RESERVED = frozenset({"and", "or", "not", *OPERATORS})

_BLANKS = re.compile(r"\s*+")
_STRING = re.compile(r"\"((?:[^\"\\]|\\.)*+)\"|'((?:[^'\\]|\\.)*+)'", re.DOTALL)
_BARE = re.compile(r"[^\s,()\"'\\]++")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-\[\]]*+")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_CURLY = "\u201c\u201d\u201e\u201f\u2018\u2019\u00ab\u00bb"


class _Piece(NamedTuple):
    kind: str  # word, string, "(", ")", "," or end
    start: int
    end: int
    value: str = ""


def parse(text: str) -> Node:
    """Read a filter into `Compare`, `Exists` and `Bool`; a blank one is an error, it never means everything.

    `ne` and `isnull` become negations (so they hold for missing values) with the operator kept in `written`.
    """
    if not text.strip():
        raise QueryError("empty filter", text=text, position=0, hint='write a condition, as in name eq "Sales"')
    return _Reader(text).whole()


def parse_sorters(text: str) -> list[tuple[str, bool]]:
    """The names of `sorters=name,-created` with True for descending; blank means none."""
    found: list[tuple[str, bool]] = []
    if not text.strip():
        return found
    at = 0
    for item in text.split(","):
        name = item.strip()
        bare = name[1:] if name[:1] in {"+", "-"} else name
        if not _NAME.fullmatch(bare):
            detail = "a sort name is missing" if not bare else f"{bare!r} is no name"
            place = at + len(item) - len(item.lstrip())
            raise QueryError(detail, text=text, position=place, hint="as in name,-created")
        found.append((bare, name[0] == "-"))
        at += len(item) + 1
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.values = 0
        if len(text) > MAX_LENGTH:
            self._fail(f"the filter has {len(text):,} characters, more than {MAX_LENGTH:,}", MAX_LENGTH)
        lone = _SURROGATE.search(text)
        if lone:
            self._fail("half of a surrogate pair is no character", lone.start())
        self.pieces = self._pieces()
        self.at = 0

    def whole(self) -> Node:
        """The whole filter."""
        node = self._or(0)
        piece = self._peek()
        if piece.kind == ")":
            self._fail("')' closes nothing", piece.start)
        if piece.kind != "end":
            self._no_joint(piece)
        return node

    def _or(self, depth: int) -> Node:
        nodes = [self._and(depth)]
        while self._take_word("or"):
            nodes.append(self._and(depth))
        return nodes[0] if len(nodes) == 1 else Bool(should=tuple(nodes), span=_around(nodes))

    def _and(self, depth: int) -> Node:
        nodes = [self._not(depth)]
        while self._take_word("and"):
            nodes.append(self._not(depth))
        return nodes[0] if len(nodes) == 1 else Bool(must=tuple(nodes), span=_around(nodes))

    def _not(self, depth: int) -> Node:
        start, negative = self._peek().start, False
        while self._take_word("not"):
            negative = not negative
        node = self._group(depth) if self._peek().kind == "(" else self._primitive()
        return negate(node, (start, node.span[1])) if negative else node

    def _group(self, depth: int) -> Node:
        opened = self._take()
        if depth >= MAX_DEPTH:
            self._fail(f"more than {MAX_DEPTH} parentheses inside each other", opened.start)
        if self._peek().kind == ")":
            self._fail("the parentheses are empty", opened.start)
        node = self._or(depth + 1)
        if self._peek().kind == "end":
            self._fail("the parenthesis is never closed", opened.start)
        if self._peek().kind != ")":
            self._no_joint(self._peek())
        self._take()
        return node

    def _primitive(self) -> Node:
        name = self._take()
        if name.value == "pr" and name.kind == "word" and self._prefix_form():
            name = self._take()
            return self._exists(name, "pr", name.end)
        if name.kind == "word" and (name.value in {"and", "or"} or name.value in OPERATORS):
            self._fail(f"a field name is missing before {name.value!r}", name.start)
        if name.kind != "word" or not _NAME.fullmatch(name.value):
            shown = self.text[name.start : name.end] or "the end"
            self._fail(f"a field name is expected, not {shown!r}", name.start, 'as in name eq "Sales"')
        op = self._take()
        if op.kind != "word" or op.value not in OPERATORS:
            self._no_operator(name, op)
        if op.value in PRESENCE:
            return self._exists(name, op.value, op.end)
        literals = self._list(op) if op.value in LISTS else (self._value(op),)
        span = (name.start, self.pieces[self.at - 1].end)
        node = Compare(
            field=name.value,
            op="eq" if op.value == "ne" else op.value,
            values=literals,
            written=op.value,
            span=span,
            field_span=(name.start, name.end),
        )
        return negate(node, span) if op.value == "ne" else node

    def _prefix_form(self) -> bool:
        """Whether `pr` stands before a name (and is not a name itself)."""
        following = self._peek()
        return following.kind == "word" and following.value not in _RESERVED and bool(_NAME.fullmatch(following.value))

    def _exists(self, name: _Piece, written: str, end: int) -> Node:
        span = (name.start, end)
        node = Exists(field=name.value, written=written, span=span, field_span=(name.start, name.end))
        return negate(node, span) if written == "isnull" else node

    def _list(self, op: _Piece) -> tuple[str, ...]:
        opened = self._take()
        if opened.kind != "(":
            self._fail(f"a list in parentheses is missing after {op.value!r}", opened.start, 'as in id in ("a", "b")')
        if self._peek().kind == ")":
            self._fail("the list is empty", opened.start, "an empty list selects nothing: leave the condition out")
        found = [self._value(opened)]
        while self._peek().kind == ",":
            found.append(self._value(self._take()))
        closed = self._take()
        if closed.kind == "end":
            self._fail("the list is never closed", opened.start)
        if closed.kind != ")":
            self._fail("',' or ')' is missing in the list", closed.start, "put a value with blanks in double quotes")
        return tuple(found)

    def _value(self, after: _Piece) -> str:
        piece = self._take()
        self.values += 1
        if self.values > MAX_VALUES:
            self._fail(f"more than {MAX_VALUES:,} values in one filter", piece.start, "split it into several requests")
        if piece.kind == "string":
            return piece.value
        if piece.kind != "word" or piece.value in {"and", "or", "not"}:
            hint = 'put it in double quotes, as in name eq "and"' if piece.kind == "word" else ""
            self._fail(f"a value is missing after {after.value or after.kind!r}", piece.start, hint)
        return piece.value

    def _no_operator(self, name: _Piece, op: _Piece) -> NoReturn:
        known = ", ".join(OPERATORS)
        if op.kind == "end":
            self._fail(f"an operator is missing after {name.value!r}", op.start, f"one of {known}")
        shown = self.text[op.start : op.end]
        hint = "operators are in lower case" if shown.lower() in OPERATORS else f"one of {known}"
        self._fail(f"{shown[:60]!r} is no operator", op.start, hint)

    def _no_joint(self, piece: _Piece) -> NoReturn:
        shown = self.text[piece.start : piece.end]
        hint = "put a value with blanks in double quotes"
        if piece.kind == ",":
            hint = "a comma does not join conditions: write and"
        elif shown.lower() in {"and", "or", "not"}:
            hint = f"write {shown.lower()} in lower case"
        self._fail(f"'and' or 'or' is expected, not {shown[:60]!r}", piece.start, hint)

    def _pieces(self) -> list[_Piece]:
        text, at, found = self.text, 0, list[_Piece]()
        while True:
            blanks = _BLANKS.match(text, at)
            at = blanks.end() if blanks else at
            if at == len(text):
                found.append(_Piece("end", at, at))
                return found
            found.append(self._piece(at))
            at = found[-1].end

    def _piece(self, at: int) -> _Piece:
        text, char = self.text, self.text[at]
        if char in "(),":
            return _Piece(char, at, at + 1)
        if char in "\"'":
            match = _STRING.match(text, at)
            if match is None:
                self._fail("the quote is never closed", at, f"write \\{char} for a quote that is part of the value")
            value = match[1] if char == '"' else match[2]
            piece = _Piece("string", at, match.end(), self._unescape(value, at + 1, known=char + "\\"))
        else:
            word = _BARE.match(text, at)
            if word is None:
                self._fail("a backslash stands outside quotes", at, "put the value in double quotes and write \\\\")
            if word[0][0] in _CURLY:
                self._fail("a curly quote is no quote here", at, 'use the straight double quote "')
            piece = _Piece("word", at, word.end(), word[0])
        if text[piece.end : piece.end + 1] == "\\":
            self._fail("a backslash stands outside quotes", piece.end, "put the value in double quotes and write \\\\")
        if piece.end < len(text) and not (text[piece.end] in "()," or text[piece.end].isspace()):
            self._fail("a blank is missing here", piece.end, 'put a value with quotes inside in quotes: "a \\"b\\""')
        return piece

    def _unescape(self, raw: str, at: int, known: str) -> str:
        for escape in _ESCAPE.finditer(raw):
            if escape[1] not in known:
                hint = f"only \\{known[0]} and \\\\ are known between such quotes"
                self._fail(f"\\{escape[1]} is no escape", at + escape.start(), hint)
        return _ESCAPE.sub(r"\1", raw) if "\\" in raw else raw

    def _peek(self) -> _Piece:
        return self.pieces[min(self.at, len(self.pieces) - 1)]

    def _take(self) -> _Piece:
        piece = self._peek()
        self.at += 1
        return piece

    def _take_word(self, word: str) -> bool:
        piece = self._peek()
        found = piece.kind == "word" and piece.value == word
        self.at += found
        return found

    def _fail(self, detail: str, position: int, hint: str = "") -> NoReturn:
        raise QueryError(detail, text=self.text, position=position, hint=hint or LIKE)


def _around(nodes: list[Node]) -> Span:
    return (nodes[0].span[0], nodes[-1].span[1])
