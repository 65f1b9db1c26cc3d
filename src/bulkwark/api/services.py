"""What handlers work with; put together in `app.py`."""

from __future__ import annotations

from dataclasses import dataclass, field

from bulkwark.api.streams import Streams
from bulkwark.auth.limits import Limits
from bulkwark.auth.tokens import Tokens
from bulkwark.bulk.engine import Engine
from bulkwark.store.tenants import Store


@dataclass(frozen=True, slots=True)
class Services:
    store: Store
    engine: Engine
    tokens: Tokens
    limits: Limits
    streams: Streams = field(default_factory=Streams)
