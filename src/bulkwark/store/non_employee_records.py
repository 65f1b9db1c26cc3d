"""Records of non-employee sources, each with the identity and the account that it makes.

A record has the number of its identity. All functions that write keep both in step, in the caller's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import msgspec

from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind, new_id, plain_id
from bulkwark.domain.non_employees import Cells, Person, Phase, Record, data_of, identity, phase_at, without_account
from bulkwark.query.analysis import fold
from bulkwark.store.changes import change_many
from bulkwark.store.dialect import Row, Session
from bulkwark.store.non_employee_sources import Source
from bulkwark.store.non_employee_spelling import Spelling, insert, numbers
from bulkwark.store.tenants import Tenant

# Where documents and records name an identity by its id, by the kind that does so.
_REFERRING = {
    Kind.ROLE: ("owner.id", "additionalOwners.id"),
    Kind.ACCESS_PROFILE: ("owner.id", "additionalOwners.id"),
    Kind.ENTITLEMENT: ("owner.id", "additionalOwners.id"),
    Kind.SOURCE: ("owner.id",),
    Kind.DIMENSION: ("owner.id",),
    Kind.IDENTITY: ("manager.id",),
}
# Names of lists on the wire → columns; the number breaks ties. Text is ordered as it is folded.
SORTED = {
    "id": "(SELECT id FROM object o WHERE o.rid = ne_record.rid)",
    "accountName": "key",
    "sourceId": "source",
    "manager": "lower(manager)",
    "firstName": "lower(first)",
    "lastName": "lower(last)",
    "email": "lower(email)",
    "phone": "phone",
    "startDate": "starts",
    "endDate": "ends",
    "created": "created",
    "modified": "modified",
}


class Outcome(Enum):
    """What became of a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Applied:
    """A row that was applied: `before` is None for a new record."""

    rid: int
    outcome: Outcome
    before: Cells | None


def _record(row: Row) -> Record:
    rid, source, account, first, last, email, phone, manager, starts, ends, data, phase, due, created, modified = row
    cells = Cells(account, first, last, email, phone, manager, starts, ends, data)
    return Record(rid, source, cells, Phase(phase), due, created, modified)


# --- reading -------------------------------------------------------------------------------------------


def get(session: Session, tenant: Tenant, id: str) -> Record | None:
    """By the id of the record, which is that of its identity; with or without hyphens."""
    rid = tenant.objects.rids(session, Kind.IDENTITY, [plain_id(id)]).get(plain_id(id))
    found = by_rids(session, [rid]) if rid is not None else []
    return found[0] if found else None


def by_rids(session: Session, rids: Iterable[int]) -> list[Record]:
    """Those that exist, in the order of their numbers here."""
    return [_record(row) for row in session.rows("non_employee_records.by_rids", (json.dumps(list(rids)),))]


def by_accounts(session: Session, tenant: int, source: int, names: Iterable[str]) -> dict[str, Record]:
    """Folded account name → record, for those names that a source has; case does not count."""
    keys = json.dumps([fold(name) for name in names])
    return {
        key: _record(tuple(row)) for key, *row in session.rows("non_employee_records.by_keys", (tenant, source, keys))
    }


def count(session: Session, tenant: int, source: int) -> int:
    return int(session.value("non_employee_records.count", (tenant, source)))


def page(
    session: Session,
    tenant: int,
    sources: Sequence[int],
    order: Sequence[tuple[str, bool]],
    limit: int,
    offset: int,
) -> list[Record]:
    """Records of the sources in order; by account name unless `order` (name, descending) says otherwise."""
    keys = [(SORTED[name], " DESC" if descending else "") for name, descending in order] or [("key", "")]
    by = ", ".join(f"{column}{direction}" for column, direction in [*keys, ("rid", keys[-1][1])])
    found = session.execute(
        "SELECT rid FROM ne_record WHERE tenant = ? AND source IN (SELECT value FROM json_each(?)) "
        f"ORDER BY {by} LIMIT ? OFFSET ?",
        (tenant, json.dumps(list(sources)), limit, offset),
    )
    return by_rids(session, [rid for (rid,) in found])


