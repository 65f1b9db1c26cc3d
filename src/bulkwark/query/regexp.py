"""Lucene's regular expressions, matched in one pass over the text without backtracking.

    union  = inter { "|" inter }            inter = concat { "&" concat }
    concat = { repeat }                     repeat = complement { "?" | "*" | "+" | "{n}" | "{n,}" | "{n,m}" }
    complement = "~" complement | atom
    atom   = "." | "@" any text | "#" nothing | "<n-m>" | '"' literal '"' | "(" union ")" | "[" … "]" | char

Always anchored to the whole text. Not Perl: `\\d` and its kin and the anchors `^ $` are refused, since Lucene would
quietly read them as plain characters. Source: Elasticsearch's regexp syntax page (flags ALL). The matcher follows
Brzozowski derivatives: a state is "what must still come", made when first needed and then remembered.
"""

from __future__ import annotations

from functools import lru_cache

from bulkwark.query.analysis import fold
from bulkwark.query.regexp_terms import (
    ANY,
    EMPTY,
    EVERYTHING,
    Term,
    all_of,
    any_of,
    cat,
    derive,
    digits,
    nullable,
    repeat,
    single,
    weight,
)

MAX_LENGTH = 1_000  # characters of a pattern, as Elasticsearch's index.max_regex_length
MAX_REPEAT = 1_000  # the largest n in {n}
MAX_NESTED = 128  # the product of counts inside each other, as in (a{8}){16}: matching takes its square
MAX_STACK = 50  # parentheses or signs inside each other
FLAGS = {"COMPLEMENT": "~", "INTERSECTION": "&", "INTERVAL": "<", "ANYSTRING": "@", "EMPTY": "#"}
MAX_STATES = 5_000  # remembered states; then the memory starts anew


class RegexpError(ValueError):
    """The pattern is refused; `position` counts characters of the pattern from 0."""

    def __init__(self, detail: str, position: int) -> None:
        super().__init__(detail)
        self.position = position


class _State:
    """What must still come, with the ways on that were needed so far."""

    __slots__ = ("final", "following", "term")

    def __init__(self, term: Term) -> None:
        self.term = term
        self.final = nullable(term)
        self.following: dict[str, _State] = {}


class Matcher:
    """A compiled pattern; may be shared between threads."""

    def __init__(self, term: Term) -> None:
        self._term = term
        self._states: dict[Term, _State] = {}

    def fullmatch(self, text: str) -> bool:
        """Whether the whole text fits."""
        return self.tried(text) is None

    def tried(self, text: str) -> str | None:
        """None when the whole text fits; else a text above which the next one that fits may stand, in code point order.

        Where the pattern fails at a character, no text with the same beginning fits.
        """
        state = self._state(self._term)
        for at, char in enumerate(text):
            known = state.following.get(char)
            if known is None:
                known = state.following[char] = self._state(derive(state.term, char))
            if known.term is EMPTY:
                return text[:at] + above(char)
            state = known
        return None if state.final else text + "\0"

    def literals(self) -> tuple[str, str]:
        """What every text that fits begins with, and the longest text that stands in all of them; '' when unknown."""
        parts = self._term[1:] if self._term[0] == "cat" else (self._term,)
        runs = [""]
        for part in parts:
            only = single(part)
            runs[-1] += only
            if not only:
                runs.append("")
        return runs[0], max(runs, key=len)

    def _state(self, term: Term) -> _State:
        state = self._states.get(term)
        if state is None:
            if len(self._states) >= MAX_STATES:
                self._states = {}
            state = self._states[term] = _State(term)
        return state


def above(char: str) -> str:
    """The next character in code point order, surrogates left out; at the end the last one itself, twice."""
    code = ord(char) + 1
    if code > 0x10FFFF:
        return char + char
    return chr(0xE000 if 0xD800 <= code <= 0xDFFF else code)


@lru_cache(maxsize=64)
def parse(pattern: str, folded: bool = False, flags: str = "ALL") -> Term:
    """The pattern as a term; `folded` for texts that went through `fold`. `RegexpError` when malformed.

    `flags` switches the operators beyond the usual ones on: ALL, NONE, or names of `FLAGS` joined by `|`.
    """
    if len(pattern) > MAX_LENGTH:
        raise RegexpError(f"the pattern has {len(pattern):,} characters, more than {MAX_LENGTH:,}", MAX_LENGTH)
    names = [] if flags == "NONE" else list(FLAGS) if flags == "ALL" else flags.split("|")
    unknown = [name for name in names if name not in FLAGS]
    if unknown:
        raise RegexpError(f"there is no flag {unknown[0][:60]!r}: ALL, NONE, {', '.join(FLAGS)}", 0)
    return _Parser(pattern, folded, frozenset(FLAGS[name] for name in names)).whole()


def compile(pattern: str, *, folded: bool = False, flags: str = "ALL") -> Matcher:
    """A matcher for the pattern.

    >>> compile("Sales[0-9]+", folded=True).fullmatch("sales12")
    True
    """
    return Matcher(parse(pattern, folded, flags))


