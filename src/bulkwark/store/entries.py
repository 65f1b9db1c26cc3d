"""What an object adds to the search index, derived from its search document alone.

An entry is derived again from the stored document when it must be taken out: the index holds no
copy of what it was given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec

from bulkwark.domain.times import parse_ms
from bulkwark.query.analysis import fold, tokens
from bulkwark.query.fields import Field
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.store.indexes import Index

Number = Callable[[str], int]  # path → number of the field
Text = Callable[[Any], str]  # a value of JSON → the text that is found and compared
ALL = ""  # path of the field that every document of a kind has
GAP = "_"  # stands between the values of an array, so that no phrase reaches from one into the next
SHORT = 100  # characters of a text whose words are remembered
FOLDED = "~"  # `name~`: the case-folded values of `name`
# Terms of fields without words. How many objects have them stands in the dictionary, so nobody needs to count those.
EVERY = ""  # of the field ALL: every object of the kind
SEVERAL = "+"  # of a date or a number: objects with several different values in it
ORDERED = frozenset({FieldKind.DATE, FieldKind.NUMBER})


@dataclass(slots=True)
class Entry:
    """Tokens in order for the full-text index, whole values, and the terms for the dictionary."""

    tokens: list[str] = field(default_factory=list)
    values: set[tuple[int, str | int | float]] = field(default_factory=set)
    terms: set[tuple[int, str]] = field(default_factory=set)


def json_text(value: Any) -> str:
    """A value as a text field has it: what is no text, as the document spells it.

    >>> json_text(True), json_text(1.0), json_text(1e30)
    ('true', '1.0', '1e30')
    """
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def whole(number: int, value: str) -> str:
    """The token that stands for a whole value; 64 bits of BLAKE2b keep it short whatever the value."""
    return f"{number}={_digest(value)}"


@lru_cache(maxsize=16_384)
def _digest(value: str) -> str:
    return blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def digested(value: str) -> str:
    """The same for values that hardly ever come again: nothing is remembered."""
    return blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


@lru_cache(maxsize=8_192)
def _short(text: str) -> tuple[str, ...]:
    """The words of a text that may well come again: names stand in several fields and objects."""
    return tuple(tokens(text))


def _split(text: str) -> Sequence[str]:
    return _short(text) if len(text) < SHORT else tokens(text)


split = tokens  # the words of a text that hardly ever comes again


def present(number: int) -> str:
    """The token of an object that has the field."""
    return f"{number}!"


def leaves(document: dict[str, Any]) -> list[tuple[str, list[Any]]]:
    """(dotted path, values) of every value in a document; arrays of objects are flattened."""
    found: list[tuple[str, list[Any]]] = []
    _leaves(document, "", found)
    return found


def _leaves(document: dict[str, Any], prefix: str, found: list[tuple[str, list[Any]]]) -> None:
    for name, value in document.items():
        if isinstance(value, dict):
            _leaves(value, f"{prefix}{name}.", found)
        elif isinstance(value, list):
            plain = [v for v in value if v is not None and not isinstance(v, dict | list)]
            if plain:
                found.append((prefix + name, plain))
            for inner in value:
                if isinstance(inner, dict):
                    _leaves(inner, f"{prefix}{name}.", found)
        elif value is not None:
            found.append((prefix + name, [value]))


def words(known: Field, no: int, found: list[Any]) -> str:
    """The tokens of the values of a field, numbered `no`."""
    return " ".join(_tokens(known, no, _spelled(known, found, json_text))[0])


def speller(known: Field, no: int) -> Callable[[str], str]:
    """What spells the tokens of one text of the field: as `words`, for where there are many."""
    mark, before, last = present(no), f" {no}:", f" {no}="
    if known.kind is FieldKind.TEXT:

        def spell(text: str) -> str:
            split = _split(text)
            return f"{mark}{before if split else ''}{before.join(split)}{last}{_digest(text)}"

        return spell
    if known.kind is FieldKind.KEYWORD:
        return lambda text: f"{mark}{last}{_digest(fold(text))}"
    return lambda text: words(known, no, [text])


def derive(index: Index, number: Number, document: dict[str, Any], nested: list[str], text: Text = json_text) -> Entry:
    """The entry of one search document; `nested` are its nested paths that are not empty."""
    entry = Entry([present(number(path)) for path in (ALL, *nested)])
    entry.terms.add((number(ALL), EVERY))
    ordered: list[int] = []
    for path, found in leaves(document):
        known = index.schema.find(path)
        if known is not None:
            no = number(known.path)
            spelled = _spelled(known, found, text)
            marks, terms = _tokens(known, no, spelled)
            entry.tokens.extend(marks)
            _add_values(entry, known, number, spelled, terms, folded=index.folds(path))
            if known.kind in ORDERED:
                ordered.extend([no] * len(found))
    _mark_several(entry, ordered)
    return entry


def _spelled(known: Field, found: list[Any], text: Text) -> list[Any]:
    """The values of a field as it holds them: texts for text fields and keywords, true and false for booleans."""
    if known.kind in (FieldKind.TEXT, FieldKind.KEYWORD):
        return [value if value.__class__ is str else text(value) for value in found]
    if known.kind is FieldKind.BOOL:
        return [value != "false" if value.__class__ is str else bool(value) for value in found]
    return found


def part(index: Index, number: Number, members: dict[str, Any]) -> Entry:
    """What some members of a search document add to its entry, without the tokens."""
    entry = Entry()
    ordered: list[int] = []
    for path, found in leaves(members):
        known = index.schema.find(path)
        if known is not None:
            spelled = _spelled(known, found, json_text)
            terms = [term for value in spelled for term in _split(value)] if known.kind is FieldKind.TEXT else []
            _add_values(entry, known, number, spelled, terms, folded=index.folds(path))
            if known.kind in ORDERED:
                ordered.extend([number(known.path)] * len(found))
    _mark_several(entry, ordered)
    return entry


def boolean(value: object) -> str:
    """How a boolean is spelled, in its token and as its term."""
    return "true" if value else "false"


def _mark_several(entry: Entry, ordered: Sequence[int]) -> None:
    """`ordered`: the numbers of date and number fields, as often as values were found; these may be the same."""
    if len(set(ordered)) < len(ordered):
        counts = Counter(no for no, _ in entry.values)
        entry.terms.update([(no, SEVERAL) for no in ordered if counts[no] > 1])


def _add_values(
    entry: Entry, known: Field, number: Number, found: list[Any], terms: Sequence[str], *, folded: bool
) -> None:
    no = number(known.path)
    if known.kind is FieldKind.TEXT:
        entry.terms.update([(no, term) for term in terms])
        entry.values.update([(no, value) for value in found])
        if folded:
            lower = number(known.path + FOLDED)
            entry.values.update([(lower, fold(value)) for value in found])
    elif known.kind is FieldKind.KEYWORD:
        entry.values.update([(no, fold(value)) for value in found])
    elif known.kind is FieldKind.BOOL:
        entry.terms.update([(no, boolean(value)) for value in found])
    elif known.kind is FieldKind.NUMBER:
        entry.values.update([(no, value) for value in found])
    elif known.kind is FieldKind.DATE:
        for value in found:
            try:
                entry.values.add((no, parse_ms(value)))
            except (TypeError, ValueError):
                continue  # a loaded document may hold anything; such a value is not found by date


def _tokens(known: Field, no: int, found: list[Any]) -> tuple[list[str], list[str]]:
    """The tokens of the values of a field, in order, and the terms among them."""
    marks: list[str] = [present(no)]
    terms: list[str] = []
    if known.kind is FieldKind.TEXT:
        for position, value in enumerate(found):
            if position:
                marks.append(GAP)
            split = _split(value)
            marks.extend([f"{no}:{term}" for term in split])
            terms.extend(split)
        # After the running text, so that they do not stand between the words of a phrase.
        marks.extend([whole(no, value) for value in found])
    elif known.kind is FieldKind.KEYWORD:
        marks.extend([whole(no, fold(value)) for value in found])
    elif known.kind is FieldKind.BOOL:
        marks.extend([f"{no}={boolean(value)}" for value in found])
    elif known.kind is FieldKind.NUMBER:
        marks.extend([f"{no}={value}" for value in found])
    return marks, terms
