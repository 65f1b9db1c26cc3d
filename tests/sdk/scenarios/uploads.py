"""Uploads of non-employees: the template, a good file, a bad one, the status of each, the export, and a request that
is approved: the steps of the bar, in their order, on one source.
"""

from __future__ import annotations

import time
from typing import Any

from tests.sdk.scenarios.client import JOB_SECONDS, Sdk
from tests.sdk.scenarios.non_employees import FAMILY, file, person

ROW = "{account},Ann,Lee,5,{account}@example.com,{manager},2020-03-24T00:00:00-05:00,2099-03-25T00:00:00-05:00"


def upload(sdk: Sdk, source: str, lines: list[str]) -> list[Any]:
    """Send a file; the status at acceptance and at the end, and whether the answers name the source."""
    content = ("upload.csv", "\r\n".join(lines).encode())
    accepted = sdk.call(FAMILY, "import_non_employee_records_in_bulk", source, content)
    deadline = time.monotonic() + JOB_SECONDS
    while (found := sdk.call(FAMILY, "get_non_employee_bulk_upload_status", source).status) not in (
        "COMPLETED",
        "ERROR",
    ):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return [accepted.status, accepted.source_id == source, accepted.created is not None, found]


def scenario(sdk: Sdk) -> dict[str, Any]:
    me = sdk.call("public_identities", "get_public_identities", filters='alias eq "admin"')[0].id
    document = {
        "name": f"Sdk{sdk.generation} Uploads",
        "description": "made",
        "owner": {"id": me},
        "approvers": [{"id": me}],
    }
    body = sdk.document(FAMILY, "NonEmployeeSourceRequestBody", document)
    source = sdk.call(FAMILY, "create_non_employee_source", body).id
    before = sdk.call(FAMILY, "get_non_employee_bulk_upload_status", source).status
    (header,) = file(sdk, "export_non_employee_source_schema_template", source)
    good = [header, *(ROW.format(account=account, manager="admin") for account in ("ann", "bob"))]
    bad = [header, ROW.format(account="cem", manager="admin"), ROW.format(account="dan", manager="nobody")]
    found = {
        "before": before,
        "good": upload(sdk, source, good),
        "bad": upload(sdk, source, bad),
        "exported": [line.split(",")[0] for line in file(sdk, "export_non_employee_records", source)],
    }
    body = sdk.document(FAMILY, "NonEmployeeRequestBody", person(source, "asked.smith") | {"data": {}})
    request = sdk.call(FAMILY, "create_non_employee_request", body)
    decision = sdk.document(FAMILY, "NonEmployeeApprovalDecision", {"comment": "welcome"})
    approved = sdk.call(FAMILY, "approve_non_employee_request", request.approval_items[0].id, decision)
    records = sdk.call(FAMILY, "list_non_employee_records", filters=f'sourceId eq "{source}"', sorters="accountName")
    found["approved"] = [approved.approval_status, [one.account_name for one in records]]
    sdk.call(FAMILY, "delete_non_employee_source", source)
    return found
