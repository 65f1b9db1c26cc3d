"""What the generator chooses from: the values that the documents really hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.parity import mapping
from tests.parity.corpus import Corpus, Document

WORD = re.compile(r"[^\W_]+")
SPECIAL = re.compile(r'([-+!(){}\[\]^"~*?:\\/\s]|&&|\|\|)')


def escaped(text: str) -> str:
    """The text as one piece of a query: every sign with a meaning takes a backslash."""
    found = SPECIAL.sub(lambda m: "".join("\\" + c for c in m[0]), text)
    return "\\" + found if found in ("AND", "OR", "NOT") or found[:1] in "<>" else found


def quoted(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def flat(document: Document, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted path, value) of everything in a document."""
    for name, value in document.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from flat(one, f"{prefix}{name}.")
            elif one is not None:
                yield prefix + name, one


@dataclass(slots=True)
class Place:
    """Where a condition stands: at the root of a document or in one element of a nested array."""

    index: str
    nested: str
    values: dict[str, list[tuple[str, Any]]] = field(default_factory=dict)  # kind → (name as written, value)


class Values:
    """Random documents and what can be asked of them."""

    def __init__(self, corpus: Corpus, random: Random) -> None:
        self.random = random
        self.documents = {index: list(found.values()) for index, found in corpus.documents.items()}
        self.kinds = {index: mapping.fields(index) for index in self.documents}

    def document(self, index: str) -> Document:
        return self.random.choice(self.documents[index])

    def root(self, index: str, document: Document) -> Place:
        """What stands at the root; values of nested arrays only if `through`."""
        return self._place(index, "", document, "")

    def through(self, index: str, nested: str, element: Document) -> Place:
        """An element's values as they are asked for from the root."""
        return self._place(index, "", {nested: element}, "")

    def element(self, index: str, nested: str, element: Document) -> Place:
        return self._place(index, nested, {nested: element}, f"{nested}.")

    def _place(self, index: str, nested: str, document: Document, prefix: str) -> Place:
        place = Place(index, nested)
        for path, value in flat(document):
            kind = self.kinds[index].get(path)
            if kind is None and path.startswith("attributes.") and isinstance(value, str):
                kind = "text"
            if kind is None or path in mapping.STANDS_IN_ALL:
                continue
            if not nested and not prefix and path.split(".")[0] in mapping.NESTED[index] and len(document) > 1:
                continue
            place.values.setdefault(kind, []).append((path.removeprefix(prefix), value))
        return place

    def words(self, value: str, least: int = 1) -> list[str]:
        """Words of letters and digits that every analyzer leaves whole."""
        words = re.findall(r"\S+", value)
        return [word for word in words if WORD.fullmatch(word) and len(word) >= least and simple(word)]


def simple(word: str) -> bool:
    """Whether the word surely is one token: of one alphabetic script, no ideographs, no sigma at its end."""
    return all(re.fullmatch(r"[a-zA-Z0-9\u00c0-\u024f\u0400-\u04ff]", letter) for letter in word)