def in_order(session: Session, tenant: int, source: int, piece: int) -> Iterator[list[Cells]]:
    """All records of a source by account name, in pieces; for exports, on a snapshot."""
    key = ""
    while rows := list(session.rows("non_employee_records.after", (tenant, source, key, piece))):
        key = rows[-1][0]
        yield [Cells(*row[1:]) for row in rows]


def some(session: Session, tenant: int, source: int, most: int) -> list[int]:
    """Rids of any records of a source."""
    return [rid for (rid,) in session.rows("non_employee_records.some", (tenant, source, most))]


def holding(session: Session, tenant: int, source: int, attribute: str, most: int) -> list[int]:
    """Rids of records of a source that have a value of a custom attribute."""
    path = f'$."{attribute}"'
    return [rid for (rid,) in session.rows("non_employee_records.holding", (tenant, source, path, most))]


def expiring(
    session: Session, tenant: int, sources: Sequence[int], until: int, limit: int, offset: int
) -> tuple[int, list[Record]]:
    """How many records end before a moment and have not ended, and a page of them, the next to end first."""
    wanted = (until, tenant, json.dumps(list(sources)))
    rids = [rid for (rid,) in session.rows("non_employee_records.expiring", (*wanted, limit, offset))]
    return int(session.value("non_employee_records.count_expiring", wanted)), by_rids(session, rids)


def due(session: Session, now: int, most: int) -> list[Record]:
    """Records of all tenants whose life cycle must move."""
    return by_rids(session, [rid for (rid,) in session.rows("non_employee_records.due", (now, most))])


def managers(
    session: Session, tenant: Tenant, names: Iterable[str], *, end: int | None = None
) -> dict[str, Person | None]:
    """What `manager` names → the identity with that alias (case does not count) or id.

    None: several identities have the alias. A name that nobody has is left out. Those with rids from `end` on do not
    count.
    """
    wanted = list(dict.fromkeys(names))
    objects = tenant.objects
    by_alias: dict[str, set[int]] = {}
    for value, rid in objects.with_value(session, Kind.IDENTITY, "alias~", {fold(name) for name in wanted}):
        if end is None or rid < end:
            by_alias.setdefault(value, set()).add(rid)
    found_ids = objects.rids(session, Kind.IDENTITY, {plain_id(name) for name in wanted})
    by_id = {id: rid for id, rid in found_ids.items() if end is None or rid < end}
    chosen = {name: by_alias.get(fold(name)) or {by_id.get(plain_id(name), 0)} - {0} for name in wanted}
    rids = sorted({rid for found in chosen.values() for rid in found if len(found) == 1})
    people = {stored.rid: _person(stored.document()) for stored in objects.by_rids(session, rids)}
    return {name: people[min(found)] if len(found) == 1 else None for name, found in chosen.items() if found}


def _person(document: Document) -> Person:
    return Person(document["id"], document.get("alias") or document["id"], document.get("name") or "")


# --- writing -------------------------------------------------------------------------------------------


def apply_records(
    session: Session,
    tenant: Tenant,
    source: Source,
    rows: Sequence[tuple[Cells, Person]],
    *,
    now: int,
    warning: int,
) -> list[Applied]:
    """Create records, or change those that have the account name already; an outcome for each row, in order.

    `cells.manager` is the alias of the person beside it; no account name stands twice in one call, case aside.
    `warning`: how long before its end a record expires soon, ms. Unchanged records are not touched.
    """
    old = by_accounts(session, tenant.number, source.number, (cells.account for cells, _ in rows))
    new = [(cells, person) for cells, person in rows if fold(cells.account) not in old]
    rids = iter(_create(session, tenant, source, new, now, warning) if new else ())
    changed: list[tuple[Record, Cells, Person]] = []
    found: list[Applied] = []
    for cells, person in rows:
        record = old.get(fold(cells.account))
        if record is None:
            found.append(Applied(next(rids), Outcome.CREATED, None))
        elif record.cells == cells:
            found.append(Applied(record.rid, Outcome.UNCHANGED, cells))
        else:
            found.append(Applied(record.rid, Outcome.UPDATED, record.cells))
            changed.append((record, cells, person))
    if changed:
        change(session, tenant, source, changed, now=now, warning=warning)
    return found


