"""What a good request of a served operation is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Good:
    """A request that must succeed once."""

    params: dict[str, str] = field(default_factory=dict)
    body: Any = None
    query: str = ""
    parts: dict[str, bytes] = field(default_factory=dict)  # of a form, instead of the body
    headers: dict[str, str] = field(default_factory=dict)  # beside those that the operation needs


def fresh(word: str) -> str:
    return f"{word} {next(_numbers)}"
