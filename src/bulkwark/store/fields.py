"""The numbers of indexed fields: each belongs to one tenant and one kind, and never changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bulkwark.domain.kinds import Kind
from bulkwark.store import counters
from bulkwark.store.entries import ALL, FOLDED
from bulkwark.store.indexes import BY_KIND, home

if TYPE_CHECKING:
    from bulkwark.store.dialect import Session


class FieldNumbers:
    """Path → number, remembered for the life of the process."""

    def __init__(self, tenant: int) -> None:
        self.tenant = tenant
        self._known: dict[tuple[int, str], int] = {}

    def find(self, session: Session, kind: Kind, path: str) -> int | None:
        """The number, or None when no object of the kind ever had the field."""
        found = self._known.get((kind, path))
        if found is None:
            owner, inner = home(kind, path)
            found = session.value("fields.find", (self.tenant, int(owner), inner))
            if found is not None:
                self._known[kind, path] = found
        return found

    def need(self, session: Session, kind: Kind, path: str) -> int:
        """The number, made in this write transaction when missing."""
        found = self.find(session, kind, path)
        if found is None:
            # One counter for all tenants: the full-text tokens of two companies must never be the same.
            found = counters.take(session, counters.SERVER, "field")
            owner, inner = home(kind, path)
            session.run("fields.add", (self.tenant, int(owner), inner, found))
        return found

    def forget(self) -> None:
        """Read everything anew: a transaction that may have made numbers was rolled back."""
        self._known.clear()

    def below(self, session: Session, kind: Kind, prefix: str) -> list[tuple[str, int]]:
        """(path, number) of every field in use below an object path."""
        return [
            (path, number)
            for k, path, number in session.rows("fields.all", (self.tenant,))
            if k == kind and path.startswith(prefix + ".") and not path.endswith(FOLDED)
        ]


def declare(session: Session, tenant: int) -> None:
    """Give every declared field of a tenant its number; only open maps add numbers later."""
    numbers = FieldNumbers(tenant)
    for kind, path in _declared():
        numbers.need(session, kind, path)


def undeclared(session: Session, tenant: int) -> bool:
    """Whether a declared field of a tenant has no number: an older program made the tenant."""
    known = {(kind, path) for kind, path, _ in session.rows("fields.all", (tenant,))}
    return any(field not in known for field in _declared())


def _declared() -> Iterator[tuple[Kind, str]]:
    for kind, index in BY_KIND.items():
        own = [f.path for f in index.schema.fields.values() if not f.nested]
        for path in [ALL, *own, *index.schema.nested, *(f + FOLDED for f in index.folded)]:
            yield kind, path
