"""Roles, and the main job: metadata on many of them."""

from __future__ import annotations

from bulkwark.api.operations.shape import ALL, NEW, NOT_V3, Operation, operation

LEVELS = ("ORG_ADMIN", "ROLE_ADMIN", "ROLE_SUBADMIN")
READ = (
    "idn:role-unchecked:read",
    "idn:role-unchecked:manage",
    "idn:role-checked:read",
    "idn:role-checked:manage",
)
MANAGE = ("idn:role-unchecked:manage", "idn:role-checked:manage")
UPDATE = ("idn:role:update", "idn:role-checked:update")
_BULK = "/roles/access-model-metadata/bulk-update"
_ONE = "/roles/{id}/access-model-metadata/{attributeKey}/values/{attributeValue}"


OPERATIONS: tuple[Operation, ...] = (
    operation("listRoles", "GET /roles", ALL, READ, LEVELS, 200, "roles.list_roles", application=True),
    operation("createRole", "POST /roles", ALL, MANAGE, LEVELS, 201, "roles.create"),
    operation("getRole", "GET /roles/{id}", ALL, READ, LEVELS, 200, "roles.get", application=True, inline=True),
    operation("patchRole", "PATCH /roles/{id}", ALL, MANAGE, LEVELS, 200, "roles.patch"),
    operation("deleteRole", "DELETE /roles/{id}", ALL, MANAGE, LEVELS, 204, "roles.delete"),
    operation("deleteBulkRoles", "POST /roles/bulk-delete", ALL, MANAGE, LEVELS, 202, "roles.bulk_delete", keyed=True),
    operation("searchRolesByFilter", "POST /roles/filter", NEW, READ, LEVELS, 200, "roles.filter_roles", writes=False),
    operation(
        "getRoleEntitlements",
        "GET /roles/{id}/entitlements",
        NOT_V3,
        READ,
        LEVELS,
        200,
        "role_members.entitlements",
        application=True,
    ),
    operation(
        "getRoleAssignedIdentities",
        "GET /roles/{id}/assigned-identities",
        ALL,
        READ,
        LEVELS,
        200,
        "role_members.assigned_identities",
        application=True,
    ),
    operation("updateAttributeKeyAndValueToRole", f"POST {_ONE}", NEW, UPDATE, LEVELS, 200, "roles.add_value", body=""),
    operation(
        "deleteMetadataFromRoleByKeyAndValue",
        f"DELETE {_ONE}",
        NEW,
        (*UPDATE, "idn:role:delete", "idn:role-checked:delete"),
        LEVELS,
        202,
        "roles.remove_value",
    ),
    *(
        operation(
            f"updateRolesMetadataBy{way}",
            f"POST {_BULK}/{way.lower()}",
            NEW,
            UPDATE,
            LEVELS,
            202,
            f"role_jobs.by_{way.lower()}",
            bulk=True,
        )
        for way in ("Ids", "Filter", "Query")
    ),
    operation(
        "getBulkUpdateStatusById",
        f"GET {_BULK}/id",
        NEW,
        UPDATE,
        LEVELS,
        202,
        "role_jobs.status_literal",
        inline=True,
    ),
    operation("getBulkUpdateStatus", f"GET {_BULK}", NEW, UPDATE, LEVELS, 200, "role_jobs.unfinished", inline=True),
)

# Our own reading of `…/bulk-update/id` (decisions: the declared path parameter has no place in the official
# path): the id stands where `id` does.
ALIASES: tuple[Operation, ...] = (
    Operation(
        "getBulkUpdateStatusById",
        "GET",
        f"{_BULK}/{{id}}",
        NEW,
        UPDATE,
        LEVELS,
        202,
        "role_jobs.status",
        inline=True,
    ),
)
