"""Accounts, apps and access of identities, over the API: in every query type, page, aggregation and explanation."""

from __future__ import annotations

from typing import Any

import pytest

from tests.house import Client, House

PAULO, ANA, NOBODY = (f"d{number:031}" for number in (1, 2, 3))
ASKED = f"id:({PAULO} {ANA} {NOBODY})"  # whoever has arrays at all


def search(client: Client, **body: Any) -> list[Any]:
    found: list[Any] = client.post("/v2025/search", {"indices": ["identities"], **body}).ok()
    return found


def ids(client: Client, text: str) -> list[str]:
    return sorted(one["id"] for one in search(client, query={"query": text}))


def dsl(client: Client, clause: dict[str, Any]) -> list[str]:
    return sorted(one["id"] for one in search(client, queryType="DSL", queryDsl=clause))


def aggregate(client: Client, **body: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.post("/v2025/search/aggregate", {"indices": ["identities"], **body}).ok()
    return dict(found["aggregations"])


def test_one_element_fulfils_all_conditions(module_house: House) -> None:
    admin = module_house.admin

    assert ids(admin, '@accounts(source.name:"Active Directory" AND disabled:false)') == [ANA]
    assert ids(admin, '@accounts(source.name:"Active Directory") AND @accounts(disabled:false)') == [PAULO, ANA]
    assert ids(admin, "@access(type:ENTITLEMENT AND privileged:true)") == [PAULO]
    assert ids(admin, "@apps(name:Mail)") == [PAULO]
    assert ids(admin, "_exists_:apps") == [PAULO]
    assert ids(admin, f'{ASKED} AND NOT @accounts(source.name:"Active Directory")') == [NOBODY]
    assert ids(admin, f"+{ASKED} -@accounts(*)") == [NOBODY]


def test_the_dsl_asks_elements_by_nested(module_house: House) -> None:
    admin = module_house.admin
    both = {"bool": {"must": [{"term": {"access.type": "ENTITLEMENT"}}, {"match": {"access.name": "reader"}}]}}

    assert dsl(admin, {"nested": {"path": "access", "query": both}}) == [PAULO]
    assert dsl(admin, {"nested": {"path": "accounts", "query": {"term": {"accounts.locked": True}}}}) == [ANA]
    assert dsl(admin, {"nested": {"path": "apps", "query": {"exists": {"field": "apps"}}}}) == [PAULO]
    assert dsl(admin, {"exists": {"field": "accounts.passwordLastSet"}}) == [PAULO]


def test_arrays_are_shown_and_can_be_left_out(module_house: House) -> None:
    admin = module_house.admin
    (whole,) = search(admin, query={"query": f"id:{PAULO}"})
    (bare,) = search(admin, query={"query": f"id:{PAULO}"}, includeNested=False)

    assert [one["name"] for one in whole["accounts"]] == ["pmany", "PM001"]
    assert [one["type"] for one in whole["access"]] == ["ROLE", "ACCESS_PROFILE", "ENTITLEMENT"]
    assert {name: value for name, value in whole.items() if name not in ("access", "accounts", "apps")} == bare
    counts = ("accountCount", "appCount", "accessCount", "roleCount", "accessProfileCount", "entitlementCount")
    assert [bare[name] for name in counts] == [2, 1, 3, 1, 1, 1]
    shown = admin.get(f"/v2025/search/identities/{PAULO}").ok()
    assert shown["accounts"] == whole["accounts"]
    (chosen,) = search(admin, query={"query": f"id:{PAULO}"}, queryResultFilter={"includes": ["access.name"]})
    assert chosen["access"] == [{"name": one["name"]} for one in whole["access"]]


def test_inner_hits_are_the_elements_that_match(module_house: House) -> None:
    inner = {"type": "accounts", "query": 'source.name:"Active Directory"'}
    found = search(module_house.admin, query={"query": "*", "innerHit": inner}, sort=["id"])

    assert [(one["name"], one["_type"], one["_originalType"]) for one in found] == [
        ("pmany", "accounts", "identity"),
        ("asingle", "accounts", "identity"),
    ]


def test_arrays_are_sorted_by(module_house: House) -> None:
    admin = module_house.admin

    def order(*sort: str) -> list[str]:
        return [one["id"] for one in search(admin, query={"query": ASKED}, sort=list(sort))]

    assert order("accounts.name", "id") == [PAULO, ANA, NOBODY]  # PM001, asingle, none
    assert order("-accounts.name", "id") == [PAULO, ANA, NOBODY]  # pmany, asingle, none
    assert order("-access.name", "id") == [ANA, PAULO, NOBODY]


@pytest.mark.parametrize(
    "body",
    [
        {
            "aggregationType": "SAILPOINT",
            "aggregations": {
                "nested": {"name": "Accounts", "type": "accounts"},
                "bucket": {"name": "Sources", "field": "accounts.source.name", "type": "TERMS"},
            },
        },
        {
            "aggregationsDsl": {
                "Accounts": {
                    "nested": {"path": "accounts"},
                    "aggs": {"Sources": {"terms": {"field": "accounts.source.name.exact"}}},
                }
            }
        },
    ],
    ids=["SAILPOINT", "DSL"],
)
def test_elements_are_counted(module_house: House, body: dict[str, Any]) -> None:
    found = aggregate(module_house.admin, **body)["Accounts"]

    assert found["doc_count"] == 3
    assert {one["key"]: one["doc_count"] for one in found["Sources"]["buckets"]} == {
        "Active Directory": 2,
        "Workday": 1,
    }


def test_elements_are_filtered_and_lead_back_to_their_identities(module_house: House) -> None:
    aggs = {
        "A": {
            "nested": {"path": "access"},
            "aggs": {
                "Roles": {
                    "filter": {"term": {"access.type": "ROLE"}},
                    "aggs": {
                        "Names": {"terms": {"field": "access.name.exact"}},
                        "People": {"reverse_nested": {}, "aggs": {"Cities": {"terms": {"field": "attributes.city"}}}},
                    },
                }
            },
        },
        "Locked": {"nested": {"path": "accounts"}, "aggs": {"by": {"terms": {"field": "accounts.locked"}}}},
    }
    found = aggregate(module_house.admin, aggregationsDsl=aggs)

    roles = found["A"]["Roles"]
    assert (found["A"]["doc_count"], roles["doc_count"], roles["People"]["doc_count"]) == (4, 2, 2)
    assert [one["key"] for one in roles["Names"]["buckets"]] == ["Manager of Sales", "Reporter"]
    assert [one["key"] for one in roles["People"]["Cities"]["buckets"]] == ["Austin", "London"]
    assert {b["key_as_string"]: b["doc_count"] for b in found["Locked"]["by"]["buckets"]} == {"false": 2, "true": 1}


def test_typeahead_lists_what_elements_have(module_house: House) -> None:
    asked = {"query": "man", "field": "name", "nestedType": "access"}

    assert search(module_house.admin, queryType="TYPEAHEAD", typeAheadQuery=asked) == ["Manager of Sales"]


def test_text_queries_and_filters_look_into_elements(module_house: House) -> None:
    admin = module_house.admin
    asked = {"terms": ["cn=paulo"], "fields": ["accounts.accountId"], "matchAny": True, "contains": True}

    assert [one["id"] for one in search(admin, queryType="TEXT", textQuery=asked)] == [PAULO]
    terms = {"accounts.source.name": {"type": "TERMS", "terms": ["Workday"]}}
    assert [one["id"] for one in search(admin, filters=terms)] == [PAULO]


def test_explain_names_the_fields_and_says_which_condition_decides(module_house: House) -> None:
    text = '@accounts(source.name:"Active Directory" AND disabled:false)'
    params = {"query": text, "index": "identities", "id": PAULO}
    found = module_house.admin.get("/bulkwark/v1/explain", params=params).ok()

    assert found["count"] == 1
    assert set(found["fields"]) == {"accounts.source.name", "accounts.disabled"}
    assert found["object"]["matches"] is False