def create(
    session: Session,
    tenant: Tenant,
    source: Source,
    rows: Sequence[tuple[str, Cells, Person]],
    *,
    now: int,
    warning: int,
) -> list[int]:
    """New records (id, values, manager) and their identities, whose account names are free; answers their rids."""
    custom = {name for _, cells, _ in rows for name in data_of(cells.data)}
    spelling = Spelling(source.document, tenant.name, numbers(session, tenant, custom))
    spelled = spelling.spell(rows, now=now, warning=warning)
    return insert(session, tenant.number, source.number, spelled, now)


def _create(
    session: Session, tenant: Tenant, source: Source, rows: Sequence[tuple[Cells, Person]], now: int, warning: int
) -> list[int]:
    """The same with fresh ids."""
    named = [(new_id(), cells, person) for cells, person in rows]
    return create(session, tenant, source, named, now=now, warning=warning)


def change(
    session: Session,
    tenant: Tenant,
    source: Source,
    found: Sequence[tuple[Record, Cells, Person | None]],
    *,
    now: int,
    warning: int,
) -> None:
    """Give records of a source other values. Without a person the identity keeps the manager that it has."""
    stored = {one.rid: one for one in tenant.objects.by_rids(session, [record.rid for record, *_ in found])}
    rows, documents = [], []
    for record, cells, person in found:
        phase, due = phase_at(cells.starts, cells.ends, now, warning)
        old = stored[record.rid]
        before = old.document()
        manager = person or _manager_of(before, record.cells.manager)
        after = identity(before["id"], cells, manager, source.document, phase, before["created"])
        documents.append((old, before | after))
        rows.append((fold(cells.account), *_values(cells), int(phase), due, now, record.rid))
    change_many(session, tenant.objects, Kind.IDENTITY, documents, now)
    session.many("non_employee_records.change", rows)


def _manager_of(identity: Document, alias: str) -> Person | None:
    found = identity.get("managerRef")
    return Person(found["id"], alias, found.get("name") or "") if found else None


def _values(cells: Cells) -> tuple[str | int, ...]:
    return msgspec.structs.astuple(cells)


def move(session: Session, tenant: Tenant, source: Source, found: Sequence[Record], now: int, warning: int) -> None:
    """Bring records to the phase that the moment gives them, and their identities with them."""
    rows, turned = [], []
    for record in found:
        phase, due = phase_at(record.cells.starts, record.cells.ends, now, warning)
        rows.append((int(phase), due, record.rid))
        if phase.state != record.phase.state:
            turned.append((record, phase))
    stored = {one.rid: one for one in tenant.objects.by_rids(session, [record.rid for record, _ in turned])}
    documents = []
    for record, phase in turned:
        old = stored[record.rid]
        before = old.document()
        manager = _manager_of(before, record.cells.manager)
        after = identity(before["id"], record.cells, manager, source.document, phase, before["created"])
        documents.append((old, before | after))
    if documents:
        change_many(session, tenant.objects, Kind.IDENTITY, documents, now)
    session.many("non_employee_records.move", rows)


def delete(session: Session, tenant: Tenant, records: Sequence[Record], now: int) -> None:
    """Delete records. An identity that others still refer to, or that has credentials, stays without the account.

    So does one that has a part in a source: its approvers and account managers are named by their ids.
    """
    stored = tenant.objects.by_rids(session, [record.rid for record in records])
    ids = {one.rid: str(one.document()["id"]) for one in stored}
    needed = _referred_to(session, tenant, set(ids.values()))
    staying = [(one, without_account(one.document())) for one in stored if ids[one.rid] in needed]
    tenant.objects.delete_many(session, Kind.IDENTITY, [one for one in stored if ids[one.rid] not in needed])
    if staying:
        change_many(session, tenant.objects, Kind.IDENTITY, staying, now)
    session.many("non_employee_records.drop", [(record.rid,) for record in records])


def _referred_to(session: Session, tenant: Tenant, ids: set[str]) -> set[str]:
    found = {
        value
        for kind, paths in _REFERRING.items()
        for path in paths
        for value, _ in tenant.objects.with_value(session, kind, path, ids)
    }
    wanted = json.dumps(sorted(ids))
    for statement in ("has_part", "has_credential"):
        found.update(id for (id,) in session.rows(f"non_employee_records.{statement}", (tenant.number, wanted)))
    return found
