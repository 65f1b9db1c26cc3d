"""Once more what failed of an upload: rows whose manager was nobody when the file was read, and is somebody now.

The rows stand in the report, so no file is needed. No other fault of a row can go away without a mended file: such rows
fail again, for the same reason. What a record has become since the reading is newer than the row, and stays.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bulkwark.bulk.upload_managers import Managers
from bulkwark.bulk.upload_specs import JobSpec, Spec
from bulkwark.domain import non_employee_uploads, reasons
from bulkwark.domain.csv_files import Record
from bulkwark.domain.jobs import Job, Outcome
from bulkwark.domain.kinds import Kind, last_rid, ordered_id
from bulkwark.domain.non_employee_rows import Fault
from bulkwark.domain.non_employee_uploads import Bad, Header, Rows
from bulkwark.domain.non_employees import Cells, Limits, canonical, data_of
from bulkwark.query.analysis import fold
from bulkwark.store import non_employee_records, upload_undo, uploads
from bulkwark.store.dialect import Session
from bulkwark.store.non_employee_sources import Source
from bulkwark.store.tenants import Tenant
from bulkwark.store.upload_undo import State
from bulkwark.store.uploads import FailedRow, Upload

MANAGER = "manager"  # code of the fault that can go away by itself


def record(
    session: Session, tenant: Tenant, job: Job, last: int, upload: Upload, spec: Spec, limits: Limits, now: int
) -> None:
    """An item for each target in (cursor, last]; faults that are others now take the place of the old ones."""
    begun = msgspec.json.decode(job.spec, type=JobSpec)
    found = uploads.failed_targets(session, job, upload, last)
    good, bad = _checked(session, tenant, found, upload, spec, limits)
    accounts = [cells.account for cells in good.values()]
    old = non_employee_records.by_accounts(session, tenant.number, upload.source, accounts)
    ids = tenant.objects.ids(session, [one.rid for one in old.values()])
    items: list[upload_undo.Item] = [(line, Outcome.FAILED, _reason(row), None, None) for line, row in bad.items()]
    taken: set[str] = set()
    for line, cells in good.items():
        key = fold(cells.account)
        before = old.get(key)
        if key in taken or (before is not None and before.modified > begun.now):
            items.append((line, Outcome.CONFLICTED, reasons.SINCE_UPLOAD, None, None))
            continue
        taken.add(key)
        if before is None:
            items.append((line, Outcome.CHANGED, None, None, State(ordered_id(now), cells)))
            continue
        id, kept = ids[before.rid], data_of(before.cells.data)
        data = {**data_of(cells.data), **{name: kept[name] for name in spec.kept if name in kept}}
        cells = cells.having(data=canonical(data))
        state = State(id, before.cells)
        if cells == before.cells:
            items.append((line, Outcome.UNCHANGED, None, state, None))
        else:
            items.append((line, Outcome.CHANGED, None, state, State(id, cells)))
    upload_undo.add_items(session, job, sorted(items))
    uploads.keep_faults(session, upload, [(line, row.faults) for line, row in bad.items()])


def effect(session: Session, tenant: Tenant, source: Source, job: Job, last: int, *, now: int, warning: int) -> None:
    """Carry out what was recorded as changed in (cursor, last]."""
    found = upload_undo.changes(session, job, last)
    cells = {line: after.cells for line, _, after in found if after.cells is not None}
    people = non_employee_records.managers(session, tenant, {one.manager for one in cells.values()})
    new, changed = [], []
    rids = tenant.objects.rids(session, Kind.IDENTITY, [before.id for _, before, _ in found if before is not None])
    old = {one.rid: one for one in non_employee_records.by_rids(session, rids.values())}
    for line, before, after in found:
        person = people.get(cells[line].manager)
        if before is not None:
            changed.append((old[rids[before.id]], cells[line], person))
        else:
            assert person is not None, "the manager was there a moment ago, in the same transaction"
            new.append((after.id, cells[line], person))
    non_employee_records.create(session, tenant, source, new, now=now, warning=warning)
    if changed:
        non_employee_records.change(session, tenant, source, changed, now=now, warning=warning)
    upload_undo.stamp(session, job, [line for line, _, _ in found], now)


def _checked(
    session: Session, tenant: Tenant, found: Sequence[FailedRow], upload: Upload, spec: Spec, limits: Limits
) -> tuple[dict[int, Cells], dict[int, FailedRow]]:
    """Rows that can be applied now, and those that cannot, by line."""
    rows = Rows(Header(Record(1, upload.titles), spec.schema), spec.schema, limits)
    good: dict[int, Cells] = {}
    bad: dict[int, FailedRow] = {}
    for row in found:
        again = rows.check(Record(row.line, row.cells)) if _may_be_good(row.faults) else None
        if again is None:
            bad[row.line] = row
        elif isinstance(again, Bad):
            bad[row.line] = FailedRow(row.line, row.cells, again.faults)
        else:
            good[row.line] = again.cells
    people = Managers(session, tenant, last_rid(tenant.number, Kind.IDENTITY) + 1).find(
        {cells.manager for cells in good.values()}
    )
    cells_of = {row.line: row.cells for row in found}
    for line, cells in list(good.items()):
        person = people[cells.manager]
        if isinstance(person, Fault):
            del good[line]
            bad[line] = FailedRow(line, cells_of[line], [person])
        else:
            good[line] = cells.having(manager=person.alias)
    return good, bad


def _may_be_good(faults: Sequence[Fault]) -> bool:
    return all(fault.code == MANAGER for fault in faults)


def _reason(row: FailedRow) -> str:
    return reasons.written(row.faults[0].code, non_employee_uploads.sentence(row.faults))
