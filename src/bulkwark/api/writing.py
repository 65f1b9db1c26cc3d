"""What families that write objects share: the end of a PATCH, and a deletion of many with its task."""

from __future__ import annotations

from collections.abc import Sequence

from bulkwark.api.calls import Call
from bulkwark.bulk import tasks
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind, plain_id
from bulkwark.domain.tasks import Target
from bulkwark.errors import Invalid
from bulkwark.store.dialect import Session
from bulkwark.store.objects import Stored
from bulkwark.store.references import rename

MOST_DELETED = 50  # ids of one call


def revise(call: Call, session: Session, old: Stored, before: Document, after: Document, found: Document) -> Stored:
    """Keep what a patch came to, with its name wherever documents repeat it. Answers the object as it is now.

    `after` is `before` with the operations; `found` the whole and valid document that this makes. A patch without an
    effect leaves the object as it was loaded.
    """
    if after != before and found != before:
        call.tenant.objects.change(session, old, found, modified=max(call.now, old.modified))
        if found["name"] != before["name"]:
            rename(call.tenant, session, old, found["name"])
    return reread(call, session, old.rid)


def reread(call: Call, session: Session, rid: int) -> Stored:
    """An object that this transaction has written."""
    stored = call.tenant.objects.by_rid(session, rid)
    assert stored is not None
    return stored


def doomed(given: Sequence[str], where: str, kind: Kind) -> list[str]:
    """The ids of a bulk delete, each once. Raises Invalid for none and for more than 50."""
    if not given:
        raise Invalid(f"no {kind.noun} is named", where=where)
    if len(given) > MOST_DELETED:
        # The words of the official example for roles.
        text = f"the {kind.noun}s count exceeded max limit of {MOST_DELETED} for {kind.noun}s bulk delete"
        raise Invalid(text, where=where)
    return list(dict.fromkeys(plain_id(id) for id in given))


def record_deletion(
    call: Call,
    session: Session,
    name: str,
    kind: str,
    *,
    changed: int,
    faults: Sequence[str] = (),
    target: Target | None = None,
) -> str:
    """The id of a task that says what the call has deleted in this transaction, and what not and why."""
    return tasks.record(
        session,
        call.tenant,
        name=name,
        kind=kind,
        submitter=call.actor.identity_id,
        client=call.actor.client_id,
        total=changed + len(faults),
        changed=changed,
        failed=len(faults),
        messages=faults,
        now=call.now,
        target=target,
    )
