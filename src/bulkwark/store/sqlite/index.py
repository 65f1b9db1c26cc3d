"""Writing entries into the full-text index, the value lists and the term dictionary.

`INSERT` and `DELETE` here always stand in the transaction that changes the object itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from bulkwark.store.entries import Entry
from bulkwark.store.sqlite.engine import Session


def put(session: Session, tenant: int, entries: Sequence[tuple[int, Entry]]) -> None:
    """Add the entries of new objects (rid, entry)."""
    session.many("index.put_tokens", [(rid, " ".join(entry.tokens)) for rid, entry in entries])
    session.many(
        "index.put_value",
        # In key order, so that a load appends where it can.
        sorted(((tenant, field, value, rid) for rid, e in entries for field, value in e.values), key=_value_order),
    )
    _count(session, tenant, (entry for _, entry in entries), +1)


def drop(session: Session, tenant: int, entries: Sequence[tuple[int, Entry]]) -> None:
    """Take out the entries of objects that go or are about to change."""
    session.many("index.drop_tokens", [(rid,) for rid, _ in entries])
    session.many(
        "index.drop_value",
        sorted(((tenant, field, value, rid) for rid, e in entries for field, value in e.values), key=_value_order),
    )
    gone = _count(session, tenant, (entry for _, entry in entries), -1)
    session.many("index.drop_unused_term", [(tenant, field, term) for field, term in gone])


def _value_order(row: Sequence[Any]) -> tuple[int, bool, Any, int]:
    return row[1], isinstance(row[2], str), row[2], row[3]


def _count(session: Session, tenant: int, entries: Iterable[Entry], step: int) -> list[tuple[int, str]]:
    counts: Counter[tuple[int, str]] = Counter()
    for entry in entries:
        counts.update(entry.terms)
    session.many("index.count_term", [(tenant, field, term, n * step) for (field, term), n in sorted(counts.items())])
    return list(counts)
