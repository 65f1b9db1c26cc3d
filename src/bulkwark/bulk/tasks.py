"""Background actions that are done at once and still answer with a task: the task is recorded as a finished job."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import msgspec

from bulkwark.domain.tasks import Message, Target
from bulkwark.store import tasks
from bulkwark.store.dialect import Session
from bulkwark.store.tasks import Done
from bulkwark.store.tenants import Tenant

MOST_MESSAGES = 1_000  # kept of one task; the last one then says how many more there were


def record(
    session: Session,
    tenant: Tenant,
    *,
    name: str,
    kind: str,
    submitter: str,
    client: str,
    total: int,
    changed: int,
    failed: int,
    messages: Sequence[Message | str] = (),
    now: int,
    target: Target | None = None,
) -> str:
    """Record what was done in the same transaction. Answers the id of the task (a UUID).

    `name`: for people, `Delete 3 roles`; `kind`: the type of the task, such as ROLE_DELETION or
    CLOUD_GROUP_AGGREGATION (never that of a metadata job: ROLE, ENTITLEMENT, ACCESS_PROFILE). Of `total` objects
    `changed` were changed and `failed` refused, the others were as asked already. A message that is a string is an
    error. `now` in ms. `target`: the source of an aggregation.
    """
    said = [one if isinstance(one, Message) else Message(one) for one in messages]
    if len(said) > MOST_MESSAGES:
        more = len(said) - MOST_MESSAGES
        said = [*said[:MOST_MESSAGES], Message(f"and {more} more messages", "WARN", "more")]
    id = str(uuid4())
    tasks.record(
        session,
        tenant.number,
        Done(
            id=id,
            name=name,
            kind=kind,
            submitter=submitter,
            client=client,
            total=total,
            changed=changed,
            failed=failed,
            messages=msgspec.json.encode(said).decode(),
            target=None if target is None else msgspec.json.encode(target).decode(),
            now=now,
        ),
    )
    return id
