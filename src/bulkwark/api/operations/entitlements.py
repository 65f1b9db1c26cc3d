"""Entitlements, and the ways in which they come in."""

from __future__ import annotations

from bulkwark.api.operations.shape import ADMIN, ANY, NEW, NOT_V3, Operation, operation

READ = ("idn:entitlement:read", "idn:entitlement:manage")
MANAGE = ("idn:entitlement:manage",)
UPDATE = ("idn:entitlement:manage", "idn:entitlement:update")
SOURCES = ("ORG_ADMIN", "SOURCE_ADMIN")
SUBADMINS = (*SOURCES, "SOURCE_SUBADMIN")
_ONE = "/entitlements/{id}"
_CONFIG = f"{_ONE}/entitlement-request-config"
_VALUE = f"{_ONE}/access-model-metadata/{{attributeKey}}/values/{{attributeValue}}"


OPERATIONS: tuple[Operation, ...] = (
    operation(
        "listEntitlements",
        "GET /entitlements",
        NOT_V3,
        READ,
        ANY,
        200,
        "entitlements.list_entitlements",
        application=True,
    ),
    operation(
        "getEntitlement",
        f"GET {_ONE}",
        NOT_V3,
        (*READ, "idn:entitlement:update"),
        SOURCES,
        200,
        "entitlements.get",
        application=True,
        inline=True,
    ),
    operation("patchEntitlement", f"PATCH {_ONE}", NOT_V3, UPDATE, SOURCES, 200, "entitlements.patch"),
    operation(
        "listEntitlementParents",
        f"GET {_ONE}/parents",
        NOT_V3,
        READ,
        ADMIN,
        200,
        "entitlements.parents",
        application=True,
    ),
    operation(
        "listEntitlementChildren",
        f"GET {_ONE}/children",
        NOT_V3,
        READ,
        ADMIN,
        200,
        "entitlements.children",
        application=True,
    ),
    operation(
        "updateEntitlementsInBulk",
        "POST /entitlements/bulk-update",
        NOT_V3,
        (*UPDATE, "idn:source-checked:update"),
        SOURCES,
        204,
        "entitlement_bulk.bulk_update",
        bulk=True,
    ),
    operation(
        "getEntitlementRequestConfig",
        f"GET {_CONFIG}",
        NOT_V3,
        READ,
        SUBADMINS,
        200,
        "entitlements.get_config",
        application=True,
    ),
    operation(
        "putEntitlementRequestConfig", f"PUT {_CONFIG}", NOT_V3, MANAGE, SUBADMINS, 200, "entitlements.put_config"
    ),
    operation(
        "createAccessModelMetadataForEntitlement",
        f"POST {_VALUE}",
        NOT_V3,
        MANAGE,
        ADMIN,
        201,
        "entitlements.add_value",
        body="",
    ),
    operation(
        "deleteAccessModelMetadataFromEntitlement",
        f"DELETE {_VALUE}",
        NOT_V3,
        MANAGE,
        ADMIN,
        200,
        "entitlements.remove_value",
    ),
    operation(
        "resetSourceEntitlements",
        "POST /entitlements/reset/sources/{id}",
        NOT_V3,
        UPDATE,
        ADMIN,
        202,
        "entitlement_imports.reset",
        keyed=True,
        body="",
    ),
    operation(
        "importEntitlementsBySource",
        "POST /entitlements/aggregate/sources/{id}",
        NOT_V3,
        MANAGE,
        ADMIN,
        202,
        "entitlement_imports.aggregate",
        keyed=True,
        body="multipart",
    ),
    # In the published documents of these versions, not in our copies.
    operation(
        "importEntitlements",
        "POST /sources/{id}/load-entitlements",
        NOT_V3,
        MANAGE,
        SUBADMINS,
        202,
        "entitlement_imports.load",
        keyed=True,
        body="multipart",
    ),
    operation(
        "listEntitlementsByIdentity",
        "GET /entitlements/identities/{id}/entitlements",
        NEW,
        READ,
        ANY,
        200,
        "entitlement_holders.by_identity",
    ),
    operation(
        "listEntitlementsByAccount",
        "GET /entitlements/account/{accountId}/entitlements",
        ("v2026", "v1"),
        READ,
        ADMIN,
        200,
        "entitlement_holders.by_account",
    ),
)
