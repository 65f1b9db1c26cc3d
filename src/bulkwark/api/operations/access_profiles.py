"""Access profiles.

The spec's prose wants four scopes at once for a POST; a scope that only reads must not open a write, so the one
that manages decides alone.
"""

from __future__ import annotations

from bulkwark.api.operations.shape import ALL, NOT_V3, Operation, operation

READERS = ("ORG_ADMIN", "ROLE_ADMIN", "ROLE_SUBADMIN", "SOURCE_ADMIN", "SOURCE_SUBADMIN")
WRITERS = ("ORG_ADMIN", "SOURCE_ADMIN", "SOURCE_SUBADMIN")
READ = ("idn:access-profile:read", "idn:access-profile:manage")
MANAGE = ("idn:access-profile:manage",)
_ALL, _ONE = "/access-profiles", "/access-profiles/{id}"


OPERATIONS: tuple[Operation, ...] = (
    operation("listAccessProfiles", f"GET {_ALL}", ALL, READ, READERS, 200, "access_profiles.list_profiles"),
    operation("createAccessProfile", f"POST {_ALL}", ALL, MANAGE, READERS, 201, "access_profiles.create"),
    operation("getAccessProfile", f"GET {_ONE}", ALL, READ, READERS, 200, "access_profiles.get", inline=True),
    operation("patchAccessProfile", f"PATCH {_ONE}", ALL, MANAGE, WRITERS, 200, "access_profiles.patch"),
    operation("deleteAccessProfile", f"DELETE {_ONE}", ALL, MANAGE, WRITERS, 204, "access_profiles.delete"),
    operation(
        "deleteAccessProfilesInBulk",
        f"POST {_ALL}/bulk-delete",
        ALL,
        MANAGE,
        WRITERS,
        202,
        "profile_bulk.delete",
        keyed=True,
    ),
    operation(
        "updateAccessProfilesInBulk",
        f"POST {_ALL}/bulk-update-requestable",
        NOT_V3,
        MANAGE,
        WRITERS,
        207,
        "profile_bulk.update_requestable",
        keyed=True,
    ),
    operation(
        "getAccessProfileEntitlements",
        f"GET {_ONE}/entitlements",
        ALL,
        READ,
        WRITERS,
        200,
        "access_profiles.entitlements",
    ),
)
