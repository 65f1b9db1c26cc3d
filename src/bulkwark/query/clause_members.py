"""Members of JSON objects as readers need them: typed, each known by name, every fault with its JSON pointer."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NoReturn

import msgspec

from bulkwark.errors import Invalid

_MISSING = object()


class Members:
    """One JSON object at its place. Every member must be asked for; `done` refuses those that were not."""

    def __init__(self, value: Any, where: str, what: str) -> None:
        if not isinstance(value, dict):
            raise Invalid(f"{what} takes an object", where=where)
        self.value: dict[str, Any] = value
        self.where = where
        self.what = what
        self.asked: set[str] = set()

    def at(self, name: str) -> str:
        """The pointer of a member."""
        return f"{self.where}/{pointed(name)}"

    def take(self, name: str, default: Any = None) -> Any:
        """The member as it is; null counts as missing."""
        self.asked.add(name)
        found = self.value.get(name, default)
        return default if found is None else found

    def has(self, name: str) -> bool:
        """Whether the member is given."""
        return self.value.get(name) is not None

    def need(self, name: str) -> Any:
        """The member, which must be there."""
        found = self.take(name, _MISSING)
        if found is _MISSING:
            raise Invalid(f"{self.what} needs {name!r}", where=self.at(name))
        return found

    def text(self, name: str, default: str = "") -> str:
        """A string."""
        found = self.take(name, default)
        if not isinstance(found, str):
            self.wrong(name, "a string")
        return found

    def scalar(self, name: str) -> str:
        """A string, number or boolean, as text."""
        return scalar(self.need(name), self.at(name))

    def flag(self, name: str, default: bool = False) -> bool:
        """true or false, also as a string."""
        found = self.take(name, default)
        if isinstance(found, str) and found.lower() in {"true", "false"}:
            return found.lower() == "true"
        if not isinstance(found, bool):
            self.wrong(name, "true or false")
        return found

    def number(self, name: str, default: float, *, least: float = 0.0) -> float:
        """A number, also as a string."""
        found = self.take(name, default)
        if isinstance(found, str):
            try:
                found = float(found)
            except ValueError:
                self.wrong(name, "a number")
        if isinstance(found, bool) or not isinstance(found, int | float) or not least <= found < 3.4e38:
            self.wrong(name, f"a number from {least:g}")
        return float(found)

    def count(self, name: str, default: int | None, *, least: int = 0, most: int = 1_000_000) -> int | None:
        """A whole number, also as a string."""
        found = self.take(name, default)
        if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) < 10:
            found = int(found)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int) or not least <= found <= most:
            self.wrong(name, f"a whole number from {least} to {most:,}")
        return int(found)

    def choice(self, name: str, known: Collection[str], default: str) -> str:
        """One of some words, in any case."""
        found = self.text(name, default).lower()
        if found not in known:
            raise Invalid(f"{name} is no {self.text(name, default)[:60]!r}", where=self.at(name), hint=", ".join(known))
        return found

    def ignore(self, *names: str) -> None:
        """Members that say nothing about what is selected."""
        self.asked.update(names)

    def wrong(self, name: str, expected: str) -> NoReturn:
        """Refuse the value of a member."""
        raise Invalid(f"{name} is {expected}", where=self.at(name))

    def done(self) -> None:
        """Refuse what nobody asked for."""
        unknown = sorted(set(self.value) - self.asked)
        if unknown:
            hint = f"known: {', '.join(sorted(self.asked))}"
            raise Invalid(f"{self.what} has no member {unknown[0][:60]!r}", where=self.at(unknown[0]), hint=hint)


def pointed(name: str) -> str:
    """A member's name inside a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def scalar(value: Any, where: str) -> str:
    """A string, number or boolean as the text that stands for it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return msgspec.json.encode(value).decode()  # as documents spell it: 1.0 is no 1
    raise Invalid("a string, a number, true or false is expected", where=where)
