"""Approvals of requests for non-employees: list, get, approve, reject, summary."""

from __future__ import annotations

import msgspec

from bulkwark.api import answers, collections, filtering, non_employee_rights, non_employee_values
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.api.non_employee_rights import Reach
from bulkwark.bulk import non_employees
from bulkwark.domain.documents import Document
from bulkwark.domain.non_employee_requests import (
    Approval,
    Request,
    Status,
    approval_base,
    decide,
    request_in_approval,
    request_lite,
)
from bulkwark.errors import Forbidden, Invalid, NotFound
from bulkwark.query import filters
from bulkwark.store import events, non_employee_requests, non_employee_sources
from bulkwark.store.dialect import Session
from bulkwark.store.events import Event

OBJECT = "NON_EMPLOYEE_APPROVAL"
SORTERS = tuple(non_employee_requests.APPROVALS_SORTED)


class Decision(msgspec.Struct):
    """NonEmployeeApprovalDecision."""

    comment: str | None = None


class Rejection(msgspec.Struct):
    """NonEmployeeRejectApprovalDecision."""

    comment: str


# --- reading -------------------------------------------------------------------------------------------


def list_approvals(call: Call) -> Answer:
    """GET /non-employee-approvals: one's own; administrators see those of all, or of one whom they name."""
    paging = collections.paging(call, SORTERS)
    statuses = _statuses(call)
    session = call.read()
    reached = non_employee_rights.reach(call, session, strangers=True)
    text = call.query.get("requested-for", "")
    approver, sources = "", None
    if text:
        approver = non_employee_rights.requested_for(call, session, text, everything=reached.everything)
    elif not reached.everything:
        # A SOURCE_SUBADMIN sees those on his sources, everybody else his own.
        approver, sources = ("", reached.numbers) if reached.level else (reached.identity, None)
    total, found = non_employee_requests.approvals_page(
        session, call.tenant.number, approver, sources, statuses, paging.order, paging.limit, paging.offset
    )
    requests = _requests(call, session, found)
    shown = [_item(one, requests[one.request]) for one in found]
    return answers.ok(shown, 200, paging.headers(total))


def _statuses(call: Call) -> list[str]:
    """The statuses that `filters` matches; none when there is no filter."""
    text = call.query.get("filters")
    if text is None or not text.strip():
        return []
    try:
        tree = filters.parse(text)
        name = "approvalStatus"
        found = [one.value for one in Status if filtering.matches(tree, {name: one.value}, (name,), text)]
        return found or ["none has this one"]
    except Invalid as error:
        error.where = error.where or "query parameter filters"
        raise


def _requests(call: Call, session: Session, found: list[Approval]) -> dict[int, Request]:
    numbers = {one.request for one in found}
    return {one.number: one for one in non_employee_requests.by_numbers(session, call.tenant.number, numbers)}


def _item(approval: Approval, request: Request) -> Document:
    """NonEmployeeApprovalItem."""
    return approval_base(approval, request.cells.account) | {"nonEmployeeRequest": request_lite(request)}


def get(call: Call) -> Answer:
    """GET /non-employee-approvals/{id}: with the request unless `include-detail=false`."""
    detailed = call.flag("include-detail", True)
    session = call.read()
    approval, request = _need(call, session, non_employee_rights.reach(call, session, strangers=True))
    if not detailed:
        return answers.ok(_item(approval, request))
    tenant = call.tenant.number
    source = non_employee_sources.by_number(session, tenant, request.source)
    assert source is not None
    schema = non_employee_sources.attributes(session, tenant, source.number)
    shown = non_employee_rights.lite(source) | {"schemaAttributes": [one.document() for one in schema]}
    custom = tuple(one.name for one in schema if not one.system)
    found = approval_base(approval, request.cells.account)
    return answers.ok(found | {"nonEmployeeRequest": request_in_approval(request, shown, custom)})


def _need(call: Call, session: Session, reached: Reach) -> tuple[Approval, Request]:
    """The approval that the path names: one's own, or on a source that one may reach. Raises NotFound."""
    id = call.params["id"]
    approval = non_employee_requests.approval(session, call.tenant.number, id)
    if approval is not None:
        (request,) = non_employee_requests.by_numbers(session, call.tenant.number, [approval.request])
        if request.source in reached.numbers or approval.approver == reached.identity:
            return approval, request
    raise NotFound(f"there is no non-employee approval {id}")


def summary(call: Call) -> Answer:
    """GET /non-employee-approvals/summary/{requested-for}."""
    session = call.read()
    reached = non_employee_rights.reach(call, session, strangers=True)
    text = call.params["requested-for"]
    someone = non_employee_rights.requested_for(call, session, text, NotFound, everything=reached.everything)
    counts = non_employee_requests.approval_summary(session, call.tenant.number, someone)
    return answers.ok(
        {
            "approved": counts.get(Status.APPROVED, 0),
            "pending": counts.get(Status.PENDING, 0),
            "rejected": counts.get(Status.REJECTED, 0),
        }
    )


# --- deciding ------------------------------------------------------------------------------------------


def approve(call: Call) -> Answer:
    """POST /non-employee-approvals/{id}/approve: the next approver's turn; the last one makes the record."""
    return _decide(call, call.json(Decision).comment or "", approve=True)


def reject(call: Call) -> Answer:
    """POST /non-employee-approvals/{id}/reject."""
    return _decide(call, call.json(Rejection).comment, approve=False)


def _decide(call: Call, comment: str, *, approve: bool) -> Answer:
    most = call.services.non_employees.comment
    if len(comment) > most:
        raise Invalid(f"it has {len(comment)} characters", where="/comment", hint=f"at most {most}")
    tenant = call.tenant.number
    with call.services.store.write() as session:
        approval, request = _need(call, session, non_employee_rights.reach(call, session, strangers=True))
        if approval.approver != call.actor.identity_id:
            raise Forbidden("only the approver himself decides")
        approvals = non_employee_requests.approvals(session, tenant, request.number)
        decided = decide(approvals, approval.number, comment, approve=approve)
        non_employee_requests.decide(session, tenant, request, decided, call.now)
        source = non_employee_sources.by_number(session, tenant, request.source)
        assert source is not None
        told = Event(
            non_employees.TYPE,
            OBJECT,
            "APPROVE" if approve else "REJECT",
            request.cells.account,
            call.actor.user_name,
            group=request.id,
            attributes={"sourceId": source.source_id, "sourceName": source.name, "requestId": request.id},
        )
        events.append(session, call.tenant, [told], call.now)
        if decided.request is Status.APPROVED:
            non_employee_values.carry_out(call, session, request, source)
        now = non_employee_requests.approval(session, tenant, approval.id)
        assert now is not None
        return answers.ok(_item(now, request))
