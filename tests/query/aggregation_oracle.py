"""What an aggregation means over plain JSON documents: slow, by the book, the judge of the SQL.

It reads Elasticsearch's DSL itself and knows nothing of our readers. An object here is a pair (document, element): the
element is None at the root, or what a nested array holds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from bulkwark.query.fields import Kind, Schema
from tests.query.oracle import values_at

Item = tuple[dict[str, Any], dict[str, Any] | None]
Results = dict[str, Any]
METRICS = ("value_count", "cardinality", "avg", "sum", "min", "max", "stats")


def aggregate(spec: dict[str, Any], documents: Sequence[dict[str, Any]], schema: Schema) -> Results:
    """The `aggregations` of the answer."""
    return _Oracle(schema).all(spec, [(document, None) for document in documents], "")


def millis(text: str) -> int:
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def iso(ms: float) -> str:
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{int(ms) % 1000:03}Z"


class _Oracle:
    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def all(self, spec: dict[str, Any], items: list[Item], nested: str) -> Results:
        found = {}
        for name, body in spec.items():
            kind = next(key for key in body if key != "aggs")
            found[name] = self.one(kind, body[kind], body.get("aggs", {}), items, nested)
        return found

    def one(self, kind: str, given: dict[str, Any], below: dict[str, Any], items: list[Item], nested: str) -> Any:
        if kind == "nested":
            path = given["path"]
            elements: list[Item] = [(document, one) for document, _ in items for one in document.get(path) or []]
            return {"doc_count": len(elements), **self.all(below, elements, path)}
        if kind == "reverse_nested":
            roots: dict[str, Item] = {document["id"]: (document, None) for document, _ in items}
            return {"doc_count": len(roots), **self.all(below, list(roots.values()), "")}
        values = self.values(given, nested)
        if kind in METRICS:
            return self.metric(kind, given["field"], [v for item in items for v in values(item)])
        if kind == "percentiles":
            return self.percentiles(given, sorted(v for item in items for v in values(item)))
        if kind == "missing":
            return self.bucket([item for item in items if not values(item)], below, nested)
        if kind == "terms":
            return self.terms(given, below, items, nested, values)
        if kind in ("range", "date_range"):
            return self.ranges(kind, given, below, items, nested, values)
        return self.histogram(kind, given, below, items, nested, values)

    def bucket(self, items: list[Item], below: dict[str, Any], nested: str) -> Results:
        return {"doc_count": len(items), **self.all(below, items, nested)}

    def kind(self, name: str) -> Kind:
        field = self.schema.find(name.removesuffix(".exact"))
        assert field is not None
        return field.kind

    def values(self, given: dict[str, Any], nested: str) -> Callable[[Item], list[Any]]:
        name = given["field"].removesuffix(".exact")
        kind, stand_in = self.kind(name), given.get("missing")
        path = name.removeprefix(nested + ".") if nested else name

        def value(found: object) -> Any:
            if kind is Kind.DATE:
                return millis(str(found))
            return int(found) if kind is Kind.BOOL else found  # type: ignore[call-overload]

        def of(item: Item) -> list[Any]:
            if nested and path == name:
                found = []
            else:
                found = list(dict.fromkeys(value(v) for v in values_at(item[1] if nested else item[0], path)))
            return found or ([] if stand_in is None else [stand_in])

        return of

    def text(self, name: str, value: float) -> dict[str, Any]:
        kind = self.kind(name)
        if kind is Kind.DATE:
            return {"as_string": iso(value)}
        return {"as_string": "true" if value else "false"} if kind is Kind.BOOL else {}

    def metric(self, kind: str, name: str, values: list[Any]) -> Results:
        if kind == "value_count":
            return {"value": len(values)}
        if kind == "cardinality":
            return {"value": len(set(values))}
        numbers = {
            "min": min(values, default=None),
            "max": max(values, default=None),
            "avg": sum(values) / len(values) if values else None,
            "sum": float(sum(values)),
        }
        if kind == "stats":
            texts = {f"{k}_as_string": self.text(name, v or 0).get("as_string") for k, v in numbers.items()}
            return {"count": len(values), **numbers, **{k: v for k, v in texts.items() if v is not None and values}}
        value = numbers[kind]
        text = self.text(name, value) if value is not None else {}
        return {"value": value, **{f"value_{k}": v for k, v in text.items()}}

    def percentiles(self, given: dict[str, Any], values: list[float]) -> Results:
        found: Results = {}
        for percent in sorted(given.get("percents", (1, 5, 25, 50, 75, 95, 99))):
            if not values:
                found[str(float(percent))] = None
                continue
            place = percent / 100 * (len(values) - 1)
            low, high = values[math.floor(place)], values[min(math.floor(place) + 1, len(values) - 1)]
            value = low + (high - low) * (place - math.floor(place))
            found[str(float(percent))] = value
            found |= {f"{float(percent)}_{k}": v for k, v in self.text(given["field"], value).items()}
        return {"values": found}

    def terms(self, given: Any, below: Any, items: list[Item], nested: str, values: Any) -> Results:
        groups: dict[Any, list[Item]] = {}
        for item in items:
            for value in values(item):
                groups.setdefault(value, []).append(item)
        chosen = [value for value in groups if value in given.get("include", groups)]
        buckets = []
        for value in sorted(v for v in chosen if len(groups[v]) >= given.get("min_doc_count", 1)):
            text = {f"key_{k}": v for k, v in self.text(given["field"], value).items()}
            buckets.append({"key": value, **text, **self.bucket(groups[value], below, nested)})
        for path, direction in reversed(list(given.get("order", {"_count": "desc"}).items())):
            buckets.sort(key=lambda b, p=path: _measured(b, p), reverse=direction == "desc")  # type: ignore[misc]
        kept = buckets[: given.get("size", 10)]
        others = sum(b["doc_count"] for b in buckets) - sum(b["doc_count"] for b in kept)
        return {"doc_count_error_upper_bound": 0, "sum_other_doc_count": others, "buckets": kept}

    def ranges(self, kind: str, given: Any, below: Any, items: list[Item], nested: str, values: Any) -> Results:
        dated = kind == "date_range"
        buckets = []
        for one in given["ranges"]:
            ends = {k: millis(one[k]) if dated else float(one[k]) for k in ("from", "to") if k in one}
            low, high = ends.get("from", -math.inf), ends.get("to", math.inf)
            inside = [item for item in items if any(low <= v < high for v in values(item))]
            shown = {k: iso(v) if dated else str(v) for k, v in ends.items()}
            key = one.get("key", f"{shown.get('from', '*')}-{shown.get('to', '*')}")
            texts = {f"{k}_as_string": v for k, v in shown.items()} if dated else {}
            buckets.append({"key": key, **ends, **texts, **self.bucket(inside, below, nested)})
        buckets.sort(key=lambda b: (b.get("from", -math.inf), b.get("to", math.inf)))
        return {"buckets": buckets}

    def histogram(self, kind: str, given: Any, below: Any, items: list[Item], nested: str, values: Any) -> Results:
        begin, following = _numbers(given) if kind == "histogram" else CALENDAR[given["calendar_interval"]]
        groups: dict[Any, list[Item]] = {}
        for item in items:
            for key in {begin(value) for value in values(item)}:
                groups.setdefault(key, []).append(item)
        keys = sorted(groups)
        if keys and not given.get("min_doc_count"):
            whole = [keys[0]]
            while whole[-1] < keys[-1]:
                whole.append(following(whole[-1]))
            keys = whole
        buckets = []
        for key in keys:
            found = groups.get(key, [])
            if len(found) >= given.get("min_doc_count", 0):
                text = {"key_as_string": iso(key)} if kind == "date_histogram" else {}
                buckets.append({"key": key, **text, **self.bucket(found, below, nested)})
        return {"buckets": buckets}


def _measured(bucket: Results, path: str) -> Any:
    if path in ("_count", "_key"):
        return bucket["doc_count" if path == "_count" else "key"]
    return bucket[path]["value"]


def _numbers(given: Any) -> tuple[Callable[[float], float], Callable[[float], float]]:
    width, offset = given["interval"], given.get("offset", 0)
    return lambda v: math.floor((v - offset) / width) * width + offset, lambda key: key + width


def _start(**parts: int) -> Callable[[float], int]:
    def begin(ms: float) -> int:
        return round(datetime.fromtimestamp(ms // 1000, UTC).replace(microsecond=0, **parts).timestamp() * 1000)  # type: ignore[arg-type]

    return begin


_DAY, _HOUR = 86_400_000, 3_600_000
_day = _start(hour=0, minute=0, second=0)
_month = _start(day=1, hour=0, minute=0, second=0)
_year = _start(month=1, day=1, hour=0, minute=0, second=0)
CALENDAR: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "day": (_day, lambda key: key + _DAY),
    "week": (lambda v: _day(v) - (_day(v) // _DAY + 3) % 7 * _DAY, lambda key: key + 7 * _DAY),
    "month": (_month, lambda key: _month(key + 32 * _DAY)),
    "year": (_year, lambda key: _year(key + 366 * _DAY)),
}
