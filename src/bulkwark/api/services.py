"""What handlers work with; put together in `app.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bulkwark.api.streams import Streams
from bulkwark.auth.limits import Limits
from bulkwark.auth.tokens import Tokens
from bulkwark.bulk.engine import Engine, now_ms
from bulkwark.bulk.uploads import Uploads
from bulkwark.domain import non_employees
from bulkwark.query.requests import DEFAULT, Options
from bulkwark.store.dialect import Traffic
from bulkwark.store.tenants import Store


@dataclass(frozen=True, slots=True)
class Services:
    store: Store
    engine: Engine
    tokens: Tokens
    limits: Limits
    uploads: Uploads
    non_employees: non_employees.Limits = non_employees.DEFAULTS
    clock: Callable[[], int] = now_ms  # ms since 1970 UTC
    options: Options = DEFAULT  # how queries are read
    streams: Streams = field(default_factory=Streams)

    @property
    def traffic(self) -> Traffic:
        """How many calls come: what is large and can wait gives way to them."""
        return self.store.database.traffic
