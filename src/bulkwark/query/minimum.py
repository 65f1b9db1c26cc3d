"""`minimum_should_match`: how many of the optional conditions must hold.

    spec = number | number "%" | condition { " " condition }        condition = number "<" spec

A negative number says how many may be missing; `3<90%` means all up to three, beyond that nine of ten. Source: the
Elasticsearch page "minimum_should_match parameter", and Lucene's arithmetic.
"""

from __future__ import annotations

import re

_SIMPLE = re.compile(r"[+-]?\d{1,9}%?", re.ASCII)
_CONDITION = re.compile(r"(\d{1,9})<([+-]?\d{1,9}%?)", re.ASCII)


def valid(spec: str) -> bool:
    """Whether the text says a minimum."""
    text = _spaced(spec)
    return bool(_SIMPLE.fullmatch(text) or (text and all(_CONDITION.fullmatch(part) for part in text.split())))


def resolve(spec: str, optional: int) -> int:
    """The number that the spec means for so many optional conditions; it may be more than there are.

    >>> resolve("75%", 5), resolve("-1", 5), resolve("2<-25% 9<-3", 8)
    (3, 4, 6)
    """
    found = optional
    text = _spaced(spec)
    if "<" not in text:
        return _simple(text, optional)
    for part in text.split():
        bound, _, rest = part.partition("<")
        if optional <= int(bound):
            return found
        found = _simple(rest, optional)
    return found


def _spaced(spec: str) -> str:
    return re.sub(r"\s*<\s*", "<", spec.strip())


def _simple(text: str, optional: int) -> int:
    count = int(text.rstrip("%"))
    if text.endswith("%"):
        count = int(optional * count / 100)  # toward zero
    return max(optional + count if text.startswith("-") else count, 0)
