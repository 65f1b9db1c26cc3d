"""Where an aggregation stands: the searched indexes, and the nested array that its objects are elements of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import Any

from bulkwark.errors import Invalid
from bulkwark.query.aggregations import Column, Value
from bulkwark.query.analysis import fold
from bulkwark.query.ast import Node
from bulkwark.query.datemath import resolve
from bulkwark.query.fields import Field, Kind, Schema
from bulkwark.query.members import Members
from bulkwark.query.names import STRINGS, Names
from bulkwark.query.values import scalar

#: A query in Elasticsearch's DSL and its place → the checked tree for each searched index.
Queries = Callable[[Any, str], Mapping[str, Node]]
NUMERIC = frozenset({Kind.NUMBER, Kind.DATE, Kind.BOOL})


@dataclass(frozen=True, slots=True)
class Scope:
    """`names` are those of the searched indexes; `nested` is '' at the root."""

    names: tuple[Names, ...]
    queries: Queries
    now_ms: int
    zone: tzinfo = UTC
    nested: str = ""

    def inside(self, path: str) -> Scope:
        """The scope of the elements of a nested array."""
        return replace(self, nested=path)

    def path(self, name: str, where: str) -> str:
        """The nested array of that name. Raises Invalid when no searched index has it."""
        for names in self.names:
            if found := names.nested(name.removeprefix("@"), self.nested):
                return found
        known = sorted({path for names in self.names for path in names.schema.nested})
        raise Invalid(f"there is no nested array {name!r}", where=where, hint=", ".join(known))

    def column(self, name: str, where: str, kinds: Collection[Kind] = frozenset(Kind)) -> Column:
        """The field of that name, of one of the kinds. Raises Invalid for one that cannot be meant.

        In a nested array names are full paths or relative ones; a field that stands elsewhere is not seen from there.
        """
        base = name.removeprefix("@")
        if not base:
            raise Invalid("the field has no name", where=where)
        found = [field for names in self.names if (field := self._field(names, base, where))]
        if not found:
            return Column(base, None)
        kind = found[0].kind
        if len({_class(field.kind) for field in found}) > 1:
            raise Invalid(f"{base} is of another kind in each of the indexes", where=where, hint="name one index")
        if kind not in kinds:
            wanted = ", ".join(sorted(k.value for k in kinds))
            raise Invalid(f"{base} is a {kind.value} field, expected is one of {wanted}", where=where)
        return Column(found[0].path, kind, found[0].nested)

    def _field(self, names: Names, name: str, where: str) -> Field | None:
        targets = names.targets(name, self.nested)
        if not targets:
            return None
        if len(targets) > 1 or "*" in targets[0].field.path:
            raise Invalid(f"{name!r} means several fields", where=where, hint="name one")
        field = targets[0].field
        return field if not self.nested or field.nested == self.nested else None

    def stand_in(self, column: Column, members: Members, *, numeric: bool = False) -> Value | None:
        """The member `missing`, which counts as the value of what has none."""
        given, where = members.raw("missing"), members.at("missing")
        if given is None:
            return None
        if numeric and column.kind is None:
            return members.number("missing")
        return self.value(column, given, where)

    def value(self, column: Column, given: Any, where: str) -> Value:
        """A value in the form in which the database holds those of the column."""
        return typed(column.kind, given, where, self.now_ms, self.zone, column.path)


def typed(kind: Kind | None, given: Any, where: str, now_ms: int, zone: tzinfo, path: str = "value") -> Value:
    """The JSON value as one of a field of the kind. Raises Invalid."""
    if isinstance(given, dict | list) or given is None:
        raise Invalid("a plain value is expected", where=where)
    text = str(given).lower() if isinstance(given, bool) else str(given)
    try:
        if kind is Kind.DATE:
            return resolve(text, now_ms=now_ms, zone=zone)
        if kind is Kind.BOOL:
            return int(scalar(Field(path, kind), {"1": "true", "0": "false"}.get(text, text)))
        if kind is Kind.NUMBER:
            return scalar(Field(path, kind), text)
    except ValueError as fault:
        raise Invalid(str(fault), where=where) from None
    return fold(text) if kind is Kind.KEYWORD else text


def _class(kind: Kind) -> Kind:
    return Kind.TEXT if kind in STRINGS else kind


def scope(schemas: Collection[Schema], queries: Queries, now_ms: int, zone: tzinfo = UTC, nested: str = "") -> Scope:
    """The scope of a request."""
    return Scope(tuple(Names(schema) for schema in schemas), queries, now_ms, zone, nested)
