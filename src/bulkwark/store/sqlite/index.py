"""Writing entries into the full-text index, the value lists and the term dictionary.

`INSERT` and `DELETE` here always stand in the transaction that changes the object itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from bulkwark.store.entries import Entry
from bulkwark.store.sqlite.engine import Session

Value = str | int | float


def put(session: Session, tenant: int, entries: Iterable[tuple[int, Entry]]) -> None:
    """Add the entries of new objects (rid, entry)."""
    found = _Rows(entries)
    session.many("index.put_tokens", found.tokens)
    session.many("index.put_value", found.values(tenant))
    session.many("index.count_term", found.terms(tenant, +1))


def drop(session: Session, tenant: int, entries: Iterable[tuple[int, Entry]]) -> None:
    """Take out the entries of objects that go or are about to change."""
    found = _Rows(entries)
    session.many("index.drop_tokens", [(rid,) for rid, _ in found.tokens])
    session.many("index.drop_value", found.values(tenant))
    session.many("index.count_term", found.terms(tenant, -1))
    session.many("index.drop_unused_term", [(tenant, field, term) for field, term in found.counts])


def move(
    session: Session,
    tenant: int,
    tokens: Iterable[tuple[int, str]],
    gone: Iterable[tuple[int, Entry]],
    come: Iterable[tuple[int, Entry]],
) -> None:
    """Replace the full-text rows (rid, all tokens), and what else changed objects had and now have."""
    fresh = list(tokens)
    session.many("index.drop_tokens", [(rid,) for rid, _ in fresh])
    session.many("index.put_tokens", fresh)
    before, after = _Rows(gone), _Rows(come)
    session.many("index.drop_value", before.values(tenant))
    session.many("index.put_value", after.values(tenant))
    session.many("index.count_term", after.terms(tenant, +1))
    session.many("index.count_term", before.terms(tenant, -1))
    session.many("index.drop_unused_term", [(tenant, field, term) for field, term in before.counts])


class _Rows:
    """The rows of many entries. Entries are taken one by one and let go: a load would else hold a whole batch."""

    def __init__(self, entries: Iterable[tuple[int, Entry]]) -> None:
        self.tokens: list[tuple[int, str]] = []
        self.counts: Counter[tuple[int, str]] = Counter()
        self._fields: dict[int, list[tuple[Value, int]]] = {}
        for rid, entry in entries:
            self.tokens.append((rid, " ".join(entry.tokens)))
            self.counts.update(entry.terms)
            for field, value in entry.values:
                self._fields.setdefault(field, []).append((value, rid))

    def values(self, tenant: int) -> Iterator[tuple[int, int, Value, int]]:
        """The whole values in key order, so that a load appends where it can."""
        for field in sorted(self._fields):
            found = self._fields[field]
            try:
                found.sort()
            except TypeError:  # numbers and strings in one field: numbers come first, as in SQLite
                found.sort(key=lambda pair: (isinstance(pair[0], str), *pair))
            for value, rid in found:
                yield tenant, field, value, rid

    def terms(self, tenant: int, step: int) -> Iterator[tuple[int, int, str, int]]:
        """In how many documents more (or fewer) each term stands now."""
        for (field, term), count in sorted(self.counts.items()):
            yield tenant, field, term, count * step
