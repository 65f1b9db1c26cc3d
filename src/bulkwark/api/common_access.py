"""Common access: list, create, and confirm or deny many at once."""

from __future__ import annotations

from typing import Any, Literal
from uuid import uuid4

import msgspec
from msgspec import UNSET, UnsetType

from bulkwark.api import answers, rows, submitting
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.bulk import common_access as common_access_jobs
from bulkwark.domain.common_access import TYPES, Status
from bulkwark.domain.common_access import UNSET as UNSET_TYPE
from bulkwark.domain.kinds import plain_id, uuid_id
from bulkwark.domain.times import iso_ms
from bulkwark.errors import Invalid
from bulkwark.store import common_access
from bulkwark.store.common_access import Item, NewItem
from bulkwark.store.dialect import Session
from bulkwark.store.objects import Stored

# The official operators, and `in` wherever `eq` is.
FILTERS = {
    "status": frozenset({"eq", "in", "sw"}),
    "reviewedByUser": frozenset({"eq"}),
    "access.id": frozenset({"eq", "in", "sw"}),
    "access.type": frozenset({"eq", "in"}),
    "access.name": frozenset({"eq", "in", "sw"}),
    "access.description": frozenset({"eq", "in", "sw"}),
}
SORTERS = ("access.name", "status")
NAMED = 20  # ids that a refusal names


def list_items(call: Call) -> Answer:
    """GET /common-access: by name unless sorters say otherwise."""
    limit, offset = call.number("limit", 250, most=250), call.number("offset", 0)
    order = rows.sorters(call, SORTERS)
    root = rows.root(call, common_access.SCHEMA, FILTERS, forms={"access.id": lambda id: id.replace("-", "")})
    session = call.read()
    headers = {}
    if call.flag("count"):
        headers["X-Total-Count"] = str(common_access.count(session, call.tenant.number, root))
    found = common_access.page(session, call.tenant.number, root, order, limit, offset)
    return answers.text(f"[{','.join(_text(item) for item in found)}]", headers=headers)


def _text(item: Item) -> str:
    """CommonAccessResponse. Texts are joined: the access stands in the store as it is shown."""
    last = f'"{iso_ms(item.last)}"' if item.last is not None else "null"
    return (
        f'{{"id":"{item.id}","access":{item.access},"status":"{item.status.upper()}","commonAccessType":"{UNSET_TYPE}",'
        f'"lastUpdated":"{iso_ms(item.updated)}","reviewedByUser":{_bool(item.reviewed)},"lastReviewed":{last},'
        f'"createdByUser":{_bool(item.by_user)}}}'
    )


def _bool(value: int) -> str:
    return "true" if value else "false"


# --- create --------------------------------------------------------------------------------------------


class AccessBody(msgspec.Struct):
    """The role or access profile; all but `id` and `type` is taken from the object itself."""

    id: str
    type: Literal["ROLE", "ACCESS_PROFILE"] | UnsetType = UNSET
    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    ownerName: str | UnsetType = UNSET
    ownerId: str | UnsetType = UNSET


class ItemBody(msgspec.Struct):
    """Body of POST /common-access."""

    access: AccessBody
    status: Status | UnsetType = UNSET


def create(call: Call) -> Answer:
    """POST /common-access: the object's item, made when it has none. A status that is given counts as a review.

    Raises Invalid when there is no such role or access profile.
    """
    body = call.json(ItemBody)
    given = None if body.status is UNSET else body.status
    with call.services.store.write() as session:
        stored = _need(call, session, body.access)
        item = common_access.of_object(session, stored.rid)
        if item is None:
            new = NewItem(
                id=str(uuid4()),
                rid=stored.rid,
                status=given or Status.CONFIRMED,
                reviewed=call.now if given and not call.actor.application else None,
                by_user=not call.actor.application,
                now=call.now,
            )
            common_access.add(session, call.tenant.number, [(new, stored.document())])
        elif given:
            common_access.review(session, item, given, call.now)
        item = common_access.of_object(session, stored.rid)
        assert item is not None
        return answers.ok(_created(item), 202)


def _created(item: Item) -> dict[str, Any]:
    """CommonAccessItemResponse: `lastReviewed` is not nullable in it, and `createdByUser` is a string."""
    found: dict[str, Any] = msgspec.json.decode(_text(item))
    found["createdByUser"] = _bool(item.by_user)
    del found["commonAccessType"]
    if found["lastReviewed"] is None:
        del found["lastReviewed"]
    return found


def _need(call: Call, session: Session, access: AccessBody) -> Stored:
    kinds = list(TYPES.values()) if access.type is UNSET else [TYPES[access.type]]
    for kind in kinds:
        stored = call.tenant.objects.get(session, kind, plain_id(access.id))
        if stored is not None:
            return stored
    nouns = " or ".join(kind.noun for kind in kinds)
    raise Invalid(f"there is no {nouns} {access.id!r}", where="/access/id", code="400.1.404")


# --- many at once --------------------------------------------------------------------------------------


class StatusItem(msgspec.Struct, forbid_unknown_fields=True):
    """One element of the body of POST /common-access/update-status. A misspelt member would change nothing silently."""

    confirmedIds: list[str] = []
    deniedIds: list[str] = []


def update_status(call: Call) -> Answer:
    """POST /common-access/update-status: accepted as one job; of an id named in several elements the last counts.

    Raises Invalid, and then nothing is changed, for ids that do not exist and for an id that one element both
    confirms and denies.
    """
    body = call.strict(list[StatusItem])
    if not any(element.confirmedIds or element.deniedIds for element in body):
        raise Invalid("no id is named", where="body", hint='[{"confirmedIds": ["…"], "deniedIds": ["…"]}]')
    numbers = _numbers(call, body)
    wanted: dict[int, bool] = {}
    for position, element in enumerate(body):
        confirmed = dict.fromkeys((numbers[id] for id in element.confirmedIds), True)
        both = [id for id in element.deniedIds if numbers[id] in confirmed]
        if both:
            raise Invalid(f"confirmed and denied at once: {_named(both)}", where=f"/{position}")
        wanted |= confirmed
        wanted.update((numbers[id], False) for id in element.deniedIds)
    return submitting.submit(
        call,
        type=common_access_jobs.TYPE,
        operation=common_access_jobs.NAME,
        spec="{}",
        selector=common_access_jobs.encode(wanted),
        answer=lambda job: answers.ok({}, 202, headers={"X-Bulkwark-Job": job.id}),
    )


def _numbers(call: Call, body: list[StatusItem]) -> dict[str, int]:
    """Id as given → number of its item. Raises Invalid naming those that do not exist."""
    given = dict.fromkeys(id for element in body for id in (*element.confirmedIds, *element.deniedIds))
    session = call.read()
    found = common_access.find(session, call.tenant.number, given)
    if len(found) < len(given):
        # Another spelling of a UUID (upper case, no hyphens) is rare enough for a second look.
        other = {id: uuid_id(id) for id in given if id not in found}
        known = common_access.find(session, call.tenant.number, other.values())
        found |= {id: known[form] for id, form in other.items() if form in known}
        unknown = [id for id in other if id not in found]
        if unknown:
            raise Invalid(
                f"there is no common access {_named(unknown)}",
                where="body",
                hint=f"{len(unknown)} unknown",
                code="400.1.404",
            )
    return found


def _named(ids: list[str]) -> str:
    return ", ".join(repr(id) for id in ids[:NAMED])
