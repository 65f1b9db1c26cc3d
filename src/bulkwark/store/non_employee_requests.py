"""Requests for non-employees and their approvals."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import uuid4

import msgspec

from bulkwark.domain.kinds import uuid_id
from bulkwark.domain.non_employee_requests import Approval, Decided, Request, Status
from bulkwark.domain.non_employees import Cells
from bulkwark.query.analysis import fold
from bulkwark.store import counters
from bulkwark.store.dialect import Row, Session

# Names of lists on the wire → columns; the number breaks ties.
REQUESTS_SORTED = {
    "created": "created",
    "approvalStatus": "status",
    "firstName": "lower(first)",
    "lastName": "lower(last)",
    "email": "lower(email)",
    "phone": "phone",
    "accountName": "lower(account)",
    "startDate": "starts",
    "endDate": "ends",
}
APPROVALS_SORTED = {"created": "created", "modified": "modified"}
_CELLS = slice(4, 13)  # of a request as statements select it


def _request(row: Row) -> Request:
    number, id, source, requester = row[:4]
    status, comment, completed, created, modified = row[13:]
    cells = Cells(*row[_CELLS])
    return Request(number, id, source, requester, cells, Status(status), comment, completed, created, modified)


def _approval(row: Row) -> Approval:
    number, id, request, order, approver, status, comment, created, modified = row
    return Approval(number, id, request, order, approver, Status(status), comment, created, modified)


# --- reading -------------------------------------------------------------------------------------------


def get(session: Session, tenant: int, id: str) -> Request | None:
    """The request of that id, with or without hyphens."""
    row = session.one("non_employee_requests.by_id", (tenant, uuid_id(id)))
    return _request(row) if row else None


def by_numbers(session: Session, tenant: int, numbers: Iterable[int]) -> list[Request]:
    """Those that exist, in the order of their numbers here."""
    rows = session.rows("non_employee_requests.by_numbers", (tenant, json.dumps(list(numbers))))
    return [_request(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which requests are asked for: among those on some sources, those on `led` ones, and what somebody has made."""

    among: Sequence[int]
    led: Sequence[int]
    requester: str


def page(
    session: Session, tenant: int, asked: Asked, order: Sequence[tuple[str, bool]], limit: int, offset: int
) -> tuple[int, list[Request]]:
    """How many requests there are, and a page of them."""
    one_of = "IN (SELECT value FROM json_each(?))"
    where = f"tenant = ? AND source {one_of} AND (source {one_of} OR requester = ?)"
    wanted = (tenant, json.dumps(list(asked.among)), json.dumps(list(asked.led)), asked.requester)
    by = _order(order, REQUESTS_SORTED, "request")
    found = session.execute(
        f"SELECT request FROM ne_request WHERE {where} ORDER BY {by} LIMIT ? OFFSET ?", (*wanted, limit, offset)
    )
    numbers = [number for (number,) in found]
    count = session.execute(f"SELECT count(*) FROM ne_request WHERE {where}", wanted)
    return int(next(iter(count))[0]), by_numbers(session, tenant, numbers)


def summary(session: Session, tenant: int, sources: Sequence[int], requester: str) -> dict[Status, int]:
    """How many requests of each status are on the sources or made by the requester."""
    wanted = (tenant, json.dumps(list(sources)), requester)
    return {Status(status): count for status, count in session.rows("non_employee_requests.summary", wanted)}


def pending_for(session: Session, tenant: int, source: int, account: str) -> bool:
    """Whether a request for an account name (case does not count) waits for its approval."""
    return session.value("non_employee_requests.pending_for", (tenant, source, fold(account))) is not None


def approvals(session: Session, tenant: int, request: int) -> list[Approval]:
    """All of one request, in order."""
    return [_approval(row) for row in session.rows("non_employee_requests.approvals", (tenant, request))]


def approvals_of(session: Session, tenant: int, requests: Iterable[int]) -> dict[int, list[Approval]]:
    """Number of a request → its approvals, in order."""
    found: dict[int, list[Approval]] = {}
    for row in session.rows("non_employee_requests.approvals_of", (tenant, json.dumps(list(requests)))):
        found.setdefault(row[2], []).append(_approval(row))
    return found


def approval(session: Session, tenant: int, id: str) -> Approval | None:
    """The approval of that id, with or without hyphens."""
    row = session.one("non_employee_requests.approval", (tenant, uuid_id(id)))
    return _approval(row) if row else None


