"""The served OpenAPI document of one version, made from the table of operations."""

from __future__ import annotations

import re
from typing import Any

from bulkwark import __version__
from bulkwark.api.answers import Answer, ok
from bulkwark.api.operations import OPERATIONS, VERSIONS, Operation
from bulkwark.errors import Invalid

STATUSES = {
    400: "The request was refused; `causes` say what and where.",
    401: "No valid token.",
    403: "The caller lacks the right.",
    404: "No such object.",
    429: "Over the rate limit; see Retry-After.",
    500: "A fault of the server.",
}

CONTENT = {
    "json": "application/json",
    "patch": "application/json-patch+json",
    "multipart": "multipart/form-data",
}
# Paths whose parameters have other names at one version.
SPELLED = {("resetSourceEntitlements", "beta"): "/entitlements/reset/sources/{sourceId}"}


def document(version: str) -> Answer:
    """OpenAPI 3.0 of everything served at that version."""
    if version not in VERSIONS:
        raise Invalid(f"there is no version {version!r}", where="query parameter version", hint=", ".join(VERSIONS))
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        if version in operation.versions:
            paths.setdefault(official_path(operation, version), {})[operation.method.lower()] = _operation(operation)
    return ok(
        {
            "openapi": "3.0.1",
            "info": {"title": f"Bulkwark, {version}", "version": __version__},
            "servers": [{"url": "/" if version == "v1" else f"/{version}"}],
            "components": {
                "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            },
            "paths": paths,
        }
    )


def official_path(operation: Operation, version: str) -> str:
    """The path as the official document of that version spells it."""
    if version != "v1":
        return SPELLED.get((operation.id, version), operation.path)
    resource, _, rest = operation.path[1:].partition("/")
    return f"/{resource}/v1" + (f"/{rest}" if rest else "")


def _operation(operation: Operation) -> dict[str, Any]:
    names = re.findall(r"{([^}]+)}", operation.path)
    found: dict[str, Any] = {
        "operationId": operation.id,
        "security": [{"bearer": list(operation.scopes)}],
        "x-user-levels": list(operation.levels) or ["Any"],
        "parameters": [{"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in names],
        "responses": {
            str(operation.success): {"description": "Success"},
            **{str(status): {"description": text} for status, text in STATUSES.items() if status != 404 or names},
        },
    }
    if operation.body:
        kind = CONTENT[operation.body]
        found["requestBody"] = {"required": True, "content": {kind: {"schema": {}}}}
    return found
