"""Records of non-employees: list, create, get, replace, patch, delete, many at once; export; life cycle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from bulkwark.api import answers, collections, idempotency, non_employee_rights, non_employee_values, patches
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.api.non_employee_rights import Reach
from bulkwark.api.non_employee_values import MEMBERS, Checked, RecordBody
from bulkwark.bulk import non_employees
from bulkwark.domain import spreadsheets
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import plain_id
from bulkwark.domain.non_employees import DAY, Cells, Record, data_of, record_document
from bulkwark.domain.times import iso_ms
from bulkwark.errors import Forbidden, Invalid
from bulkwark.query.analysis import fold
from bulkwark.store import events, non_employee_records, non_employee_sources
from bulkwark.store.dialect import Session
from bulkwark.store.non_employee_sources import Source

LIST_MOST = 250
PIECE = 1_000  # records in one piece of an export
MOST_DAYS = 36_500
SORTERS = tuple(non_employee_records.SORTED)
PATCHABLE = tuple(f"/{name}" for name in (*MEMBERS, "data", "data/*"))
NAMED = 20  # ids that a refusal names


# --- reading -------------------------------------------------------------------------------------------


def list_records(call: Call) -> Answer:
    """GET /non-employee-records: by account name unless sorters say otherwise."""
    paging = collections.paging(call, SORTERS)
    session = call.read()
    reached = non_employee_rights.reach(call, session)
    sources = non_employee_rights.filtered(call, reached.sources)
    numbers = [source.number for source in sources]
    tenant = call.tenant.number
    total = sum(non_employee_records.count(session, tenant, number) for number in numbers) if paging.count else 0
    found = non_employee_records.page(session, tenant, numbers, paging.order, paging.limit, paging.offset)
    return answers.ok(_documents(call, session, reached, found), 200, paging.headers(total))


def _documents(call: Call, session: Session, reached: Reach, found: list[Record]) -> list[Document]:
    sources = {source.number: source for source in reached.sources}
    custom = non_employee_sources.custom_names(session, call.tenant.number, (record.source for record in found))
    ids = call.tenant.objects.ids(session, [record.rid for record in found])
    return [
        record_document(record, ids[record.rid], sources[record.source].source_id, custom[record.source])
        for record in found
    ]


def get(call: Call) -> Answer:
    """GET /non-employee-records/{id}."""
    session = call.read()
    reached = non_employee_rights.reach(call, session)
    record, _ = _need(call, session, reached)
    return answers.ok(_documents(call, session, reached, [record])[0])


def _need(call: Call, session: Session, reached: Reach) -> tuple[Record, Source]:
    id = call.params["id"]
    return non_employee_rights.of_record(reached, non_employee_records.get(session, call.tenant, id), id)


def expiring(call: Call) -> Answer:
    """GET /bulkwark/v1/non-employee-records/expiring: what ends within `days` and has not ended, the next first."""
    days = call.number("days", call.services.non_employees.expiring_days, most=MOST_DAYS)
    limit, offset = call.number("limit", LIST_MOST, most=LIST_MOST), call.number("offset", 0)
    session = call.read()
    reached = non_employee_rights.reach(call, session)
    sources = non_employee_rights.filtered(call, reached.sources)
    until = call.now + days * DAY
    total, found = non_employee_records.expiring(
        session, call.tenant.number, [source.number for source in sources], until, limit, offset
    )
    shown = _documents(call, session, reached, found)
    states = [one | {"state": record.phase.state} for one, record in zip(shown, found, strict=True)]
    return answers.ok(states, 200, {"X-Total-Count": str(total)} if call.flag("count") else {})


# --- writing -------------------------------------------------------------------------------------------


def create(call: Call) -> Answer:
    """POST /non-employee-records: the record, its identity and its account."""
    body = call.json(RecordBody)
    with call.services.store.write() as session:
        reached = non_employee_rights.reach(call, session)
        source = non_employee_rights.named_source(reached, body.sourceId)
        schema = non_employee_values.checker(call, session, source)
        checked = non_employee_values.checked(call, session, schema, body.values(schema.custom), None)
        _require_free(call, session, source, checked.cells.account)
        assert checked.manager is not None
        (applied,) = non_employee_records.apply_records(
            session,
            call.tenant,
            source,
            [(checked.cells, checked.manager)],
            now=call.now,
            warning=non_employee_rights.warning(call),
        )
        return _told(call, session, reached, source, applied.rid, "CREATE")


def _require_free(call: Call, session: Session, source: Source, account: str) -> None:
    if non_employee_records.by_accounts(session, call.tenant.number, source.number, [account]):
        detail = f"the source has a record with the account name {account!r} already"
        raise Invalid(detail, where="/accountName", code="400.1.409")


def put(call: Call) -> Answer:
    """PUT /non-employee-records/{id}: all values anew."""
    body = call.json(RecordBody)
    with call.services.store.write() as session:
        reached = non_employee_rights.reach(call, session)
        record, source = _need(call, session, reached)
        return _change(call, session, reached, record, source, body)


def patch(call: Call) -> Answer:
    """PATCH /non-employee-records/{id}: JSON Patch on what PUT replaces, but not the source."""
    operations = call.json(list[dict[str, Any]])
    patches.require_valid(operations, PATCHABLE)
    with call.services.store.write() as session:
        reached = non_employee_rights.reach(call, session)
        record, source = _need(call, session, reached)
        before = _documents(call, session, reached, [record])[0]
        after = patches.apply(before, operations, PATCHABLE)
        return _change(call, session, reached, record, source, patches.convert(after, RecordBody, operations))


def _change(call: Call, session: Session, reached: Reach, record: Record, source: Source, body: RecordBody) -> Answer:
    if non_employee_rights.named_source(reached, body.sourceId).number != source.number:
        raise Invalid("a record does not move to another source", where="/sourceId")
    schema = non_employee_values.checker(call, session, source)
    checked = non_employee_values.checked(call, session, schema, body.values(schema.custom), record.cells)
    before, cells = record.cells, checked.cells
    # Documented: who has no level for this may change the end and nothing else.
    if not reached.level and cells.having(ends=before.ends) != before:
        raise Forbidden("owners and account managers of a source may change the end date alone")
    if cells == before:
        return answers.ok(_documents(call, session, reached, [record])[0])
    if fold(cells.account) != fold(before.account):
        _require_free(call, session, source, cells.account)
    _write(call, session, source, record, checked)
    return _told(call, session, reached, source, record.rid, non_employees.operation(before, cells, call.now))


def _write(call: Call, session: Session, source: Source, record: Record, checked: Checked) -> None:
    non_employee_records.change(
        session,
        call.tenant,
        source,
        [(record, checked.cells, checked.manager)],
        now=call.now,
        warning=non_employee_rights.warning(call),
    )


def terminate(call: Call) -> Answer:
    """POST /bulkwark/v1/non-employee-records/{id}/terminate: it ends now; one that has not begun never will."""
    with call.services.store.write() as session:
        reached = non_employee_rights.reach(call, session)
        record, source = _need(call, session, reached)
        if record.cells.ends <= call.now:
            raise Invalid(f"it has ended on {iso_ms(record.cells.ends)}")
        # An end is after its start.
        starts = min(record.cells.starts, call.now - 1)
        _write(call, session, source, record, Checked(record.cells.having(starts=starts, ends=call.now), None))
        return _told(call, session, reached, source, record.rid, "TERMINATE")


def delete(call: Call) -> Answer:
    """DELETE /non-employee-records/{id}: with its identity, unless others refer to that."""
    with call.services.store.write() as session:
        reached = non_employee_rights.reach(call, session)
        record, source = _need(call, session, reached)
        _delete(call, session, [(record, source)])
    return answers.empty(204)


class BulkDelete(msgspec.Struct):
    ids: list[str]


def delete_many(call: Call) -> Answer:
    """POST /non-employee-records/bulk-delete: all or, when one does not exist, none."""
    body = call.strict(BulkDelete)
    most = call.services.non_employees.bulk_delete
    if not body.ids:
        raise Invalid("no id is named", where="/ids")
    if len(body.ids) > most:
        raise Invalid(f"{len(body.ids)} ids are named", where="/ids", hint=f"at most {most}", code="400.1.4")
    with call.services.store.write() as session:
        reached = non_employee_rights.reach(call, session)
        sources = {source.number: source for source in reached.sources}
        found, unknown = [], []
        for id in {plain_id(id): id for id in body.ids}.values():
            record = non_employee_records.get(session, call.tenant, id)
            if record is None or record.source not in sources:
                unknown.append(repr(id))
            else:
                found.append((record, sources[record.source]))
        if unknown:
            detail = f"there is no non-employee record {', '.join(unknown[:NAMED])}"
            raise Invalid(detail, where="/ids", hint=f"{len(unknown)} unknown", code="400.1.404")
        _delete(call, session, found)
        return idempotency.claim(call, session, answers.empty(204))


def _delete(call: Call, session: Session, found: list[tuple[Record, Source]]) -> None:
    non_employee_records.delete(session, call.tenant, [record for record, _ in found], call.now)
    actor = call.actor.user_name or call.actor.client_id
    told = [non_employees.event("DELETE", record, source, actor) for record, source in found]
    events.append(session, call.tenant, told, call.now)


def _told(call: Call, session: Session, reached: Reach, source: Source, rid: int, operation: str) -> Answer:
    """The record as it is now, and an event that tells what has happened."""
    (record,) = non_employee_records.by_rids(session, [rid])
    actor = call.actor.user_name or call.actor.client_id
    events.append(session, call.tenant, [non_employees.event(operation, record, source, actor)], call.now)
    return answers.ok(_documents(call, session, reached, [record])[0])


# --- export --------------------------------------------------------------------------------------------


def export(call: Call) -> Answer:
    """GET /non-employee-sources/{id}/non-employees/download: all records as a file that an upload takes back."""
    session = call.read()
    source = non_employee_rights.need_source(call, non_employee_rights.reach(call, session), call.params["id"])
    attributes = non_employee_sources.attributes(session, call.tenant.number, source.number)
    columns = tuple(one.name for one in attributes)
    return answers.csv(_lines(call, source, columns), "non-employees.csv")


def _lines(call: Call, source: Source, columns: tuple[str, ...]) -> Iterator[bytes]:
    """On a snapshot of its own: the file shows one moment, however long it takes."""
    yield spreadsheets.line(columns).encode()
    with call.services.store.snapshot() as session:
        for piece in non_employee_records.in_order(session, call.tenant.number, source.number, PIECE):
            yield "".join(spreadsheets.line(_cells(cells, columns)) for cells in piece).encode()


def _cells(cells: Cells, columns: tuple[str, ...]) -> list[str]:
    known = {
        "accountName": cells.account,
        "firstName": cells.first,
        "lastName": cells.last,
        "phone": cells.phone,
        "email": cells.email,
        "manager": cells.manager,
        "startDate": iso_ms(cells.starts),
        "endDate": iso_ms(cells.ends),
        **data_of(cells.data),
    }
    return [known.get(name, "") for name in columns]