def approvals_page(
    session: Session,
    tenant: int,
    approver: str,
    sources: Sequence[int] | None,
    statuses: Sequence[str],
    order: Sequence[tuple[str, bool]],
    limit: int,
    offset: int,
) -> tuple[int, list[Approval]]:
    """How many approvals there are, and a page of them.

    `approver` '': those of every approver. `sources` None: on any. `statuses`: none named means all.
    """
    where = ["tenant = ?"]
    wanted: list[object] = [tenant]
    if approver:
        where.append("approver = ?")
        wanted.append(approver)
    if sources is not None:
        where.append(
            "request IN (SELECT request FROM ne_request r WHERE r.tenant = ne_approval.tenant "
            "AND r.source IN (SELECT value FROM json_each(?)))"
        )
        wanted.append(json.dumps(list(sources)))
    if statuses:
        where.append("status IN (SELECT value FROM json_each(?))")
        wanted.append(json.dumps(list(statuses)))
    condition = " AND ".join(where)
    by = _order(order, APPROVALS_SORTED, "approval")
    found = session.execute(
        f"SELECT approval FROM ne_approval WHERE {condition} ORDER BY {by} LIMIT ? OFFSET ?", (*wanted, limit, offset)
    )
    numbers = json.dumps([number for (number,) in found])
    count = session.execute(f"SELECT count(*) FROM ne_approval WHERE {condition}", tuple(wanted))
    rows = session.rows("non_employee_requests.approvals_by_numbers", (tenant, numbers))
    return int(next(iter(count))[0]), [_approval(row) for row in rows]


def approval_summary(session: Session, tenant: int, approver: str) -> dict[Status, int]:
    """How many approvals of each status somebody has."""
    rows = session.rows("non_employee_requests.approval_summary", (tenant, approver))
    return {Status(status): count for status, count in rows}


def _order(order: Sequence[tuple[str, bool]], columns: dict[str, str], number: str) -> str:
    keys = [(columns[name], " DESC" if descending else "") for name, descending in order] or [(number, "")]
    return ", ".join(f"{column}{direction}" for column, direction in [*keys, (number, keys[-1][1])])


# --- writing -------------------------------------------------------------------------------------------


def add(
    session: Session,
    tenant: int,
    source: int,
    requester: str,
    cells: Cells,
    *,
    approvers: Sequence[str],
    comment: str,
    now: int,
) -> Request:
    """A new request, the turn of its first approver. Without approvers it is approved at once."""
    number = counters.take(session, tenant, "ne-request")
    status = Status.PENDING if approvers else Status.APPROVED
    request = Request(
        number, str(uuid4()), source, requester, cells, status, comment, None if approvers else now, now, now
    )
    session.run(
        "non_employee_requests.add",
        (
            *(tenant, number, request.id, source, requester, fold(cells.account), *msgspec.structs.astuple(cells)),
            *(status.value, comment, request.completed, now, now),
        ),
    )
    if approvers:
        start = counters.take(session, tenant, "ne-approval", len(approvers))
        states = [Status.PENDING, *[Status.NOT_READY] * (len(approvers) - 1)]
        rows = [
            (tenant, start + place, str(uuid4()), number, place + 1, approver, state.value, "", now, now)
            for place, (approver, state) in enumerate(zip(approvers, states, strict=True))
        ]
        session.many("non_employee_requests.add_approval", rows)
    return request


def decide(session: Session, tenant: int, request: Request, decided: Decided, now: int) -> None:
    """Store what a decision has made of a request."""
    rows = [(status.value, comment, now, tenant, number) for number, status, comment in decided.moved]
    session.many("non_employee_requests.set_approval", rows)
    completed = now if decided.request is Status.APPROVED else None
    moved = session.run("non_employee_requests.decide", (decided.request.value, completed, now, tenant, request.number))
    assert moved == 1, f"request {request.id} has moved under its own approval"


def drop(session: Session, tenant: int, request: Request) -> None:
    """Delete a request with its approvals."""
    session.run("non_employee_requests.drop_approvals", (tenant, request.number))
    session.run("non_employee_requests.drop", (tenant, request.number))


def drop_of_source(session: Session, tenant: int, source: int) -> None:
    """Delete all requests of a source."""
    session.run("non_employee_requests.drop_approvals_of_source", (tenant, source))
    session.run("non_employee_requests.drop_of_source", (tenant, source))
