"""Events: what happened, as documents of the index `events`. They are only ever added.

Shape: the official EventDocument. One for each single edit and each job; the objects of a job stand in its item log.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from secrets import token_hex

from msgspec import Struct

from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind
from bulkwark.domain.times import iso_ms
from bulkwark.store.dialect import Session
from bulkwark.store.objects import New
from bulkwark.store.tenants import Tenant

STACK = "bulkwark"
SYSTEM = "System"  # the actor of what the server does by itself


class Event(Struct, frozen=True):
    """Something that happened. `operation` and `object` are words in capitals: `CREATE` and `NON_EMPLOYEE`."""

    type: str  # family of events: NON_EMPLOYEE
    object: str
    operation: str
    target: str  # name of what it happened to
    actor: str = SYSTEM  # name of who did it
    status: str = "PASSED"
    group: str = ""  # id that the events of one call or job share; its own when there is none
    attributes: dict[str, str] = {}


def append(session: Session, tenant: Tenant, found: Sequence[Event], now: int) -> None:
    """Add events in the transaction of what they tell of. `now` in ms."""
    if found:
        documents = [document(event, _id(now), iso_ms(now)) for event in found]
        tenant.objects.add(session, Kind.EVENT, [New(one, now) for one in documents])


_numbers = count()


def _id(now: int) -> str:
    """32 hex that follow time: events of one millisecond keep their order too."""
    return f"{now:012x}{next(_numbers) % 16**6:06x}{token_hex(7)}"


def moment(ms: int) -> str:
    """A moment as the attributes of an event show it."""
    return iso_ms(ms)


def document(event: Event, id: str, created: str) -> Document:
    """EventDocument.

    >>> document(Event("NON_EMPLOYEE", "NON_EMPLOYEE", "CREATE", "ann"), "e" * 32, "")["name"]
    'Create Non Employee Passed'
    """
    words = [event.operation, event.object, event.status]
    return {
        "id": id,
        "name": " ".join(words).replace("_", " ").title(),
        "action": " ".join(words[:2]).replace("_", " ").title().replace(" ", ""),
        "type": event.type,
        "created": created,
        "actor": {"name": event.actor},
        "target": {"name": event.target},
        "stack": STACK,
        "trackingNumber": event.group or id,
        "attributes": event.attributes,
        "objects": [event.object],
        "operation": event.operation,
        "status": event.status,
        "technicalName": f"{event.object}_{event.operation}_{event.status}",
    }
