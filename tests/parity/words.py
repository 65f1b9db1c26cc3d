"""Whether we cut texts into words as the referee does: every character of the scripts that people write names in."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from bulkwark.query.analysis import tokens
from tests.referee.node import Node

# First and last character of the blocks that are compared, by what they hold.
BLOCKS = (
    (0x0020, 0x024F),  # Latin
    (0x0370, 0x04FF),  # Greek, Cyrillic
    (0x05D0, 0x05EA),  # Hebrew
    (0x0620, 0x064A),  # Arabic
    (0x0904, 0x0939),  # Devanagari
    (0x0E01, 0x0E30),  # Thai
    (0x1E00, 0x1FFF),  # Latin and Greek with marks
    (0x2000, 0x206F),  # general punctuation
    (0x3041, 0x30FF),  # Hiragana, Katakana
    (0x4E00, 0x9FA5),  # Han
    (0xAC00, 0xD7A3),  # Hangul
    (0xFF01, 0xFF9D),  # wide and narrow forms
)
BATCH = 400
MARK = "zz"


def characters() -> Iterator[str]:
    """All assigned characters of the blocks but modifier symbols, whose breaks changed in Unicode 13."""
    for first, last in BLOCKS:
        for number in range(first, last + 1):
            if unicodedata.category(chr(number)) not in ("Cn", "Cs", "Sk"):
                yield chr(number)


def unlike(node: Node, index: str) -> dict[str, tuple[list[str], list[str]]]:
    """Character → our words and theirs of a text around it, where they differ."""
    found = {}
    every = list(characters())
    for start in range(0, len(every), BATCH):
        part = every[start : start + BATCH]
        texts = [f"{sign} ab{sign}cd 12{sign}34" for sign in part]
        asked = [f"{MARK} {text} {MARK}" for text in texts]
        answer = node.call("POST", f"/{index}/_analyze", {"analyzer": "words", "text": asked})
        theirs = list(_parted([one["token"] for one in answer["tokens"]]))
        assert len(theirs) == len(part)
        for sign, text, words in zip(part, texts, theirs, strict=True):
            if tokens(text) != words:
                found[sign] = (tokens(text), words)
    return found


def _parted(words: list[str]) -> Iterator[list[str]]:
    """The words between two marks each."""
    inside: list[str] | None = None
    for word in words:
        if word != MARK:
            if inside is not None:
                inside.append(word)
        elif inside is None:
            inside = []
        else:
            yield inside
            inside = None
