"""The one table of operations. Routes, rights, the served OpenAPI and the reference are made from it.

One file for each family; every row is an `Operation`. Scopes are alternatives: the union over all versions of
the official specs, and what their prose names. Levels are the caller's user levels, of which one suffices.
Source: the official OpenAPI documents; where they are silent, docs/decisions/0002-rights.md.
"""

from __future__ import annotations

from bulkwark.api.operations import (
    access_profiles,
    common_access,
    credentials,
    dimensions,
    entitlements,
    identities,
    metadata,
    metadata_jobs,
    non_employees,
    ours,
    public_identities,
    roles,
    search,
    sources,
    tasks,
)
from bulkwark.api.operations.shape import UNVERSIONED, VERSIONS, Operation, paths

__all__ = ["ALIASES", "OPERATIONS", "UNVERSIONED", "VERSIONS", "Operation", "paths"]

OPERATIONS: tuple[Operation, ...] = (
    *roles.OPERATIONS,
    *dimensions.OPERATIONS,
    *access_profiles.OPERATIONS,
    *sources.OPERATIONS,
    *entitlements.OPERATIONS,
    *metadata.OPERATIONS,
    *metadata_jobs.OPERATIONS,
    *identities.OPERATIONS,
    *public_identities.OPERATIONS,
    *search.OPERATIONS,
    *common_access.OPERATIONS,
    *non_employees.OPERATIONS,
    *tasks.OPERATIONS,
    *credentials.OPERATIONS,
    *ours.OPERATIONS,
)
ALIASES: tuple[Operation, ...] = roles.ALIASES
