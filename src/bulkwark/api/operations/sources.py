"""Sources."""

from __future__ import annotations

from bulkwark.api.operations.shape import ALL, Operation, operation

WRITERS = ("ORG_ADMIN", "SOURCE_ADMIN", "SOURCE_SUBADMIN")
READERS = (*WRITERS, "ROLE_SUBADMIN")
READ = ("idn:sources:read", "idn:sources:manage")
MANAGE = ("idn:sources:manage",)
_ONE = "/sources/{id}"
_APPLICATION = {"application": True}


OPERATIONS: tuple[Operation, ...] = (
    operation("listSources", "GET /sources", ALL, READ, READERS, 200, "sources.list_sources", **_APPLICATION),
    operation("createSource", "POST /sources", ALL, MANAGE, WRITERS, 201, "sources.create", **_APPLICATION),
    operation("getSource", f"GET {_ONE}", ALL, READ, WRITERS, 200, "sources.get", application=True, inline=True),
    operation("updateSource", f"PATCH {_ONE}", ALL, MANAGE, WRITERS, 200, "sources.patch", **_APPLICATION),
    operation("deleteSource", f"DELETE {_ONE}", ALL, MANAGE, WRITERS, 202, "sources.delete", **_APPLICATION),
)
