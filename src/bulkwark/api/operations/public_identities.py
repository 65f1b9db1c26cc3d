"""Public identities."""

from __future__ import annotations

from bulkwark.api.operations.shape import ANY, NOT_BETA, Operation, operation

READ = ("sp:scopes:default",)


OPERATIONS: tuple[Operation, ...] = (
    operation(
        "getPublicIdentities", "GET /public-identities", NOT_BETA, READ, ANY, 200, "public_identities.list_identities"
    ),
)
