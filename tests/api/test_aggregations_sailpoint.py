"""`/search/aggregate`: the SAILPOINT form, and CSV."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from bulkwark.domain.kinds import Kind
from tests.api.counting import PATH, as_rows, counted, documents, dsl, sailpoint
from tests.company import load, role
from tests.house import House

# --- the SAILPOINT form ----------------------------------------------------------------------------------------

OWNERS = {"bucket": {"name": "Owners", "type": "TERMS", "field": "owner.name", "size": 3}}


def test_a_bucket_means_the_terms_of_the_dsl(module_house: House) -> None:
    expected = dsl(module_house.admin, {"Owners": {"terms": {"field": "owner.name.exact", "size": 3}}})

    assert sailpoint(module_house.admin, OWNERS) == expected
    assert len(expected["Owners"]["buckets"]) == 3


@pytest.mark.parametrize(
    ("metric", "twin"),
    [
        ({"field": "owner.name"}, {"cardinality": {"field": "owner.name"}}),
        ({"field": "owner.name", "type": "COUNT"}, {"value_count": {"field": "owner.name"}}),
        ({"field": "entitlementCount", "type": "avg"}, {"avg": {"field": "entitlementCount"}}),
        ({"field": "entitlementCount", "type": "SUM"}, {"sum": {"field": "entitlementCount"}}),
        ({"field": "created", "type": "MIN"}, {"min": {"field": "created"}}),
        ({"field": "created", "type": "MAX"}, {"max": {"field": "created"}}),
        (
            {"field": "entitlementCount", "type": "MEDIAN"},
            {"percentiles": {"field": "entitlementCount", "percents": [50]}},
        ),
    ],
)
def test_a_metric_means_its_twin_in_the_dsl(module_house: House, metric: dict[str, Any], twin: dict[str, Any]) -> None:
    found = sailpoint(module_house.admin, {"metric": {"name": "M", **metric}})

    assert found == dsl(module_house.admin, {"M": twin})


@pytest.mark.parametrize(
    "nested",
    [
        {"name": "E", "type": "entitlements"},
        {"name": "E", "type": "TERMS", "field": "entitlements"},  # as the official examples spell it
        {"name": "E", "type": "@entitlements"},
    ],
)
@pytest.mark.parametrize("prefix", ["@entitlements.", "entitlements.", ""])
def test_nested_filter_bucket_and_metric_wrap_each_other(
    module_house: House, nested: dict[str, Any], prefix: str
) -> None:
    spec = {
        "nested": nested,
        "filter": {"name": "F", "type": "TERM", "field": f"{prefix}privileged", "value": "true"},
        "bucket": {"name": "B", "field": f"{prefix}source.name", "size": 100},
        "metric": {"name": "M", "field": f"{prefix}id"},
    }
    elements = [e for d in documents(module_house.admin) for e in d["entitlements"]]
    privileged = [e for e in elements if e["privileged"]]

    found = sailpoint(module_house.admin, spec)["E"]

    assert (found["doc_count"], found["F"]["doc_count"]) == (len(elements), len(privileged))
    assert counted(found["F"]["B"]["buckets"]) == Counter(e["source"]["name"] for e in privileged)
    for bucket in found["F"]["B"]["buckets"]:
        assert bucket["M"]["value"] == len({e["id"] for e in privileged if e["source"]["name"] == bucket["key"]})


def test_a_field_with_an_at_sign_goes_into_its_nested_array(module_house: House) -> None:
    found = sailpoint(module_house.admin, {"metric": {"name": "M", "type": "COUNT", "field": "@entitlements.name"}})

    elements = sum(len(d["entitlements"]) for d in documents(module_house.admin))
    assert found == {"entitlements": {"doc_count": elements, "M": {"value": elements}}}


def test_sub_aggregations_stand_in_each_bucket(module_house: House) -> None:
    spec = OWNERS | {
        "subAggregation": {
            "bucket": {"name": "On", "field": "enabled"},
            "subAggregation": {"metric": {"name": "Widest", "type": "MAX", "field": "entitlementCount"}},
        }
    }
    everything = documents(module_house.admin)

    for owner in sailpoint(module_house.admin, spec)["Owners"]["buckets"]:
        own = [d for d in everything if d["owner"]["name"] == owner["key"]]
        assert owner["doc_count"] == len(own)
        for on in owner["On"]["buckets"]:
            alike = [d["entitlementCount"] for d in own if d["enabled"] == bool(on["key"])]
            assert (on["doc_count"], on["Widest"]["value"]) == (len(alike), max(alike))


def test_a_filter_alone_is_a_count(module_house: House) -> None:
    spec = {"filter": {"name": "Dimensional", "field": "dimensional", "value": "true"}}

    expected = sum(d["dimensional"] for d in documents(module_house.admin))
    assert sailpoint(module_house.admin, spec) == {"Dimensional": {"doc_count": expected}}


# --- CSV ---------------------------------------------------------------------------------------------------------


def test_buckets_as_csv_are_a_line_each(module_house: House) -> None:
    buckets = sailpoint(module_house.admin, OWNERS)["Owners"]["buckets"]

    assert as_rows(module_house.admin, OWNERS) == [
        ["Owners", "Count"],
        *([bucket["key"], str(bucket["doc_count"])] for bucket in buckets),
    ]


def test_levels_of_buckets_are_columns_and_a_measure_takes_the_place_of_the_count(module_house: House) -> None:
    spec = OWNERS | {"subAggregation": {"bucket": {"name": "On", "field": "enabled"}}}
    rows = as_rows(module_house.admin, spec)

    assert rows[0] == ["Owners", "On", "Count"]
    assert {row[1] for row in rows[1:]} == {"true", "false"}
    measured = OWNERS | {"metric": {"name": "Most", "type": "MAX", "field": "entitlementCount"}}
    assert as_rows(module_house.admin, measured)[0] == ["Owners", "Most"]
    (head, line) = as_rows(module_house.admin, {"metric": {"name": "Owners", "field": "owner.id"}})
    assert (head, int(line[0])) == (["Owners"], len({d["owner"]["id"] for d in documents(module_house.admin)}))


def test_names_with_commas_and_quotes_are_quoted(house: House) -> None:
    names = ['Comma, the "first"', "Line\nbreak"]
    load(house.store, house.tenant, Kind.ROLE, [role(n, "1" * 32, id=f"9{i:031}") for i, n in enumerate(names)])
    spec = {"bucket": {"name": "Names", "field": "name", "size": 1000}}

    rows = as_rows(house.admin, spec, query={"query": "id:(90000000000000000000000000000000 9" + "0" * 30 + "1)"})

    assert sorted(row[0] for row in rows[1:]) == sorted(names)


def test_no_cell_of_buckets_is_a_formula(house: House) -> None:
    names = ["=1+1", "@SUM(A1)", "-cmd", "O'Brien"]
    load(house.store, house.tenant, Kind.ROLE, [role(n, "1" * 32, id=f"9{i:031}") for i, n in enumerate(names)])
    spec = {"bucket": {"name": "=Names", "field": "name", "size": 1000}}

    rows = as_rows(house.admin, spec, query={"query": "id:9000*"})

    assert rows[0] == ["'=Names", "Count"]
    assert sorted(row[0] for row in rows[1:]) == sorted(["'=1+1", "'@SUM(A1)", "'-cmd", "O'Brien"])


def test_csv_is_for_the_sailpoint_form_only(module_house: House) -> None:
    body = {"indices": ["roles"], "aggregationsDsl": {"o": {"terms": {"field": "owner.name"}}}}
    reply = module_house.admin.post(PATH, body, headers={"accept": "text/csv"})

    assert reply.headers["content-type"] == "application/json"
    assert reply.ok()["aggregations"]["o"]["buckets"]
