"""A bucket on its way from the database to the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Bucket:
    """`value` is what makes it: a term, or the place of an interval. `below`: the results of its children."""

    value: Any
    count: int
    below: dict[str, Any] = field(default_factory=dict)
    shown: Any = None  # how the value is written, when not as it is
