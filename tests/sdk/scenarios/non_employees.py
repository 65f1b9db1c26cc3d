"""Non-employees: a source and its schema, the template, records, a request that is approved, the export, deletion."""

from __future__ import annotations

from typing import Any

from tests.sdk.scenarios.client import Sdk

FAMILY = "non_employees"


def person(source: str, account: str) -> dict[str, Any]:
    return {
        "accountName": account,
        "firstName": "William",
        "lastName": "Smith",
        "email": f"{account}@example.com",
        "phone": "5125555555",
        "manager": "admin",
        "sourceId": source,
        "startDate": "2020-03-24T00:00:00-05:00",
        "endDate": "2099-03-25T00:00:00-05:00",
        "data": {"team": "Quokka"},
    }


def file(sdk: Sdk, method: str, source: str) -> list[str]:
    """The lines of a download; the SDK itself hands None to its caller."""
    ask = getattr(sdk.api(FAMILY), f"{method}{sdk.suffix}_without_preload_content")
    found: list[str] = ask(source).data.decode().splitlines()
    return found


def scenario(sdk: Sdk) -> dict[str, Any]:
    me = sdk.call("public_identities", "get_public_identities", filters='alias eq "admin"')[0].id
    people = [{"id": me}]
    name = f"Sdk{sdk.generation} Contractors"
    document = {
        "name": name,
        "description": "made",
        "owner": {"id": me},
        "approvers": people,
        "accountManagers": people,
    }
    body = sdk.document(FAMILY, "NonEmployeeSourceRequestBody", document)
    source = sdk.call(FAMILY, "create_non_employee_source", body)
    listed = sdk.call(FAMILY, "list_non_employee_sources", requested_for="me", non_employee_count=True, sorters="name")
    team = {"type": "TEXT", "label": "Team", "technicalName": "team"}
    attribute = sdk.document(FAMILY, "NonEmployeeSchemaAttributeBody", team)
    sdk.call(FAMILY, "create_non_employee_source_schema_attributes", source.id, attribute)
    schema = sdk.call(FAMILY, "get_non_employee_source_schema_attributes", source.id)
    template = file(sdk, "export_non_employee_source_schema_template", source.id)

    body = sdk.document(FAMILY, "NonEmployeeRequestBody", person(source.id, "direct.smith"))
    record = sdk.call(FAMILY, "create_non_employee_record", body)
    body = sdk.document(FAMILY, "NonEmployeeRequestBody", person(source.source_id, "asked.smith"))
    request = sdk.call(FAMILY, "create_non_employee_request", body)
    pending = sdk.call(FAMILY, "list_non_employee_approvals", requested_for="me", filters='approvalStatus eq "PENDING"')
    detail = sdk.call(FAMILY, "get_non_employee_approval", pending[-1].id)
    decision = sdk.document(FAMILY, "NonEmployeeApprovalDecision", {"comment": "welcome"})
    approved = sdk.call(FAMILY, "approve_non_employee_request", pending[-1].id, decision)
    done = sdk.call(FAMILY, "get_non_employee_request", request.id)
    summary = sdk.call(FAMILY, "get_non_employee_request_summary", "me")

    later = sdk.patch(FAMILY, "/endDate", "2098-08-23T18:40:35.772Z")
    extended = sdk.call(FAMILY, "patch_non_employee_record", record.id, later)
    records = sdk.call(
        FAMILY, "list_non_employee_records", filters=f'sourceId eq "{source.id}"', sorters="-accountName"
    )
    exported = file(sdk, "export_non_employee_records", source.id)
    sdk.call(FAMILY, "delete_non_employee_record", record.id)
    left = sdk.call(FAMILY, "list_non_employee_records", filters=f'sourceId eq "{source.id}"')
    sdk.call(FAMILY, "delete_non_employee_source", source.id)
    return {
        "made": [source.name, [one.id == me for one in source.approvers]],
        "listed": [[one.name, one.non_employee_count] for one in listed if one.name == name],
        "schema": [[one.technical_name, one.system] for one in schema][7:],
        "template": template,
        "record": [record.account_name, record.data, record.start_date.isoformat()],
        "request": [request.approval_status, [one.approval_status for one in request.approval_items]],
        "detail": [detail.account_name, detail.non_employee_request.last_name],
        "approved": [approved.approval_status, approved.comment, done.approval_status],
        "summary": summary.non_employee_count >= 2,
        "extended": extended.end_date.isoformat(),
        "records": [one.account_name for one in records],
        "exported": [line.split(",")[0] for line in exported],
        "left": [one.account_name for one in left],
    }
