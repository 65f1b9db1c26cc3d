"""Reference pages made from tables: `python -m bulkwark.api.reference` prints the served operations.

With the argument `fields` it prints the fields that searches know.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from bulkwark.api.openapi import official_path
from bulkwark.api.operations import OPERATIONS, UNVERSIONED, VERSIONS, Operation
from bulkwark.query.fields import Kind, Schema
from bulkwark.store.indexes import INDEXES, METADATA

HEAD = f"""\
# Served operations

Made by `python -m bulkwark.api.reference` from the table in `src/bulkwark/api/operations.py`; do not edit.

A version is the first part of the path (`/v2025/roles`); `v1` stands behind the resource (`/roles/v1`); a path
without a version means {UNVERSIONED}. `•`: served at that version; `x`: served there, and the header
`X-SailPoint-Experimental: true` is required.

A call needs one of the scopes (`sp:scopes:all` holds each) and one of the user levels. *App*: the own token of an
OAuth client may call too.
"""

FIELDS_HEAD = """\
# Search fields

Made by `python -m bulkwark.api.reference fields` from `src/bulkwark/store/indexes.py`; do not edit.

| kind | how values are compared |
|---|---|
| keyword | the whole value, without regard to case |
| text | words; `.exact` behind the name: the whole value, with case |
| date | moments; `2024-05` means the whole month; date math such as `now-7d/d` |
| bool | `true`, `false` |
| number | numbers |

A field below a nested array is found in any element (`entitlements.privileged:true`), and several conditions in one
and the same element with `@entitlements(privileged:true AND source.name:SAP)`. Below an open map any name can stand.
"""
_KINDS = (Kind.KEYWORD, Kind.TEXT, Kind.DATE, Kind.BOOL, Kind.NUMBER)


def operations() -> str:
    """Markdown: operation × version, then the rights."""
    return "\n".join([HEAD, *_versions(), "", "## Rights", "", *_rights(), ""])


def _versions() -> Iterator[str]:
    yield f"| operation | method and path | {' | '.join(VERSIONS)} | success |"
    yield "|---|---|" + "---|" * (len(VERSIONS) + 1)
    for operation in OPERATIONS:
        marks = " | ".join(_mark(operation, version) for version in VERSIONS)
        yield f"| {operation.id} | `{operation.method} {_path(operation)}` | {marks} | {operation.success} |"


def _rights() -> Iterator[str]:
    yield "| operation | scopes | levels | App |"
    yield "|---|---|---|---|"
    for operation in OPERATIONS:
        scopes = "<br>".join(f"`{scope}`" for scope in operation.scopes)
        levels = ", ".join(operation.levels) or "any user"
        yield f"| {operation.id} | {scopes} | {levels} | {'yes' if operation.application else ''} |"


def _mark(operation: Operation, version: str) -> str:
    if version not in operation.versions:
        return ""
    return "x" if version in operation.experimental else "•"


def _path(operation: Operation) -> str:
    """As in the year versions; where there is only `v1`, as it is called."""
    return official_path(operation, "v1") if operation.versions == ("v1",) else operation.path


def fields() -> str:
    """Markdown: for each index its fields by kind, its nested arrays and open maps."""
    parts = [FIELDS_HEAD]
    for index in INDEXES.values():
        empty = "" if index.kind else " (no documents yet)"
        parts += [f"## {index.name}{empty}", "", *_fields(index.schema), ""]
    return "\n".join(parts)


def _fields(schema: Schema) -> Iterator[str]:
    yield "| place | kind | fields |"
    yield "|---|---|---|"
    for place in ("", *schema.nested):
        for kind in _KINDS:
            names = [f.path for f in schema.fields.values() if f.nested == place and f.kind is kind]
            if names:
                yield f"| {f'@{place}' if place else 'root'} | {kind.value} | {', '.join(f'`{n}`' for n in names)} |"
    for path, nested in schema.open_maps.items():
        yield f"| {f'@{nested}' if nested else 'root'} | text | `{path}.` and any name |"
    if METADATA in schema.nested:
        yield ""
        yield f"`{METADATA}` holds the metadata values of the object, one element for each value."


if __name__ == "__main__":
    print(fields() if sys.argv[1:] == ["fields"] else operations(), end="")
