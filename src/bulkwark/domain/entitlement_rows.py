"""CSV files of entitlements (RFC 4180, UTF-8): what the columns mean, and what a row makes of an entitlement.

Source: the official import calls, whose columns are `attribute`, `value` and any of `id`, `name`, `displayName`,
`description`, `schema`, `privileged`, `requestable`, `cloudGoverned`, `owner`, `tags`; others become `attributes`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import TextIOWrapper
from typing import IO, TYPE_CHECKING

from bulkwark.domain import entitlements
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import plain_id
from bulkwark.errors import Invalid

if TYPE_CHECKING:
    from _csv import Reader

MAX_CELL = 131_072  # characters
SEVERAL = "|"  # stands between the values of a cell that holds several
NEEDED = ("attribute", "value")
FLAGS = ("privileged", "requestable", "cloudGoverned")
IGNORED = ("created", "modified", "source", "sourceId", "sourceName")  # an export has them; the server decides
_COLUMNS = {
    name.lower(): name
    for name in ("id", "name", "displayName", "description", "owner", "tags", "schema", *NEEDED, *FLAGS, *IGNORED)
} | {
    "entitlementowner": "owner",
    "ownerid": "owner",
    "type": "schema",
    "objecttype": "schema",
    "sourceschemaobjecttype": "schema",
}
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")


@dataclass(frozen=True, slots=True)
class Row:
    """One line's cells by the names of their members; `attributes` are the columns that no member has."""

    line: int
    cells: dict[str, str]
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a line was left out."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}"


def read(file: IO[bytes]) -> Iterator[Row | Fault]:
    """The rows of a file. Raises Invalid, at once, for a header that cannot be used."""
    csv.field_size_limit(MAX_CELL)
    # Bytes that are no UTF-8 come through as surrogates and spoil their own line only.
    text = TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="")
    reader = csv.reader(text, strict=True)
    columns = _header(reader)
    return _rows(reader, columns)


def _header(reader: Reader) -> list[str]:
    try:
        names = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise Invalid(f"the header is no CSV: {error}", where="line 1") from None
    columns = [_COLUMNS.get(name.lower().replace(" ", "").replace("_", ""), f"attributes.{name}") for name in names]
    for name, column in zip(names, columns, strict=True):
        if not name or not name.isprintable():
            raise Invalid(f"a column is called {name!r}", where="line 1")
        if columns.count(column) > 1:
            raise Invalid(f"the column {name!r} stands twice", where="line 1")
    for name in NEEDED:
        if name not in columns:
            raise Invalid(f"the column {name!r} is missing", where="line 1", hint="at least attribute,value")
    return columns


def _rows(reader: Reader, columns: list[str]) -> Iterator[Row | Fault]:
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Fault(line, f"it is no CSV: {error}")
            continue
        if any(cells):
            yield _row(line, cells, columns)


def _row(line: int, cells: list[str], columns: list[str]) -> Row | Fault:
    if len(cells) != len(columns):
        return Fault(line, f"it has {len(cells)} cells, the header has {len(columns)}")
    found = {column: cell.strip() for column, cell in zip(columns, cells, strict=True)}
    for column, cell in found.items():
        name = column.removeprefix("attributes.")
        if not cell.isascii() and any("\ud800" <= letter <= "\udfff" for letter in cell):
            return Fault(line, f"column {name}: it is not UTF-8")
        if "\0" in cell:
            return Fault(line, f"column {name}: it holds U+0000")
        if column in NEEDED and not cell:
            return Fault(line, f"column {name}: it is empty")
        if column in FLAGS and cell.lower() not in (*_TRUE, *_FALSE, ""):
            return Fault(line, f"column {name}: {cell!r} is neither true nor false")
    attributes = {c.removeprefix("attributes."): cell for c, cell in found.items() if c.startswith("attributes.")}
    if found.get("id"):
        found["id"] = plain_id(found["id"])
        if len(found["id"]) != 32 or not all(letter in "0123456789abcdef" for letter in found["id"]):
            return Fault(line, f"column id: {found['id']!r} is no id (32 hex digits, or a UUID)")
    return Row(line, {c: cell for c, cell in found.items() if not c.startswith("attributes.")}, attributes)


def merged(
    row: Row, before: Document | None, id: str, created: str, source: Document, owner: Document | None
) -> Document:
    """The entitlement after its row: columns that the file lacks stay, and so does what people have set by hand.

    `id`, `created` and `source` are those of a new one.
    """
    old = before or {"id": id, "created": created, "source": source}
    cells = row.cells
    found = old | {"attribute": cells["attribute"], "value": cells["value"]}
    by_hand = old.get("manuallyUpdatedFields") or {}
    if not by_hand.get("DISPLAY_NAME") and (before is None or "displayName" in cells or "name" in cells):
        found["name"] = cells.get("displayName") or cells.get("name") or cells["value"]
    if not by_hand.get("DESCRIPTION") and "description" in cells:
        found["description"] = cells["description"] or None
    if cells.get("schema") or before is None:
        found["sourceSchemaObjectType"] = cells.get("schema") or "group"
    for name in FLAGS:
        if cells.get(name):
            found[name] = cells[name].lower() in _TRUE
    if "owner" in cells:
        found["owner"] = owner
    if "tags" in cells:
        found["tags"] = _several(cells["tags"])
    attributes = dict(old.get("attributes") or {})
    for name, cell in row.attributes.items():
        # The attribute that says what an entitlement belongs to: an entitlement may belong to several others.
        attributes[name] = _several(cell) if name == cells["attribute"] else cell
        if not cell:
            del attributes[name]
    found["attributes"] = attributes
    return entitlements.complete(found)


def _several(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(SEVERAL) if part.strip()]
