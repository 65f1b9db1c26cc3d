"""Requests for non-employees: list, create, get, delete, summary.

A request for an account name that a record has already asks for a change of that record: so it is extended.
"""

from __future__ import annotations

from bulkwark.api import answers, collections, non_employee_rights, non_employee_values
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.api.non_employee_rights import Reach
from bulkwark.api.non_employee_values import RecordBody, carry_out
from bulkwark.bulk import non_employees
from bulkwark.domain.documents import Document
from bulkwark.domain.non_employee_requests import Request, Status, request_document
from bulkwark.errors import Invalid, NotFound
from bulkwark.store import events, non_employee_records, non_employee_requests, non_employee_sources
from bulkwark.store.dialect import Session
from bulkwark.store.events import Event
from bulkwark.store.non_employee_sources import Source

OBJECT = "NON_EMPLOYEE_REQUEST"
SORTERS = tuple(non_employee_requests.REQUESTS_SORTED)

# --- reading -------------------------------------------------------------------------------------------


def list_requests(call: Call) -> Answer:
    """GET /non-employee-requests: those on sources that somebody owns or manages, and those that he has made."""
    paging = collections.paging(call, SORTERS)
    text = call.query.get("requested-for", "")
    if not text:
        raise Invalid("it is missing", where="query parameter requested-for", hint="the id of an identity, or me")
    session = call.read()
    reached = non_employee_rights.reach(call, session, strangers=True)
    someone = non_employee_rights.requested_for(call, session, text, everything=reached.everything)
    every = non_employee_sources.all_sources(session, call.tenant.number)
    among = non_employee_rights.filtered(call, every)
    led = [source.number for source in among if source.led_by(someone)]
    asked = non_employee_requests.Asked([source.number for source in among], led, someone)
    total, found = non_employee_requests.page(
        session, call.tenant.number, asked, paging.order, paging.limit, paging.offset
    )
    shown = _documents(call, session, found, {one.number: one for one in every})
    return answers.ok(shown, 200, paging.headers(total))


def _documents(call: Call, session: Session, found: list[Request], sources: dict[int, Source]) -> list[Document]:
    tenant = call.tenant.number
    approvals = non_employee_requests.approvals_of(session, tenant, [request.number for request in found])
    custom = non_employee_sources.custom_names(session, tenant, (request.source for request in found))
    return [
        request_document(
            request,
            approvals.get(request.number, []),
            non_employee_rights.lite(sources[request.source]),
            custom[request.source],
        )
        for request in found
    ]


def get(call: Call) -> Answer:
    """GET /non-employee-requests/{id}: of one's own, or on a source that one may reach."""
    session = call.read()
    request, source = _need(call, session, non_employee_rights.reach(call, session, strangers=True))
    return answers.ok(_documents(call, session, [request], {source.number: source})[0])


def _need(call: Call, session: Session, reached: Reach) -> tuple[Request, Source]:
    id = call.params["id"]
    request = non_employee_requests.get(session, call.tenant.number, id)
    if request is None or not (request.source in reached.numbers or request.requester == reached.identity):
        raise NotFound(f"there is no non-employee request {id}")
    source = non_employee_sources.by_number(session, call.tenant.number, request.source)
    assert source is not None
    return request, source


def summary(call: Call) -> Answer:
    """GET /non-employee-requests/summary/{requested-for}."""
    session = call.read()
    reached = non_employee_rights.reach(call, session, strangers=True)
    someone = non_employee_rights.requested_for(
        call, session, call.params["requested-for"], NotFound, everything=reached.everything
    )
    tenant = call.tenant.number
    led = [one.number for one in non_employee_sources.all_sources(session, tenant) if one.led_by(someone)]
    counts = non_employee_requests.summary(session, tenant, led, someone)
    return answers.ok(
        {
            "approved": counts.get(Status.APPROVED, 0),
            "rejected": counts.get(Status.REJECTED, 0),
            "pending": counts.get(Status.PENDING, 0),
            "nonEmployeeCount": sum(non_employee_records.count(session, tenant, number) for number in led),
        }
    )


# --- writing -------------------------------------------------------------------------------------------


def create(call: Call) -> Answer:
    """POST /non-employee-requests: the first approver's turn; on a source without approvers it is done at once."""
    body = call.json(RecordBody)
    with call.services.store.write() as session:
        reached = non_employee_rights.reach(call, session)
        source = non_employee_rights.named_source(reached, body.sourceId)
        schema = non_employee_values.checker(call, session, source)
        checked = non_employee_values.checked(call, session, schema, body.values(schema.custom), None)
        _require_only_one(call, session, source, checked.cells.account)
        request = non_employee_requests.add(
            session,
            call.tenant.number,
            source.number,
            call.actor.identity_id or call.actor.client_id,
            checked.cells,
            approvers=source.approvers,
            comment=body.comment,
            now=call.now,
        )
        _tell(call, session, "CREATE", request, source)
        if request.status is Status.APPROVED:
            carry_out(call, session, request, source)
        return answers.ok(_documents(call, session, [request], {source.number: source})[0])


def _require_only_one(call: Call, session: Session, source: Source, account: str) -> None:
    """Two pending requests for one account would undo each other."""
    if non_employee_requests.pending_for(session, call.tenant.number, source.number, account):
        detail = f"a request for the account name {account!r} is pending already"
        raise Invalid(detail, where="/accountName", code="400.1.409")


def delete(call: Call) -> Answer:
    """DELETE /non-employee-requests/{id}: with its approvals. What an approved one has made stays."""
    with call.services.store.write() as session:
        request, source = _need(call, session, non_employee_rights.reach(call, session, strangers=True))
        non_employee_requests.drop(session, call.tenant.number, request)
        _tell(call, session, "DELETE", request, source)
    return answers.empty(204)


def _tell(call: Call, session: Session, operation: str, request: Request, source: Source) -> None:
    told = Event(
        non_employees.TYPE,
        OBJECT,
        operation,
        request.cells.account,
        call.actor.user_name or call.actor.client_id,
        group=request.id,
        attributes={"sourceId": source.source_id, "sourceName": source.name, "requestId": request.id},
    )
    events.append(session, call.tenant, [told], call.now)
