"""Calls of handlers as functions on a real store: no server, no thread, but the checks that the dispatcher makes."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from bulkwark.api import clients, tokens
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.api.operations import OPERATIONS
from bulkwark.api.routing import Route
from bulkwark.api.services import Services
from bulkwark.auth.credentials import Made, create_token
from bulkwark.auth.limits import Limits
from bulkwark.auth.tokens import Tokens
from bulkwark.bulk.engine import Engine
from bulkwark.bulk.uploads import Uploads
from bulkwark.store.tenants import Store

NOW = 1_726_513_146_871  # 2024-09-16T18:59:06.871Z
MODULES = {"tokens": tokens, "clients": clients}


class Clock:
    """Seconds since 1970, for both clocks of `Tokens`."""

    now = NOW / 1000

    def __call__(self) -> float:
        return self.now


class House:
    """A store with one tenant, and those who live there."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.tenant = store.need_tenant("default")
        self.clock = Clock()
        self.tokens = Tokens(store, clock=self.clock, steady=self.clock)
        self._services = Services(store, cast(Engine, None), self.tokens, Limits("off"), cast(Uploads, None))
        self._names = 0

    @property
    def now(self) -> int:
        return int(self.clock.now * 1000)

    def caller(self, alias: str = "admin", *, level: str = "ORG_ADMIN", scopes: list[str] | None = None) -> Caller:
        """Someone with a fresh personal access token; level '' is an ordinary user."""
        self._names += 1
        levels = [level] if level else []
        made = create_token(
            self.store,
            self.tenant,
            name=f"caller {self._names}",
            identity_alias=alias,
            levels=levels,
            scopes=scopes,
            now=self.now,
        )
        return Caller(self, made.credential.id, made.secret, made)


class Caller:
    """Who calls, with an access token that is verified at each call."""

    def __init__(self, house: House, id: str, secret: str, made: Made | None = None) -> None:
        self.house = house
        self.id = id
        self.token = house.tokens.issue(id, secret)["access_token"]
        self.identity = made.credential.identity if made else ""

    def ask(self, handler: str, body: object = None, *, id: str = "", version: str = "v2025", **query: str) -> Answer:
        """The handler's answer; errors are raised. `owner_id` stands for `owner-id`."""
        operation = next(o for o in OPERATIONS if o.handler == handler)
        actor = self.house.tokens.verify(self.token)
        actor.require(operation.scopes, operation.levels, application=operation.application)
        call = Call(
            self.house._services,
            Route(operation, version, {"id": id}),
            actor,
            self.house.tenant,
            {name.replace("_", "-"): value for name, value in query.items()},
            {"content-type": "application/json"},
            b"" if body is None else body if isinstance(body, bytes) else msgspec.json.encode(body),
            self.house.now,
        )
        module, _, name = handler.partition(".")
        answer = getattr(MODULES[module], name)(call)
        assert isinstance(answer, Answer)
        assert answer.status == operation.success
        return answer

    def get(self, handler: str, body: object = None, **more: Any) -> Any:
        """The decoded body."""
        return msgspec.json.decode(self.ask(handler, body, **more).body)


def replace(path: str, value: object) -> list[dict[str, Any]]:
    return [{"op": "replace", "path": path, "value": value}]
