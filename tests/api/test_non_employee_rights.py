"""Who may do what with non-employees, and who is kept out of each operation of the family."""

from __future__ import annotations

from typing import Literal

import pytest

from bulkwark.api.operations import OPERATIONS, Operation, paths
from tests.api.served import GOOD
from tests.api.served_non_employees import ne_body, ne_record, ne_source
from tests.api.test_served import all_jobs_done, call
from tests.house import Client, House

FAMILY = [operation for operation in OPERATIONS if operation.path.startswith("/non-employee-")]
PATHS = [(operation, version, path) for operation in FAMILY for version, path in paths(operation)]
IDS = [f"{operation.id} {version or 'unversioned'}" for operation, version, _ in PATHS]

# What an operation answers to somebody without a level and a source, to the account manager of another source, and to
# a SOURCE_SUBADMIN who owns that other source; the requests are those of the administrator.
Caller = Literal["stranger", "manager", "subadmin"]
REFUSALS: dict[str, dict[Caller, int]] = {
    "listNonEmployeeSources": {"stranger": 403, "manager": 403, "subadmin": 403},  # requested for somebody else
    "createNonEmployeeSource": {"stranger": 403, "manager": 403, "subadmin": 403},  # owned by somebody else
    "getNonEmployeeSource": {"stranger": 403, "manager": 404, "subadmin": 404},
    "patchNonEmployeeSource": {"stranger": 403, "manager": 404, "subadmin": 404},
    "deleteNonEmployeeSource": {"stranger": 403, "manager": 404, "subadmin": 404},
    "getNonEmployeeSourceSchemaAttributes": {"stranger": 403, "manager": 404, "subadmin": 404},
    "createNonEmployeeSourceSchemaAttributes": {"stranger": 403, "manager": 404, "subadmin": 404},
    "deleteNonEmployeeSourceSchemaAttributes": {"stranger": 403, "manager": 404, "subadmin": 404},
    "getNonEmployeeSchemaAttribute": {"stranger": 403, "manager": 404, "subadmin": 404},
    "patchNonEmployeeSchemaAttribute": {"stranger": 403, "manager": 404, "subadmin": 404},
    "deleteNonEmployeeSchemaAttribute": {"stranger": 403, "manager": 404, "subadmin": 404},
    "exportNonEmployeeSourceSchemaTemplate": {"stranger": 403, "manager": 404, "subadmin": 404},
    "exportNonEmployeeRecords": {"stranger": 403, "manager": 404, "subadmin": 404},
    "importNonEmployeeRecordsInBulk": {"stranger": 403, "manager": 404, "subadmin": 404},
    "getNonEmployeeBulkUploadStatus": {"stranger": 403, "manager": 404, "subadmin": 404},
    "listNonEmployeeRecords": {"stranger": 403, "manager": 200, "subadmin": 200},  # of his own source
    "createNonEmployeeRecord": {"stranger": 403, "manager": 400, "subadmin": 400},  # the body names the source
    "getNonEmployeeRecord": {"stranger": 403, "manager": 404, "subadmin": 404},
    "updateNonEmployeeRecord": {"stranger": 403, "manager": 404, "subadmin": 404},
    "patchNonEmployeeRecord": {"stranger": 403, "manager": 404, "subadmin": 404},
    "deleteNonEmployeeRecord": {"stranger": 403, "manager": 404, "subadmin": 404},
    "deleteNonEmployeeRecordsInBulk": {"stranger": 403, "manager": 400, "subadmin": 400},
    "listNonEmployeeRequests": {"stranger": 403, "manager": 403, "subadmin": 403},
    "createNonEmployeeRequest": {"stranger": 403, "manager": 400, "subadmin": 400},
    "getNonEmployeeRequest": {"stranger": 404, "manager": 404, "subadmin": 404},
    "deleteNonEmployeeRequest": {"stranger": 404, "manager": 404, "subadmin": 404},
    "getNonEmployeeRequestSummary": {"stranger": 403, "manager": 403, "subadmin": 403},
    "listNonEmployeeApprovals": {"stranger": 403, "manager": 403, "subadmin": 403},
    "getNonEmployeeApproval": {"stranger": 404, "manager": 404, "subadmin": 404},
    "approveNonEmployeeRequest": {"stranger": 404, "manager": 404, "subadmin": 404},
    "rejectNonEmployeeRequest": {"stranger": 404, "manager": 404, "subadmin": 404},
    "getNonEmployeeApprovalSummary": {"stranger": 403, "manager": 403, "subadmin": 403},
}


