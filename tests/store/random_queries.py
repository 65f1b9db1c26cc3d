"""Random queries of the SAILPOINT language, in words that the documents hold."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from bulkwark.query.analysis import tokens
from tests.query.oracle import leaves

TEXTS = ("name", "description", "tags", "owner.name", "owner.email", "entitlements.name", "entitlements.source.name")
DATES = ("created", "modified", "entitlements.created")
NUMBERS = ("entitlementCount", "accessProfileCount", "segmentCount")
BOOLS = ("enabled", "requestable", "dimensional", "entitlements.privileged", "accessProfiles.enabled")
PRESENT = (*TEXTS, *DATES, "accessProfiles", "entitlements", "accessModelMetadata", "segments", "owner", "nosuch")
SPECIAL = '+-!(){}[]^"~*?:\\/&|=<> @'


def escaped(text: str) -> str:
    found = "".join(f"\\{c}" if c in SPECIAL else c for c in text)
    return found if found.strip() and found.upper() not in ("AND", "OR", "NOT", "TO") else "x"


class Writer:
    """Writes one query after the other; the same dice write the same."""

    def __init__(self, dice: random.Random, documents: Sequence[dict[str, Any]]) -> None:
        self.dice = dice
        found: dict[str, set[str]] = {}
        for document in documents:
            for path, value in leaves(document):
                found.setdefault(path, set()).add(str(value))
        # Long texts (distinguished names, prose) would make every phrase unique.
        self.values = {path: sorted(v for v in texts if 0 < len(v) < 60) for path, texts in found.items()}

    def query(self) -> str:
        return self._tree(3)

    def _tree(self, depth: int) -> str:
        if depth == 0 or self.dice.random() < 0.25:
            return self._leaf()
        parts = [self._tree(depth - 1) for _ in range(self.dice.randint(1, 3))]
        match self.dice.randrange(6):
            case 0:
                return "(" + " AND ".join(parts) + ")"
            case 1:
                return "(" + " OR ".join(parts) + ")"
            case 2:
                return f"(NOT ({' '.join(parts)}))"
            case 3:
                return "(" + " ".join(self.dice.choice(["+", "-", ""]) + f"({part})" for part in parts) + ")"
            case 4:
                signs = [self.dice.choice([" AND ", " OR ", " AND NOT ", " "]) for _ in parts]
                return "(" + "".join(part + sign for part, sign in zip(parts, signs, strict=True)) + "sales)"
        return self._leaf()

    def _leaf(self) -> str:
        dice = self.dice
        match dice.randrange(13):
            case 0:
                return self._word(dice.choice(TEXTS))
            case 1 | 2:
                path = dice.choice(TEXTS)
                return f"{path}:{self._piece(path)}"
            case 3:
                path = dice.choice(TEXTS)
                return f"{path}.exact:{self._whole(path)}"
            case 4:
                return f"{dice.choice(BOOLS)}:{dice.choice(['true', 'false'])}"
            case 5:
                return f"{dice.choice(NUMBERS)}:{self._range([str(dice.randrange(6)) for _ in range(2)])}"
            case 6 | 7:
                path = dice.choice(DATES)
                return f"{path}:{self._range([self._date(path), self._date(path)])}"
            case 8:
                return f"_exists_:{dice.choice(PRESENT)}"
            case 9:
                return f"@entitlements({self._inner()})"
            case 10:
                return f"@accessModelMetadata({self._metadata()})"
            case 11:
                return f"accessModelMetadata.{self._metadata(joined=False)}"
        return f"id:{dice.choice(self.values['id'])}"

    def _inner(self) -> str:
        parts = [
            f"name:{self._piece('entitlements.name')}",
            f"source.name:{self._word('entitlements.source.name')}",
            f"privileged:{self.dice.choice(['true', 'false'])}",
            f"created:>{self._date('entitlements.created')}",
            "_exists_:description",
            "*",
        ]
        chosen = self.dice.sample(parts, self.dice.randint(1, 2))
        return self.dice.choice([" AND ", " OR ", " AND NOT "]).join(chosen)

    def _metadata(self, *, joined: bool = True) -> str:
        key = escaped(self.dice.choice(self.values["accessModelMetadata.key"]))
        value = escaped(self.dice.choice(self.values["accessModelMetadata.value"]))
        if not joined:
            return self.dice.choice([f"key:{key}", f"value:{value}", f"value.exact:{value}", f"key:{key[:3]}*"])
        return self.dice.choice(
            [f"key:{key} AND value:{value}", f"key:{key}", f"value:{value}", f"NOT key:{key}", f"value:{value[:2]}*"]
        )

    def _word(self, path: str) -> str:
        words = tokens(self.dice.choice(self.values[path])) or ["x"]
        return escaped(self.dice.choice(words))

    def _piece(self, path: str) -> str:
        """A word, a phrase, a pattern or a range on tokens."""
        words = tokens(self.dice.choice(self.values[path])) or ["x"]
        at = self.dice.randrange(len(words))
        word = escaped(words[at])
        match self.dice.randrange(10):
            case 0:
                return '"' + " ".join(words[at : at + 2]) + '"'
            case 6:
                return self._odd(word) + self.dice.choice(["~", "~1", "~2"])
            case 7:
                chosen = self.dice.sample(words, min(len(words), self.dice.randint(2, 3)))
                return '"' + " ".join(chosen) + f'"~{self.dice.randrange(6)}'
            case 8:
                return self._regexp(words[at])
            case 1:
                return escaped(words[at][:2]) + "*"
            case 2:
                return "*" + escaped(words[at][-2:])
            case 3:
                return f"{words[at][:1]}?*" if words[at][:1].isalnum() else "*"
            case 4:
                return self._range([words[0], words[-1]]) if all(w.isalnum() for w in words) else word
        return word

    def _odd(self, word: str) -> str:
        """The word with a typing fault."""
        at = self.dice.randrange(len(word))
        if not word.isalnum():
            return word
        match self.dice.randrange(4):
            case 0:
                return (word[:at] + word[at + 1 :]) or "x"
            case 1:
                return word[:at] + "x" + word[at:]
            case 2:
                return word[:at] + word[at : at + 2][::-1] + word[at + 2 :]
        return word

    def _regexp(self, word: str) -> str:
        if not word.isalnum():
            return "/[a-z]+/"
        return self.dice.choice(
            [f"/{word[:2]}.*/", f"/.*{word[-2:]}/", f"/({word}|x)[a-z]?/", f"/[{word}]+/", f"/{word[0]}[^x]{{1,4}}/"]
        )

    def _whole(self, path: str) -> str:
        value = self.dice.choice(self.values[path])
        match self.dice.randrange(5):
            case 0:
                return escaped(value[:3]) + "*"
            case 1:
                return "*" + escaped(value[-3:])
            case 2 if value.isalnum():
                return f"/{value[:2]}.*{value[-1:]}/"
            case 3 if value.isalnum():
                return self._odd(value) + "~2"
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def _date(self, path: str) -> str:
        moment = self.dice.choice(self.values[path])
        return self.dice.choice([moment[:4], moment[:7], moment[:10], moment.replace(":", "\\:"), "now-3y\\/y"])

    def _range(self, ends: list[str]) -> str:
        low, high = sorted(ends)
        return self.dice.choice(
            [f"[{low} TO {high}]", f"{{{low} TO {high}}}", f"[{low} TO *]", f"{{* TO {high}]", f">{low}", f"<={high}"]
        )
