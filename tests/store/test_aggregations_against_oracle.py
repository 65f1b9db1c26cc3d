"""Random aggregations over HTTP: what SQL answers is what a plain evaluator makes of the documents of `/search`."""

from __future__ import annotations

import random
from typing import Any

import pytest

from bulkwark.store.indexes import INDEXES
from tests.house import House
from tests.query.aggregation_oracle import aggregate

PATH = "/v2025/search"
QUERIES = ("*", "enabled:true", "name:sales OR name:finance", "description:(for OR access)", "nosuch:x")
#: Index → nested path ('' the root) → kind → fields whose values documents show whole.
FIELDS: dict[str, dict[str, dict[str, list[str]]]] = {
    "roles": {
        "": {
            "text": ["name", "name.exact", "owner.name", "owner.email.exact", "tags", "description", "segments.name"],
            "keyword": ["id", "owner.id", "_type"],
            "number": ["entitlementCount", "accessProfileCount", "segmentCount"],
            "date": ["created", "modified"],
            "bool": ["enabled", "requestable", "dimensional"],
            "nested": ["entitlements.name", "accessProfiles.name"],
        },
        "entitlements": {
            "text": ["entitlements.name", "entitlements.source.name.exact", "entitlements.attribute"],
            "keyword": ["entitlements.id", "entitlements.source.id"],
            "bool": ["entitlements.privileged"],
        },
        "accessProfiles": {"text": ["accessProfiles.name"], "keyword": ["accessProfiles.id"]},
    },
    "identities": {
        "": {
            "text": ["attributes.department", "attributes.city.exact", "status", "manager.name"],
            "keyword": ["id"],
            "date": ["created"],
            "bool": ["inactive", "isManager"],
        },
    },
}


