"""Requests for non-employees: several approvers in order, what an approved one makes, and who sees what."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.served_non_employees import ne_attribute, ne_body, ne_record, ne_source
from tests.api.test_non_employees import events, search
from tests.house import Client, House


@pytest.fixture
def approvers(house: House) -> list[Client]:
    """Three ordinary users."""
    return [house.as_(alias=f"approver.{number}") for number in range(3)]


def asked(house: House, approvers: list[Client], **more: Any) -> dict[str, Any]:
    """A request on a source of its own with those approvers."""
    source = ne_source(house, approvers=[{"id": one.identity} for one in approvers])
    found: dict[str, Any] = house.admin.post("/non-employee-requests", ne_body(house, source, **more)).ok()
    return found


def statuses(house: House, request: dict[str, Any]) -> list[str]:
    found = house.admin.get(f"/non-employee-requests/{request['id']}").ok()
    return [found["approvalStatus"], *(one["approvalStatus"] for one in found["approvalItems"])]


def decide(client: Client, approval: str, verdict: str = "approve") -> int:
    return client.post(f"/non-employee-approvals/{approval}/{verdict}", {"comment": f"{verdict} it"}).status


def test_approvers_decide_in_order_and_the_last_one_makes_the_record(house: House, approvers: list[Client]) -> None:
    request = asked(house, approvers, accountName="Asked.For")
    items = [one["id"] for one in request["approvalItems"]]
    assert [one["approvalOrder"] for one in request["approvalItems"]] == [1, 2, 3]
    assert statuses(house, request) == ["PENDING", "PENDING", "NOT_READY", "NOT_READY"]

    assert decide(approvers[1], items[1]) == 400
    assert decide(approvers[0], items[0]) == 200
    assert decide(approvers[0], items[0]) == 400
    assert statuses(house, request) == ["PENDING", "APPROVED", "PENDING", "NOT_READY"]
    assert house.admin.get("/non-employee-records").ok() == []
    assert decide(approvers[1], items[1]) == 200
    assert decide(approvers[2], items[2]) == 200

    assert statuses(house, request) == ["APPROVED"] * 4
    assert "completionDate" in house.admin.get(f"/non-employee-requests/{request['id']}").ok()
    (record,) = house.admin.get("/non-employee-records").ok()
    assert record["accountName"] == "Asked.For"
    assert len(search(house, "identities", "name.exact:Asked.For")) == 1
    assert events(house, "Asked.For") == [
        "NON_EMPLOYEE_REQUEST_CREATE_PASSED",
        *["NON_EMPLOYEE_APPROVAL_APPROVE_PASSED"] * 3,
        "NON_EMPLOYEE_CREATE_PASSED",
    ]


def test_a_rejection_ends_the_request_and_cancels_what_was_to_come(house: House, approvers: list[Client]) -> None:
    request = asked(house, approvers)
    items = [one["id"] for one in request["approvalItems"]]
    assert decide(approvers[0], items[0]) == 200

    assert decide(approvers[1], items[1], "reject") == 200

    assert statuses(house, request) == ["REJECTED", "APPROVED", "REJECTED", "CANCELLED"]
    assert decide(approvers[2], items[2]) == 400
    assert house.admin.get("/non-employee-records").ok() == []
    detail = house.admin.get(f"/non-employee-approvals/{items[1]}").ok()
    assert (detail["comment"], detail["nonEmployeeRequest"]["approvalStatus"]) == ("reject it", "REJECTED")


def test_a_request_on_a_source_without_approvers_is_carried_out_at_once(house: House) -> None:
    request = asked(house, [])

    assert (request["approvalStatus"], request["approvalItems"]) == ("APPROVED", [])
    assert len(house.admin.get("/non-employee-records").ok()) == 1


def test_a_record_is_extended_by_a_request_for_its_account_name(house: House, approvers: list[Client]) -> None:
    source = ne_source(house, approvers=[{"id": approvers[0].identity}])
    body = ne_body(house, source, accountName="Extended", endDate="2090-01-01T00:00:00Z")
    made = house.admin.post("/non-employee-records", body).ok()

    wanted = body | {"accountName": "EXTENDED", "endDate": "2095-01-01T00:00:00Z"}
    request = house.admin.post("/non-employee-requests", wanted | {"accountName": "Extended"}).ok()
    assert house.admin.get(f"/non-employee-records/{made['id']}").ok() == made
    assert decide(approvers[0], request["approvalItems"][0]["id"]) == 200

    (record,) = house.admin.get("/non-employee-records").ok()
    assert (record["id"], record["endDate"]) == (made["id"], "2095-01-01T00:00:00.000Z")
    assert events(house, "Extended")[-1] == "NON_EMPLOYEE_EXTEND_PASSED"


def test_what_cannot_be_carried_out_any_more_is_not_approved(house: House, approvers: list[Client]) -> None:
    where = ne_attribute(house)
    patch = [{"op": "add", "path": "/approvers", "value": [approvers[0].identity]}]
    house.admin.patch(f"/non-employee-sources/{where['sourceId']}", patch).ok()
    request = house.admin.post("/non-employee-requests", ne_body(house, where["sourceId"])).ok()
    url = f"/non-employee-sources/{where['sourceId']}/schema-attributes/{where['attributeId']}"
    house.admin.patch(url, [{"op": "replace", "path": "/required", "value": True}]).ok()

    refused = approvers[0].post(f"/non-employee-approvals/{request['approvalItems'][0]['id']}/approve", {})

    assert refused.status == 400
    assert "/data/team: Team is required" in refused.body.decode()
    assert statuses(house, request) == ["PENDING", "PENDING"]


def test_everybody_sees_his_own_approvals_and_requests(house: House, approvers: list[Client]) -> None:
    request = asked(house, approvers[:2])
    items = [one["id"] for one in request["approvalItems"]]
    first, second, stranger = approvers

    assert [one["id"] for one in first.get("/non-employee-approvals").ok()] == items[:1]
    assert [one["id"] for one in second.get("/non-employee-approvals?requested-for=me").ok()] == items[1:]
    assert first.get(f"/non-employee-approvals/{items[1]}").status == 404
    assert stranger.get("/non-employee-approvals").ok() == []
    assert stranger.get(f"/non-employee-requests/{request['id']}").status == 404
    assert stranger.get("/non-employee-requests?requested-for=me").ok() == []
    assert stranger.get(f"/non-employee-approvals?requested-for={first.identity}").status == 403
    assert house.admin.get("/non-employee-approvals?count=true").total == 2
    pending = "/non-employee-approvals?filters=approvalStatus%20eq%20%22PENDING%22"
    assert [one["id"] for one in house.admin.get(pending).ok()] == items[:1]
    newest = house.admin.get("/non-employee-approvals?sorters=-created").ok()
    assert [one["id"] for one in newest] == items[::-1]


def test_an_account_manager_asks_follows_and_withdraws(house: House, approvers: list[Client]) -> None:
    manager = approvers[0]
    source = ne_source(house, accountManagers=[{"id": manager.identity}])
    ne_record(house, source)

    request = manager.post("/non-employee-requests", ne_body(house, source)).ok()

    assert request["requester"]["id"] == manager.identity
    mine = manager.get("/non-employee-requests?requested-for=me&sorters=-created&count=true")
    assert ([one["id"] for one in mine.ok()], mine.total) == ([request["id"]], 1)
    by_source = f"/non-employee-requests?requested-for=me&filters=sourceId%20eq%20%22{source}%22"
    assert [one["id"] for one in manager.get(by_source).ok()] == [request["id"]]
    assert manager.get(by_source.replace(source, "other")).ok() == []
    counts = {"approved": 0, "rejected": 0, "pending": 1, "nonEmployeeCount": 1}
    assert manager.get("/non-employee-requests/summary/me").ok() == counts
    assert house.admin.get(f"/non-employee-requests/summary/{manager.identity}").ok() == counts
    assert manager.delete(f"/non-employee-requests/{request['id']}").status == 204
    assert manager.get("/non-employee-requests/summary/me").ok() == counts | {"pending": 0}
    assert house.admin.get(f"/non-employee-approvals/{request['approvalItems'][0]['id']}").status == 404


def test_the_summary_of_an_approver_counts_what_waits_for_him(house: House, approvers: list[Client]) -> None:
    for verdict in ("approve", "reject", ""):
        request = asked(house, approvers[:1])
        if verdict:
            assert decide(approvers[0], request["approvalItems"][0]["id"], verdict) == 200

    found = approvers[0].get("/non-employee-approvals/summary/me").ok()

    assert found == {"approved": 1, "pending": 1, "rejected": 1}


def test_an_approval_shows_its_request_with_dates_and_schema_or_without(house: House, approvers: list[Client]) -> None:
    request = asked(house, approvers[:1])
    url = f"/non-employee-approvals/{request['approvalItems'][0]['id']}"

    whole, short = approvers[0].get(url).ok(), approvers[0].get(f"{url}?include-detail=false").ok()

    assert whole["nonEmployeeRequest"]["startDate"] == "2024-01-01"
    assert len(whole["nonEmployeeRequest"]["nonEmployeeSource"]["schemaAttributes"]) == 8
    assert set(short["nonEmployeeRequest"]) == {"id", "requester"}
