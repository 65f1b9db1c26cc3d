"""Dimensions of roles."""

from __future__ import annotations

from bulkwark.api.operations.roles import LEVELS, MANAGE, READ
from bulkwark.api.operations.shape import NEW, Operation, operation

_ALL = "/roles/{roleId}/dimensions"
_ONE = f"{_ALL}/{{dimensionId}}"


OPERATIONS: tuple[Operation, ...] = (
    operation("listDimensions", f"GET {_ALL}", NEW, READ, LEVELS, 200, "dimensions.list_dimensions"),
    operation("createDimension", f"POST {_ALL}", NEW, MANAGE, LEVELS, 201, "dimensions.create"),
    operation("getDimension", f"GET {_ONE}", NEW, READ, LEVELS, 200, "dimensions.get", inline=True),
    operation("patchDimension", f"PATCH {_ONE}", NEW, MANAGE, LEVELS, 200, "dimensions.patch"),
    operation("deleteDimension", f"DELETE {_ONE}", NEW, MANAGE, LEVELS, 204, "dimensions.delete"),
    operation(
        "deleteBulkDimensions",
        f"POST {_ALL}/bulk-delete",
        NEW,
        MANAGE,
        LEVELS,
        202,
        "dimensions.bulk_delete",
        keyed=True,
    ),
    operation(
        "listDimensionAccessProfiles", f"GET {_ONE}/access-profiles", NEW, READ, LEVELS, 200, "dimensions.profiles"
    ),
    operation(
        "getDimensionEntitlements", f"GET {_ONE}/entitlements", NEW, READ, LEVELS, 200, "dimensions.entitlements"
    ),
)
