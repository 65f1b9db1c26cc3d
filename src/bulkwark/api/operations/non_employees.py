"""Non-employees: sources and their schemas, records, requests, approvals.

The levels of most cells are empty in the official documents. Who owns a source, manages its accounts or approves needs
no level, so what a caller may do is decided by the handlers (`api/non_employee_rights.py`).
"""

from __future__ import annotations

from bulkwark.api.operations.shape import ALL, ANY, Operation, operation

ADMINS = ("ORG_ADMIN", "SOURCE_ADMIN", "SOURCE_SUBADMIN")
READ = ("idn:nelm:read", "idn:nesr:read")
CREATE = ("idn:nelm:manage", "idn:nesr:create")
UPDATE = ("idn:nelm:manage", "idn:nesr:update")
DELETE = ("idn:nelm:manage", "idn:nesr:delete")

MAX_FILE = 1 << 30  # bytes of an uploaded file
_SOURCE = "/non-employee-sources/{sourceId}"
_SCHEMA = f"{_SOURCE}/schema-attributes"
_FILES = "/non-employee-sources/{id}"
_RECORD = "/non-employee-records/{id}"
_REQUEST = "/non-employee-requests/{id}"
_APPROVAL = "/non-employee-approvals/{id}"


def _row(id: str, route: str, scopes: tuple[str, ...], handler: str, success: int = 200, **more: object) -> Operation:
    """A row open to any user and to applications, unless `more` says otherwise."""
    return operation(id, route, ALL, scopes, ANY, success, f"non_employee_{handler}", **{"application": True, **more})


OPERATIONS: tuple[Operation, ...] = (
    _row("listNonEmployeeSources", "GET /non-employee-sources", READ, "sources.list_sources"),
    operation(
        "createNonEmployeeSource",
        "POST /non-employee-sources",
        ALL,
        CREATE,
        ADMINS,
        200,
        "non_employee_sources.create",
        application=True,
    ),
    _row("getNonEmployeeSource", f"GET {_SOURCE}", READ, "sources.get"),
    _row("patchNonEmployeeSource", f"PATCH {_SOURCE}", UPDATE, "sources.patch"),
    _row("deleteNonEmployeeSource", f"DELETE {_SOURCE}", DELETE, "sources.delete", 204),
    _row("getNonEmployeeSourceSchemaAttributes", f"GET {_SCHEMA}", READ, "schemas.list_attributes"),
    _row("createNonEmployeeSourceSchemaAttributes", f"POST {_SCHEMA}", CREATE, "schemas.create"),
    _row("deleteNonEmployeeSourceSchemaAttributes", f"DELETE {_SCHEMA}", DELETE, "schemas.delete_all", 204),
    _row("getNonEmployeeSchemaAttribute", f"GET {_SCHEMA}/{{attributeId}}", READ, "schemas.get"),
    _row("patchNonEmployeeSchemaAttribute", f"PATCH {_SCHEMA}/{{attributeId}}", UPDATE, "schemas.patch"),
    _row("deleteNonEmployeeSchemaAttribute", f"DELETE {_SCHEMA}/{{attributeId}}", DELETE, "schemas.delete", 204),
    _row(
        "exportNonEmployeeSourceSchemaTemplate",
        f"GET {_FILES}/schema-attributes-template/download",
        READ,
        "schemas.template",
        answers="text/csv",
    ),
    _row(
        "exportNonEmployeeRecords",
        f"GET {_FILES}/non-employees/download",
        READ,
        "records.export",
        answers="text/csv",
    ),
    _row(
        "importNonEmployeeRecordsInBulk",
        f"POST {_FILES}/non-employee-bulk-upload",
        CREATE,
        "uploads.upload",
        202,
        body="multipart",
        bulk=True,
        largest_form=MAX_FILE,
    ),
    _row(
        "getNonEmployeeBulkUploadStatus",
        f"GET {_FILES}/non-employee-bulk-upload/status",
        READ,
        "uploads.status",
    ),
    _row("listNonEmployeeRecords", "GET /non-employee-records", READ, "records.list_records"),
    _row("createNonEmployeeRecord", "POST /non-employee-records", CREATE, "records.create"),
    _row("getNonEmployeeRecord", f"GET {_RECORD}", READ, "records.get"),
    _row("updateNonEmployeeRecord", f"PUT {_RECORD}", UPDATE, "records.put", application=False),
    _row("patchNonEmployeeRecord", f"PATCH {_RECORD}", UPDATE, "records.patch", application=False),
    _row("deleteNonEmployeeRecord", f"DELETE {_RECORD}", DELETE, "records.delete", 204),
    _row(
        "deleteNonEmployeeRecordsInBulk",
        "POST /non-employee-records/bulk-delete",
        DELETE,
        "records.delete_many",
        204,
        keyed=True,
    ),
    _row("listNonEmployeeRequests", "GET /non-employee-requests", READ, "requests.list_requests"),
    _row("createNonEmployeeRequest", "POST /non-employee-requests", CREATE, "requests.create"),
    _row("getNonEmployeeRequest", f"GET {_REQUEST}", READ, "requests.get"),
    _row("deleteNonEmployeeRequest", f"DELETE {_REQUEST}", DELETE, "requests.delete", 204),
    _row(
        "getNonEmployeeRequestSummary",
        "GET /non-employee-requests/summary/{requested-for}",
        READ,
        "requests.summary",
    ),
    _row("listNonEmployeeApprovals", "GET /non-employee-approvals", READ, "approvals.list_approvals"),
    _row("getNonEmployeeApproval", f"GET {_APPROVAL}", READ, "approvals.get", application=False),
    _row("approveNonEmployeeRequest", f"POST {_APPROVAL}/approve", UPDATE, "approvals.approve", application=False),
    _row("rejectNonEmployeeRequest", f"POST {_APPROVAL}/reject", UPDATE, "approvals.reject", application=False),
    _row(
        "getNonEmployeeApprovalSummary",
        "GET /non-employee-approvals/summary/{requested-for}",
        READ,
        "approvals.summary",
    ),
    operation(
        "bulkwarkExpiringNonEmployees",
        "GET /bulkwark/non-employee-records/expiring",
        ("v1",),
        READ,
        ANY,
        200,
        "non_employee_records.expiring",
        application=True,
        query=("days", "filters", "limit", "offset", "count"),
    ),
    operation(
        "bulkwarkTerminateNonEmployee",
        "POST /bulkwark/non-employee-records/{id}/terminate",
        ("v1",),
        UPDATE,
        ANY,
        200,
        "non_employee_records.terminate",
        body="",
    ),
)
