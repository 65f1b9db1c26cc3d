"""How a text becomes tokens, and how letters lose their case: the one place for both.

Rules as Elasticsearch's `standard` analyzer: Unicode word breaks (UAX #29), lower case, no stop words, no
stemming, no accents removed. Differences and open points, decided here:

* `:` (and its compatibility forms) always splits: `idn:access` → `idn`, `access`, whatever the Unicode tables say.
* A token longer than 255 characters is cut in pieces of 255, so its beginning and its rest stay findable.
* Runs of Thai, Lao, Khmer and Burmese letters stay one token (Lucene's SOUTHEAST_ASIAN type); ideographs and
  Hiragana stand one by one; Katakana and Hangul stay in runs.
* Emoji, signs and stray number forms (`²`, `½`) are no tokens; whole values (`.exact`) still hold them.
"""

from __future__ import annotations

import re

import apsw.unicode

MAX_TOKEN = 255  # characters; Elasticsearch's max_token_length

# ASCII after lower-casing: `.` and `'` join letters or digits, `,` and `;` join digits, `_` joins anything.
# No possessive quantifiers: Python before 3.11.5 (Debian 12 has 3.11.2) loses letters with them. Nothing follows the
# repeated groups, so there is nothing to go back for.
_ASCII_WORDS = re.compile(r"[a-z0-9_]+(?:(?:(?<=[a-z])[.'](?=[a-z])|(?<=[0-9])[.',;](?=[0-9]))[a-z0-9_]+)*").findall

_CATEGORIES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl"})

# Line_Break=Complex_Context blocks, where UAX #29 alone would break after each letter.
_COMPLEX = re.compile(
    "[\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecd\u0edc-\u0edf\u1000-\u103f\u1050-\u108f\u109a-\u109f\u1780-\u17d3\u17d7"
    "\u17dc\u17dd\u1950-\u19c9\u1a20-\u1a7c\u1aa0-\u1aad\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaac2\uaadb-\uaadf]"
)


def fold(text: str) -> str:
    """The text without regard to case: character by character, so prefixes and patterns fold alike.

    Like Lucene's lower-casing, `İ` becomes `i`; a final sigma becomes a plain one. The length never changes.

    >>> fold("Straße")
    'straße'
    """
    if text.isascii():
        return text.lower()
    return text.replace("İ", "i").lower().replace("\u03c2", "\u03c3")


def tokens(text: str) -> list[str]:
    """The words of a text, folded, in order.

    >>> tokens("Carol.Adams@acme.com, R&D")
    ['carol.adams', 'acme.com', 'r', 'd']
    """
    if not text.isascii():
        return tokens_by_tables(text)
    found: list[str] = _ASCII_WORDS(text.lower())
    if "_" in text:
        found = [word for word in found if word.strip("_")]
    return found if len(text) <= MAX_TOKEN else _cut(found)


def tokens_by_tables(text: str) -> list[str]:
    """`tokens` by the Unicode tables alone; the quick way for ASCII must answer the same."""
    text = text.replace(":", " ").replace("\uff1a", " ").replace("\ufe55", " ").replace("\ufe13", " ")
    words = _joined(text) if _COMPLEX.search(text) else apsw.unicode.word_iter(text, categories=_CATEGORIES)
    found = [fold(word) for word in words]
    return found if len(text) <= MAX_TOKEN else _cut(found)


def _joined(text: str) -> list[str]:
    """The words, with neighbours of complex-context letters put together again."""
    words: list[str] = []
    at = 0
    while at < len(text):
        start, end = apsw.unicode.word_next(text, at, categories=_CATEGORIES)
        word = text[start:end]
        if start == at and words and _COMPLEX.match(word) and _COMPLEX.match(words[-1]):
            words[-1] += word
        elif word:
            words.append(word)
        at = end if word else len(text)
    return words


def _cut(words: list[str]) -> list[str]:
    """Pieces of at most `MAX_TOKEN` characters."""
    return [word[at : at + MAX_TOKEN] for word in words for at in range(0, len(word), MAX_TOKEN)]
