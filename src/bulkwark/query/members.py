"""Reading a JSON object member by member; what nobody asked for is an error, never ignored."""

from __future__ import annotations

from collections.abc import Callable, Collection
from difflib import get_close_matches
from typing import Any, TypeVar

from bulkwark.errors import Invalid

T = TypeVar("T")


class Members:
    """The members of one object. `what` names it in errors, `where` is its JSON pointer."""

    def __init__(self, given: Any, where: str, what: str) -> None:
        if not isinstance(given, dict):
            raise Invalid(f"{what} is an object", where=where)
        self.where = where
        self.what = what
        self._given = given
        self._asked: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return self._given.get(name) is not None

    def at(self, name: str) -> str:
        """The place of a member."""
        return f"{self.where}/{name.replace('~', '~0').replace('/', '~1')}"

    def raw(self, name: str) -> Any:
        """The member as it is; None when it is not there."""
        self._asked.add(name)
        return self._given.get(name)

    def ignore(self, *names: str) -> None:
        """Members that change nothing here."""
        self._asked.update(names)

    def text(self, name: str, default: str | None = None) -> str:
        """A string; without a default it must be there."""
        found = self.raw(name)
        if found is None:
            if default is None:
                raise Invalid(f"{self.what} needs {name}", where=self.where)
            return default
        if not isinstance(found, str):
            raise Invalid(f"{name} is a string", where=self.at(name))
        return found

    def flag(self, name: str, default: bool = False) -> bool:
        found = self.raw(name)
        if found is None:
            return default
        if isinstance(found, str) and found in ("true", "false"):
            return found == "true"
        if not isinstance(found, bool):
            raise Invalid(f"{name} is true or false", where=self.at(name))
        return found

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number between two limits."""
        found = self.number(name, default)
        if found is None or found != int(found) or not low <= found <= high:
            raise Invalid(f"{name} is a whole number from {low} to {high}", where=self.at(name))
        return int(found)

    def number(self, name: str, default: float | None = None) -> float | None:
        """A finite number; one that needs more than 64 bits comes as a float."""
        found = self.raw(name)
        if found is None:
            return default
        if isinstance(found, str):
            try:
                found = float(found)
            except ValueError:
                raise Invalid(f"{name} is a number", where=self.at(name)) from None
        # Written so that NaN, which is neither more nor less than anything, is refused too.
        if isinstance(found, bool) or not isinstance(found, int | float) or not abs(found) <= 1e300:
            raise Invalid(f"{name} is a number", where=self.at(name))
        return found if abs(found) < 2**63 else float(found)

    def one_of(self, name: str, allowed: Collection[str], default: str) -> str:
        """One of some words, in any case."""
        found = self.text(name, default)
        for word in allowed:
            if found.lower() == word.lower():
                return word
        raise Invalid(f"{name} {found!r} is not known", where=self.at(name), hint=", ".join(allowed))

    def made(self, name: str, make: Callable[[str], T], default: str) -> T:
        """What a function makes of a string; its ValueError is the caller's fault."""
        try:
            return make(self.text(name, default))
        except ValueError as fault:
            raise Invalid(str(fault), where=self.at(name)) from None

    def done(self) -> None:
        """Raise Invalid for a member that nobody asked for."""
        for name in self._given:
            if name not in self._asked:
                close = get_close_matches(name, list(self._asked), n=1)
                hint = f"did you mean {close[0]!r}?" if close else ", ".join(sorted(self._asked))
                raise Invalid(f"{name!r} is no member of {self.what}", where=self.at(name), hint=hint)
