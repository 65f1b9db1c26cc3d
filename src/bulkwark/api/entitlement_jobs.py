"""Metadata on many entitlements: the newest family under /entitlements/v1, and the deprecated one before it.

Only an ORG_ADMIN calls them, as the calls for a single value; so no selection is limited. Sources: the Python SDK
2.1.72, the official specs.
"""

from __future__ import annotations

from bulkwark.api import metadata_jobs
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.api.metadata_jobs import Noun
from bulkwark.bulk.selection import Limit
from bulkwark.domain.kinds import Kind

ENTITLEMENTS = Noun(
    Kind.ENTITLEMENT,
    "entitlements",
    limit=lambda call: Limit(),
    may=lambda call, session, stored: True,
    notes=frozenset({"objectType"}),
    bare_id=True,
)


def by_ids(call: Call) -> Answer:
    """POST …/bulk-update/ids."""
    return metadata_jobs.by_ids(ENTITLEMENTS, call)


def by_filter(call: Call) -> Answer:
    """POST …/bulk-update/filter: every filter of GET /entitlements, and a bare id as in the official example."""
    return metadata_jobs.by_filter(ENTITLEMENTS, call)


def by_query(call: Call) -> Answer:
    """POST …/bulk-update/query."""
    return metadata_jobs.by_query(ENTITLEMENTS, call)
