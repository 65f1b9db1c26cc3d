"""Who may call: the checks that every request passes before anything of it is looked at, in their order."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bulkwark.api.operations import Operation
from bulkwark.api.operations.shape import OURS
from bulkwark.auth.actors import Actor
from bulkwark.errors import Unauthenticated

if TYPE_CHECKING:
    from bulkwark.api.services import Services
    from bulkwark.store.tenants import Tenant


def admit(services: Services, operation: Operation, version: str, token: str) -> tuple[Actor, Tenant]:
    """The caller and his tenant. Raises Unauthenticated (401), TooMany (429), Forbidden (403), in this order."""
    actor = services.tokens.verify(token)
    tenant = services.store.tenant(actor.tenant)
    if tenant is None:
        raise Unauthenticated(f"the tenant {actor.tenant!r} is gone")
    # What is ours is no version of ISC: watching a job takes nothing from what a script may ask of `v1`.
    window = OURS if operation.path.startswith(OURS) else version
    services.limits.check(actor.client_id, window, time.monotonic())
    actor.require(operation.scopes, operation.levels, application=operation.application)
    return actor, tenant
