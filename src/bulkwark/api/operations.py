"""The one table of operations. Routes, rights, the served OpenAPI and the reference are made from it.

Scopes are alternatives: the union over all versions of the official specs, and what their prose names.
Levels are the caller's user levels, of which one suffices. Source: the official OpenAPI documents;
where they are silent, docs/decisions/0002-rights.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

YEARS = ("v2024", "v2025", "v2026")
VERSIONS = ("v3", "beta", *YEARS, "v1")  # every version that a path can name; v1 stands inside the path
UNVERSIONED = "v2025"  # what a path without a version means

ALL = VERSIONS
NEW = (*YEARS, "v1")
NOT_V3 = ("beta", *NEW)
NOT_BETA = ("v3", *NEW)

ROLE_LEVELS = ("ORG_ADMIN", "ROLE_ADMIN", "ROLE_SUBADMIN")
ADMIN = ("ORG_ADMIN",)
SEARCH_LEVELS = (
    "ORG_ADMIN",
    "CERT_ADMIN",
    "REPORT_ADMIN",
    "SOURCE_ADMIN",
    "SOURCE_SUBADMIN",
    "ROLE_ADMIN",
    "ROLE_SUBADMIN",
)
ANY: tuple[str, ...] = ()  # any authenticated user

ROLE_READ = (
    "idn:role-unchecked:read",
    "idn:role-unchecked:manage",
    "idn:role-checked:read",
    "idn:role-checked:manage",
)
ROLE_MANAGE = ("idn:role-unchecked:manage", "idn:role-checked:manage")
ROLE_UPDATE = ("idn:role:update", "idn:role-checked:update")
METADATA_READ = ("idn:access-model-metadata:read", "idn:access-model-metadata:manage")
METADATA_CREATE = ("idn:access-model-metadata:create", "idn:access-model-metadata:manage")
METADATA_UPDATE = ("idn:access-model-metadata:update", "idn:access-model-metadata:manage")
PAT_READ = (
    "sp:my-personal-access-tokens:read",
    "sp:my-personal-access-tokens:manage",
    "sp:all-personal-access-tokens:read",
    "sp:all-personal-access-tokens:manage",
)
PAT_MANAGE = ("sp:my-personal-access-tokens:manage", "sp:all-personal-access-tokens:manage")
CLIENT_READ = ("sp:oauth-client:read", "sp:oauth-client:manage")
CLIENT_MANAGE = ("sp:oauth-client:manage",)
SEARCH_READ = ("sp:search:read",)
IDENTITY_READ = ("idn:identity:read", "idn:identity:manage")


@dataclass(frozen=True, slots=True)
class Operation:
    """One official operation. `handler` is `<file in api>.<function>`."""

    id: str
    method: str
    path: str  # as in the year versions, with {names}
    versions: tuple[str, ...]
    scopes: tuple[str, ...]
    levels: tuple[str, ...]
    success: int
    handler: str
    application: bool = False  # OAuth client tokens may call it too
    writes: bool = False  # takes a turn at the store's writer
    inline: bool = False  # answered on the event loop: a point read, nothing that can take long
    experimental: tuple[str, ...] = ()  # versions at which the experimental header is required
    body: str = ""  # '' none, 'json', 'patch' (JSON Patch), 'multipart'


_TABLE: list[Operation] = []


def _add(
    id: str,
    route: str,
    versions: tuple[str, ...],
    scopes: tuple[str, ...],
    levels: tuple[str, ...],
    success: int,
    handler: str,
    **more: object,
) -> None:
    method, path = route.split(" ")
    body = {"POST": "json", "PUT": "json", "PATCH": "patch"}.get(method, "")
    defaults: dict[str, object] = {"body": body, "writes": method != "GET"}
    _TABLE.append(Operation(id, method, path, versions, scopes, levels, success, handler, **{**defaults, **more}))  # type: ignore[arg-type]


_BULK = "/roles/access-model-metadata/bulk-update"
_ONE = "/roles/{id}/access-model-metadata/{attributeKey}/values/{attributeValue}"
_ATTRIBUTES = "/access-model-metadata/attributes"

# --- roles -------------------------------------------------------------------------------------------
_add("listRoles", "GET /roles", ALL, ROLE_READ, ROLE_LEVELS, 200, "roles.list_roles", application=True)
_add("createRole", "POST /roles", ALL, ROLE_MANAGE, ROLE_LEVELS, 201, "roles.create")
_add("getRole", "GET /roles/{id}", ALL, ROLE_READ, ROLE_LEVELS, 200, "roles.get", application=True, inline=True)
_add("patchRole", "PATCH /roles/{id}", ALL, ROLE_MANAGE, ROLE_LEVELS, 200, "roles.patch")
_add("deleteRole", "DELETE /roles/{id}", ALL, ROLE_MANAGE, ROLE_LEVELS, 204, "roles.delete")
_add("deleteBulkRoles", "POST /roles/bulk-delete", ALL, ROLE_MANAGE, ROLE_LEVELS, 202, "roles.bulk_delete")
_add("searchRolesByFilter", "POST /roles/filter", NEW, ROLE_READ, ROLE_LEVELS, 200, "roles.filter_roles", writes=False)
_add("updateAttributeKeyAndValueToRole", f"POST {_ONE}", NEW, ROLE_UPDATE, ROLE_LEVELS, 200, "roles.add_value", body="")
_add(
    "deleteMetadataFromRoleByKeyAndValue",
    f"DELETE {_ONE}",
    NEW,
    (*ROLE_UPDATE, "idn:role:delete", "idn:role-checked:delete"),
    ROLE_LEVELS,
    202,
    "roles.remove_value",
)

# --- the main job ------------------------------------------------------------------------------------
_add("updateRolesMetadataByIds", f"POST {_BULK}/ids", NEW, ROLE_UPDATE, ROLE_LEVELS, 202, "role_jobs.by_ids")
_add("updateRolesMetadataByFilter", f"POST {_BULK}/filter", NEW, ROLE_UPDATE, ROLE_LEVELS, 202, "role_jobs.by_filter")
_add("updateRolesMetadataByQuery", f"POST {_BULK}/query", NEW, ROLE_UPDATE, ROLE_LEVELS, 202, "role_jobs.by_query")
_add(
    "getBulkUpdateStatusById",
    f"GET {_BULK}/id",
    NEW,
    ROLE_UPDATE,
    ROLE_LEVELS,
    202,
    "role_jobs.status_literal",
    inline=True,
)
_add("getBulkUpdateStatus", f"GET {_BULK}", NEW, ROLE_UPDATE, ROLE_LEVELS, 200, "role_jobs.unfinished", inline=True)

# --- metadata attributes -----------------------------------------------------------------------------
_add(
    "listAccessModelMetadataAttribute",
    f"GET {_ATTRIBUTES}",
    NOT_V3,
    METADATA_READ,
    ADMIN,
    200,
    "metadata.list_attributes",
    application=True,
)
_add(
    "createAccessModelMetadataAttribute",
    f"POST {_ATTRIBUTES}",
    NOT_V3,
    METADATA_CREATE,
    ADMIN,
    201,
    "metadata.create_attribute",
    application=True,
)
_add(
    "getAccessModelMetadataAttribute",
    f"GET {_ATTRIBUTES}/{{key}}",
    NOT_V3,
    METADATA_READ,
    ADMIN,
    200,
    "metadata.get_attribute",
    application=True,
)
_add(
    "updateAccessModelMetadataAttribute",
    f"PATCH {_ATTRIBUTES}/{{key}}",
    NOT_V3,
    METADATA_UPDATE,
    ADMIN,
    200,
    "metadata.patch_attribute",
    application=True,
)
_add(
    "deleteAccessModelMetadataAttribute",
    f"DELETE {_ATTRIBUTES}/{{key}}",
    ("v1",),
    (*METADATA_UPDATE, "idn:access-model-metadata:delete"),
    ADMIN,
    204,
    "metadata.delete_attribute",
    application=True,
)
_add(
    "listAccessModelMetadataAttributeValue",
    f"GET {_ATTRIBUTES}/{{key}}/values",
    NOT_V3,
    METADATA_READ,
    ADMIN,
    200,
    "metadata.list_values",
    application=True,
)
_add(
    "createAccessModelMetadataAttributeValue",
    f"POST {_ATTRIBUTES}/{{key}}/values",
    NOT_V3,
    METADATA_CREATE,
    ADMIN,
    201,
    "metadata.create_value",
    application=True,
)
_add(
    "getAccessModelMetadataAttributeValue",
    f"GET {_ATTRIBUTES}/{{key}}/values/{{value}}",
    NOT_V3,
    METADATA_READ,
    ADMIN,
    200,
    "metadata.get_value",
    application=True,
)
_add(
    "updateAccessModelMetadataAttributeValue",
    f"PATCH {_ATTRIBUTES}/{{key}}/values/{{value}}",
    NOT_V3,
    METADATA_UPDATE,
    ADMIN,
    200,
    "metadata.patch_value",
    application=True,
)
_add(
    "deleteAccessModelMetadataAttributeValue",
    f"DELETE {_ATTRIBUTES}/{{key}}/values/{{value}}",
    ("v1",),
    (*METADATA_UPDATE, "idn:access-model-metadata:delete"),
    ADMIN,
    204,
    "metadata.delete_value",
    application=True,
)

# --- identities, search ------------------------------------------------------------------------------
_add("listIdentities", "GET /identities", NOT_V3, IDENTITY_READ, ADMIN, 200, "identities.list_identities")
_add("getIdentity", "GET /identities/{id}", NOT_V3, IDENTITY_READ, ADMIN, 200, "identities.get", inline=True)
_READ_ONLY = {"application": True, "writes": False}
_add("searchPost", "POST /search", NOT_BETA, SEARCH_READ, SEARCH_LEVELS, 200, "search.search_post", **_READ_ONLY)
_add("searchCount", "POST /search/count", NOT_BETA, SEARCH_READ, SEARCH_LEVELS, 204, "search.count", **_READ_ONLY)

# --- who calls ---------------------------------------------------------------------------------------
_add("listPersonalAccessTokens", "GET /personal-access-tokens", ALL, PAT_READ, ANY, 200, "tokens.list_tokens")
_add("createPersonalAccessToken", "POST /personal-access-tokens", ALL, PAT_MANAGE, ANY, 200, "tokens.create")
_add("patchPersonalAccessToken", "PATCH /personal-access-tokens/{id}", ALL, PAT_MANAGE, ANY, 200, "tokens.patch")
_add("deletePersonalAccessToken", "DELETE /personal-access-tokens/{id}", ALL, PAT_MANAGE, ANY, 204, "tokens.delete")
_add("listOauthClients", "GET /oauth-clients", ALL, CLIENT_READ, ADMIN, 200, "clients.list_clients")
_add("createOauthClient", "POST /oauth-clients", ALL, CLIENT_MANAGE, ADMIN, 200, "clients.create")
_add("getOauthClient", "GET /oauth-clients/{id}", ALL, CLIENT_READ, ADMIN, 200, "clients.get", application=True)
_add("patchOauthClient", "PATCH /oauth-clients/{id}", ALL, CLIENT_MANAGE, ADMIN, 200, "clients.patch")
_add("deleteOauthClient", "DELETE /oauth-clients/{id}", ALL, CLIENT_MANAGE, ADMIN, 204, "clients.delete")

# --- ours ----------------------------------------------------------------------------------------------
_OURS = ("v1",)  # `/bulkwark/v1/…`
_add("bulkwarkJobs", "GET /bulkwark/jobs", _OURS, ROLE_UPDATE, ROLE_LEVELS, 200, "jobs.list_jobs")
_add("bulkwarkJob", "GET /bulkwark/jobs/{id}", _OURS, ROLE_UPDATE, ROLE_LEVELS, 200, "jobs.get")
_add("bulkwarkItems", "GET /bulkwark/jobs/{id}/items", _OURS, ROLE_UPDATE, ROLE_LEVELS, 200, "jobs.items")

OPERATIONS: tuple[Operation, ...] = tuple(_TABLE)

# Our own reading of `…/bulk-update/id` (decisions: the declared path parameter has no place in the official
# path): the id stands where `id` does.
ALIASES: tuple[Operation, ...] = (
    Operation(
        "getBulkUpdateStatusById",
        "GET",
        f"{_BULK}/{{id}}",
        NEW,
        ROLE_UPDATE,
        ROLE_LEVELS,
        202,
        "role_jobs.status",
        inline=True,
    ),
)


def paths(operation: Operation) -> Iterator[tuple[str, str]]:
    """(version, path) of every form under which an operation answers, the unversioned one as ''."""
    resource, _, rest = operation.path[1:].partition("/")
    tail = f"/{rest}" if rest else ""
    for version in operation.versions:
        yield version, f"/{resource}/v1{tail}" if version == "v1" else f"/{version}{operation.path}"
    if UNVERSIONED in operation.versions:
        yield "", operation.path
