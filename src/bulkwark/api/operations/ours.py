"""What is ours: `/bulkwark/v1/…`."""

from __future__ import annotations

from bulkwark.api.operations.roles import LEVELS, UPDATE
from bulkwark.api.operations.search import LEVELS as SEARCHERS
from bulkwark.api.operations.search import READ
from bulkwark.api.operations.shape import Operation, operation

_V1 = ("v1",)


OPERATIONS: tuple[Operation, ...] = (
    operation("bulkwarkJobs", "GET /bulkwark/jobs", _V1, UPDATE, LEVELS, 200, "jobs.list_jobs"),
    operation("bulkwarkJob", "GET /bulkwark/jobs/{id}", _V1, UPDATE, LEVELS, 200, "jobs.get"),
    operation("bulkwarkExplain", "GET /bulkwark/explain", _V1, READ, SEARCHERS, 200, "explain.get", application=True),
    operation("bulkwarkItems", "GET /bulkwark/jobs/{id}/items", _V1, UPDATE, LEVELS, 200, "jobs.items"),
)