class _Parser:
    def __init__(self, pattern: str, folded: bool, signs: frozenset[str]) -> None:
        self.pattern = pattern
        self.folded = folded
        self.signs = signs  # those of FLAGS that are operators here
        self.at = 0
        self.depth = 0

    def whole(self) -> Term:
        term = self._union()
        if self.at < len(self.pattern):
            raise RegexpError("')' closes nothing", self.at)
        return term

    def _union(self) -> Term:
        self.depth += 1
        if self.depth > MAX_STACK:
            raise RegexpError(f"more than {MAX_STACK} groups inside each other", self.at)
        ways = [self._inter()]
        while self._take("|"):
            ways.append(self._inter())
        self.depth -= 1
        return any_of(ways)

    def _inter(self) -> Term:
        parts = [self._concat()]
        while "&" in self.signs and self._take("&"):
            parts.append(self._concat())
        return all_of(parts)

    def _concat(self) -> Term:
        parts: list[Term] = []
        while self.at < len(self.pattern) and not self._ends():
            parts.append(self._repeated())
        return cat(parts)

    def _ends(self) -> bool:
        char = self.pattern[self.at]
        return char in "|)" or (char == "&" and "&" in self.signs)

    def _repeated(self) -> Term:
        flips = 0
        while "~" in self.signs and self._take("~"):
            flips += 1
        term, stacked = self._atom(), 0
        while self.at < len(self.pattern) and self.pattern[self.at] in "?*+{":
            stacked += 1
            if stacked > MAX_STACK // 10:
                raise RegexpError("too many repetitions of repetitions", self.at)
            sign = self.pattern[self.at]
            self.at += 1
            low, high = {"?": (0, 1), "*": (0, None), "+": (1, None)}.get(sign) or self._counts()
            if flips % 2:
                term, flips = ("not", term), 0
            inner = weight(term)
            if inner > 1 and inner * max(high or low, 1) > MAX_NESTED:
                raise RegexpError(f"repetitions inside repetitions multiply to more than {MAX_NESTED}", self.at)
            term = repeat(term, low, high)
        return ("not", term) if flips % 2 else term

    def _counts(self) -> tuple[int, int | None]:
        begin = self.at - 1
        low = self._number(begin)
        high: int | None = low
        if self._take(","):
            high = None if self._peek() == "}" else self._number(begin)
        if not self._take("}"):
            raise RegexpError("'{' needs a form like {2}, {2,} or {2,5}", begin)
        if high is not None and high < low:
            raise RegexpError("the larger number of a repetition comes last", begin)
        return low, high

    def _number(self, begin: int) -> int:
        start = self.at
        while self._peek() in tuple("0123456789"):
            self.at += 1
        count = self.pattern[start : self.at]
        if not count:
            raise RegexpError("'{' needs a form like {2}, {2,} or {2,5}", begin)
        if len(count) > 4 or int(count) > MAX_REPEAT:
            raise RegexpError(f"a repetition counts up to {MAX_REPEAT:,}", begin)
        return int(count)

    def _atom(self) -> Term:
        begin = self.at
        char = self._char("a pattern cannot end here")
        if char == ".":
            return ANY
        if char == "@" and char in self.signs:
            return EVERYTHING
        if char == "#" and char in self.signs:
            return EMPTY
        if char == "(":
            inner = self._union()
            if not self._take(")"):
                raise RegexpError("the parenthesis is never closed", begin)
            return inner
        if char == "[":
            return self._set(begin)
        if char == '"':
            end = self.pattern.find('"', self.at)
            if end < 0:
                raise RegexpError("the quote is never closed", begin)
            literal, self.at = self.pattern[self.at : end], end + 1
            return cat([self._one(c) for c in literal])
        if char == "<" and char in self.signs:
            return self._interval(begin)
        if char in "?*+{":
            raise RegexpError(f"{char!r} has nothing before it to repeat", begin)
        if char in "^$":
            raise RegexpError(f"a pattern always fits the whole text: leave out {char!r}, or write \\{char}", begin)
        return self._one(self._escaped(begin) if char == "\\" else char)

    def _escaped(self, begin: int) -> str:
        char = self._char("a backslash at the end escapes nothing")
        if char.isascii() and char.isalnum():
            raise RegexpError(f"\\{char} is no part of this language: write [0-9] or [a-z_] instead", begin)
        return char

    def _one(self, char: str) -> Term:
        char = fold(char) if self.folded else char
        return ("set", ((char, char),), False)

    def _set(self, begin: int) -> Term:
        inverted = self._take("^")
        ranges: list[tuple[str, str]] = []
        while not (self._peek() == "]" and ranges):
            low = self._member(begin)
            high = low
            if self._peek() == "-" and self.pattern[self.at + 1 : self.at + 2] not in {"]", ""}:
                self.at += 1
                high = self._member(begin)
            if high < low:
                raise RegexpError(f"the range {low}-{high} runs backwards", begin)
            ranges.append((low, high))
        self.at += 1
        return ("set", tuple(ranges), inverted, "folded") if self.folded else ("set", tuple(ranges), inverted)

    def _member(self, begin: int) -> str:
        at = self.at
        if at == len(self.pattern):
            raise RegexpError("the bracket is never closed", begin)
        char = self._char("")
        return self._escaped(at) if char == "\\" else char

    def _interval(self, begin: int) -> Term:
        end = self.pattern.find(">", self.at)
        low, _, high = self.pattern[self.at : max(end, self.at)].partition("-")
        if end < 0 or not all(n.isascii() and n.isdigit() and len(n) < 10 for n in (low, high)):
            raise RegexpError("'<' needs a form like <1-100>, or write \\< for the sign", begin)
        self.at = end + 1
        if int(low) > int(high):
            low, high = high, low
        if len(low) == len(high):
            return digits(low, high)
        first, last = int(low), int(high)
        ways = [digits("0", "0")] if first == 0 else []
        for width in range(1, len(str(last)) + 1):
            smallest, largest = max(first, 10 ** (width - 1)), min(last, 10**width - 1)
            if smallest <= largest:
                ways.append(digits(str(smallest), str(largest)))
        return cat([repeat(digits("0", "0"), 0, None), any_of(ways)])

    def _char(self, missing: str) -> str:
        if self.at == len(self.pattern):
            raise RegexpError(missing, self.at)
        self.at += 1
        return self.pattern[self.at - 1]

    def _peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def _take(self, char: str) -> bool:
        found = self._peek() == char
        self.at += found
        return found
