"""What a TYPEAHEAD query lists."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Typeahead:
    """What a TYPEAHEAD query lists: values of a field, given by its full path, that have `text` in them."""

    field: str
    text: str
    size: int
    ascending: bool
    by_value: bool
