"""What the table of operations says of one operation."""

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

# User levels.
ADMIN = ("ORG_ADMIN",)
ANY: tuple[str, ...] = ()  # any authenticated user

OURS = "/bulkwark/"  # what paths begin with that ISC does not have


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
    bulk: bool = False  # changes many: can be previewed or controlled by headers, and takes an Idempotency-Key
    keyed: bool = False  # changes many in the request itself: takes an Idempotency-Key too
    writes: bool = False  # takes a turn at the store's writer
    inline: bool = False  # answered on the event loop: a point read, nothing that can take long
    experimental: tuple[str, ...] = ()  # versions at which the experimental header is required
    largest: int = 8 * 1024 * 1024  # bytes that a body may have
    largest_form: int = 64 * 1024 * 1024  # the same of a multipart body
    body: str = ""  # '' none, 'json', 'patch' (JSON Patch), 'multipart'
    answers: str = "application/json"  # content type of its success
    query: tuple[str, ...] | None = None  # the query parameters that there are; None: others are ignored, as by ISC


def operation(
    id: str,
    route: str,
    versions: tuple[str, ...],
    scopes: tuple[str, ...],
    levels: tuple[str, ...],
    success: int,
    handler: str,
    **more: object,
) -> Operation:
    """A row of the table. `route` is `METHOD /path`; a body is JSON (PATCH: JSON Patch) unless said otherwise.

    What is ours takes no query parameters unless it names them.
    """
    method, path = route.split(" ")
    body = {"POST": "json", "PUT": "json", "PATCH": "patch"}.get(method, "")
    defaults: dict[str, object] = {"body": body, "writes": method not in ("GET", "HEAD")}
    if path.startswith(OURS):
        defaults["query"] = ()
    # `more` has members of any type for mypy; tests/api/test_served.py looks at every row that was made.
    return Operation(id, method, path, versions, scopes, levels, success, handler, **{**defaults, **more})  # type: ignore[arg-type]


def paths(operation: Operation) -> Iterator[tuple[str, str]]:
    """(version, path) of every form under which an operation answers, the unversioned one as ''."""
    resource, _, rest = operation.path[1:].partition("/")
    tail = f"/{rest}" if rest else ""
    for version in operation.versions:
        yield version, f"/{resource}/v1{tail}" if version == "v1" else f"/{version}{operation.path}"
    if UNVERSIONED in operation.versions:
        yield "", operation.path
