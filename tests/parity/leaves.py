"""Single conditions of the generated queries: one function for each operator, values taken from a document.

A condition is a pair of texts: as the user writes it, and what the default mode means by it in the referee's words.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from tests.parity.values import Place, Values, escaped, quoted


class Piece(NamedTuple):
    """A condition as written, and what the default mode means."""

    text: str
    meant: str


Made = Piece | None  # None: the place holds nothing that the operator could be asked of
Operator = Callable[["Leaves", Place], Made]


def same(text: str) -> Piece:
    return Piece(text, text)


class Leaves:
    """Makes conditions; `random` decides everything."""

    def __init__(self, values: Values, random: Random, now: datetime) -> None:
        self.values = values
        self.random = random
        self.now = now

    def pick(self, place: Place, kind: str) -> tuple[str, Any] | None:
        found = place.values.get(kind)
        return self.random.choice(found) if found else None

    def text(self, place: Place) -> tuple[str, str] | None:
        """A text field that is not empty."""
        found = [(n, v) for n, v in place.values.get("text", ()) if isinstance(v, str) and v.strip()]
        return self.random.choice(found) if found else None

    def word(self, place: Place, least: int = 1) -> tuple[str, str] | None:
        """A text field and one plain word of it, at times in another case."""
        for _ in range(6):
            found = self.text(place)
            words = self.values.words(found[1], least) if found else []
            if found and words:
                word = self.random.choice(words)
                return found[0], self.random.choice(
                    (word, word, word.lower(), word.upper() if word.isascii() else word)
                )
        return None

    def cut(self, word: str) -> int:
        return self.random.randint(1, max(1, len(word) - 1))


def word(s: Leaves, p: Place) -> Made:
    found = s.word(p)
    return same(f"{found[0]}:{escaped(found[1])}") if found else None


def bare_word(s: Leaves, p: Place) -> Made:
    found = s.word(p, 2)
    return same(escaped(found[1])) if found else None


def words_in_group(s: Leaves, p: Place) -> Made:
    first, second = s.word(p), s.word(p)
    if not first or not second:
        return None
    one, two = escaped(first[1]), escaped(second[1])
    inner = s.random.choice(
        (f"{one} {two}", f"{one} AND {two}", f"{one} OR {two}", f"+{one} -{two}", f"{one} NOT {two}")
    )
    return same(f"{first[0]}:({inner})")


def phrase(s: Leaves, p: Place) -> Made:
    found = s.text(p)
    if not found:
        return None
    parts = found[1].split()
    at = s.random.randrange(len(parts))
    text = quoted(" ".join(parts[at : at + s.random.randint(1, 4)]))
    return same(f"{found[0]}:{text}" if s.random.random() < 0.8 else text)


def proximity(s: Leaves, p: Place) -> Made:
    for _ in range(6):
        found = s.text(p)
        words = s.values.words(found[1]) if found else []
        if found and len(words) > 1:
            at = s.random.randrange(len(words) - 1)
            near = words[at : at + s.random.randint(2, 5)]
            if len(near) > 2 and s.random.random() < 0.5:
                near.pop(1)
            if s.random.random() < 0.4:
                near.reverse()
            return same(f"{found[0]}:{quoted(' '.join(near))}~{s.random.randint(1, 6)}")
    return None


def several_tokens(s: Leaves, place: Place) -> Made:
    pairs = [(n, v) for n, v in place.values.get("text", ()) if isinstance(v, str) and len(s.values.words(v)) > 1]
    if not pairs:
        return None
    found = s.random.choice(pairs)
    words = s.values.words(found[1])
    at = s.random.randrange(len(words) - 1)
    glue = s.random.choice(("-", "@", "=", "\\ ", "\\/", "&", ","))
    if glue == "," and words[at][-1].isdigit():
        glue = "-"  # a comma joins digits
    text = glue.join(words[at : at + 2])
    return Piece(f"{found[0]}:{text}", f"{found[0]}:{quoted(' '.join(words[at : at + 2]))}")


def prefix(s: Leaves, p: Place) -> Made:
    found = s.word(p, 2)
    return same(f"{found[0]}:{found[1][: s.cut(found[1])]}*") if found else None


def bare_prefix(s: Leaves, p: Place) -> Made:
    found = s.word(p, 3)
    return same(f"{found[1][: max(2, s.cut(found[1]))]}*") if found else None


def suffix(s: Leaves, p: Place) -> Made:
    found = s.word(p, 2)
    return same(f"{found[0]}:*{found[1][-s.cut(found[1]) :]}") if found else None


def infix(s: Leaves, p: Place) -> Made:
    found = s.word(p, 3)
    return same(f"{found[0]}:*{found[1][1:-1]}*") if found else None


def question_mark(s: Leaves, p: Place) -> Made:
    found = s.word(p, 2)
    if not found:
        return None
    letters = list(found[1])
    for _ in range(s.random.randint(1, 2)):
        letters[s.random.randrange(len(letters))] = "?"
    return same(f"{found[0]}:{''.join(letters)}")


def fuzzy(s: Leaves, p: Place) -> Made:
    found = s.word(p, 3)
    if not found or not found[1].isalpha():
        return None
    letters = list(found[1])
    at = s.random.randrange(len(letters) - 1)
    match s.random.randrange(4):
        case 0:
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
        case 1:
            del letters[at]
        case 2:
            letters.insert(at, s.random.choice("aeinrst"))
        case _:
            letters[at] = s.random.choice("aeinrst")
    text = "".join(letters)
    if text in ("AND", "OR", "NOT"):
        return None
    return same(f"{found[0]}:{text}~{s.random.choice(('', '', '1', '2'))}")


def regex(s: Leaves, p: Place) -> Made:
    found = s.word(p, 3)
    if not found:
        return None
    text = found[1].lower()
    at = s.cut(text)
    forms = (
        f"{text[:at]}.*",
        f".*{text[at:]}",
        f"{text[:at]}.{text[at + 1 :]}",
        f"{text[:at]}[{text[at:][:1]}x-z]{text[at + 1 :]}",
        f"({text}|zebra)",
        f"{text[:at]}.{{0,{s.random.randint(0, 9)}}}",
        f"{text[:2]}[a-z0-9]+",
        f"{text[:1]}[^aeiou].*",
        f"{text}?",
        f"[{text[:1]}]{text[1:]}",
        f".{{{len(text)}}}",
        f"{text[:1]}@&~({text})",
        f"<{s.random.randint(0, 9)}-{s.random.randint(10, 3000)}>",
    )
    return same(f"{found[0]}:/{s.random.choice(forms)}/")


def whole(s: Leaves, p: Place) -> Made:
    found = s.text(p)
    if not found:
        return None
    value = found[1]
    return same(f"{found[0]}.exact:{quoted(value) if s.random.random() < 0.5 else escaped(value)}")


def whole_pattern(s: Leaves, p: Place) -> Made:
    found = s.text(p)
    if not found:
        return None
    value = found[1]
    at = s.random.randint(1, min(len(value), 12))
    end = s.random.randint(1, min(len(value), 6))
    form = s.random.randrange(3)
    if form == 0:
        return same(f"{found[0]}.exact:{escaped(value[:at])}*")
    if form == 1:
        return same(f"{found[0]}.exact:*{escaped(value[-end:])}")
    return same(f"{found[0]}.exact:{escaped(value[:1])}*{escaped(value[-1:])}")


def whole_regex(s: Leaves, p: Place) -> Made:
    found = s.word(p, 3)
    if not found:
        return None
    return same(f"{found[0]}.exact:/{s.random.choice(('', '.*'))}{found[1]}.*/")


def word_range(s: Leaves, p: Place) -> Made:
    first, second = s.word(p), s.word(p)
    if not first or not second:
        return None
    return same(f"{first[0]}:{_between(s, *sorted((first[1].lower(), second[1].lower())))}")


def whole_range(s: Leaves, p: Place) -> Made:
    found = s.word(p)
    return same(f"{found[0]}.exact:{_between(s, found[1][:1], found[1])}") if found else None


def keyword(s: Leaves, p: Place) -> Made:
    found = s.pick(p, "keyword")
    return same(f"{found[0]}:{escaped(str(found[1]))}") if found and found[1] else None


def keyword_prefix(s: Leaves, p: Place) -> Made:
    found = s.pick(p, "keyword")
    return same(f"{found[0]}:{escaped(str(found[1])[: s.random.randint(1, 3)])}*") if found and found[1] else None


def keyword_range(s: Leaves, p: Place) -> Made:
    found = s.pick(p, "keyword")
    return same(f"{found[0]}:{_between(s, '1', str(found[1])[:3])}") if found and found[1] else None


def number(s: Leaves, p: Place) -> Made:
    found = s.pick(p, "long")
    return same(f"{found[0]}:{found[1]}") if found else None


def number_range(s: Leaves, p: Place) -> Made:
    found = s.pick(p, "long")
    if not found:
        return None
    return same(
        f"{found[0]}:{_between(s, str(found[1] - s.random.randint(0, 1)), str(found[1] + s.random.randint(0, 2)))}"
    )


def number_bound(s: Leaves, p: Place) -> Made:
    found = s.pick(p, "long")
    return same(f"{found[0]}:{s.random.choice(('>', '>=', '<', '<='))}{found[1]}") if found and found[1] >= 0 else None


def flag(s: Leaves, p: Place) -> Made:
    found = s.pick(p, "boolean")
    return same(f"{found[0]}:{'true' if found[1] else 'false'}") if found else None


def exists(s: Leaves, p: Place) -> Made:
    kind = s.random.choice(sorted(p.values))
    found = s.pick(p, kind)
    return same(f"_exists_:{found[0]}") if found else None


def star(s: Leaves, p: Place) -> Made:
    found = s.pick(p, s.random.choice(sorted(p.values)))
    return same(f"{found[0]}:*") if found else None


def day(s: Leaves, p: Place) -> Made:
    found = s.pick(p, "date")
    if not found:
        return None
    name, value = found
    if s.random.random() < 0.5:
        return same(f"{name}:{value[:10]}")
    first = f"{value[:7]}-01"
    month = datetime.fromisoformat(first)
    last = (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    if s.random.random() < 0.5:
        return Piece(f"{name}:{value[:7]}", f"{name}:[{first} TO {last:%Y-%m-%d}]")
    return Piece(f"{name}:{value[:4]}", f"{name}:[{value[:4]}-01-01 TO {value[:4]}-12-31]")


def date_range(s: Leaves, p: Place) -> Made:
    found = s.pick(p, "date")
    if not found:
        return None
    low = datetime.fromisoformat(found[1]) - timedelta(days=s.random.choice((0, 1, 30, 400)))
    high = datetime.fromisoformat(found[1]) + timedelta(days=s.random.choice((0, 1, 30, 400)))
    return same(f"{found[0]}:{_between(s, _stamp(s, low), _stamp(s, high))}")


def date_bound(s: Leaves, p: Place) -> Made:
    found = s.pick(p, "date")
    if not found:
        return None
    return same(f"{found[0]}:{s.random.choice(('>', '>=', '<', '<='))}{found[1][:10]}")


def date_math(s: Leaves, p: Place) -> Made:
    found = s.pick(p, "date")
    if not found:
        return None
    days = (s.now - datetime.fromisoformat(found[1])).days
    unit, length = s.random.choice((("d", 1), ("w", 7), ("M", 30), ("y", 365), ("h", 1 / 24)))
    low = int((days + s.random.choice((0, 1, 40, 400))) / length) + 1
    high = max(0, int((days - s.random.choice((0, 1, 40, 400))) / length))
    rounding = s.random.choice(("", f"/{unit}", "/d"))
    return same(f"{found[0]}:{_between(s, f'now-{low}{unit}{rounding}', f'now-{high}{unit}{rounding}')}")


def date_anchor(s: Leaves, p: Place) -> Made:
    found = s.pick(p, "date")
    if not found:
        return None
    unit = s.random.choice("dwMyhHms")
    step = s.random.choice("+-") + str(s.random.randint(1, 20)) + unit
    rounding = s.random.choice(("", f"/{s.random.choice('dwMyhms')}"))
    low, high = (f"{found[1][:10]}||{step}{rounding}", "*")
    if s.random.random() < 0.5:
        low, high = high, low
    return same(f"{found[0]}:{_between(s, low, high)}")


def _stamp(s: Leaves, moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    form = s.random.choice(("%Y-%m-%d", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S.000Z", "%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M"))
    return moment.strftime(form)


def _between(s: Leaves, low: str, high: str) -> str:
    if s.random.random() < 0.12:
        low = "*"
    elif s.random.random() < 0.12:
        high = "*"
    if low == high == "*":
        low = "0"
    return f"{s.random.choice('[[{')}{low} TO {high}{s.random.choice(']]}')}"


OPERATORS: dict[str, Operator] = {
    made.__name__.replace("_", " "): made
    for made in (
        word, bare_word, words_in_group, phrase, proximity, several_tokens, prefix, bare_prefix, suffix, infix,
        question_mark, fuzzy, regex, whole, whole_pattern, whole_regex, word_range, whole_range, keyword,
        keyword_prefix, keyword_range, number, number_range, number_bound, flag, exists, star, day, date_range,
        date_bound, date_math, date_anchor,
    )
}  # fmt: skip
