"""Hits in order.

Few hits: their sort values are looked up and sorted. Many hits: the ordered list of the first sort
field is walked until the page is full, and what it yields is looked up among the hits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from bulkwark.domain.kinds import Kind
from bulkwark.query.fields import Field
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.store.indexes import EMBEDDED, METADATA
from bulkwark.store.sqlite.engine import Row, Session
from bulkwark.store.sqlite.sets import Sql

if TYPE_CHECKING:
    from bulkwark.store.tenants import Tenant

# Members of search documents that are lists, and lists of objects.
_LISTS = frozenset({"tags", "visibleSegments", "objects", "errors", "warnings"})
_OBJECTS = frozenset({"segments", "additionalOwners"})
FEW = 5_000  # up to here looking values up is cheaper than walking a list


@dataclass(frozen=True, slots=True)
class Key:
    """One sort field; `field` None: unknown to this index, so all its values are missing."""

    path: str
    field: Field | None
    descending: bool


BY_ID = Key("id", None, False)


class Hit(NamedTuple):
    """A hit with its sort values, in the page's order. A page has up to 10,000: a tuple is made three times faster."""

    rid: int
    values: tuple[Any, ...]
    keys: tuple[Key, ...]
    id: str

    def key(self) -> tuple[Any, ...]:
        """For merging pages of several indexes."""
        parts: list[Any] = []
        for value, key in zip(self.values, self.keys, strict=True):
            parts.append((value is None, _Descending(value) if key.descending else _Ascending(value)))
        return (*parts, self.id)


@dataclass(frozen=True, slots=True)
class _Ascending:
    value: Any

    def __lt__(self, other: _Ascending) -> bool:
        return _comparable(self.value) < _comparable(other.value)


@dataclass(frozen=True, slots=True)
class _Descending:
    value: Any

    def __lt__(self, other: _Descending) -> bool:
        return _comparable(other.value) < _comparable(self.value)


def _comparable(value: Any) -> tuple[bool, Any]:
    return isinstance(value, str), value if value is not None else 0


