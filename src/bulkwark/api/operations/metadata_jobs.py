"""Metadata on access profiles and on many entitlements.

The newest calls stand in the Python SDK 2.1.72 and in the published pages, not in the specs of 2026-08-22. Neither
names scopes or levels: they are those of the siblings (patchAccessProfile, listAccessProfiles, and the calls for
a single value of an entitlement).
"""

from __future__ import annotations

from bulkwark.api.operations.shape import ADMIN, Operation, operation

_V1 = ("v1",)
_DEPRECATED = ("v2025", "v2026", "v1")
ENTITLEMENT = ("idn:entitlement:manage",)
PROFILE_READ = ("idn:access-profile:read", "idn:access-profile:manage")
PROFILE = ("idn:access-profile:manage",)
READERS = ("ORG_ADMIN", "ROLE_ADMIN", "ROLE_SUBADMIN", "SOURCE_ADMIN", "SOURCE_SUBADMIN")
WRITERS = ("ORG_ADMIN", "SOURCE_ADMIN", "SOURCE_SUBADMIN")
_BULK = "/access-model-metadata/bulk-update"
_ONE = "/access-profiles/{id}/access-model-metadata/{attributeKey}/values/{attributeValue}"


OPERATIONS: tuple[Operation, ...] = (
    *(
        operation(
            f"updateEntitlementsMetadataBy{way}",
            f"POST /entitlements{_BULK}/{way.lower()}",
            _V1,
            ENTITLEMENT,
            ADMIN,
            202,
            f"entitlement_jobs.by_{way.lower()}",
            bulk=True,
        )
        for way in ("Ids", "Filter", "Query")
    ),
    *(
        operation(
            f"updateAccessModelMetadataBy{way}",
            f"POST {_BULK}/{way.lower()}",
            _DEPRECATED,
            ENTITLEMENT,
            ADMIN,
            200,
            f"entitlement_jobs.by_{way.lower()}",
            bulk=True,
        )
        for way in ("Ids", "Filter", "Query")
    ),
    *(
        operation(
            f"updateAccessProfilesMetadataBy{way}",
            f"POST /access-profiles{_BULK}/{way.lower()}",
            _V1,
            PROFILE,
            WRITERS,
            202,
            f"profile_metadata.by_{way.lower()}",
            bulk=True,
        )
        for way in ("Ids", "Filter", "Query")
    ),
    operation(
        "searchAccessProfilesByFilter",
        "POST /access-profiles/filter",
        _V1,
        PROFILE_READ,
        READERS,
        200,
        "profile_metadata.filter_profiles",
        writes=False,
    ),
    operation(
        "updateAttributeKeyAndValueToAccessProfile",
        f"POST {_ONE}",
        _V1,
        PROFILE,
        WRITERS,
        200,
        "profile_metadata.add_value",
        body="",
    ),
    operation(
        "deleteMetadataFromAccessProfileByKeyAndValue",
        f"DELETE {_ONE}",
        _V1,
        PROFILE,
        WRITERS,
        202,
        "profile_metadata.remove_value",
    ),
)
