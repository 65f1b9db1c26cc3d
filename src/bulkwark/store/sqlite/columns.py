"""Relations of the aggregations: which objects or elements stand in which bucket, and which values they have.

Everything here is text of SQL over numbers that we made ourselves; values of callers are bound by whoever runs it.
"""

from __future__ import annotations

from dataclasses import dataclass

from bulkwark.domain.kinds import Kind, first_rid, last_rid
from bulkwark.query.aggregations import Column
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.store.fields import FieldNumbers
from bulkwark.store.indexes import BY_KIND, METADATA
from bulkwark.store.sqlite.engine import Session

_MOMENTS = ("modified", "synced")  # they live in an object's state, not among its values


@dataclass(frozen=True, slots=True)
class Rows:
    """Objects, or elements of a nested array, in numbered buckets.

    Attributes:
        buckets: how many there are, empty ones included.
        scan: a SELECT of (b, rid, key); `key` is what values belong to: the rid, or the element.
        join: what is joined to values `v` so that only those of the rows are left.
        b, rid: bucket and rid in that join.
        nested: path of the nested array, '' for objects.
    """

    buckets: int
    scan: str
    join: str
    b: str = "0"
    rid: str = "v.key"
    nested: str = ""


class Columns:
    """Makes the relations of one tenant for objects of some kinds."""

    def __init__(self, session: Session, tenant: int, numbers: FieldNumbers, kinds: tuple[Kind, ...]) -> None:
        self._session = session
        self._numbers = numbers
        self.tenant = int(tenant)
        self.kinds = kinds

    # --- rows ----------------------------------------------------------------------------------------

    def everything(self) -> Rows:
        """All objects of the kinds."""
        kinds = ", ".join(str(int(kind)) for kind in self.kinds)
        scan = f"SELECT 0 AS b, rid, rid AS key FROM state WHERE tenant = {self.tenant} AND kind IN ({kinds})"
        return Rows(1, scan, "")

    def hits(self, table: str) -> Rows:
        """The objects in a table of one column, `rid`."""
        scan = f"SELECT 0 AS b, rid, rid AS key FROM temp.{table}"
        return Rows(1, scan, f"CROSS JOIN temp.{table} c ON c.rid = v.key")

    def table(self, table: str, buckets: int, nested: str) -> Rows:
        """The rows of a table (key, rid, b)."""
        scan = f"SELECT b, rid, key FROM temp.{table}"
        return Rows(buckets, scan, f"CROSS JOIN temp.{table} c ON c.key = v.key", "c.b", "c.rid", nested)

    def elements(self, rows: Rows, path: str) -> Rows:
        """The elements of a nested array of objects."""
        if path == METADATA:
            link, target, where = "md_inv", "pair", f"m.tenant = {self.tenant}"
            if not rows.join:
                where += f" AND {self._of_kinds('m.rid')}"
        else:
            fields = self._of(self.kinds, path)
            link, target, where = "link", "target", f"m.tenant = {self.tenant} AND m.field IN ({fields})"
        outer = f" {rows.join.replace('v.key', 'm.rid')}" if rows.join else ""
        scan = f"SELECT {rows.b} AS b, m.rid, m.{target} AS key FROM {link} m{outer} WHERE {where}"
        join = f"CROSS JOIN {link} m ON {where} AND m.{target} = v.key{outer}"
        return Rows(rows.buckets, scan, join, rows.b, "m.rid", path)

    # --- values --------------------------------------------------------------------------------------

    def values(self, column: Column, nested: str) -> str:
        """A SELECT of (key, value); at most one row for a value of an object or element."""
        if column.kind is None:
            return "SELECT NULL AS key, NULL AS value WHERE 0"
        path = column.nested
        own = self._values(column.path[len(path) + 1 :] if path else column.path, column.kind, path)
        if path == nested:
            return own
        # From the root into a nested array: the values of all elements.
        if path == METADATA:
            return f"SELECT DISTINCT m.rid AS key, e.value FROM ({own}) e CROSS JOIN md_inv m ON m.pair = e.key " + (
                f"AND m.tenant = {self.tenant} AND {self._of_kinds('m.rid')}"
            )
        return f"SELECT DISTINCT m.rid AS key, e.value FROM ({own}) e CROSS JOIN link m ON m.target = e.key " + (
            f"AND m.tenant = {self.tenant} AND m.field IN ({self._of(self.kinds, path)})"
        )

    def _values(self, path: str, kind: FieldKind, nested: str) -> str:
        if nested == METADATA:
            part = "a.key" if path == "key" else "p.value"
            return (
                f"SELECT p.pair AS key, {part} AS value FROM md_value p JOIN md_attribute a "
                f"ON a.tenant = p.tenant AND a.attribute = p.attribute WHERE p.tenant = {self.tenant}"
            )
        kinds = self.targets(nested) if nested else self.kinds
        if path in _MOMENTS:
            numbers = ", ".join(str(int(one)) for one in kinds)
            return (
                f"SELECT rid AS key, modified AS value FROM state WHERE tenant = {self.tenant} AND kind IN ({numbers})"
            )
        fields = self._of(kinds, path)
        if kind is FieldKind.BOOL:
            return " UNION ALL ".join(
                f"SELECT rowid AS key, {value} AS value FROM fts WHERE fts MATCH '{_any(fields, word)}'"
                for word, value in (("true", 1), ("false", 0))
            )
        return f"SELECT rid AS key, value FROM val WHERE tenant = {self.tenant} AND field IN ({fields})"

    def single(self, column: Column, nested: str) -> bool:
        """Whether no row has two values of the column."""
        return column.nested == nested and column.kind in (FieldKind.NUMBER, FieldKind.DATE, FieldKind.BOOL)

    def targets(self, path: str) -> tuple[Kind, ...]:
        """The kinds of the elements of a nested array."""
        found = {BY_KIND[kind].links[path] for kind in self.kinds if path in BY_KIND[kind].links}
        return tuple(sorted(found))

    def _of_kinds(self, column: str) -> str:
        """Whether a rid is one of the kinds."""
        spans = (
            f"{column} BETWEEN {first_rid(self.tenant, kind)} AND {last_rid(self.tenant, kind)}" for kind in self.kinds
        )
        return f"({' OR '.join(spans)})"

    def _of(self, kinds: tuple[Kind, ...], path: str) -> str:
        """The numbers of a field in the kinds; -1, which no field has, when none of them knows it."""
        found = [self._numbers.find(self._session, kind, path) for kind in kinds]
        return ", ".join(str(int(number)) for number in found if number is not None) or "-1"


def _any(fields: str, word: str) -> str:
    return " OR ".join(f'"{number.strip()}={word}"' for number in fields.split(","))
