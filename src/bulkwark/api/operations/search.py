"""Search."""

from __future__ import annotations

from bulkwark.api.operations.shape import NOT_BETA, Operation, operation

READ = ("sp:search:read",)
LEVELS = (
    "ORG_ADMIN",
    "CERT_ADMIN",
    "REPORT_ADMIN",
    "SOURCE_ADMIN",
    "SOURCE_SUBADMIN",
    "ROLE_ADMIN",
    "ROLE_SUBADMIN",
)

_READ_ONLY = {"application": True, "writes": False}

OPERATIONS: tuple[Operation, ...] = (
    operation("searchPost", "POST /search", NOT_BETA, READ, LEVELS, 200, "search.search_post", **_READ_ONLY),
    operation("searchCount", "POST /search/count", NOT_BETA, READ, LEVELS, 204, "search.count", **_READ_ONLY),
    operation(
        "searchAggregate", "POST /search/aggregate", NOT_BETA, READ, LEVELS, 200, "search.aggregate", **_READ_ONLY
    ),
    operation(
        "searchGet", "GET /search/{index}/{id}", NOT_BETA, READ, LEVELS, 200, "search.get_document", application=True
    ),
)
