"""From a Search object to what it selects in one index, in every query type."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from bulkwark.query.ast import Node
from bulkwark.query.check import check
from bulkwark.query.requests import DEFAULT, Options, Reading, read_query
from bulkwark.store.indexes import INDEXES


def selected(
    reading: Reading,
    index: str,
    now: int,
    *,
    strict: bool,
    options: Options = DEFAULT,
    elsewhere: Collection[str] = (),
) -> Node:
    """The checked tree of a reading in one index. `strict` is for bulk changes: unknown fields are refused.

    `elsewhere`: nested types of other searched indexes. Raises Invalid or QueryError.
    """
    return check(
        reading.query,
        INDEXES[index].schema,
        now_ms=now,
        strict=strict,
        word_split=options.split,
        plain=options.plain,
        elsewhere=elsewhere,
    ).root


def queried(
    search: Mapping[str, Any],
    index: str,
    now: int,
    *,
    where: str = "",
    strict: bool,
    options: Options = DEFAULT,
) -> Node:
    """The checked tree of a Search object's query part, which stands at the JSON pointer `where`."""
    nested = INDEXES[index].schema.nested
    reading = read_query(search, where, strict=strict, options=options, nested=nested)
    return selected(reading, index, now, strict=strict, options=options)
