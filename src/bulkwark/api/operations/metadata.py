"""Metadata attributes and their values."""

from __future__ import annotations

from bulkwark.api.operations.shape import ADMIN, NOT_V3, Operation, operation

READ = ("idn:access-model-metadata:read", "idn:access-model-metadata:manage")
CREATE = ("idn:access-model-metadata:create", "idn:access-model-metadata:manage")
UPDATE = ("idn:access-model-metadata:update", "idn:access-model-metadata:manage")
DELETE = (*UPDATE, "idn:access-model-metadata:delete")
_ATTRIBUTES = "/access-model-metadata/attributes"


OPERATIONS: tuple[Operation, ...] = (
    operation(
        "listAccessModelMetadataAttribute",
        f"GET {_ATTRIBUTES}",
        NOT_V3,
        READ,
        ADMIN,
        200,
        "metadata.list_attributes",
        application=True,
    ),
    operation(
        "createAccessModelMetadataAttribute",
        f"POST {_ATTRIBUTES}",
        NOT_V3,
        CREATE,
        ADMIN,
        201,
        "metadata.create_attribute",
        application=True,
    ),
    operation(
        "getAccessModelMetadataAttribute",
        f"GET {_ATTRIBUTES}/{{key}}",
        NOT_V3,
        READ,
        ADMIN,
        200,
        "metadata.get_attribute",
        application=True,
    ),
    operation(
        "updateAccessModelMetadataAttribute",
        f"PATCH {_ATTRIBUTES}/{{key}}",
        NOT_V3,
        UPDATE,
        ADMIN,
        200,
        "metadata.patch_attribute",
        application=True,
    ),
    operation(
        "deleteAccessModelMetadataAttribute",
        f"DELETE {_ATTRIBUTES}/{{key}}",
        ("v1",),
        DELETE,
        ADMIN,
        200,
        "metadata.delete_attribute",
        application=True,
    ),
    operation(
        "listAccessModelMetadataAttributeValue",
        f"GET {_ATTRIBUTES}/{{key}}/values",
        NOT_V3,
        READ,
        ADMIN,
        200,
        "metadata.list_values",
        application=True,
    ),
    operation(
        "createAccessModelMetadataAttributeValue",
        f"POST {_ATTRIBUTES}/{{key}}/values",
        NOT_V3,
        CREATE,
        ADMIN,
        201,
        "metadata.create_value",
        application=True,
    ),
    operation(
        "getAccessModelMetadataAttributeValue",
        f"GET {_ATTRIBUTES}/{{key}}/values/{{value}}",
        NOT_V3,
        READ,
        ADMIN,
        200,
        "metadata.get_value",
        application=True,
    ),
    operation(
        "updateAccessModelMetadataAttributeValue",
        f"PATCH {_ATTRIBUTES}/{{key}}/values/{{value}}",
        NOT_V3,
        UPDATE,
        ADMIN,
        200,
        "metadata.patch_value",
        application=True,
    ),
    operation(
        "deleteAccessModelMetadataAttributeValue",
        f"DELETE {_ATTRIBUTES}/{{key}}/values/{{value}}",
        ("v1",),
        DELETE,
        ADMIN,
        200,
        "metadata.delete_value",
        application=True,
    ),
)
