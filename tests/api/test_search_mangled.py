"""Searches and aggregations with parts knocked out, doubled, swapped: an answer or a refusal, never a fault."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.house import House

GOOD: list[tuple[str, dict[str, Any]]] = [
    (
        "/v2025/search/aggregate?limit=2",
        {
            "indices": ["roles"],
            "query": {"query": "name:sales", "timeZone": "Europe/Berlin"},
            "aggregationsDsl": {
                "a": {
                    "terms": {
                        "field": "owner.name",
                        "size": 3,
                        "order": {"n": "desc"},
                        "missing": "x",
                        "include": "[A-Z].*",
                        "exclude": ["b"],
                        "min_doc_count": 0,
                    },
                    "aggs": {"n": {"avg": {"field": "entitlementCount", "missing": 1}}},
                },
                "h": {
                    "histogram": {
                        "field": "entitlementCount",
                        "interval": 2,
                        "offset": 1,
                        "extended_bounds": {"min": 0, "max": 9},
                        "hard_bounds": {"min": 0},
                        "keyed": True,
                    },
                    "aggs": {"p": {"percentiles": {"field": "created", "percents": [1, 50]}}},
                },
                "d": {
                    "date_histogram": {
                        "field": "created",
                        "calendar_interval": "month",
                        "time_zone": "America/New_York",
                        "offset": "+6h",
                        "format": "yyyy-MM",
                        "extended_bounds": {"min": "2015", "max": "now"},
                    }
                },
                "r": {"date_range": {"field": "created", "ranges": [{"from": "2020||/y", "to": "now", "key": "k"}]}},
                "e": {
                    "nested": {"path": "entitlements"},
                    "aggs": {
                        "f": {
                            "filters": {
                                "filters": {"p": {"term": {"entitlements.privileged": True}}},
                                "other_bucket": True,
                            },
                            "aggs": {"b": {"reverse_nested": {}, "aggs": {"m": {"missing": {"field": "tags"}}}}},
                        }
                    },
                },
            },
        },
    ),
    (
        "/v2025/search/aggregate",
        {
            "indices": ["roles"],
            "aggregationType": "SAILPOINT",
            "aggregations": {
                "nested": {"name": "n", "type": "entitlements"},
                "filter": {"name": "f", "type": "TERM", "field": "@entitlements.privileged", "value": "true"},
                "bucket": {"name": "b", "field": "source.name", "size": 2, "minDocCount": 1},
                "metric": {"name": "m", "type": "COUNT", "field": "name"},
                "subAggregation": {"bucket": {"name": "s", "field": "attribute"}},
            },
        },
    ),
    (
        "/v2025/search?limit=3&count=true",
        {
            "indices": ["roles", "identities"],
            "query": {"query": "name:sales", "innerHit": {"type": "entitlements", "query": "privileged:true"}},
            "filters": {
                "created": {"type": "RANGE", "range": {"lower": {"value": "2020", "inclusive": True}}},
                "name": {"type": "TERMS", "terms": ["Sales Global"], "exclude": True},
                "description": {"type": "EXISTS"},
            },
            "sort": ["-entitlements.name", "tags", "id"],
            "queryResultFilter": {"includes": ["*a*", "owner"], "excludes": ["o*.id"]},
        },
    ),
]
ODD: tuple[Any, ...] = (
    None,
    "",
    " ",
    "*",
    0,
    -1,
    1e308,
    2**63,
    True,
    [],
    {},
    [[]],
    {"a": {}},
    "now",
    "9999-12-31",
    "\ud7ff",
    "a" * 3000,
    "@entitlements",
    "entitlements",
    "enabled",
    "created",
    "entitlementCount",
    "accessModelMetadata.key",
    "attributes.city",
    "_type",
    "owner.*",
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*path, key))


def mangled(body: dict[str, Any], dice: random.Random) -> Any:
    found = copy.deepcopy(body)
    for _ in range(dice.choice([1, 1, 2, 3])):
        path = dice.choice([place for place in places(found) if place])
        at = found
        for key in path[:-1]:
            at = at[key]
        match dice.randrange(4):
            case 0 if isinstance(at, dict):
                del at[path[-1]]
            case 1 if isinstance(at, dict):
                at[dice.choice(["field", "size", "x", "aggs", "terms"])] = at[path[-1]]
            case 2:
                other = dice.choice([place for place in places(found) if place])
                value = found
                for key in other:
                    value = value[key]
                at[path[-1]] = copy.deepcopy(value)
            case _:
                at[path[-1]] = copy.deepcopy(dice.choice(ODD))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_a_mangled_search_is_answered_or_refused_in_its_place(module_house: House, seed: int) -> None:
    dice = random.Random(seed)
    statuses = set()
    for _ in range(60):
        target, body = dice.choice(GOOD)
        sent = mangled(body, dice)
        reply = module_house.admin.post(target, sent)
        assert reply.status in (200, 400), (reply.status, json.dumps(sent))
        if reply.status == 400:
            assert reply.json()["causes"][0]["text"], json.dumps(sent)
        statuses.add(reply.status)
    assert statuses == {200, 400}
