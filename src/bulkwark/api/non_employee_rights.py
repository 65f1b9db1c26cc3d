"""Who may do what with non-employees (decisions §2), and what the calls of the family share.

ORG_ADMIN, SOURCE_ADMIN and applications: everything. All others, SOURCE_SUBADMIN among them: the sources that they own
or are account managers of. Who has neither a level nor such a source is refused before any id is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bulkwark.api import filtering
from bulkwark.api.calls import Call
from bulkwark.api.source_rights import ADMINS
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind, plain_id, uuid_id
from bulkwark.domain.non_employees import DAY, Record
from bulkwark.errors import BulkwarkError, Forbidden, Invalid, NotFound
from bulkwark.query import filters
from bulkwark.store import non_employee_sources
from bulkwark.store.dialect import Session
from bulkwark.store.non_employee_sources import Source

SUBADMIN = "SOURCE_SUBADMIN"


@dataclass(frozen=True, slots=True)
class Reach:
    """The sources that a caller may see and work with."""

    everything: bool
    level: bool  # has a level for this; others may change the end of a record, and nothing else of it
    identity: str  # '' for an application
    sources: tuple[Source, ...]

    def owns(self, source: Source) -> bool:
        return self.everything or (bool(self.identity) and self.identity == source.owner)

    @property
    def numbers(self) -> list[int]:
        return [source.number for source in self.sources]


def reach(call: Call, session: Session, *, strangers: bool = False) -> Reach:
    """What the caller may reach. Raises Forbidden for somebody without a level and a source, unless `strangers`."""
    actor = call.actor
    found = non_employee_sources.all_sources(session, call.tenant.number)
    if actor.application or actor.levels & ADMINS:
        return Reach(True, True, actor.identity_id, tuple(found))
    own = tuple(source for source in found if source.led_by(actor.identity_id))
    level = SUBADMIN in actor.levels
    if not own and not level and not strangers:
        raise Forbidden(
            "the user neither owns a non-employee source nor is an account manager of one",
            hint=f"or has one of the levels {', '.join(sorted(ADMINS))}, {SUBADMIN}",
        )
    return Reach(False, level, actor.identity_id, own)


def need_source(call: Call, reached: Reach, id: str) -> Source:
    """The source of that id, its own or that of its SOURCE object. Raises NotFound."""
    own, other = uuid_id(id), plain_id(id)
    for source in reached.sources:
        if source.id == own or source.source_id == other:
            return source
    raise NotFound(f"there is no non-employee source {id}")


def need_owned(call: Call, session: Session, id: str) -> Source:
    """The source of that id, which the caller may change itself. Raises NotFound or Forbidden."""
    reached = reach(call, session)
    source = need_source(call, reached, id)
    if not reached.owns(source):
        raise Forbidden("an account manager cannot change the source itself")
    return source


def named_source(reached: Reach, id: str) -> Source:
    """The source that a body names. Raises Invalid."""
    own, other = uuid_id(id), plain_id(id)
    for source in reached.sources:
        if source.id == own or source.source_id == other:
            return source
    raise Invalid(f"there is no non-employee source {id!r}", where="/sourceId", code="400.1.404")


def of_record(reached: Reach, record: Record | None, id: str) -> tuple[Record, Source]:
    """The record with its source, when the caller may reach it. Raises NotFound."""
    for source in reached.sources:
        if record is not None and source.number == record.source:
            return record, source
    raise NotFound(f"there is no non-employee record {id}")


def filtered(call: Call, sources: Sequence[Source]) -> list[Source]:
    """The sources that `filters` on `sourceId` names; all of them when there is none."""
    text = call.query.get("filters")
    if text is None or not text.strip():
        return list(sources)
    try:
        tree = filters.parse(text)
        # Looked at in any case: a wrong field is refused where there is no source too.
        filtering.matches(tree, {}, ("sourceId",), text)
        forms = {one.number: [one.id, one.source_id, plain_id(one.id), uuid_id(one.source_id)] for one in sources}
        return [one for one in sources if filtering.matches(tree, {"sourceId": forms[one.number]}, ("sourceId",), text)]
    except Invalid as error:
        error.where = error.where or "query parameter filters"
        raise


def requested_for(
    call: Call, session: Session, text: str, refuse: type[BulkwarkError] = Invalid, *, everything: bool
) -> str:
    """The identity that `requested-for` names. Who may not reach everything asks for himself.

    Raises `refuse` for an identity that does not exist, Forbidden for one that is another.
    """
    if text == "me":
        if not call.actor.identity_id:
            raise Invalid("an application is no identity", where="requested-for", hint="name the identity")
        return call.actor.identity_id
    id = plain_id(text)
    if not everything and id != call.actor.identity_id:
        raise Forbidden("only administrators ask for others", where="requested-for", hint="ask for me")
    if call.tenant.objects.get(session, Kind.IDENTITY, id) is None:
        raise refuse(f"there is no identity {text}", where="requested-for")
    return id


def warning(call: Call) -> int:
    """How long before its end a record expires soon, in ms."""
    return call.services.non_employees.expiring_days * DAY


def lite(source: Source) -> Document:
    """NonEmployeeSourceLite."""
    return {
        "id": source.id,
        "sourceId": source.source_id,
        "name": source.name,
        "description": source.description,
    }
