"""The values of a record as a caller gives them: read, checked, refused; and what an approved request does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from bulkwark.api import non_employee_rights
from bulkwark.api.calls import Call
from bulkwark.bulk import non_employees
from bulkwark.domain.non_employee_requests import Request
from bulkwark.domain.non_employee_rows import Checker, Fault, manager_fault
from bulkwark.domain.non_employees import Cells, Person, data_of
from bulkwark.domain.times import iso_ms
from bulkwark.errors import Invalid
from bulkwark.store import events, non_employee_records, non_employee_sources
from bulkwark.store.dialect import Session
from bulkwark.store.non_employee_sources import Source

MEMBERS = ("accountName", "firstName", "lastName", "email", "phone", "manager", "startDate", "endDate")


class RecordBody(msgspec.Struct):
    """NonEmployeeRequestBody. What is required is said by the schema of the source."""

    sourceId: str
    accountName: str = ""
    firstName: str = ""
    lastName: str = ""
    email: str = ""
    phone: str = ""
    manager: str = ""
    startDate: str = ""
    endDate: str = ""
    data: dict[str, str | None] | None = None
    comment: str = ""  # of a request

    def values(self, custom: tuple[str, ...]) -> dict[str, str]:
        """Technical name → value. Raises Invalid for a custom attribute that the schema does not have."""
        given = self.data or {}
        for name in given:
            if name not in custom:
                hint = f"it has {', '.join(custom)}" if custom else "it has no custom attributes"
                raise Invalid(f"the schema has no attribute {name!r}", where=f"/data/{name}", hint=hint)
        return {name: getattr(self, name) for name in MEMBERS} | {name: text or "" for name, text in given.items()}


def checker(call: Call, session: Session, source: Source) -> Checker:
    """The schema of a source, compiled."""
    attributes = non_employee_sources.attributes(session, call.tenant.number, source.number)
    return Checker(attributes, call.services.non_employees)


def checked(call: Call, session: Session, schema: Checker, given: Mapping[str, str], before: Cells | None) -> Checked:
    """The values of a body, with the manager found. Raises Invalid that tells everything that is wrong.

    A record may keep a manager that is gone (`before`).
    """
    cells = schema.values(given)
    faults = cells if isinstance(cells, list) else []
    text = given.get("manager", "").strip()
    person: Person | None = None
    if text and not (before is not None and before.manager == text):
        people = non_employee_records.managers(session, call.tenant, [text])
        person = people.get(text)
        if person is None:
            faults.append(manager_fault(text, several=text in people))
    if faults:
        raise refusal(faults, schema.custom)
    assert isinstance(cells, Cells)
    return Checked(cells.having(manager=person.alias) if person else cells, person)


@dataclass(frozen=True, slots=True)
class Checked:
    """Values of a record, and its manager; None: the one that it has."""

    cells: Cells
    manager: Person | None


def refusal(faults: Sequence[Fault], custom: Sequence[str]) -> Invalid:
    """The error that tells of all faults; its place is that of the first."""
    first, *others = faults
    more = "".join(f"; {_pointer(one, custom)}: {one.message}" for one in others)
    code = "400.1.404" if first.code == "manager" else ""
    return Invalid(f"{first.message}{more}", where=_pointer(first, custom), hint=first.fix, code=code)


def _pointer(fault: Fault, custom: Sequence[str]) -> str:
    return f"/data/{fault.column}" if fault.column in custom else f"/{fault.column}"


def carry_out(call: Call, session: Session, request: Request, source: Source) -> None:
    """What an approved request asks for: a new record, or other values of the one with the account name.

    Raises Invalid when that is not possible any more: the schema, or the manager, is another one meanwhile.
    """
    schema = checker(call, session, source)
    cells = request.cells
    data = data_of(cells.data)
    given = {
        "accountName": cells.account,
        "firstName": cells.first,
        "lastName": cells.last,
        "email": cells.email,
        "phone": cells.phone,
        "manager": cells.manager,
        "startDate": iso_ms(cells.starts),
        "endDate": iso_ms(cells.ends),
        **{name: data[name] for name in schema.custom if name in data},
    }
    found = checked(call, session, schema, given, None)
    assert found.manager is not None
    warning = non_employee_rights.warning(call)
    rows = [(found.cells, found.manager)]
    (applied,) = non_employee_records.apply_records(session, call.tenant, source, rows, now=call.now, warning=warning)
    if applied.before == found.cells:
        return
    operation = "CREATE" if applied.before is None else non_employees.operation(applied.before, found.cells, call.now)
    (record,) = non_employee_records.by_rids(session, [applied.rid])
    actor = call.actor.user_name or call.actor.client_id
    told = non_employees.event(operation, record, source, actor, request.id)
    events.append(session, call.tenant, [told], call.now)
