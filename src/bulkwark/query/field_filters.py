"""`filters` beside a query: field → EXISTS, RANGE or TERMS. All must hold. Source: the official Filter schema.

Terms are whole values with case, as buckets of aggregations are. The ends of a range are not in it unless said
(`inclusive` is false by default); dates round as in queries.
"""

from __future__ import annotations

from typing import Any

import msgspec

from bulkwark.errors import Invalid, hinted
from bulkwark.query import ast
from bulkwark.query.check import has
from bulkwark.query.datemath import parse_zone
from bulkwark.query.fields import Kind, Schema
from bulkwark.query.members import Members
from bulkwark.query.names import Names, Target
from bulkwark.query.values import Values

TYPES = ("EXISTS", "RANGE", "TERMS")
LIKE = 'as in {"name":{"type":"TERMS","terms":["Sales"]}}, {"created":{"range":{"lower":{"value":"2024"}}}}'
MAX_FIELDS = 200
MAX_TERMS = 10_000


def read(
    filters: Any, schema: Schema, *, now_ms: int, zone: str = "UTC", strict: bool = False, where: str = "/filters"
) -> ast.Node | None:
    """The checked tree of the filters for one index; None when there are none. Raises Invalid.

    An unknown field holds no value, so that only `exclude` matches; with `strict` (bulk changes) it is refused.
    """
    if not filters:
        return None
    with hinted(LIKE):
        return _read(filters, schema, now_ms, zone, strict, where)


def _read(filters: Any, schema: Schema, now_ms: int, zone: str, strict: bool, where: str) -> ast.Node:
    if not isinstance(filters, dict):
        raise Invalid("filters are an object of fields", where=where)
    if len(filters) > MAX_FIELDS:
        raise Invalid(f"{len(filters)} fields are filtered", where=where, hint=f"at most {MAX_FIELDS}")
    try:
        reader = _Reader(Names(schema), Values(now_ms, parse_zone(zone)), strict)
    except ValueError as fault:
        raise Invalid(str(fault), where="/query/timeZone") from None
    return ast.conj(*(reader.one(name, given, f"{where}/{name}") for name, given in filters.items()))


class _Reader:
    def __init__(self, names: Names, values: Values, strict: bool) -> None:
        self.names = names
        self.values = values
        self.strict = strict

    def one(self, name: str, given: Any, where: str) -> ast.Node:
        spec = Members(given, where, "a filter")
        terms, bounds, exclude = spec.raw("terms"), spec.raw("range"), spec.flag("exclude")
        deduced = "RANGE" if bounds is not None else "TERMS" if terms is not None else ""
        if not deduced and "type" not in spec:
            raise Invalid("the filter has no type", where=where, hint=", ".join(TYPES))
        kind = spec.one_of("type", TYPES, deduced)
        spec.done()
        node = self._node(kind, name.removeprefix("@"), terms, bounds, where)
        return ast.negate(node) if exclude else node

    def _node(self, kind: str, name: str, terms: Any, bounds: Any, where: str) -> ast.Node:
        targets = self.names.targets(name)
        path = self.names.object(name)
        if not targets and not (path and kind == "EXISTS") and self.strict:
            raise Invalid(f"there is no field {name!r}", where=where, hint=self.names.hint(name))
        try:
            if kind == "EXISTS":
                found: list[ast.Node] = [has(target, ast.NOWHERE) for target in targets]
                return ast.disj(*(found or ([ast.Has(field=None, prefix=path)] if path else [])))
            if kind == "TERMS":
                return self._terms(targets, terms, f"{where}/terms")
            return self._range(targets, bounds, f"{where}/range")
        except ValueError as fault:
            raise Invalid(str(fault), where=where) from None

    def _terms(self, targets: tuple[Target, ...], terms: Any, where: str) -> ast.Node:
        if not isinstance(terms, list) or not terms:
            raise Invalid("terms are a list that is not empty", where=where)
        if len(terms) > MAX_TERMS:
            raise Invalid(f"{len(terms)} terms are given", where=where, hint=f"at most {MAX_TERMS}")
        texts = [_plain(term, f"{where}/{position}") for position, term in enumerate(terms)]
        found: list[ast.Node] = []
        for target in targets:
            if target.field.kind is Kind.TEXT:
                found.append(ast.Exact(field=target.field, values=tuple(dict.fromkeys(texts))))
                continue
            nodes = (self.values.text(target, ast.Text(field=None, text=text)) for text in texts)
            found.extend(node for node in nodes if node is not None)
        return ast.disj(*found)

    def _range(self, targets: tuple[Target, ...], given: Any, where: str) -> ast.Node:
        spec = Members(given, where, "a range")
        low, high = (_bound(spec.raw(end), f"{where}/{end}") for end in ("lower", "upper"))
        spec.done()
        if low is None and high is None:
            raise Invalid("the range has neither lower nor upper", where=where)
        raw = ast.Range(field=None, low=low, high=high)
        return ast.disj(*(self._between(target, raw) for target in targets))

    def _between(self, target: Target, raw: ast.Range) -> ast.Node:
        """A range of whole values; texts that are all dates compare as such."""
        node = self.values.range(target, raw)
        words = isinstance(node, ast.Between) and target.field.kind is Kind.TEXT and not node.exact
        return self.values.range(target._replace(exact=True), raw) if words else node


def _bound(given: Any, where: str) -> ast.Bound | None:
    if given is None:
        return None
    spec = Members(given, where, "a bound")
    if "value" not in spec:
        raise Invalid("the bound has no value", where=where)
    found = ast.Bound(text=_plain(spec.raw("value"), f"{where}/value"), inclusive=spec.flag("inclusive"))
    spec.done()
    return found


def _plain(value: Any, where: str) -> str:
    """A string, number or boolean as text."""
    if not isinstance(value, str | int | float):
        raise Invalid("a plain value is expected", where=where)
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