@dataclass(frozen=True, slots=True)
class _Walk:
    """An ordered list to walk along: where it stands, which rows are the kind's, its sort column and rid."""

    source: str
    where: str
    column: str
    rid: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page of the hits (None: all objects of the kind). `after` may be shorter than `keys`; hits equal to it are
    passed over."""

    hits: Sql | None
    keys: tuple[Key, ...]
    limit: int
    offset: int
    after: tuple[Any, ...]


def page(session: Session, tenant: Tenant, kind: Kind, wanted: Wanted) -> list[Hit]:
    """One page with its sort values."""
    found = _page(session, tenant, kind, wanted, whole=True)
    return [Hit(rid, tuple(values), wanted.keys, id) for rid, id, *values in found]


def rids(session: Session, tenant: Tenant, kind: Kind, wanted: Wanted) -> list[int]:
    """The same where nothing is to be merged: the numbers alone, in one step of SQLite.

    A row for each would ask for the interpreter's lock 10,000 times, beside everybody else who does.
    """
    for (found,) in _page(session, tenant, kind, wanted, whole=False):
        return msgspec.json.decode(f"[{found or ''}]", type=list[int])
    return []


def _page(session: Session, tenant: Tenant, kind: Kind, wanted: Wanted, *, whole: bool) -> Iterator[Row]:
    """Rows (rid, id, *sort values) when `whole`, else one with the rids, joined by commas."""
    hits, keys = wanted.hits, wanted.keys
    few = False
    if hits is not None:
        _run(session, "CREATE TEMP TABLE IF NOT EXISTS hit (rid INTEGER PRIMARY KEY)")
        _run(session, "DELETE FROM temp.hit")
        _run(session, f"INSERT INTO temp.hit SELECT rid FROM ({hits.text})", hits.params)
        few = session.connection.changes() <= FEW
    walk = None if few else _walk(session, tenant, kind, keys[0])
    columns = [_column(key) for key in keys]
    ordering = [f"{c} IS NULL, {c}{' DESC' if k.descending else ''}" for c, k in zip(columns, keys, strict=True)]
    if walk is None:
        source, where = "temp.hit h CROSS JOIN object o ON o.rid = h.rid", "1"
        if hits is None:
            source, where = "object o", f"o.tenant = {tenant.number} AND o.kind = {int(kind)}"
    else:
        # No value is missing in a list, and saying so would keep SQLite from using its order.
        source, where = walk.source, walk.where + ("" if hits is None else f" AND +{walk.rid} IN temp.hit")
        columns[0] = walk.column
        ordering[0] = walk.column + (" DESC" if keys[0].descending else "")
    condition, params = _after(columns, keys, wanted.after)
    named = " ".join(columns)
    for table, alias in (("state", "s"), ("search_doc", "d")):
        if f"{alias}." in named:
            source += f" CROSS JOIN {table} {alias} ON {alias}.rid = o.rid"
    shown = f", o.id, {', '.join(columns)}" if whole else ""
    sql = (
        f"SELECT o.rid{shown} FROM {source} WHERE {where} AND {condition} "
        f"ORDER BY {', '.join(ordering)}, o.id LIMIT ? OFFSET ?"
    )
    if not whole:
        sql = f"SELECT group_concat(rid) FROM ({sql})"
    yield from session.execute(sql, (*params, wanted.limit, wanted.offset))
    if hits is not None:
        _run(session, "DELETE FROM temp.hit")


def _run(session: Session, sql: str, params: tuple[Any, ...] = ()) -> None:
    for _ in session.execute(sql, params):
        pass


def _column(key: Key) -> str:
    """The SQL expression of a sort value of object `o`, state `s`, search document `d`."""
    if key.path == "id":
        return "o.id"
    if key.field is None:
        return "NULL"
    if key.path in ("modified", "synced"):
        return "s.modified"
    value = _nested(key) if key.field.nested else _root(key)
    if key.field.kind is FieldKind.DATE:
        return f"CAST(round((julianday({value}) - 2440587.5) * 86400000) AS INTEGER)"
    return value


def _root(key: Key) -> str:
    """A value of the root of the document; of several the one that comes first."""
    outer, _, inner = key.path.partition(".")
    if outer in _OBJECTS:
        value = f"json_extract(j.value, {_json_path(inner)})"
        return f"(SELECT {_first(key)}({value}) FROM json_each(d.face || '}}', {_json_path(outer)}) j)"
    if key.path in _LISTS:
        return f"(SELECT {_first(key)}(j.value) FROM json_each(d.face || '}}', {_json_path(key.path)}) j)"
    return f"json_extract(d.face || '}}', {_json_path(key.path)})"


def _nested(key: Key) -> str:
    """Of the values of a nested array the one that comes first."""
    assert key.field is not None
    array = key.field.nested
    inner = key.path[len(array) + 1 :]
    if array == METADATA:
        value = "a.key" if inner == "key" else "p.value"
        return (
            f"(SELECT {_first(key)}({value}) FROM json_each('[' || s.md || ']') j "
            "CROSS JOIN md_value p ON p.tenant = s.tenant AND p.pair = j.value "
            "CROSS JOIN md_attribute a ON a.tenant = p.tenant AND a.attribute = p.attribute)"
        )
    if array in EMBEDDED:
        value = f"json_extract(j.value, {_json_path(inner)})"
        return f"(SELECT {_first(key)}({value}) FROM json_each(d.face || '}}', {_json_path(array)}) j)"
    return (
        f"(SELECT {_first(key)}(json_extract(t.face || '}}', {_json_path(inner)})) "
        f"FROM json_each(d.refs, {_json_path(array)}) j CROSS JOIN search_doc t ON t.rid = j.value)"
    )


def _first(key: Key) -> str:
    return "max" if key.descending else "min"


def _json_path(path: str) -> str:
    """A dotted path as SQLite's JSON functions want it, as a literal of SQL."""
    parts = "".join(f'."{part}"' for part in path.replace('"', "").split("."))
    return "'$" + parts.replace("'", "''") + "'"


def _after(columns: list[str], keys: tuple[Key, ...], after: tuple[Any, ...]) -> tuple[str, list[Any]]:
    """Strictly after the given values, in lexical order of the keys; a missing value is after any other."""
    alternatives: list[str] = []
    params: list[Any] = []
    for position, value in enumerate(after):
        if value is None:
            continue  # missing values are last: none comes after one in this field
        equal = [f"{columns[i]} IS ?" for i in range(position)]
        sign = "<" if keys[position].descending else ">"
        # Only values out of the document (a function call) can be missing; plain columns never are.
        missing = f" OR {columns[position]} IS NULL" if "(" in columns[position] else ""
        alternatives.append(" AND ".join([*equal, f"({columns[position]} {sign} ?{missing})"]))
        params.extend([*after[:position], value])
    return "(" + " OR ".join(alternatives) + ")" if alternatives else "0" if after else "1", params


def _walk(session: Session, tenant: Tenant, kind: Kind, key: Key) -> _Walk | None:
    """The ordered list of the key, when every object of the kind stands in it exactly once."""
    if key.path == "id":
        return _Walk("object o", f"o.tenant = {tenant.number} AND o.kind = {int(kind)}", "o.id", "o.rid")
    if key.path in ("modified", "synced"):
        source = "state w INDEXED BY state_modified CROSS JOIN object o ON o.rid = w.rid"
        return _Walk(source, f"w.tenant = {tenant.number} AND w.kind = {int(kind)}", "w.modified", "w.rid")
    if key.path in ("name", "created"):
        number = tenant.numbers.find(session, kind, key.path)
        source = "val w CROSS JOIN object o ON o.rid = w.rid"
        return _Walk(source, f"w.tenant = {tenant.number} AND w.field = {number}", "w.value", "w.rid")
    return None
