"""What is refused by how it is written: characters nobody sees, operators in small letters, texts without measure.

Each function answers the fault, or None; only `check` turns it into a `QueryError`.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache
from typing import NamedTuple

from bulkwark.query import ast
from bulkwark.query.analysis import tokens
from bulkwark.query.ast import Wild

MAX_PATTERN = 1000  # characters; SQLite refuses a GLOB of 50,000 bytes with an error of its own
MAX_WILDCARDS = 50  # in one pattern; each `*` may try every rest of a value, so the work multiplies
MAX_PHRASE = 1000  # tokens; a phrase is one expression of the full-text index, joined position by position
MAX_SCANS = 50  # patterns, fuzzy words and regular expressions in one query that cost a walk through a dictionary

_CURLY = frozenset("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2018\u2019\u201a\u201b")
_PRIMES = frozenset("\u2032\u2033\u2035\u2036\u301d\u301e\u301f\uff02")
_PLAIN = frozenset(" \u3000\t\n\r")  # the blanks of the language
_BLANK_LETTERS = "\u034f\u115f\u1160\u2800\u3164\uffa0"  # no category tells that these show nothing
_SMALL = frozenset({"and", "or", "not"})


class Fault(NamedTuple):
    """Why a text is refused; `position` counts in the text that was looked at."""

    position: int
    detail: str
    hint: str


def unseen(text: str) -> Fault | None:
    """The first character that shows nothing or looks like a plain blank: pasted, not typed, and never found.

    The text is looked at as written, so that an escape (`\\u00ad`) still says that the character is meant.
    """
    found = None if text.isascii() and text.isprintable() else _unseen().search(text)
    if found is None:
        return None
    char = found[0]
    if char == "\u00a0":
        return Fault(found.start(), "a no-break space separates nothing here", "replace it by a plain blank")
    units = char.encode("utf-16-be").hex()
    escape = "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
    called = unicodedata.name(char, "control character").lower()
    hint = f"remove it or type the text anew; write {escape} where the character itself is meant"
    return Fault(found.start(), f"an invisible or odd character stands here: U+{ord(char):04X}, {called}", hint)


@cache
def _unseen() -> re.Pattern[str]:
    odd = [chr(n) for n in range(sys.maxunicode + 1) if unicodedata.category(chr(n)) in {"Cf", "Cc", "Zs", "Zl", "Zp"}]
    return re.compile("[" + re.escape("".join(c for c in odd if c not in _PLAIN)) + _BLANK_LETTERS + "]")


def false_quote(word: str) -> str:
    """What is wrong with a quote-like character at the edge of a word; '' when nothing is."""
    edges = {word[:1], word[-1:]}
    if edges & _CURLY:
        return "a curly quote is no quote here"
    return "a prime is no quote here" if edges & _PRIMES else ""


def small_operator(text: str, raw: ast.Text) -> bool:
    """Whether an operator's word, not in capitals, stands where a condition does.

    Lucene reads it as one more word to look for, and what was meant as an intersection becomes a union. Right after
    a field's colon (`name:and`) it is plainly a value.
    """
    if text[raw.span[0] : raw.span[1]].lower() not in _SMALL:
        return False
    return raw.field is None or text[raw.field_span[1] : raw.span[0]].strip("".join(_PLAIN)) != ":"


def unmeasured(raw: ast.Node) -> str:
    """Why a pattern or a phrase is too long to serve; '' when it is not."""
    if isinstance(raw, ast.Like):
        length = sum(1 if isinstance(part, Wild) else len(part) for part in raw.pattern)
        wilds = sum(isinstance(part, Wild) for part in raw.pattern)
        if length > MAX_PATTERN:
            return f"the pattern has {length:,} characters, more than {MAX_PATTERN:,}"
        if wilds > MAX_WILDCARDS:
            return f"the pattern has {wilds} wildcards, more than {MAX_WILDCARDS}"
    # A token has one character at least, so short texts need no count.
    if isinstance(raw, ast.Text) and len(raw.text) > MAX_PHRASE:
        words = len(tokens(raw.text))
        if words > MAX_PHRASE:
            return f"the text has {words:,} words, more than {MAX_PHRASE:,}"
    return ""


def scans(raw: ast.Node) -> int:
    """How much a leaf costs: 1 where a dictionary or positions must be read, 5 where those of all fields must."""
    if isinstance(raw, ast.Like):
        return int(raw.field is None or isinstance(raw.pattern[0], Wild))
    if isinstance(raw, ast.Fuzzy | ast.Regex):
        return 5 if raw.field is None else 1
    if isinstance(raw, ast.Text) and raw.slop:
        return 5 if raw.field is None else 1
    return 0
