"""Who is kept out of what in the family of non-employees: each of its operations, by callers with other rights."""

from __future__ import annotations

from typing import Literal

import pytest

from bulkwark.api.operations import OPERATIONS, Operation, paths
from tests.api.served import GOOD
from tests.api.served_non_employees import ne_source
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
