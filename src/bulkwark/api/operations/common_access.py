"""Common access."""

from __future__ import annotations

from bulkwark.api.operations.shape import ADMIN, NOT_V3, YEARS, Operation, operation

READ = ("iai:access-modeling:read", "iai:access-modeling:manage")
CREATE = ("iai:access-modeling:create", "iai:access-modeling:manage")
UPDATE = ("iai:access-modeling:update", "iai:access-modeling:manage")
# Python SDK 2.x leaves the header out at v1 (decisions §1).
_EXPERIMENTAL = {"application": True, "experimental": YEARS}


OPERATIONS: tuple[Operation, ...] = (
    operation(
        "getCommonAccess", "GET /common-access", NOT_V3, READ, ADMIN, 200, "common_access.list_items", **_EXPERIMENTAL
    ),
    operation(
        "createCommonAccess", "POST /common-access", NOT_V3, CREATE, ADMIN, 202, "common_access.create", **_EXPERIMENTAL
    ),
    operation(
        "updateCommonAccessStatusInBulk",
        "POST /common-access/update-status",
        NOT_V3,
        UPDATE,
        ADMIN,
        202,
        "common_access.update_status",
        bulk=True,
        **_EXPERIMENTAL,
    ),
)
