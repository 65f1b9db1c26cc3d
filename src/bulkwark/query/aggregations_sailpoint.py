"""Aggregations in the SAILPOINT form → the tree.

    { nested?, filter?, metric? | bucket?, subAggregation? }      ; subAggregation: the same again, below the bucket

They wrap each other in this order: nested → filter → bucket → metric and subAggregation. Source: the official schema
SearchAggregationSpecification and its examples. Where schema and examples disagree both are accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bulkwark.errors import Invalid
from bulkwark.query import ast
from bulkwark.query.aggregation_scope import NUMERIC, Scope
from bulkwark.query.aggregations import (
    DEFAULT_SIZE,
    Aggregation,
    Filter,
    Measure,
    Metric,
    Nested,
    Percentiles,
    Terms,
)
from bulkwark.query.fields import Kind
from bulkwark.query.members import Members
from bulkwark.query.names import Target
from bulkwark.query.values import Values

MAX_LEVELS = 3  # buckets inside each other
MAX_SIZE = 65_535
PARTS = ("nested", "filter", "metric", "bucket")
_MEASURES = {
    "COUNT": Measure.VALUE_COUNT,
    "UNIQUE_COUNT": Measure.CARDINALITY,
    "AVG": Measure.AVG,
    "SUM": Measure.SUM,
    "MIN": Measure.MIN,
    "MAX": Measure.MAX,
}


def read(given: Any, scope: Scope, where: str, level: int = 1) -> tuple[Aggregation, ...]:
    """The one aggregation of a specification. Raises Invalid with a JSON pointer."""
    spec = Members(given, where, "an aggregation")
    parts = {name: spec.raw(name) for name in (*PARTS, "subAggregation")}
    spec.done()
    if all(parts[name] is None for name in PARTS):
        raise Invalid("the aggregation is empty", where=where, hint=", ".join(PARTS))
    wrapped = _nested(parts, scope, where)
    inner = scope.inside(wrapped.path) if wrapped else scope
    below: list[Aggregation] = []
    if parts["metric"] is not None:
        below.append(_metric(parts["metric"], inner, f"{where}/metric"))
    if parts["subAggregation"] is not None:
        if level >= MAX_LEVELS:
            raise Invalid(f"there are more than {MAX_LEVELS} levels", where=f"{where}/subAggregation")
        if parts["bucket"] is None and parts["filter"] is None and not wrapped:
            raise Invalid("subAggregation stands below a bucket", where=f"{where}/subAggregation")
        below.extend(read(parts["subAggregation"], inner, f"{where}/subAggregation", level + 1))
    if len({one.name for one in below}) < len(below):
        raise Invalid("two aggregations beside each other have the same name", where=where)
    found = tuple(below)
    if parts["bucket"] is not None:
        found = (_bucket(parts["bucket"], inner, f"{where}/bucket", found),)
    if parts["filter"] is not None:
        found = (_filter(parts["filter"], inner, f"{where}/filter", found),)
    return (replace(wrapped, children=found),) if wrapped else found


def _nested(parts: Mapping[str, Any], scope: Scope, where: str) -> Nested | None:
    """The nested array that is named, or that a field with `@` stands in."""
    given = parts["nested"]
    if given is not None:
        spec = Members(given, f"{where}/nested", "nested")
        name, kind, field = spec.text("name"), spec.text("type", ""), spec.text("field", "")
        spec.done()
        path = field if kind.upper() in ("TERMS", "") else kind
        if not path:
            raise Invalid(
                "nested needs its type", where=f"{where}/nested", hint='{"name": "…", "type": "entitlements"}'
            )
        if scope.nested:
            raise Invalid(f"{scope.nested} has no nested arrays of its own", where=f"{where}/nested")
        return Nested(name=name, where=f"{where}/nested", path=scope.path(path, f"{where}/nested/type"))
    if scope.nested:
        return None
    for part in ("filter", "bucket", "metric"):
        given = parts[part]
        written = given.get("field") if isinstance(given, dict) else None
        if isinstance(written, str) and written.startswith("@"):
            path = scope.path(written.partition(".")[0], f"{where}/{part}/field")
            return Nested(name=path, where=f"{where}/{part}/field", path=path)
    return None


def _metric(given: Any, scope: Scope, where: str) -> Aggregation:
    spec = Members(given, where, "metric")
    kind = spec.one_of("type", (*_MEASURES, "MEDIAN"), "UNIQUE_COUNT")
    counts = kind in ("COUNT", "UNIQUE_COUNT")
    column = scope.column(spec.text("field"), spec.at("field"), frozenset(Kind) if counts else NUMERIC)
    name = spec.text("name")
    spec.done()
    if kind == "MEDIAN":
        return Percentiles(name=name, where=where, column=column, percents=(50.0,))
    return Metric(name=name, where=where, column=column, measure=_MEASURES[kind])


def _bucket(given: Any, scope: Scope, where: str, below: tuple[Aggregation, ...]) -> Aggregation:
    spec = Members(given, where, "bucket")
    spec.one_of("type", ("TERMS",), "TERMS")
    made = Terms(
        name=spec.text("name"),
        where=where,
        column=scope.column(spec.text("field"), spec.at("field")),
        size=spec.whole("size", DEFAULT_SIZE, 1, MAX_SIZE),
        min_doc_count=spec.whole("minDocCount", 1, 0, 2**31),
        children=below,
    )
    spec.done()
    return made


def _filter(given: Any, scope: Scope, where: str, below: tuple[Aggregation, ...]) -> Aggregation:
    spec = Members(given, where, "filter")
    spec.one_of("type", ("TERM",), "TERM")
    name, field, value = spec.text("name"), spec.text("field"), spec.text("value")
    spec.done()
    scope.column(field, spec.at("field"))  # refuses what cannot be meant
    values = Values(scope.now_ms, scope.zone)
    query: dict[str, ast.Node] = {}
    for names in scope.names:
        node: ast.Node | None = None
        for target in names.targets(field.removeprefix("@"), scope.nested)[:1]:
            try:
                node = values.text(
                    Target(target.field, target.field.kind is Kind.TEXT), ast.Text(field=None, text=value)
                )
            except ValueError as fault:
                raise Invalid(str(fault), where=spec.at("value")) from None
        query[names.schema.index] = node or ast.Nothing()
    return Filter(name=name, where=where, query=query, children=below)
