"""Requests for non-employees and their approvals: approvers decide one after the other, in the order of the source.

Shapes: the official NonEmployeeRequest and NonEmployeeApprovalItem.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from msgspec import Struct

from bulkwark.domain.documents import Document
from bulkwark.domain.non_employees import Cells, cells_document
from bulkwark.domain.times import iso_ms
from bulkwark.errors import Invalid


class Status(Enum):
    """The official ApprovalStatus; a request has the first three of them."""

    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    PENDING = "PENDING"
    NOT_READY = "NOT_READY"  # an earlier approver has not decided yet
    CANCELLED = "CANCELLED"  # somebody else has rejected the request


class Approval(Struct, frozen=True):
    """One approver's part of a request."""

    number: int
    id: str  # UUID
    request: int
    order: int  # from 1
    approver: str  # id of an identity
    status: Status
    comment: str
    created: int  # ms
    modified: int  # ms


class Request(Struct, frozen=True):
    """What somebody asks for: a new record, or a change of the record that has the account name."""

    number: int
    id: str  # UUID
    source: int
    requester: str  # id of an identity, or of an OAuth client
    cells: Cells
    status: Status
    comment: str
    completed: int | None  # ms: the last approval
    created: int
    modified: int


class Decided(Struct, frozen=True):
    """What a decision makes of a request: its status, and the approvals that moved as (number, status, comment)."""

    request: Status
    moved: tuple[tuple[int, Status, str], ...]


def decide(approvals: Sequence[Approval], number: int, comment: str, *, approve: bool) -> Decided:
    """The decision of the approver whose turn it is. Raises Invalid when it is not his turn (any more).

    `approvals`: all of the request, in order. Approval hands the turn on; the last one approves the request.
    A rejection rejects it, and cancels the approvals that were still to come.
    """
    found = next(one for one in approvals if one.number == number)
    if found.status is Status.NOT_READY:
        raise Invalid("an earlier approver has not decided yet", code="400.1.409")
    if found.status is not Status.PENDING:
        raise Invalid(f"this approval is {found.status.value} already", code="400.1.409")
    waiting = [one for one in approvals if one.status is Status.NOT_READY]
    if not approve:
        cancelled = ((one.number, Status.CANCELLED, one.comment) for one in waiting)
        return Decided(Status.REJECTED, ((number, Status.REJECTED, comment), *cancelled))
    moved = (number, Status.APPROVED, comment)
    if waiting:
        return Decided(Status.PENDING, (moved, (waiting[0].number, Status.PENDING, waiting[0].comment)))
    return Decided(Status.APPROVED, (moved,))


# --- on the wire -----------------------------------------------------------------------------------------


def approval_base(approval: Approval, account: str) -> Document:
    """NonEmployeeApprovalItemBase."""
    return {
        "id": approval.id,
        "approver": {"type": "IDENTITY", "id": approval.approver},
        "accountName": account,
        "approvalStatus": approval.status.value,
        "approvalOrder": approval.order,
        "comment": approval.comment,
        "modified": iso_ms(approval.modified),
        "created": iso_ms(approval.created),
    }


def request_lite(request: Request) -> Document:
    """NonEmployeeRequestLite."""
    return {"id": request.id, "requester": {"type": "IDENTITY", "id": request.requester}}


def _request(request: Request, source: Document, custom: tuple[str, ...]) -> Document:
    found = {
        **request_lite(request),
        **cells_document(request.cells, custom),
        "nonEmployeeSource": source,
        "approvalStatus": request.status.value,
        "comment": request.comment,
        "modified": iso_ms(request.modified),
        "created": iso_ms(request.created),
    }
    return found if request.completed is None else found | {"completionDate": iso_ms(request.completed)}


def request_document(
    request: Request, approvals: Sequence[Approval], source: Document, custom: tuple[str, ...]
) -> Document:
    """NonEmployeeRequest: the members of its source (NonEmployeeSourceLite) stand beside its own, its id goes first."""
    account = request.cells.account
    items = [approval_base(one, account) for one in approvals]
    return {**source, **_request(request, source, custom), "approvalItems": items}


def request_in_approval(request: Request, source: Document, custom: tuple[str, ...]) -> Document:
    """NonEmployeeRequestWithoutApprovalItem: here start and end are dates."""
    found = _request(request, source, custom)
    return found | {"startDate": found["startDate"][:10], "endDate": found["endDate"][:10]}
