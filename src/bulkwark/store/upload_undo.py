"""The undo of an upload: records that it made are deleted, records that it changed get their values back.

A record that has been changed since stays as it is, unless the undo is forced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from bulkwark.domain import reasons
from bulkwark.domain.jobs import Job, Outcome, Relation
from bulkwark.domain.kinds import Kind
from bulkwark.domain.non_employees import Cells, Person, Record
from bulkwark.query.analysis import fold
from bulkwark.store import non_employee_records
from bulkwark.store.dialect import Session
from bulkwark.store.non_employee_sources import Source
from bulkwark.store.tenants import Tenant


class State(Struct, frozen=True, omit_defaults=True):
    """A record as items of uploads have it, before or after. Without cells: it was created, or was deleted."""

    id: str
    cells: Cells | None = None
    modified: int = 0  # ms; 0: unknown
    deleted: bool = False


#: Line, outcome, reason, before and after of an item.
Item = tuple[int, Outcome, str | None, State | None, State | None]


@dataclass(frozen=True, slots=True)
class Origin:
    """What the job that is undone did to a line, or what the preview of an undo would do."""

    line: int
    outcome: Outcome
    reason: str | None
    before: State | None
    after: State | None

    @property
    def id(self) -> str:
        """Of its record; empty when there was none."""
        state = self.after or self.before
        return state.id if state else ""

    @property
    def comes_again(self) -> str:
        """The account name that must be free, when an undo is undone: what it deleted comes again."""
        deleted = self.before if self.after and self.after.deleted else None
        return deleted.cells.account if deleted and deleted.cells else ""


def record(session: Session, tenant: Tenant, job: Job, last: int, source: int, *, gone: bool) -> None:
    """An item for each target in (cursor, last], from the items of the job's origin. `gone`: the source was deleted."""
    span = (job.tenant, job.origin, job.tenant, job.number, job.cursor, last)
    found = [
        Origin(line, Outcome(outcome), reason, before and _state(before), after and _state(after))
        for line, outcome, reason, before, after in session.rows("upload_undo.origin", span)
    ]
    rids = tenant.objects.rids(session, Kind.IDENTITY, [one.id for one in found if one.id])
    now = {one.rid: one for one in non_employee_records.by_rids(session, rids.values())}
    run = job.relation is Relation.RUN
    names = [_created(one) if run else one.comes_again for one in found]
    taken = set(non_employee_records.by_accounts(session, tenant.number, source, filter(None, names)))
    rows = []
    for one in found:
        current = now.get(rids.get(one.id, 0))
        if gone and _makes(one, run=run):
            item: Recorded = (Outcome.FAILED, reasons.SOURCE_DELETED, None, None)
        else:
            item = _previewed(one, current, taken) if run else _item(one, current, job.options.force, taken)
        rows.append((job.tenant, job.number, one.line, *item))
    session.many("upload_undo.add_item", rows)


def _makes(origin: Origin, *, run: bool) -> bool:
    """Whether a record is to come again."""
    return bool(_created(origin) if run else origin.comes_again)


def add_items(session: Session, job: Job, items: Sequence[Item]) -> None:
    """Items of a job."""
    rows = [
        (job.tenant, job.number, line, outcome, reason, before and _text(before), after and _text(after))
        for line, outcome, reason, before, after in items
    ]
    session.many("upload_undo.add_item", rows)


def changes(session: Session, job: Job, last: int) -> list[tuple[int, State | None, State]]:
    """(line, before, after) of what is to be carried out in (cursor, last]."""
    span = (job.tenant, job.number, job.cursor, last)
    return [
        (line, None if before is None else _state(before), _state(after))
        for line, before, after in session.rows("upload_undo.changed", span)
    ]


#: Outcome, reason, before and after of an item.
Recorded = tuple[int, str | None, str | None, str | None]


