"""Task status."""

from __future__ import annotations

from bulkwark.api.operations.shape import NOT_V3, Operation, operation

READ = ("idn:task-management:read", "idn:task-management:write")
WRITE = ("idn:task-management:write",)
CHANGE_LEVELS = (
    "ORG_ADMIN",
    "CERT_ADMIN",
    "REPORT_ADMIN",
    "ROLE_ADMIN",
    "ROLE_SUBADMIN",
    "SOURCE_ADMIN",
    "SOURCE_SUBADMIN",
)
READ_LEVELS = ("ORG_ADMIN", "HELPDESK", *CHANGE_LEVELS[1:])
PENDING = ("beta", "v2024", "v2025")  # deprecated, and gone in newer versions
_PENDING = "/task-status/pending-tasks"


OPERATIONS: tuple[Operation, ...] = (
    operation(
        "getTaskStatusList", "GET /task-status", NOT_V3, READ, READ_LEVELS, 200, "tasks.list_tasks", application=True
    ),
    operation("getPendingTasks", f"GET {_PENDING}", PENDING, READ, READ_LEVELS, 200, "tasks.pending", application=True),
    operation(
        "getPendingTaskHeaders",
        f"HEAD {_PENDING}",
        PENDING,
        READ,
        READ_LEVELS,
        200,
        "tasks.pending_headers",
        application=True,
    ),
    operation(
        "getTaskStatus",
        "GET /task-status/{id}",
        NOT_V3,
        READ,
        READ_LEVELS,
        200,
        "tasks.get",
        application=True,
        inline=True,
    ),
    operation("updateTaskStatus", "PATCH /task-status/{id}", NOT_V3, WRITE, CHANGE_LEVELS, 200, "tasks.patch"),
)