class Dice:
    """Makes aggregations of one index."""

    def __init__(self, seed: int, index: str) -> None:
        self.random = random.Random(seed)
        self.index = index

    def field(self, nested: str, *kinds: str) -> str:
        fields = FIELDS[self.index][nested]
        return self.random.choice([name for kind in kinds for name in fields.get(kind, [])])

    def has(self, nested: str, *kinds: str) -> bool:
        return any(kind in FIELDS[self.index][nested] for kind in kinds)

    def spec(self, nested: str = "", depth: int = 1) -> dict[str, Any]:
        return {f"a{i}": self.one(nested, depth) for i in range(self.random.randint(1, 2))}

    def one(self, nested: str, depth: int) -> dict[str, Any]:
        choices = ["terms", "terms", "measure", "missing"]
        if self.has(nested, "number"):
            choices += ["range", "histogram", "number"]
        if self.has(nested, "date"):
            choices += ["date_range", "date_histogram"]
        if nested:
            choices += ["reverse_nested"]
        elif len(FIELDS[self.index]) > 1:
            choices += ["nested", "nested"]
        kind = self.random.choice(choices)
        if kind == "measure":
            measure = self.random.choice(["value_count", "cardinality"])
            return {measure: {"field": self.field(nested, "text", "keyword", "number", "date", "bool")}}
        if kind == "number":
            return self.measure(nested)
        inner = nested
        if kind == "nested":
            inner = self.random.choice([path for path in FIELDS[self.index] if path])
        elif kind == "reverse_nested":
            inner = ""
        body: dict[str, Any] = {kind: getattr(self, kind)(nested, inner)}
        if depth < 3 and self.random.random() < 0.6:
            body["aggs"] = self.spec(inner, depth + 1)
        if kind == "terms" and self.has(nested, "number") and self.random.random() < 0.3:
            body.setdefault("aggs", {})["m"] = {"avg": {"field": self.field(nested, "number")}}
            body["terms"]["order"] = {"m": "desc"}
            body["terms"]["field"] = self.field(nested, "bool")  # every bucket has the measure
        return body

    def measure(self, nested: str) -> dict[str, Any]:
        kind = self.random.choice(["avg", "sum", "min", "max", "stats", "percentiles"])
        given: dict[str, Any] = {"field": self.field(nested, "number", "date", "bool")}
        if kind == "percentiles" and self.random.random() < 0.5:
            given["percents"] = [0, 12.5, 50, 100]
        return {kind: given}

    def terms(self, nested: str, _inner: str) -> dict[str, Any]:
        kinds = ["text", "keyword", "number", "date", "bool", "nested"]
        given: dict[str, Any] = {"field": self.field(nested, *kinds)}
        if self.random.random() < 0.5:
            given["size"] = self.random.choice([1, 3, 1000])
        if self.random.random() < 0.4:
            given["order"] = {self.random.choice(["_count", "_key"]): self.random.choice(["asc", "desc"])}
        if self.random.random() < 0.2:
            given["min_doc_count"] = 2
        if given["field"] == "description" and self.random.random() < 0.5:
            given["missing"] = "none"
        return given

    def missing(self, nested: str, _inner: str) -> dict[str, Any]:
        return {"field": self.field(nested, "text", "keyword", "number", "bool", "nested")}

    def nested(self, _nested: str, inner: str) -> dict[str, Any]:
        return {"path": inner}

    def reverse_nested(self, _nested: str, _inner: str) -> dict[str, Any]:
        return {}

    def range(self, nested: str, _inner: str) -> dict[str, Any]:
        ranges = [{"to": 1}, {"from": 1, "to": 3}, {"from": 2}, {"from": 0, "key": "all"}]
        return {"field": self.field(nested, "number"), "ranges": self.random.sample(ranges, 3)}

    def date_range(self, nested: str, _inner: str) -> dict[str, Any]:
        ranges = [{"to": "2019-01-01"}, {"from": "2018-06-01T12:00:00Z", "to": "2023-01-01"}, {"from": "2021-03-01"}]
        return {"field": self.field(nested, "date"), "ranges": self.random.sample(ranges, 2)}

    def histogram(self, nested: str, _inner: str) -> dict[str, Any]:
        given: dict[str, Any] = {"field": self.field(nested, "number"), "interval": self.random.choice([1, 2, 0.5])}
        if self.random.random() < 0.4:
            given["min_doc_count"] = self.random.choice([1, 20])
        if self.random.random() < 0.3:
            given["offset"] = 0.25
        return given

    def date_histogram(self, nested: str, _inner: str) -> dict[str, Any]:
        unit = self.random.choice(["year", "month", "week", "day"])
        given: dict[str, Any] = {"field": self.field(nested, "date"), "calendar_interval": unit}
        if self.random.random() < 0.5 or unit == "day":
            given["min_doc_count"] = 1
        return given


@pytest.fixture(scope="module")
def documents(module_house: House) -> dict[tuple[str, str], list[dict[str, Any]]]:
    found = {}
    for index in FIELDS:
        for query in QUERIES:
            body = {"indices": [index], "query": {"query": query}}
            found[index, query] = module_house.admin.post(PATH, body, params={"limit": 5000}).ok()
    return found


@pytest.mark.parametrize("seed", range(150))
def test_sql_counts_what_the_plain_evaluator_counts(
    module_house: House, documents: dict[tuple[str, str], list[dict[str, Any]]], seed: int
) -> None:
    index = "identities" if seed % 5 == 0 else "roles"
    query = QUERIES[seed % len(QUERIES)] if seed % 5 else "*"
    spec = Dice(seed, index).spec()
    body = {"indices": [index], "query": {"query": query}, "aggregationsDsl": spec}

    counted = module_house.admin.post(f"{PATH}/aggregate?limit=0", body).ok()["aggregations"]

    expected = aggregate(spec, documents[index, query], INDEXES[index].schema)
    assert close(counted) == close(expected), spec


def close(value: Any) -> Any:
    """Numbers to thirteen digits, so that the order of a sum does not matter."""
    if isinstance(value, int | float):
        return float(f"{value:.13g}")
    if isinstance(value, dict):
        return {name: close(inner) for name, inner in value.items()}
    return [close(inner) for inner in value] if isinstance(value, list) else value
