"""Every query type in `/search`, `/search/count` and bulk updates; `explain`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.house import BULK, House

COUNT = "/v2025/search/count"
SEARCH = "/v2025/search"
EXPLAIN = "/bulkwark/v1/explain"
ROLE = "00000000000000000000000000000001"
ADD = {"operation": "ADD", "values": [{"attribute": "region", "values": ["emea"]}]}

# Each selects what the SAILPOINT text beside it does.
SAME: list[tuple[dict[str, Any], str]] = [
    ({"queryType": "DSL", "queryDsl": {"match": {"name": "Finance"}}}, "name:finance"),
    ({"queryType": "dsl", "queryDsl": {"term": {"enabled": "true"}}}, "enabled:true"),
    (
        {"queryType": "DSL", "queryDsl": {"bool": {"must_not": {"exists": {"field": "description"}}}}},
        "NOT _exists_:description",
    ),
    (
        {
            "queryType": "DSL",
            "queryDsl": {"nested": {"path": "entitlements", "query": {"term": {"entitlements.privileged": True}}}},
        },
        "@entitlements(privileged:true)",
    ),
    ({"queryType": "TEXT", "textQuery": {"terms": ["fin"], "fields": ["name"]}}, "name.exact:/[Ff][Ii][Nn].*/"),
    (
        {"queryType": "TEXT", "textQuery": {"terms": [ROLE[10:]], "fields": ["id"], "contains": True}},
        f"id:*{ROLE[10:]}*",
    ),
    ({"queryType": "TYPEAHEAD", "typeAheadQuery": {"query": "finance", "field": "name"}}, "name:finance*"),
    ({"query": {"query": "finance", "fields": ["na*^2"]}}, "name:finance"),
    ({"query": {"query": "finanec~", "fields": "name,description"}}, "name:finanec~ description:finanec~"),
]


@pytest.mark.parametrize(("asked", "text"), SAME, ids=lambda value: value if isinstance(value, str) else "")
def test_a_query_of_any_type_counts_what_it_means(module_house: House, asked: dict[str, Any], text: str) -> None:
    expected = module_house.admin.post(COUNT, {"indices": ["roles"], "query": {"query": text}}).total

    assert module_house.admin.post(COUNT, {"indices": ["roles"]} | asked).total == expected
    assert expected > 0


@pytest.mark.parametrize(("asked", "text"), SAME[:6], ids=lambda value: value if isinstance(value, str) else "")
def test_a_bulk_update_takes_any_query_type(idle_house: House, asked: dict[str, Any], text: str) -> None:
    expected = idle_house.admin.post(COUNT, {"indices": ["roles"], "query": {"query": text}}).total

    id = idle_house.admin.post(f"{BULK}/query", {"query": {"indices": ["roles"]} | asked} | ADD).ok(202)["id"]
    idle_house.run_jobs()
    idle_house.wait(id)

    assert len(idle_house.outcomes(id)) == expected


@pytest.mark.parametrize(
    ("asked", "cause"),
    [
        ({"queryType": "DSL", "queryDsl": {"match": {"nmae": "x"}}}, "/query/queryDsl/match/nmae: unknown field"),
        ({"queryType": "DSL", "queryDsl": {"script": {}}}, "/query/queryDsl/script: the clause 'script' is not served"),
        ({"queryType": "DSL", "queryDsl": {"bool": {"must": [], "x": 1}}}, "/query/queryDsl/bool/x: bool has no"),
        ({"queryType": "TEXT", "textQuery": {"terms": [""], "fields": ["name"]}}, "an empty term fits every value"),
        ({"queryType": "TEXT", "textQuery": {"terms": ["a\u00adb"], "fields": ["name"]}}, "invisible or odd character"),
        (
            {"queryType": "TYPEAHEAD", "typeAheadQuery": {"query": "r", "field": "name", "maxExpansions": 1}},
            "fits more than 1 words that begin so",
        ),
        ({"query": {"query": "name:a", "innerHit": {"type": "nope", "query": "x"}}}, "there is no nested array 'nope'"),
        ({"query": {"query": "name:a"}, "textQuery": {"terms": ["x"]}}, "/query/textQuery: textQuery has no meaning"),
    ],
)
def test_a_bulk_update_never_takes_less_or_more_than_was_meant(
    module_house: House, asked: dict[str, Any], cause: str
) -> None:
    answer = module_house.admin.post(f"{BULK}/query", {"query": {"indices": ["roles"]} | asked} | ADD)

    assert answer.status == 400
    assert cause in json.dumps(answer.json())


@pytest.mark.parametrize("sign", ["\u00ad", "\u200b", "\u2060", "\ufeff", "\u00a0"])
def test_a_filter_of_a_bulk_update_refuses_characters_that_nobody_sees(module_house: House, sign: str) -> None:
    answer = module_house.admin.post(f"{BULK}/filter", {"filters": f'name sw "Fin{sign}ance"'} | ADD)

    assert answer.status == 400
    assert "/filters, position 12" in json.dumps(answer.json())


def test_typeahead_lists_values_that_fit_the_most_frequent_first(module_house: House) -> None:
    asked: dict[str, Any] = {"query": "fin", "field": "name", "size": 5}
    body = {"indices": ["roles"], "queryType": "TYPEAHEAD", "typeAheadQuery": asked}

    found = module_house.admin.post(SEARCH, body).ok()

    assert len(found) == 5
    assert found == sorted(found)  # every name stands once
    assert all("fin" in value.lower() for value in found)


def test_typeahead_looks_into_nested_arrays(module_house: House) -> None:
    asked = {"query": "s", "field": "source.name", "nestedType": "entitlements", "sortByValue": True, "sort": "asc"}
    body = {"indices": ["roles"], "queryType": "TYPEAHEAD", "typeAheadQuery": asked}

    found = module_house.admin.post(SEARCH, body).ok()

    assert found == sorted(found)
    assert "SAP" in found
    assert all(any(word.startswith("s") for word in value.lower().split()) for value in found)


# --- explain ---------------------------------------------------------------------------------------------


def test_explain_says_how_a_query_is_read_and_what_it_selects(module_house: House) -> None:
    text = "name:finance AND enabled:true OR tags:SOX"
    count = module_house.admin.post(COUNT, {"indices": ["roles"], "query": {"query": text}}).total

    found = module_house.admin.get(EXPLAIN, params={"query": text}).ok()

    assert found["readAs"] == "+name:finance +enabled:true tags:SOX"
    assert found["fields"] == ["enabled", "name", "tags"]
    assert found["count"] == count
    assert found["sql"].startswith("SELECT")
    assert found["tree"] == [
        "all of, (better with)",
        "  + name has the word 'finance'",
        "  + enabled is true",
        "  ? tags has the word 'sox'",
    ]


def test_explain_says_which_condition_decides_for_an_object(module_house: House) -> None:
    document = module_house.admin.post(SEARCH, {"indices": ["roles"], "query": {"query": "enabled:true"}}).ok()[0]
    query = json.dumps({"bool": {"must": [{"term": {"enabled": True}}, {"match": {"name": "nosuchword"}}]}})

    found = module_house.admin.get(EXPLAIN, params={"query": query, "type": "DSL", "id": document["id"]}).ok()

    assert found["object"]["matches"] is False
    parts = found["object"]["why"]["parts"]
    assert [(part["clause"], part["matches"]) for part in parts] == [
        ("enabled is true", True),
        ("name has the word 'nosuchword'", False),
    ]


@pytest.mark.parametrize(
    ("params", "status", "cause"),
    [
        ({}, 400, "the query is missing"),
        ({"query": "name:("}, 400, "the parenthesis is never closed"),
        ({"query": "x", "index": "nope"}, 400, "there is no index 'nope'"),
        ({"query": "x", "type": "SQL"}, 400, "there is no query type SQL"),
        ({"query": "{", "type": "DSL"}, 400, "no JSON"),
        ({"query": "nosuch:x", "bulk": "true"}, 400, "unknown field 'nosuch'"),
        ({"query": "x", "id": "nope"}, 404, "there is no object"),
    ],
)
def test_explain_refuses_what_it_cannot_explain(
    module_house: House, params: dict[str, str], status: int, cause: str
) -> None:
    answer = module_house.admin.get(EXPLAIN, params=params)

    assert answer.status == status
    assert cause in json.dumps(answer.json())


def test_explain_shows_a_role_subadmin_only_his_own(module_house: House) -> None:
    subadmin = module_house.as_("ROLE_SUBADMIN")
    own = subadmin.post(COUNT, {"indices": ["roles"], "query": {"query": "*"}}).total

    assert subadmin.get(EXPLAIN, params={"query": "*"}).ok()["count"] == own
