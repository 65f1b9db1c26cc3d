"""Non-employee sources of a tenant and their schemas."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import uuid4

import msgspec

from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import plain_id, uuid_id
from bulkwark.domain.non_employees import SYSTEM, Attribute
from bulkwark.store import counters
from bulkwark.store.dialect import Row, Session


@dataclass(frozen=True, slots=True)
class Source:
    """A non-employee source. What it shares with its SOURCE object (name, description, owner) is read from there."""

    number: int
    id: str  # UUID
    rid: int  # of the SOURCE object
    approvers: tuple[str, ...]  # ids of identities, in the order in which they decide
    managers: tuple[str, ...]  # account managers
    workgroup: str | None
    created: int
    modified: int
    document: Document  # of the SOURCE object

    @property
    def source_id(self) -> str:
        return str(self.document["id"])

    @property
    def name(self) -> str:
        return str(self.document["name"])

    @property
    def description(self) -> str:
        return self.document.get("description") or ""

    @property
    def owner(self) -> str:
        """Id of an identity, or ''."""
        return (self.document.get("owner") or {}).get("id") or ""

    def led_by(self, identity: str) -> bool:
        """Whether an identity owns the source or is one of its account managers."""
        return bool(identity) and (identity == self.owner or identity in self.managers)


def _source(row: Row) -> Source:
    number, id, rid, approvers, managers, workgroup, created, modified, head = row
    people = tuple(json.loads(approvers)), tuple(json.loads(managers))
    return Source(number, id, rid, *people, workgroup, created, modified, msgspec.json.decode(head + "}"))


# --- reading -------------------------------------------------------------------------------------------


def all_sources(session: Session, tenant: int) -> list[Source]:
    """Every one, the oldest first. A company has few: lists are made of them in memory."""
    return [_source(row) for row in session.rows("non_employee_sources.all", (tenant,))]


def get(session: Session, tenant: int, id: str) -> Source | None:
    """By its own id, or by that of the SOURCE object; with or without hyphens."""
    row = session.one("non_employee_sources.by_id", (tenant, uuid_id(id), plain_id(id)))
    return _source(row) if row else None


def by_number(session: Session, tenant: int, number: int) -> Source | None:
    row = session.one("non_employee_sources.by_number", (tenant, number))
    return _source(row) if row else None


def standing_on(session: Session, tenant: int, rid: int) -> str:
    """The id of the non-employee source on a SOURCE object, or ''."""
    return session.value("non_employee_sources.on", (tenant, rid)) or ""


def attributes(session: Session, tenant: int, source: int) -> list[Attribute]:
    """The schema, in order."""
    rows = session.rows("non_employee_sources.attributes", (tenant, source))
    return [
        Attribute(number, id, bool(system), type, name, label, help, hint, bool(required), created, modified)
        for number, id, system, type, name, label, help, hint, required, created, modified in rows
    ]


def custom_names(session: Session, tenant: int, sources: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Number of a source → the names of the attributes that are its own, in order."""
    return {
        source: tuple(one.name for one in attributes(session, tenant, source) if not one.system)
        for source in set(sources)
    }


# --- writing -------------------------------------------------------------------------------------------


def add(
    session: Session,
    tenant: int,
    rid: int,
    *,
    approvers: Sequence[str],
    managers: Sequence[str],
    workgroup: str | None,
    now: int,
) -> Source:
    """A new one on a SOURCE object, with the system's attributes."""
    number = counters.take(session, tenant, "ne-source")
    people = json.dumps(list(approvers)), json.dumps(list(managers))
    row = (tenant, number, str(uuid4()), rid, *people, workgroup, now, now)
    session.run("non_employee_sources.add", row)
    found = [
        Attribute(place, str(uuid4()), True, type, name, label, help, "", True, now, now)
        for place, (name, type, label, help) in enumerate(SYSTEM, 1)
    ]
    add_attributes(session, tenant, number, found)
    made = by_number(session, tenant, number)
    assert made is not None
    return made


def change(
    session: Session, tenant: int, source: Source, approvers: Sequence[str], managers: Sequence[str], now: int
) -> None:
    """Other approvers, other account managers."""
    people = json.dumps(list(approvers)), json.dumps(list(managers))
    session.run("non_employee_sources.change", (*people, now, tenant, source.number))


def drop(session: Session, tenant: int, source: Source) -> None:
    """Delete it with its schema; its records and requests must be gone. The SOURCE object stays."""
    session.run("non_employee_sources.drop_attributes", (tenant, source.number))
    session.run("non_employee_sources.drop", (tenant, source.number))


def add_attributes(session: Session, tenant: int, source: int, found: Iterable[Attribute]) -> None:
    rows = (
        (
            *(tenant, source, one.number, one.id, int(one.system), one.type, one.name, one.label, one.help, one.hint),
            *(int(one.required), one.created, one.modified),
        )
        for one in found
    )
    session.many("non_employee_sources.add_attribute", rows)


def change_attribute(session: Session, tenant: int, source: int, found: Attribute) -> None:
    """Label, help, placeholder and whether it is required; the rest of an attribute never changes."""
    shown = (found.label, found.help, found.hint, int(found.required), found.modified)
    session.run("non_employee_sources.change_attribute", (*shown, tenant, source, found.number))


def drop_attribute(session: Session, tenant: int, source: int, found: Attribute) -> None:
    session.run("non_employee_sources.drop_attribute", (tenant, source, found.number))
