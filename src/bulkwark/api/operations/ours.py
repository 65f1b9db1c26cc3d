"""What is ours: `/bulkwark/v1/…`.

Who may deal with a job is decided by its type (api/job_rights.py); these rows say who may ask at all.
"""

from __future__ import annotations

from bulkwark.api.operations import common_access, metadata_jobs, non_employees, roles, search
from bulkwark.api.operations.shape import ADMIN, ANY, Operation, operation

_V1 = ("v1",)
_WRITE = (*roles.UPDATE, *metadata_jobs.ENTITLEMENT, *metadata_jobs.PROFILE, *common_access.UPDATE)
SCOPES = tuple(sorted({*_WRITE, *non_employees.CREATE}))
LEVELS = tuple(sorted({*roles.LEVELS, *metadata_jobs.WRITERS}))
PAGED = ("limit", "offset")
ITEMS = ("outcome", "reason", "id", "q", "format", "limit", "after", "bom")
EVENTS = ("after", "limit")
LARGEST = 32 * 1024 * 1024  # bytes of a body that names 200,000 objects


def _ours(
    id: str, route: str, success: int, handler: str, levels: tuple[str, ...] = LEVELS, **more: object
) -> Operation:
    return operation(id, route, _V1, SCOPES, levels, success, handler, **more)


def _upload(id: str, tail: str, handler: str, **more: object) -> Operation:
    """What became of an upload, for whoever has sent it: that needs no level."""
    route = f"GET /bulkwark/jobs/{{id}}/{tail}"
    return operation(id, route, _V1, non_employees.READ, ANY, 200, handler, application=True, **more)


OPERATIONS: tuple[Operation, ...] = (
    _ours("bulkwarkJobs", "GET /bulkwark/jobs", 200, "jobs.list_jobs", query=PAGED),
    _ours("bulkwarkSubmit", "POST /bulkwark/jobs", 202, "job_requests.submit", bulk=True, largest=LARGEST),
    _ours("bulkwarkJob", "GET /bulkwark/jobs/{id}", 200, "jobs.get"),
    _ours("bulkwarkJobPatch", "PATCH /bulkwark/jobs/{id}", 200, "job_control.patch", body="json"),
    _ours("bulkwarkItems", "GET /bulkwark/jobs/{id}/items", 200, "job_items.of_job", query=ITEMS),
    _ours("bulkwarkReasons", "GET /bulkwark/jobs/{id}/reasons", 200, "job_items.reasons_of_job"),
    _ours("bulkwarkJobEvents", "GET /bulkwark/jobs/{id}/events", 200, "job_stream.of_job", query=EVENTS),
    _ours("bulkwarkEvents", "GET /bulkwark/events", 200, "job_stream.of_all", query=EVENTS),
    *(
        _ours(f"bulkwark{word.title()}", f"POST /bulkwark/jobs/{{id}}/{word}", 200, f"job_control.{word}", body="")
        for word in ("pause", "resume", "cancel", "confirm")
    ),
    _upload("bulkwarkUploadRows", "rows", "upload_reports.rows", query=("outcome", "limit", "after")),
    _upload("bulkwarkUploadFailed", "failed-rows", "upload_reports.failed", answers="text/csv"),
    _ours("bulkwarkUploadSettings", "GET /bulkwark/upload-settings", 200, "upload_reports.get_settings"),
    _ours(
        "bulkwarkUploadSettingsPut", "PUT /bulkwark/upload-settings", 200, "upload_reports.put_settings", levels=ADMIN
    ),
    _ours("bulkwarkUndo", "POST /bulkwark/jobs/{id}/undo", 202, "derived_jobs.undo", bulk=True),
    _ours("bulkwarkRerun", "POST /bulkwark/jobs/{id}/rerun", 202, "derived_jobs.rerun", bulk=True),
    _ours("bulkwarkPreviewCall", "POST /bulkwark/previews", 200, "preview_calls.preview", largest=LARGEST),
    _ours("bulkwarkPreview", "GET /bulkwark/previews/{id}", 200, "previews.get"),
    _ours("bulkwarkPreviewDiscard", "DELETE /bulkwark/previews/{id}", 204, "previews.discard"),
    _ours("bulkwarkPreviewItems", "GET /bulkwark/previews/{id}/items", 200, "job_items.of_preview", query=ITEMS),
    _ours("bulkwarkPreviewReasons", "GET /bulkwark/previews/{id}/reasons", 200, "job_items.reasons_of_preview"),
    _ours("bulkwarkPreviewRun", "POST /bulkwark/previews/{id}/run", 202, "derived_jobs.run", body="", bulk=True),
    operation(
        "bulkwarkExplain",
        "GET /bulkwark/explain",
        _V1,
        search.READ,
        search.LEVELS,
        200,
        "explain.get",
        application=True,
        query=("query", "index", "type", "id", "bulk"),
    ),
    _ours("bulkwarkGuards", "GET /bulkwark/guards", 200, "guards.get"),
    _ours("bulkwarkGuardsPut", "PUT /bulkwark/guards", 200, "guards.put", levels=ADMIN),
)
