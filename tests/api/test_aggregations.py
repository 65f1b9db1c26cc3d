"""`/search/aggregate`: the DSL beyond what the random comparison reaches, caps, and who sees what."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from bulkwark.domain.kinds import Kind
from bulkwark.query import aggregations_dsl
from bulkwark.store.sqlite import aggregation_terms
from tests.api.counting import PATH, counted, documents, dsl
from tests.company import load, role
from tests.house import Client, House

# --- the answer ----------------------------------------------------------------------------------------------


def test_the_hits_stand_beside_what_was_counted(module_house: House) -> None:
    body = {"indices": ["roles"], "query": {"query": "name:sales"}, "sort": ["name"]}
    spec = {"aggregationsDsl": {"owners": {"terms": {"field": "owner.name"}}}}

    reply = module_house.admin.post(f"{PATH}?limit=3&offset=1&count=true", body | spec)

    hits = module_house.admin.post("/v2025/search?limit=3&offset=1", body).ok()
    assert reply.ok()["hits"] == hits
    assert reply.total == module_house.admin.post("/v2025/search/count", body).total
    assert set(reply.ok()) == {"aggregations", "hits"}


def test_without_a_query_everything_is_counted_and_a_blank_one_finds_nothing(module_house: House) -> None:
    spec = {"n": {"value_count": {"field": "id"}}}

    assert dsl(module_house.admin, spec)["n"]["value"] == len(documents(module_house.admin))
    assert dsl(module_house.admin, spec, "")["n"]["value"] == 0


def test_filters_narrow_what_is_counted(module_house: House) -> None:
    body = {
        "indices": ["roles"],
        "filters": {"enabled": {"type": "TERMS", "terms": ["true"]}},
        "aggregationsDsl": {"on": {"terms": {"field": "enabled"}}},
    }
    (bucket,) = module_house.admin.post(PATH, body).ok()["aggregations"]["on"]["buckets"]

    expected = sum(d["enabled"] for d in documents(module_house.admin))
    assert bucket == {"key": 1, "key_as_string": "true", "doc_count": expected}


def test_several_indices_are_counted_together(module_house: House) -> None:
    types = dsl(module_house.admin, {"t": {"terms": {"field": "_type"}}}, index="*")["t"]["buckets"]
    names = dsl(module_house.admin, {"n": {"terms": {"field": "entitlements.name"}}}, "*", "accessprofiles")

    everything = documents(module_house.admin, index="*")
    assert counted(types) == Counter(d["_type"] for d in everything)
    assert names["n"]["buckets"]
    both = {"indices": ["roles", "accessprofiles"], "aggregationsDsl": {"e": {"nested": {"path": "entitlements"}}}}
    elements = module_house.admin.post(PATH, both).ok()["aggregations"]["e"]["doc_count"]
    assert elements == sum(len(d.get("entitlements", [])) for d in everything)


# --- the DSL, beyond the random comparison -------------------------------------------------------------------------


def test_metadata_is_counted_as_the_elements_of_a_nested_array(module_house: House) -> None:
    spec = {
        "m": {
            "nested": {"path": "accessModelMetadata"},
            "aggs": {
                "keys": {
                    "terms": {"field": "accessModelMetadata.key", "size": 100},
                    "aggs": {
                        "values": {"terms": {"field": "accessModelMetadata.value", "size": 100}},
                        "roles": {"reverse_nested": {}, "aggs": {"on": {"terms": {"field": "enabled"}}}},
                    },
                }
            },
        }
    }
    roles = [r for at in (0, 250) for r in module_house.admin.get(f"/v2025/roles?limit=50&offset={at}").ok()]
    names = [r["name"] for r in roles]
    chosen = " OR ".join(f'name.exact:"{name}"' for name in names if '"' not in name and "\\" not in name)
    kept = [r for r in roles if '"' not in r["name"] and "\\" not in r["name"]]
    held = [
        (attribute["key"], value["value"], r["id"])
        for r in kept
        for attribute in (r["accessModelMetadata"] or {}).get("attributes", [])
        for value in attribute["values"]
    ]

    found = dsl(module_house.admin, spec, chosen)["m"]

    assert found["doc_count"] == len(held) > 20
    for bucket in found["keys"]["buckets"]:
        alike = [one for one in held if one[0] == bucket["key"]]
        assert counted(bucket["values"]["buckets"]) == Counter(one[1] for one in alike)
        assert bucket["roles"]["doc_count"] == len({one[2] for one in alike})
        assert sum(b["doc_count"] for b in bucket["roles"]["on"]["buckets"]) == bucket["roles"]["doc_count"]


def test_terms_take_a_pattern_a_list_and_a_stand_in(module_house: House) -> None:
    given = {"field": "tags", "size": 1000}
    tags = Counter(tag for d in documents(module_house.admin) for tag in set(d["tags"]))
    untagged = sum(not d["tags"] for d in documents(module_house.admin))
    spec = {
        "pattern": {"terms": {**given, "include": "TAG_[0-9]", "exclude": ["TAG_2"]}},
        "list": {"terms": {**given, "include": ["TAG_1", "nosuch"]}},
        "without": {"terms": {**given, "exclude": "TAG.*"}},
        "standin": {"terms": {**given, "missing": "none"}},
        "rare": {"terms": {**given, "min_doc_count": 0, "order": {"_count": "asc"}}},
    }

    found = {name: counted(one["buckets"]) for name, one in dsl(module_house.admin, spec).items()}

    assert found["pattern"] == {t: n for t, n in tags.items() if t.startswith("TAG_") and t != "TAG_2"} != {}
    assert found["list"] == {"TAG_1": tags["TAG_1"]}
    assert found["without"] == {t: n for t, n in tags.items() if not t.startswith("TAG")}
    assert found["standin"] == {**tags, "none": untagged}
    assert found["rare"] == tags
    some = dsl(module_house.admin, {"rare": spec["rare"]}, "name:nosuch")["rare"]["buckets"]
    assert counted(some) == dict.fromkeys(tags, 0)


def test_buckets_are_sorted_by_a_measure_behind_a_way(module_house: House) -> None:
    spec = {
        "owners": {
            "terms": {"field": "owner.name", "size": 3, "order": [{"e>many.max": "desc"}, {"_key": "asc"}]},
            "aggs": {
                "e": {
                    "missing": {"field": "description"},
                    "aggs": {"many": {"stats": {"field": "entitlementCount"}}},
                }
            },
        }
    }
    buckets = dsl(module_house.admin, spec)["owners"]["buckets"]

    values = [bucket["e"]["many"]["max"] for bucket in buckets]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=True)
    assert values == known + [None] * (len(values) - len(known))


def test_keywords_are_shown_as_documents_write_them(module_house: House) -> None:
    buckets = dsl(module_house.admin, {"t": {"terms": {"field": "source.type"}}}, index="entitlements")["t"]["buckets"]

    assert counted(buckets) == Counter(d["source"]["type"] for d in documents(module_house.admin, index="entitlements"))
    assert any(bucket["key"] != bucket["key"].lower() for bucket in buckets)


def test_days_begin_at_midnight_of_the_zone_also_when_the_clock_changes(house: House) -> None:
    moments = ["2024-03-30T23:30:00Z", "2024-03-31T21:30:00Z", "2024-03-31T22:30:00Z"]  # 31, 31 and 1 in Berlin
    load(house.store, house.tenant, Kind.ROLE, [dated(n, moment) for n, moment in enumerate(moments)])
    day = {"field": "created", "time_zone": "Europe/Berlin", "min_doc_count": 1}
    spec = {
        "days": {"date_histogram": {**day, "calendar_interval": "day"}},
        "spans": {"date_histogram": {**day, "fixed_interval": "24h", "format": "dd.MM."}},
    }

    found = dsl(house.admin, spec, "name:zoned")

    days = [(b["key_as_string"], b["doc_count"]) for b in found["days"]["buckets"]]
    assert days == [("2024-03-31T00:00:00.000+01:00", 2), ("2024-04-01T00:00:00.000+02:00", 1)]
    assert [(b["key_as_string"], b["doc_count"]) for b in found["spans"]["buckets"]] == [("31.03.", 2), ("01.04.", 1)]


def dated(number: int, moment: str) -> dict[str, Any]:
    return role(f"Zoned {number}", "1" * 32, id=f"9{number:031}") | {"created": moment}


def test_histograms_have_bounds_and_can_be_keyed(module_house: House) -> None:
    count = {"field": "entitlementCount", "interval": 1}
    spec = {
        "wide": {"histogram": {**count, "extended_bounds": {"min": -2, "max": 12}}},
        "narrow": {"histogram": {**count, "hard_bounds": {"min": 1, "max": 2}}},
        "keyed": {"histogram": {**count, "keyed": True, "order": {"_count": "desc"}}},
        "years": {
            "date_histogram": {
                "field": "created",
                "calendar_interval": "1y",
                "extended_bounds": {"min": "2010", "max": "2011-05-01"},
                "format": "yyyy",
                "keyed": True,
            }
        },
    }
    counts = Counter(d["entitlementCount"] for d in documents(module_house.admin))

    found = dsl(module_house.admin, spec)

    wide = counted(found["wide"]["buckets"])
    assert (min(wide), max(wide), len(wide)) == (-2.0, 12.0, 15)
    assert {key: n for key, n in wide.items() if n} == counts
    assert counted(found["narrow"]["buckets"]) == {n: counts[n] for n in (1, 2)}
    assert list(found["keyed"]["buckets"]) == [
        str(float(n)) for n, _ in sorted(counts.items(), key=lambda c: (-c[1], c[0]))
    ]
    assert list(found["years"]["buckets"])[:2] == ["2010", "2011"]
    assert found["years"]["buckets"]["2010"]["doc_count"] == 0


def test_ranges_can_be_keyed_and_dates_take_math(module_house: House) -> None:
    spec = {
        "n": {"range": {"field": "entitlementCount", "keyed": True, "ranges": [{"to": 2, "key": "few"}, {"from": 2}]}},
        "d": {"date_range": {"field": "created", "ranges": [{"from": "2020-01-01||+1y/y", "to": "now"}]}},
    }
    everything = documents(module_house.admin)

    found = dsl(module_house.admin, spec)

    assert set(found["n"]["buckets"]) == {"few", "2.0-*"}
    assert found["n"]["buckets"]["few"]["doc_count"] == sum(d["entitlementCount"] < 2 for d in everything)
    assert found["d"]["buckets"][0]["from_as_string"] == "2021-01-01T00:00:00.000Z"
    assert found["d"]["buckets"][0]["doc_count"] == sum(d["created"] >= "2021" for d in everything)


def test_a_range_may_begin_and_end_beyond_64_bits(module_house: House) -> None:
    ranges = [{"to": -(10**30)}, {"from": -(10**30), "to": 2**63}, {"from": 2**63}]
    asked = {"n": {"range": {"field": "entitlementCount", "ranges": ranges}}}

    found = dsl(module_house.admin, asked)["n"]["buckets"]

    assert [bucket["doc_count"] > 0 for bucket in found] == [False, True, False]


def test_percentiles_come_as_a_list_too(module_house: House) -> None:
    spec = {"p": {"percentiles": {"field": "created", "percents": [100, 0], "keyed": False}}}
    created = sorted(d["created"] for d in documents(module_house.admin))

    values = dsl(module_house.admin, spec)["p"]["values"]

    assert [(v["key"], v["value_as_string"]) for v in values] == [(0.0, created[0]), (100.0, created[-1])]


def test_a_root_field_is_not_seen_from_a_nested_array(module_house: House) -> None:
    inner = {"names": {"terms": {"field": "name"}}, "n": {"value_count": {"field": "dimensional"}}}

    found = dsl(module_house.admin, {"e": {"nested": {"path": "accessProfiles"}, "aggs": inner}})["e"]

    assert found["n"] == {"value": 0}
    assert found["names"]["buckets"], "`name` is that of the element: names may be relative"


def test_too_many_buckets_are_refused_and_leave_nothing_behind(
    module_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aggregation_terms, "MAX_CANDIDATES", 10)
    measured = {"terms": {"field": "name", "order": {"n": "asc"}}, "aggs": {"n": {"max": {"field": "created"}}}}
    body = {"indices": ["roles"], "aggregationsDsl": {"names": measured}}

    for _ in range(3):
        reply = module_house.admin.post(PATH, body)
        assert reply.status == 400
        assert b"more than 10 different terms to be sorted by a measure" in reply.body
    assert dsl(module_house.admin, {"n": {"value_count": {"field": "id"}}})["n"]["value"] > 0


def test_a_tree_of_too_many_aggregations_is_refused(module_house: House) -> None:
    spec = {f"a{n}": {"missing": {"field": "name"}} for n in range(aggregations_dsl.MAX_NODES + 1)}

    reply = module_house.admin.post(PATH, {"aggregationsDsl": spec})

    assert reply.status == 400
    assert b"more than 200 aggregations" in reply.body


def test_one_tenant_counts_nothing_of_another(module_house: House) -> None:
    theirs = module_house.as_("ORG_ADMIN", tenant="other")

    assert counted(dsl(theirs, {"n": {"terms": {"field": "id"}}})["n"]["buckets"]) == {"f" * 32: 1}
    spec = {"n": {"terms": {"field": "id", "size": 5000}}, "t": {"terms": {"field": "enabled"}}}
    for text in (None, "*", "NOT nosuch:x"):
        seen = counted(dsl(theirs, spec, text, index="*")["n"]["buckets"])
        assert set(seen) == {d["id"] for d in documents(theirs, index="*")}


# --- queries inside aggregations -----------------------------------------------------------------------------------


def test_a_filter_takes_any_query_of_the_dsl(module_house: House) -> None:
    spec = {
        "on": {"filter": {"term": {"enabled": True}}, "aggs": {"most": {"max": {"field": "entitlementCount"}}}},
        "sales": {
            "filter": {"bool": {"must": [{"match": {"name": "sales"}}], "must_not": {"term": {"enabled": True}}}}
        },
        "parts": {
            "filters": {
                "filters": {"sales": {"match": {"name": "sales"}}, "one": {"term": {"entitlementCount": 1}}},
                "other_bucket_key": "rest",
            },
            "aggs": {"on": {"terms": {"field": "enabled"}}},
        },
        "listed": {"filters": {"filters": [{"match_all": {}}, {"match_none": {}}], "other_bucket": True}},
    }
    everything = documents(module_house.admin)
    on = [d for d in everything if d["enabled"]]
    sales = {d["id"] for d in documents(module_house.admin, "name:sales")}
    one = {d["id"] for d in everything if d["entitlementCount"] == 1}

    found = dsl(module_house.admin, spec)

    assert found["on"] == {"doc_count": len(on), "most": {"value": max(d["entitlementCount"] for d in on)}}
    assert found["sales"]["doc_count"] == len(sales - {d["id"] for d in on})
    parts = found["parts"]["buckets"]
    assert {name: part["doc_count"] for name, part in parts.items()} == {
        "sales": len(sales),
        "one": len(one),
        "rest": len(everything) - len(sales | one),
    }
    assert sum(b["doc_count"] for b in parts["rest"]["on"]["buckets"]) == parts["rest"]["doc_count"]
    assert [b["doc_count"] for b in found["listed"]["buckets"]] == [len(everything), 0, 0]


def test_a_filter_inside_a_nested_array_asks_one_element(module_house: House) -> None:
    both = [{"term": {"entitlements.privileged": True}}, {"match": {"entitlements.source.name": "SAP"}}]
    spec = {
        "e": {
            "nested": {"path": "entitlements"},
            "aggs": {
                "both": {"filter": {"bool": {"filter": both}}, "aggs": {"roles": {"reverse_nested": {}}}},
                "named": {"filters": {"filters": {"p": both[0], "not": {"bool": {"must_not": both[0]}}}}},
                "root": {"filter": {"term": {"enabled": True}}},
            },
        }
    }
    held = [(d["id"], e) for d in documents(module_house.admin) for e in d["entitlements"]]
    fitting = [(id, e) for id, e in held if e["privileged"] and "sap" in e["source"]["name"].lower().split()]

    found = dsl(module_house.admin, spec)["e"]

    assert found["both"]["doc_count"] == len(fitting) > 0
    assert found["both"]["roles"]["doc_count"] == len({id for id, _ in fitting})
    privileged = sum(e["privileged"] for _, e in held)
    assert found["named"]["buckets"]["p"]["doc_count"] == privileged
    assert found["named"]["buckets"]["not"]["doc_count"] == len(held) - privileged
    assert found["root"]["doc_count"] == 0, "a field of the object is not seen from its elements"


def test_a_query_that_is_not_served_is_named_in_its_place(module_house: House) -> None:
    spec: dict[str, Any] = {"a": {"filters": {"filters": {"x": {"geo_shape": {}}}}}}
    reply = module_house.admin.post(PATH, {"aggregationsDsl": spec})

    assert reply.status == 400
    assert b"/aggregationsDsl/a/filters/filters/x/geo_shape: the clause 'geo_shape' is not served" in reply.body


# --- typeahead ---------------------------------------------------------------------------------------------------


def typeahead(client: Client, index: str = "roles", **given: Any) -> list[str]:
    body = {"indices": [index], "queryType": "TYPEAHEAD", "typeAheadQuery": given}
    found: list[str] = client.post("/v2025/search", body).ok()
    return found


def test_typeahead_lists_values_that_go_on_so_the_most_frequent_first(module_house: House) -> None:
    owners = Counter(d["owner"]["name"] for d in documents(module_house.admin))
    fitting = {name: n for name, n in owners.items() if any(word.startswith("b") for word in name.lower().split())}

    found = typeahead(module_house.admin, query="B", field="owner.name", maxExpansions=1000)

    assert found == sorted(fitting, key=lambda name: (-fitting[name], name))
    by_value = typeahead(module_house.admin, query="B", field="owner.name", sortByValue=True, sort="asc", size=2)
    assert by_value == sorted(fitting)[:2]


def test_typeahead_on_a_nested_array_lists_what_elements_have(module_house: House) -> None:
    names = {e["source"]["name"] for d in documents(module_house.admin) for e in d["entitlements"]}

    found = typeahead(module_house.admin, query="active dir", field="source.name", nestedType="entitlements")

    assert found == [name for name in names if name == "Active Directory"] == ["Active Directory"]
    assert typeahead(module_house.admin, query="dir active", field="source.name", nestedType="entitlements") == []


def test_typeahead_on_metadata_lists_what_selected_roles_hold(house: House) -> None:
    one, other = (role["id"] for role in house.admin.get("/v2025/roles", params={"limit": 2}).ok())
    attribute = {"key": "zone", "name": "Zone", "multiselect": True, "status": "active", "type": "custom"}
    values = [{"value": value, "name": value, "status": "active"} for value in ("zinc", "zebra", "zulu", "zephyr")]
    more = {"objectTypes": ["role"], "description": "of a test", "values": values}
    house.admin.post("/v2025/access-model-metadata/attributes", attribute | more).ok(201)
    for role_id, value in ((one, "zulu"), (other, "zulu"), (one, "zinc"), (other, "zephyr")):
        house.admin.post(f"/v2025/roles/{role_id}/access-model-metadata/zone/values/{value}").ok()

    found = typeahead(house.admin, query="z", field="value", nestedType="accessModelMetadata")

    assert found == ["zulu", "zephyr", "zinc"]
    assert typeahead(house.admin, query="zo", field="key", nestedType="accessModelMetadata") == ["zone"]