def _item(origin: Origin, current: Record | None, force: bool, taken: set[str]) -> Recorded:
    """Of an undo."""
    before, after = origin.before, origin.after
    assert after is not None
    if after.deleted:
        assert before is not None
        if fold(origin.comes_again) in taken:
            return Outcome.CONFLICTED, reasons.SINCE, None, None
        return Outcome.CHANGED, None, None, _text(State(after.id, before.cells))
    if current is None:
        return Outcome.SKIPPED, reasons.DELETED, None, None
    now = _text(State(after.id, current.cells))
    if current.modified != after.modified and not force:
        return Outcome.CONFLICTED, reasons.SINCE, now, None
    if before is None:
        return Outcome.CHANGED, None, now, _text(State(after.id, deleted=True))
    if before.cells == current.cells:
        return Outcome.UNCHANGED, None, now, None
    return Outcome.CHANGED, None, now, _text(State(after.id, before.cells))


def _previewed(origin: Origin, current: Record | None, taken: set[str]) -> Recorded:
    """Of the run of an undo's preview: exactly what that shows, or a conflict with it."""
    before, after = origin.before, origin.after
    if before is None:
        if fold(_created(origin)) in taken:
            return Outcome.CONFLICTED, reasons.PREVIEW, None, None
        return origin.outcome, origin.reason, None, None if after is None else _text(after)
    if current is None:
        return Outcome.SKIPPED, reasons.DELETED, None, None
    now = _text(State(before.id, current.cells))
    if current.cells != before.cells:
        return Outcome.CONFLICTED, reasons.PREVIEW, now, None
    return origin.outcome, origin.reason, now, None if after is None else _text(after)


def _created(origin: Origin) -> str:
    """The account name of a record that a preview would make."""
    made = origin.after if origin.before is None else None
    return made.cells.account if made and made.cells else ""


def effect(session: Session, tenant: Tenant, source: Source, job: Job, last: int, *, now: int, warning: int) -> None:
    """Carry out what was recorded as changed in (cursor, last]."""
    found = changes(session, job, last)
    rids = tenant.objects.rids(session, Kind.IDENTITY, [after.id for _, _, after in found])
    records = {one.rid: one for one in non_employee_records.by_rids(session, rids.values())}
    gone: list[Record] = []
    back: list[tuple[Record, Cells]] = []
    again: list[tuple[int, Cells]] = []
    for line, before, after in found:
        if after.deleted:
            gone.append(records[rids[after.id]])
        elif before is None:
            assert after.cells is not None
            again.append((line, after.cells))
        else:
            assert after.cells is not None
            back.append((records[rids[after.id]], after.cells))
    if gone:
        non_employee_records.delete(session, tenant, gone, now)
    names = {cells.manager for _, cells in back} | {cells.manager for _, cells in again}
    people = non_employee_records.managers(session, tenant, names)
    if back:
        rows = [(one, cells, people.get(cells.manager)) for one, cells in back]
        non_employee_records.change(session, tenant, source, rows, now=now, warning=warning)
    for line, cells in again:
        _create(session, tenant, source, job, line, cells, people, now=now, warning=warning)
    stamp(session, job, [line for line, _, after in found if not after.deleted], now)


def _create(
    session: Session,
    tenant: Tenant,
    source: Source,
    job: Job,
    line: int,
    cells: Cells,
    people: dict[str, Person | None],
    *,
    now: int,
    warning: int,
) -> None:
    """A record that comes again is a new one, with an id of its own."""
    person = people.get(cells.manager) or Person("", cells.manager, "")
    (made,) = non_employee_records.apply_records(session, tenant, source, [(cells, person)], now=now, warning=warning)
    id = tenant.objects.ids(session, [made.rid])[made.rid]
    session.run("upload_undo.set_after", (_text(State(id, cells)), job.tenant, job.number, line))


def stamp(session: Session, job: Job, lines: list[int], now: int) -> None:
    """When the records were modified, by which a later undo tells whether somebody else has changed them."""
    session.many("upload_undo.stamp", [(now, job.tenant, job.number, line) for line in lines])


def _state(text: str) -> State:
    return msgspec.json.decode(text, type=State)


def _text(state: State) -> str:
    return msgspec.json.encode(state).decode()
