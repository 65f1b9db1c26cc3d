"""The common access of a tenant: items, pages of them, and one chunk of a change to many."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from bulkwark.domain.common_access import Status, first_item, shown_access
from bulkwark.domain.documents import Document
from bulkwark.domain.jobs import Job, Relation
from bulkwark.domain.kinds import Kind, kind_of
from bulkwark.query.analysis import fold
from bulkwark.query.ast import Node
from bulkwark.query.fields import schema
from bulkwark.store import counters, jobs
from bulkwark.store.dialect import Session, rows

SCHEMA = schema(
    "common access", "keyword status access.id access.type access.name access.description\nbool reviewedByUser"
)
COLUMNS = {
    "status": ("status",),
    "reviewedByUser": ("reviewed",),
    "access.id": ("access_id",),
    "access.type": ("type",),
    "access.name": ("name",),
    "access.description": ("(SELECT description FROM common_access_shown s WHERE s.item = common_access.item)",),
}
SORTED = {"access.name": "name", "status": "status"}


@dataclass(frozen=True, slots=True)
class Item:
    """An item as it is stored; `access` is JSON, times are in ms."""

    number: int
    id: str
    access: str
    status: str  # lower case
    reviewed: int
    last: int | None
    by_user: int
    updated: int


# --- reading -------------------------------------------------------------------------------------------


def of_object(session: Session, rid: int) -> Item | None:
    """The item of a role or access profile."""
    row = session.one("common_access.of_object", (rid,))
    return Item(*row) if row else None


def find(session: Session, tenant: int, ids: Iterable[str]) -> dict[str, int]:
    """Id → number of those ids that exist."""
    return dict(session.rows("common_access.find", (tenant, json.dumps(list(ids)))))


def count(session: Session, tenant: int, root: Node) -> int:
    """How many items a checked filter matches."""
    where = rows.condition(root, COLUMNS)
    found = session.execute(
        f"SELECT count(*) FROM common_access WHERE tenant = ? AND {where.text}", (tenant, *where.params)
    )
    return int(next(iter(found))[0])


def page(
    session: Session, tenant: int, root: Node, order: Sequence[tuple[str, bool]], limit: int, offset: int
) -> list[Item]:
    """Items in order; the number breaks ties, in the direction of the last sorter."""
    where = rows.condition(root, COLUMNS)
    keys = [(SORTED[name], " DESC" if descending else "") for name, descending in order] or [("name", "")]
    by = ", ".join(f"{column}{direction}" for column, direction in [*keys, ("item", keys[-1][1])])
    found = session.execute(
        f"SELECT item FROM common_access WHERE tenant = ? AND {where.text} ORDER BY {by} LIMIT ? OFFSET ?",
        (tenant, *where.params, limit, offset),
    )
    return [Item(*row) for row in session.rows("common_access.by_items", (json.dumps([n for (n,) in found]),))]


# --- writing -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item to be added for the object `rid`. `reviewed`: in ms, when a user has given the status."""

    id: str
    rid: int
    status: Status
    reviewed: int | None
    by_user: bool
    now: int


def add(session: Session, tenant: int, found: Sequence[tuple[NewItem, Document]]) -> None:
    """Items for objects that have none; beside each the document of its object."""
    start = first_item(tenant) + counters.take(session, tenant, "common-access", len(found))
    added, shown = [], []
    for position, (new, document) in enumerate(found):
        item = start + position
        name, description, access = _shown(new.rid, document)
        state = (new.status.lower(), int(new.reviewed is not None), new.reviewed, int(new.by_user), new.now)
        of = (new.id, new.rid, document["id"], kind_of(new.rid).name.lower())
        added.append((item, tenant, *of, name, *state))
        shown.append((item, tenant, description, access))
    session.many("common_access.add", added)
    session.many("common_access.add_shown", shown)


def review(session: Session, item: Item, status: Status, now: int) -> None:
    """A user confirms or denies one item."""
    session.run("common_access.review", {"item": item.number, "status": status.lower(), "now": now})


def follow(session: Session, found: Iterable[tuple[int, Document]]) -> None:
    """Roles and access profiles have changed: (rid, document) of each."""
    names, shown = [], []
    for rid, document in found:
        if _can_have(rid):
            name, description, access = _shown(rid, document)
            names.append((name, rid))
            shown.append((description, access, rid))
    if names:
        session.many("common_access.rename", names)
        session.many("common_access.follow", shown)


def drop_of(session: Session, rid: int) -> None:
    """An object is deleted, and its item with it."""
    if _can_have(rid):
        session.run("common_access.drop_shown", (rid,))
        session.run("common_access.drop", (rid,))


def _can_have(rid: int) -> bool:
    return kind_of(rid) in (Kind.ROLE, Kind.ACCESS_PROFILE)


def _shown(rid: int, document: Document) -> tuple[str, str | None, str]:
    """Folded name, folded description, and what lists show."""
    description = document.get("description")
    access = msgspec.json.encode(shown_access(kind_of(rid), document)).decode()
    return fold(document["name"]), None if description is None else fold(description), access


# --- a change to many ----------------------------------------------------------------------------------


def freeze(session: Session, job: Job, wanted: str) -> None:
    """The targets of a job from the JSON {"confirmed": [numbers], "denied": [numbers]}."""
    session.run("common_access.freeze", (job.tenant, job.number, wanted))


def record(session: Session, job: Job, last: int, now: int) -> None:
    """Write an item for each target in (cursor, last]: what is wanted of it, or what the job's origin recorded."""
    span = (job.tenant, job.number, job.cursor, last)
    if job.relation is Relation.UNDO:
        session.run("common_access.record_undo", (*span, job.origin, job.options.force))
    elif job.relation is Relation.RUN:
        reviewed = None if jobs.takes_back(session, job) else now
        session.run("common_access.record_run", (*span, job.origin, reviewed))
    else:
        session.run("common_access.record", (*span, now))


def effect(session: Session, job: Job, last: int, now: int) -> None:
    """Carry out what was recorded of the targets in (cursor, last]."""
    session.run("common_access.effect", (job.tenant, job.number, job.cursor, last, now))