@pytest.fixture(scope="module")
def callers(module_house: House) -> dict[Caller, Client]:
    found: dict[Caller, Client] = {
        "stranger": module_house.as_(alias="kept.out"),
        "manager": module_house.as_(alias="other.manager"),
        "subadmin": module_house.as_("SOURCE_SUBADMIN", alias="other.owner"),
    }
    people = {"accountManagers": [{"id": found["manager"].identity}], "owner": {"id": found["subadmin"].identity}}
    ne_source(module_house, **people)
    return found


def test_the_family_is_whole_and_has_its_table() -> None:
    assert {operation.id for operation in FAMILY} == set(REFUSALS)
    assert len(PATHS) == 32 * 7  # v3, beta, v2024, v2025, v2026, v1 and no version


@pytest.mark.parametrize(("operation", "version", "path"), PATHS, ids=IDS)
def test_others_are_kept_out_and_change_nothing(
    module_house: House, callers: dict[Caller, Client], operation: Operation, version: str, path: str
) -> None:
    good = GOOD[operation.id](module_house)
    all_jobs_done(module_house)
    before = module_house.digest()

    replies = {who: call(client, operation, path, good) for who, client in callers.items()}

    assert {who: reply.status for who, reply in replies.items()} == REFUSALS[operation.id]
    assert all(reply.json() == [] for reply in replies.values() if reply.status == 200)
    assert module_house.digest() == before


# --- who may -------------------------------------------------------------------------------------------


@pytest.fixture
def manager(house: House) -> Client:
    """An ordinary user, who becomes account manager or owner of something."""
    return house.as_(alias="a.manager")


def test_an_account_manager_works_with_his_sources_and_sees_no_other(house: House, manager: Client) -> None:
    own = ne_source(house, accountManagers=[{"id": manager.identity}])
    other = ne_source(house)
    record, hidden = ne_record(house, own), ne_record(house, other)

    assert [one["id"] for one in manager.get("/non-employee-sources").ok()] == [own]
    assert [one["id"] for one in manager.get("/non-employee-records?count=true").ok()] == [record]
    assert manager.get(f"/non-employee-records/{hidden}").status == 404
    assert manager.get(f"/non-employee-sources/{other}/schema-attributes").status == 404
    assert manager.post("/non-employee-records", ne_body(house, other)).status == 400
    assert manager.post("/non-employee-records/bulk-delete", {"ids": [record, hidden]}).status == 400
    assert manager.get(f"/non-employee-sources/{own}/non-employees/download").status == 200
    refused = manager.patch(f"/non-employee-sources/{own}", [{"op": "replace", "path": "/approvers", "value": []}])
    assert (refused.status, house.admin.get(f"/non-employee-records/{record}").status) == (403, 200)


def test_without_a_level_the_end_of_a_record_is_all_that_may_be_changed(house: House, manager: Client) -> None:
    own = ne_source(house, owner={"id": manager.identity})
    url = f"/non-employee-records/{ne_record(house, own)}"
    end = {"op": "replace", "path": "/endDate", "value": "2098-01-01T00:00:00.000Z"}
    name = {"op": "replace", "path": "/lastName", "value": "Other"}

    assert manager.patch(url, [end]).ok()["endDate"] == end["value"]
    assert manager.patch(url, [end, name]).status == 403
    subadmin = house.as_("SOURCE_SUBADMIN", alias="a.manager")
    assert subadmin.patch(url, [name]).ok()["lastName"] == "Other"


def test_a_subadmin_without_a_source_finds_nothing_and_a_stranger_is_refused(house: House, manager: Client) -> None:
    source = ne_source(house)
    subadmin = house.as_("SOURCE_SUBADMIN", alias="another.one")

    assert subadmin.get("/non-employee-sources").ok() == []
    assert subadmin.get(f"/non-employee-sources/{source}").status == 404
    body = {"name": "Theirs", "description": "", "owner": {"id": house.admin.identity}}
    assert subadmin.post("/non-employee-sources", body).status == 403
    assert subadmin.post("/non-employee-sources", body | {"owner": {"id": subadmin.identity}}).status == 200
    for target in ("non-employee-sources", f"non-employee-sources/{source}", "non-employee-records"):
        assert manager.get(f"/{target}").status == 403
    assert manager.get("/non-employee-approvals").ok() == []
    assert house.as_("SOURCE_ADMIN", alias="a.manager").get(f"/non-employee-sources/{source}").status == 200
