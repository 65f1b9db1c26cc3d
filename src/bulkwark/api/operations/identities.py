"""Identities."""

from __future__ import annotations

from bulkwark.api.operations.shape import ADMIN, NOT_V3, Operation, operation

READ = ("idn:identity:read", "idn:identity:manage")


OPERATIONS: tuple[Operation, ...] = (
    operation("listIdentities", "GET /identities", NOT_V3, READ, ADMIN, 200, "identities.list_identities"),
    operation("getIdentity", "GET /identities/{id}", NOT_V3, READ, ADMIN, 200, "identities.get", inline=True),
)
