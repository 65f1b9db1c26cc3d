"""What was counted → JSON in the shape of Elasticsearch's `aggregations` response. Pure: knows no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bulkwark.query import aggregations as tree
from bulkwark.query.aggregation_edges import edges, filled, sparse
from bulkwark.query.aggregations import Column, Measure, Order
from bulkwark.query.buckets import Bucket
from bulkwark.query.dateformats import shown
from bulkwark.query.fields import Kind

Results = dict[str, Any]
NUMERIC = frozenset({Kind.NUMBER, Kind.DATE, Kind.BOOL})

__all__ = ["NUMERIC", "Bucket", "Found", "Results", "edges", "filled", "ordered", "sparse"]


@dataclass(slots=True)
class Found:
    """The buckets of one `terms`, and how many objects all its terms have together."""

    buckets: list[Bucket] = field(default_factory=list)
    total: int = 0


# --- numbers -----------------------------------------------------------------------------------------------


def metric(one: tree.Metric, count: int, distinct: int | None, total: float, low: Any, high: Any) -> Results:
    """The result of a measure."""
    match one.measure:
        case Measure.VALUE_COUNT:
            return {"value": count}
        case Measure.CARDINALITY:
            return {"value": distinct or 0}
        case Measure.STATS:
            return _stats(one.column, count, total, low, high)
        case Measure.SUM:
            return _value(one.column, float(total))
        case Measure.AVG:
            return _value(one.column, total / count if count else None)
        case Measure.MIN:
            return _value(one.column, None if low is None else float(low))
        case Measure.MAX:
            return _value(one.column, None if high is None else float(high))


def _value(column: Column, value: float | None) -> Results:
    text = None if value is None else as_string(column, value)
    return {"value": value} if text is None else {"value": value, "value_as_string": text}


def _stats(column: Column, count: int, total: float, low: Any, high: Any) -> Results:
    numbers: dict[str, float | None] = {"min": None, "max": None, "avg": None, "sum": float(total)}
    if count:
        numbers |= {"min": float(low), "max": float(high), "avg": total / count}
    found: Results = {"count": count, **numbers}
    if count and as_string(column, 0) is not None:
        for name, value in numbers.items():
            found[f"{name}_as_string"] = as_string(column, value or 0)
    return found


def percentiles(one: tree.Percentiles, ranked: Mapping[int, float], last: int) -> Results:
    """`ranked`: place in order → value; `last`: the highest place, -1 without values."""
    values = [(percent, _percentile(ranked, percent * last / 100) if last >= 0 else None) for percent in one.percents]
    texts = {percent: None if value is None else as_string(one.column, value) for percent, value in values}
    if not one.keyed:
        listed = []
        for percent, value in values:
            text: Results = {} if texts[percent] is None else {"value_as_string": texts[percent]}
            listed.append({"key": percent, "value": value} | text)
        return {"values": listed}
    keyed: Results = {}
    for percent, value in values:
        keyed[str(percent)] = value
        if texts[percent] is not None:
            keyed[f"{percent}_as_string"] = texts[percent]
    return {"values": keyed}


def _percentile(ranked: Mapping[int, float], place: float) -> float:
    """Between two neighbours in proportion."""
    below = int(place)
    low = ranked[below]
    return float(low + (ranked.get(below + 1, low) - low) * (place - below))


def as_string(column: Column, value: float) -> str | None:
    """How a date or a boolean shows its number."""
    if column.kind is Kind.DATE:
        return shown(value)
    if column.kind is Kind.BOOL:
        return "true" if value else "false"
    return None


# --- buckets -----------------------------------------------------------------------------------------------


def single(bucket: Bucket) -> Results:
    """An aggregation of one bucket."""
    return {"doc_count": bucket.count, **bucket.below}


def terms(one: tree.Terms, found: Found) -> Results:
    """Buckets of values."""
    buckets = []
    for bucket in found.buckets:
        shape: Results = {"key": bucket.value if bucket.shown is None else bucket.shown}
        text = None if isinstance(bucket.value, str) else as_string(one.column, bucket.value)
        if text is not None:
            shape["key_as_string"] = text
        shape["doc_count"] = bucket.count
        if one.show_error:
            shape["doc_count_error_upper_bound"] = 0
        buckets.append(shape | bucket.below)
    others = found.total - sum(bucket.count for bucket in found.buckets)
    return {"doc_count_error_upper_bound": 0, "sum_other_doc_count": others, "buckets": buckets}


def ranges(one: tree.Ranges, found: Sequence[Bucket]) -> Results:
    """Buckets of intervals."""

    def text(value: float | None) -> str:
        return "*" if value is None else shown(value, one.zone, one.form) if one.dated else str(float(value))

    buckets: list[tuple[str, Results]] = []
    for bucket, interval in zip(found, one.intervals, strict=True):
        shape: Results = {}
        for name, value in (("from", interval.low), ("to", interval.high)):
            if value is not None:
                shape[name] = float(value)
                if one.dated:
                    shape[f"{name}_as_string"] = text(value)
        shape["doc_count"] = bucket.count
        buckets.append((interval.key or f"{text(interval.low)}-{text(interval.high)}", shape | bucket.below))
    if one.keyed:
        return {"buckets": dict(buckets)}
    return {"buckets": [{"key": key, **shape} for key, shape in buckets]}


def histogram(one: tree.Histogram | tree.DateHistogram, edges: Sequence[float], found: Sequence[Bucket]) -> Results:
    """Buckets between edges; a bucket's value is the place of its lower one."""
    buckets: dict[str, Results] = {}
    for bucket in ordered(found, one.order):
        key = edges[bucket.value]
        if isinstance(one, tree.DateHistogram):
            text = shown(key, one.zone, one.form)
            shape: Results = {"key_as_string": text, "key": int(key)}
        else:
            text, shape = str(float(key)), {"key": float(key)}
        buckets[text if one.keyed else str(len(buckets))] = shape | {"doc_count": bucket.count} | bucket.below
    return {"buckets": buckets if one.keyed else list(buckets.values())}


def filters(one: tree.Filters, found: Sequence[Bucket]) -> Results:
    """A bucket for each query, and one for the rest when asked for."""
    names = [name for name, _ in one.queries] + ([] if one.other is None else [one.other])
    buckets = [single(bucket) for bucket in found]
    return {"buckets": dict(zip(names, buckets, strict=True)) if one.named else buckets}


def ordered(buckets: Sequence[Bucket], order: Sequence[Order]) -> list[Bucket]:
    """Sorted; ties by key, buckets without the measure last in both directions."""
    found = list(buckets)
    keys = [*order, *([] if any(o.path == "_key" for o in order) else [Order("_key", False)])]
    for key in reversed(keys):
        values = {id(bucket): _sort_value(bucket, key.path) for bucket in found}
        present = [bucket for bucket in found if values[id(bucket)] is not None]
        absent = [bucket for bucket in found if values[id(bucket)] is None]
        present.sort(key=lambda bucket: values[id(bucket)], reverse=key.descending)
        found = present + absent
    return found


def _sort_value(bucket: Bucket, path: str) -> Any:
    if path == "_key":
        return bucket.value
    if path == "_count":
        return bucket.count
    *way, last = path.split(">")
    at: Any = bucket.below
    for name in way:
        at = at[name]
    if last in at:
        name, part = last, ""
    else:
        name, _, part = last.partition(".")
    found = at[name]
    if "values" in found:
        return found["values"].get(str(float(part)))
    part = {"": "value" if "value" in found else "doc_count", "_count": "doc_count"}.get(part, part)
    return found[part]
