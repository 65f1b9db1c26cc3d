"""Many access profiles in one call: delete them, or say whether they can be requested."""

from __future__ import annotations

import msgspec

from bulkwark.api import answers, idempotency, references, source_rights, writing
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind, plain_id
from bulkwark.errors import Forbidden, Invalid
from bulkwark.store.dialect import Session
from bulkwark.store.objects import Stored

MOST_UPDATED = 1_000  # undocumented; a request of that size is answered within a second


class BulkDelete(msgspec.Struct):
    """Body of POST /access-profiles/bulk-delete."""

    accessProfileIds: list[str] = []
    bestEffortOnly: bool = False


def delete(call: Call) -> Answer:
    """POST /access-profiles/bulk-delete: 200 and nothing deleted when some are in use, else 202.

    With `bestEffortOnly` those that are in use stay and are reported; 200 only when all of them are.
    """
    body = call.json(BulkDelete)
    ids = writing.doomed(body.accessProfileIds, "/accessProfileIds", Kind.ACCESS_PROFILE)
    with call.services.store.write() as session:
        found = _require(call, session, ids)
        used = references.users(call.tenant, session, Kind.ACCESS_PROFILE, [one.rid for one in found.values()])
        in_use = [{"accessProfileId": id, "usedBy": used[one.rid]} for id, one in found.items() if one.rid in used]
        free = [id for id, one in found.items() if one.rid not in used]
        if not free or (in_use and not body.bestEffortOnly):
            return answers.ok({"pending": [], "inUse": in_use})
        for id in free:
            call.tenant.objects.delete(session, found[id])
        faults = [f"the access profile {one['accessProfileId']} is in use" for one in in_use]
        task = writing.record_deletion(
            call, session, "Delete access profiles", "ACCESS_PROFILE_DELETION", changed=len(free), faults=faults
        )
        answer = answers.ok({"taskId": task, "pending": free, "inUse": in_use}, 202)
        return idempotency.claim(call, session, answer)


class Requestable(msgspec.Struct):
    """One item of POST /access-profiles/bulk-update-requestable."""

    id: str
    requestable: bool


def update_requestable(call: Call) -> Answer:
    """POST /access-profiles/bulk-update-requestable: one answer for each item; what does not exist is a 404 there."""
    items = call.json(list[Requestable])
    if not items:
        raise Invalid("no access profile is named", where="body")
    if len(items) > MOST_UPDATED:
        raise Invalid(f"{len(items)} are named", where="body", hint=f"at most {MOST_UPDATED}")
    with call.services.store.write() as session:
        found = _known(call, session, [plain_id(item.id) for item in items])
        for item in items:
            old = found.get(plain_id(item.id))
            document = old.document() if old else {}
            if old is None or document.get("requestable") == item.requestable:
                continue
            modified = max(call.now, old.modified)
            call.tenant.objects.change(session, old, document | {"requestable": item.requestable}, modified=modified)
            changed = call.tenant.objects.by_rid(session, old.rid)
            assert changed is not None
            found[plain_id(item.id)] = changed
        answer = answers.ok([_outcome(item, known=plain_id(item.id) in found) for item in items], 207)
        return idempotency.claim(call, session, answer)


def _outcome(item: Requestable, *, known: bool) -> Document:
    said = (
        "Access profile is updated successfully."
        if known
        else f'Referenced Access profile with Id "{item.id}" was not found.'
    )
    outcome = {"id": item.id, "requestable": item.requestable, "status": "201" if known else "404"}
    return outcome | {"description": said}


def _require(call: Call, session: Session, ids: list[str]) -> dict[str, Stored]:
    """Id → access profile of all. Raises Invalid naming those that do not exist."""
    found = _known(call, session, ids)
    unknown = [id for id in ids if id not in found]
    if unknown:
        shown = ", ".join(repr(id) for id in unknown[: references.NAMED])
        hint = f"{len(unknown)} unknown"
        raise Invalid(f"there are no access profiles {shown}", where="/accessProfileIds", hint=hint, code="400.1.404")
    return found


def _known(call: Call, session: Session, ids: list[str]) -> dict[str, Stored]:
    """Id → access profile of those that exist. Raises Forbidden when a subadmin may not see one of them."""
    rids = call.tenant.objects.rids(session, Kind.ACCESS_PROFILE, ids)
    owner = source_rights.own_only(call.actor)
    found = {}
    for stored in call.tenant.objects.by_rids(session, list(rids.values())):
        document = stored.document()
        if not source_rights.may_profile(call, session, document, owner):
            raise Forbidden("some of the access profiles are not on sources of the caller")
        found[document["id"]] = stored
    return found
