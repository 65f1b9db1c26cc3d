"""Pieces of a SAILPOINT query string: Lucene's lexical grammar (QueryParser.jj), read from left to right.

The longest piece wins: `a&&b` is one word, `a && b` has an operator. A range and a boost are read as one piece,
because other letters are legal inside them.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple, NoReturn

from bulkwark.errors import QueryError
from bulkwark.query.ast import Bound, Pattern, Wild


class Kind(Enum):
    """What a piece is; the value is how error texts name it."""

    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    PLUS = "+"
    MINUS = "-"
    OPEN = "("
    CLOSE = ")"
    COLON = ":"
    BOOST = "^"
    FUZZY = "~"
    WORD = "a word"
    WILD = "a pattern"
    QUOTED = "a quoted text"
    REGEX = "a regular expression"
    RANGE = "a range"
    END = "the end"


class Piece(NamedTuple):
    """One piece: `value` is its text without escapes (BOOST, FUZZY: the digits), the rest by kind."""

    kind: Kind
    start: int
    end: int
    value: str = ""
    pattern: Pattern = ()
    bounds: tuple[Bound | None, Bound | None] = (None, None)


WS = " \t\n\r\u3000"
_BLANKS = re.compile(rf"[{WS}]*+")
# One scan for TERM, PREFIXTERM and WILDTERM; + and - may not begin a word.
_WORD = re.compile(
    rf"(?:[^{WS}+\-!():^\[\]\"{{}}~\\/]|\\.)(?:[^{WS}!():^\[\]\"{{}}~\\/]|\\.)*+",
    re.DOTALL,
)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_REGEX = re.compile(r"/((?:[^/\\]|\\.)*+)/", re.DOTALL)
_NUMBER = re.compile(r"[0-9]++(?:\.[0-9]++)?")
_GOOP = re.compile(rf"[^{WS}\]}}]++")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.)|$)", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_SIMPLE = {
    "(": Kind.OPEN,
    ")": Kind.CLOSE,
    ":": Kind.COLON,
    "+": Kind.PLUS,
    "-": Kind.MINUS,
    "!": Kind.NOT,
}
_OPERATORS = {"AND": Kind.AND, "&&": Kind.AND, "OR": Kind.OR, "||": Kind.OR, "NOT": Kind.NOT}
_QUOTE_HINT = 'put the value in double quotes or write a backslash before the character, as in "a/b" or a\\/b'


class Lexer:
    """Cuts `text` into pieces; every fault is a `QueryError` at its place."""

    def __init__(self, text: str) -> None:
        self.text = text

    def pieces(self) -> list[Piece]:
        """All pieces, the last of kind END."""
        text, at, found = self.text, 0, list[Piece]()
        lone = _SURROGATE.search(text)
        if lone:
            self.fail("half of a surrogate pair is no character", lone.start())
        while True:
            at = self._skip(at)
            if at == len(text):
                found.append(Piece(Kind.END, at, at))
                return found
            piece = self._piece(at)
            found.append(piece)
            at = piece.end

    def fail(self, detail: str, position: int, hint: str = "") -> NoReturn:
        """Raise the error for that place."""
        raise QueryError(detail, text=self.text, position=position, hint=hint)

    def _skip(self, at: int) -> int:
        blanks = _BLANKS.match(self.text, at)
        return blanks.end() if blanks else at

    def _piece(self, at: int) -> Piece:
        text = self.text
        char = text[at]
        if char in "+-!" and at + 1 < len(text) and text[at + 1] in WS:
            return Piece(Kind.WORD, at, at + 1, char)
        if char in _SIMPLE:
            return Piece(_SIMPLE[char], at, at + 1, char)
        if char == '"':
            return self._quoted(at)
        if char == "/":
            return self._regex(at)
        if char in "[{":
            return self._range(at)
        if char == "^":
            return self._number(Kind.BOOST, at)
        if char == "~":
            return self._number(Kind.FUZZY, at)
        if char in "]}":
            opener = "[" if char == "]" else "{"
            self.fail(f"{char!r} closes nothing", at, f"a range begins with {opener!r}, as in [1 TO 5]")
        return self._word(at)

    def _word(self, at: int) -> Piece:
        match = _WORD.match(self.text, at)
        if match is None:
            self.fail("a backslash at the end escapes nothing", at, "write \\\\ for a backslash")
        raw, end = match[0], match.end()
        if end < len(self.text) and self.text[end] == "\\":
            self.fail("a backslash at the end escapes nothing", end, "write \\\\ for a backslash")
        if raw in _OPERATORS:
            return Piece(_OPERATORS[raw], at, end, raw)
        if "*" not in raw and "?" not in raw:
            return Piece(Kind.WORD, at, end, self.unescape(raw, at))
        pattern = self._pattern(raw, at)
        if all(isinstance(part, str) for part in pattern):
            return Piece(Kind.WORD, at, end, self.unescape(raw, at))
        return Piece(Kind.WILD, at, end, raw, pattern)

    def _pattern(self, raw: str, at: int) -> Pattern:
        parts: list[str | Wild] = []
        begin = 0
        for mark in re.finditer(r"\\.|[*?]", raw, re.DOTALL):
            if mark[0] not in {"*", "?"}:
                continue
            if mark.start() > begin:
                parts.append(self.unescape(raw[begin : mark.start()], at + begin))
            wild = Wild(mark[0])
            if wild is Wild.ONE or not parts or parts[-1] is not Wild.ANY:
                parts.append(wild)
            begin = mark.end()
        if begin < len(raw):
            parts.append(self.unescape(raw[begin:], at + begin))
        return tuple(parts)

    def _quoted(self, at: int) -> Piece:
        match = _QUOTED.match(self.text, at)
        if match is None:
            self.fail("the quote is never closed", at, 'write \\" for a quote that is part of the text')
        return Piece(Kind.QUOTED, at, match.end(), self.unescape(match[1], at + 1))

    def _regex(self, at: int) -> Piece:
        match = _REGEX.match(self.text, at)
        if match is None:
            self.fail("'/' begins a regular expression that is never closed", at, self._slash_hint(at))
        return Piece(Kind.REGEX, at, match.end(), match[1].replace("\\/", "/"))

    def _slash_hint(self, at: int) -> str:
        before = re.search(r":\s*([<>]=?)([^\s:()]+)$", self.text[max(0, at - 60) : at])
        if before is None:
            return _QUOTE_HINT
        sign, value = before.groups()
        unit = self.text[at + 1 : at + 2]
        low, high = ("[", "]") if len(sign) == 2 else ("{", "}")
        shown = f"{low}{value}/{unit} TO *]" if sign[0] == ">" else f"[* TO {value}/{unit}{high}"
        return f"date rounding needs the bracket form: {shown}"

    def _number(self, kind: Kind, at: int) -> Piece:
        text = self.text
        match = _NUMBER.match(text, at + 1)
        end = match.end() if match else at + 1
        if match is None and kind is Kind.BOOST:
            self.fail("'^' needs a number directly after it", at, "a boost looks like sales^2; write \\^ for the sign")
        if end < len(text) and (_WORD.match(text, end) or text[end] in '"/['):
            self.fail(f"a blank is missing after {text[at:end]!r}", end, f"write \\{text[at]} for the sign itself")
        return Piece(kind, at, end, match[0] if match else "")

    def _range(self, at: int) -> Piece:
        low, at_to = self._bound(at + 1, at)
        begin = self._skip(at_to)
        word = _GOOP.match(self.text, begin)
        if word is None or word[0] != "TO":
            hint = "TO must be in capitals" if word and word[0].upper() == "TO" else "a range looks like [1 TO 5]"
            self.fail("TO is missing in the range", begin, hint)
        high, at_close = self._bound(word.end(), at)
        close = self._skip(at_close)
        if close == len(self.text):
            self.fail(
                f"the range that begins with {self.text[at]!r} is never closed", at, "a range looks like [1 TO 5]"
            )
        if self.text[close] not in "]}":
            self.fail("a range has two bounds only", close, 'put a bound with blanks in double quotes, ["a b" TO c]')
        inclusive = (self.text[at] == "[", self.text[close] == "]")
        bounds = tuple(
            None if b is None else Bound(text=b, inclusive=i) for b, i in zip((low, high), inclusive, strict=True)
        )
        return Piece(Kind.RANGE, at, close + 1, self.text[at : close + 1], bounds=(bounds[0], bounds[1]))

    def _bound(self, at: int, opened: int) -> tuple[str | None, int]:
        """One bound's text (None: open) and where it ends."""
        at = self._skip(at)
        quoted = _QUOTED.match(self.text, at)
        if quoted:
            return self.unescape(quoted[1], at + 1), quoted.end()
        goop = _GOOP.match(self.text, at)
        if goop is None:
            if at == len(self.text):
                self.fail(f"the range that begins with {self.text[opened]!r} is never closed", opened)
            self.fail("a bound is missing in the range", at, "write * for an open end, as in [* TO 5]")
        if goop[0].startswith('"'):
            self.fail("the quote is never closed", at)
        return (None if goop[0] == "*" else self.unescape(goop[0], at)), goop.end()

    def unescape(self, raw: str, at: int) -> str:
        """The text that `raw`, which begins at `at`, stands for: `\\x` is x, `\\u0041` is A."""
        if "\\" not in raw:
            return raw
        parts: list[str] = []
        begin = 0
        for escape in _ESCAPE.finditer(raw):
            parts.append(raw[begin : escape.start()])
            begin = escape.end()
            code, char = escape.groups()
            if code:
                parts.append(chr(int(code, 16)))
            elif char is None:
                self.fail("a backslash at the end escapes nothing", at + escape.start(), "write \\\\ for a backslash")
            elif char == "u":
                self.fail("\\u needs four hexadecimal digits", at + escape.start(), "write \\\\ for a backslash")
            else:
                parts.append(char)
        text = "".join([*parts, raw[begin:]])
        if _SURROGATE.search(text):
            try:
                text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
            except UnicodeDecodeError:
                self.fail("half of a surrogate pair is no character", at)
        return text
