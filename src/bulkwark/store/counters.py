"""Numbers that are given out once and never again, even when what had them is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bulkwark.store.dialect import Session

SERVER = 0  # the `tenant` of counters that all tenants share


def take(session: Session, tenant: int, name: str, how_many: int = 1) -> int:
    """The first of `how_many` fresh numbers (from 1)."""
    last = session.value("counters.add", (tenant, name, how_many))
    assert isinstance(last, int)
    return last - how_many + 1


def current(session: Session, tenant: int, name: str) -> int:
    """The last number given out; 0 before the first."""
    return int(session.value("counters.current", (tenant, name)) or 0)
