"""One good request for every operation on non-employees, and what it stands on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bulkwark.domain.kinds import Kind, new_id
from tests.api.good import Good, fresh
from tests.company import load
from tests.house import House

NE_DATES = {"startDate": "2024-01-01T00:00:00-05:00", "endDate": "2099-01-01T00:00:00Z"}


def person(house: House, alias: str) -> str:
    """The id of an identity of its own."""
    document = {"id": new_id(), "name": alias.title(), "alias": alias, "created": "2024-01-01T00:00:00.000Z"}
    load(house.store, house.tenant, Kind.IDENTITY, [document | {"attributes": {}}])
    return str(document["id"])


def ne_source(house: House, **more: Any) -> str:
    """The id of a non-employee source of its own, which the administrator owns and decides on."""
    me = {"id": house.admin.identity}
    body = {"name": fresh("Served contractors"), "description": "of a test", "owner": me, "approvers": [me]}
    return str(house.admin.post("/non-employee-sources", body | more).ok()["id"])


def ne_body(house: House, source: str = "", **more: Any) -> dict[str, Any]:
    """A record or request that can be made."""
    account = fresh("contractor").replace(" ", ".")
    return {
        "sourceId": source or ne_source(house),
        "accountName": account,
        "firstName": "Ann",
        "lastName": "Lee",
        "email": f"{account}@example.com",
        "phone": "+1 555 0100",
        "manager": "admin",
        **NE_DATES,
        **more,
    }


def ne_record(house: House, source: str = "", **more: Any) -> str:
    return str(house.admin.post("/non-employee-records", ne_body(house, source, **more)).ok()["id"])


def ne_request(house: House, source: str = "", **more: Any) -> Any:
    return house.admin.post("/non-employee-requests", ne_body(house, source, **more)).ok()


def ne_approval(house: House) -> str:
    return str(ne_request(house)["approvalItems"][0]["id"])


def ne_attribute(house: House) -> dict[str, str]:
    """A custom attribute of its own, as path parameters."""
    source = ne_source(house)
    body = {"type": "TEXT", "label": "Team", "technicalName": "team"}
    made = house.admin.post(f"/non-employee-sources/{source}/schema-attributes", body).ok()
    return {"sourceId": source, "attributeId": made["id"]}


def _of(house: House) -> dict[str, str]:
    return {"sourceId": ne_source(house)}


NON_EMPLOYEES: dict[str, Callable[[House], Good]] = {
    "listNonEmployeeSources": lambda h: Good(
        query="limit=2&count=true&non-employee-count=true&requested-for=" + h.admin.identity
    ),
    "createNonEmployeeSource": lambda h: Good(
        body={"name": fresh("Contractors"), "description": "made", "owner": {"id": h.admin.identity}}
    ),
    "getNonEmployeeSource": lambda h: Good(_of(h)),
    "patchNonEmployeeSource": lambda h: Good(_of(h), rename(fresh("Renamed contractors"))),
    "deleteNonEmployeeSource": lambda h: Good(_of(h)),
    "getNonEmployeeSourceSchemaAttributes": lambda h: Good(_of(h)),
    "createNonEmployeeSourceSchemaAttributes": lambda h: Good(
        _of(h), {"type": "TEXT", "label": "Team", "technicalName": "team", "helpText": "which"}
    ),
    "deleteNonEmployeeSourceSchemaAttributes": lambda h: Good({"sourceId": ne_attribute(h)["sourceId"]}),
    "getNonEmployeeSchemaAttribute": lambda h: Good(ne_attribute(h)),
    "patchNonEmployeeSchemaAttribute": lambda h: Good(
        ne_attribute(h), [{"op": "replace", "path": "/label", "value": "Squad"}]
    ),
    "deleteNonEmployeeSchemaAttribute": lambda h: Good(ne_attribute(h)),
    "exportNonEmployeeSourceSchemaTemplate": lambda h: Good({"id": ne_source(h)}),
    "exportNonEmployeeRecords": lambda h: Good({"id": ne_source(h)}),
    "listNonEmployeeRecords": lambda h: Good(query="limit=2&count=true&sorters=-created"),
    "createNonEmployeeRecord": lambda h: Good(body=ne_body(h)),
    "getNonEmployeeRecord": lambda h: Good({"id": ne_record(h)}),
    "updateNonEmployeeRecord": lambda h: _replaced(h, ne_source(h)),
    "patchNonEmployeeRecord": lambda h: Good(
        {"id": ne_record(h)}, [{"op": "replace", "path": "/endDate", "value": "2098-08-23T18:40:35.772Z"}]
    ),
    "deleteNonEmployeeRecord": lambda h: Good({"id": ne_record(h)}),
    "deleteNonEmployeeRecordsInBulk": lambda h: Good(body={"ids": [ne_record(h), ne_record(h)]}),
    "listNonEmployeeRequests": lambda h: Good(query="limit=2&count=true&requested-for=" + h.admin.identity),
    "createNonEmployeeRequest": lambda h: Good(body=ne_body(h)),
    "getNonEmployeeRequest": lambda h: Good({"id": ne_request(h)["id"]}),
    "deleteNonEmployeeRequest": lambda h: Good({"id": ne_request(h)["id"]}),
    "getNonEmployeeRequestSummary": lambda h: Good({"requested-for": h.admin.identity}),
    "listNonEmployeeApprovals": lambda h: Good(query="limit=2&count=true&requested-for=" + h.admin.identity),
    "getNonEmployeeApproval": lambda h: Good({"id": ne_approval(h)}, query="include-detail=true"),
    "approveNonEmployeeRequest": lambda h: Good({"id": ne_approval(h)}, {"comment": "welcome"}),
    "rejectNonEmployeeRequest": lambda h: Good({"id": ne_approval(h)}, {"comment": "no need"}),
    "getNonEmployeeApprovalSummary": lambda h: Good({"requested-for": h.admin.identity}),
    "bulkwarkExpiringNonEmployees": lambda h: Good(query="days=30&count=true"),
    "bulkwarkTerminateNonEmployee": lambda h: Good({"id": ne_record(h)}),
}


def _replaced(house: House, source: str) -> Good:
    return Good({"id": ne_record(house, source)}, ne_body(house, source))


def rename(to: str) -> list[dict[str, str]]:
    return [{"op": "replace", "path": "/name", "value": to}]
