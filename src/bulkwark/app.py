"""The one place where concrete things meet: settings → store → engine → routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bulkwark.api.dispatch import Api, Message, Receive, Send
from bulkwark.api.services import Services
from bulkwark.auth.limits import Limits
from bulkwark.auth.tokens import Tokens
from bulkwark.bulk import common_access, entitlement_patches, metadata, upload_specs, uploads
from bulkwark.bulk.common_access import CommonAccessOperation
from bulkwark.bulk.engine import Engine, now_ms
from bulkwark.bulk.entitlement_patches import PatchOperation
from bulkwark.bulk.freezing import Operation
from bulkwark.bulk.metadata import MetadataOperation
from bulkwark.bulk.non_employee_uploads import NonEmployeeUploadOperation
from bulkwark.bulk.non_employees import LifeCycle
from bulkwark.bulk.uploads import Uploads
from bulkwark.domain import non_employees
from bulkwark.query.requests import DEFAULT, Options
from bulkwark.settings import DEFAULT_TENANT, Settings
from bulkwark.store.tenants import Store, open_store


class App:
    """The whole product as an ASGI application; `start` and `stop` are its life span."""

    def __init__(
        self,
        settings: Settings,
        *,
        on_ready: Callable[[], None] | None = None,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self.settings = settings
        self.life_cycle: LifeCycle | None = None
        self.services: Services | None = None
        self._api: Api | None = None
        self._on_ready = on_ready
        self._clock = clock

    def start(self) -> Services:
        """Open the store, resume unfinished jobs, be ready to answer."""
        limits = Limits(self.settings.rate_limit)
        of_people = non_employees.limits(self.settings.non_employee_limits)
        store = open_store(self.settings.data_dir)
        store.need_tenant(DEFAULT_TENANT)
        asked = Options(self.settings.query_mode, self.settings.word_split, self.settings.precedence)
        self.services = services(store, limits, of_people, self._clock, asked)
        self.life_cycle = LifeCycle(store, of_people, self._clock)
        self._api = Api(self.services)
        self.services.uploads.start()
        self.services.engine.start()
        self.life_cycle.start()
        if self._on_ready:
            self._on_ready()
        return self.services

    def leave(self) -> None:
        """Let streams of events end: they would keep a server that stops waiting for their clients."""
        if self.services is not None:
            self.services.streams.end()

    def stop(self) -> None:
        """Let running requests and the running chunk end, then close the store."""
        if self._api is not None:
            self._api.close()
        if self.life_cycle is not None:
            self.life_cycle.stop()
        if self.services is not None:
            self.services.streams.close()
            self.services.uploads.stop()
            self.services.engine.stop()
            self.services.store.close()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            assert self._api is not None, "the application was not started"
            await self._api(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message: Any = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    self.start()
                except Exception as error:
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    raise
                await send({"type": "lifespan.startup.complete"})
            else:
                self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


def services(
    store: Store,
    limits: Limits,
    of_people: non_employees.Limits = non_employees.DEFAULTS,
    clock: Callable[[], int] = now_ms,
    options: Options = DEFAULT,
) -> Services:
    """What handlers work with, on an opened store."""
    operations: dict[str, Operation] = {
        metadata.NAME: MetadataOperation(),
        common_access.NAME: CommonAccessOperation(),
        upload_specs.NAME: NonEmployeeUploadOperation(store.database.path.parent / uploads.FOLDER, of_people),
        entitlement_patches.NAME: PatchOperation(),
    }
    engine = Engine(store, operations)
    files = Uploads(store, engine, of_people, clock)
    return Services(store, engine, Tokens(store), limits, files, of_people, clock, options)
