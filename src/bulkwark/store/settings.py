"""What a tenant has set, each under a name."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from bulkwark.store.dialect import Session

T = TypeVar("T")


def get(session: Session, tenant: int, name: str, type: type[T]) -> T | None:
    """The setting as the given type; None when nothing was ever set."""
    text = session.value("settings.get", (tenant, name))
    return None if text is None else msgspec.json.decode(text, type=type)


def put(session: Session, tenant: int, name: str, value: Any, *, by: str, now: int) -> None:
    """Set it. `by`: an identity; `now` in ms."""
    session.run("settings.put", (tenant, name, msgspec.json.encode(value).decode(), now, by))
