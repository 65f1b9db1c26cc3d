"""The other parts of a search: filters, inner hits, result filters, sort by arrays, relevance, single documents."""

from __future__ import annotations

from typing import Any

import pytest

from bulkwark.domain.kinds import Kind
from bulkwark.store.sqlite import scores
from tests.company import load, role
from tests.house import Client, House

ROLE = "00000000000000000000000000000001"
PATH = "/v2025/search"


def found(client: Client, text: str | None = "*", index: str = "roles", **more: Any) -> list[dict[str, Any]]:
    params = {"limit": more.pop("limit", 5000), "offset": more.pop("offset", 0)}
    query = {} if text is None else {"query": {"query": text}}
    documents: list[dict[str, Any]] = client.post(PATH, {"indices": [index], **query, **more}, params=params).ok()
    return documents


def ids(documents: list[dict[str, Any]]) -> list[str]:
    return [document["id"] for document in documents]


# --- filters ---------------------------------------------------------------------------------------------


def filtered(client: Client, field: str, given: dict[str, Any], index: str = "roles") -> set[str]:
    return set(ids(found(client, None, index, filters={field: given})))


def chosen(client: Client, keep: Any, index: str = "roles") -> set[str]:
    return {document["id"] for document in found(client, "*", index) if keep(document)}


def test_terms_are_whole_values_with_case(module_house: House) -> None:
    admin = module_house.admin
    name = found(admin, "name:sales")[3]["name"]

    assert filtered(admin, "name", {"type": "TERMS", "terms": [name, "Sales Global"]}) == chosen(
        admin, lambda d: d["name"] in (name, "Sales Global")
    )
    assert filtered(admin, "name", {"type": "TERMS", "terms": [name.upper(), name.split()[0]]}) == set()
    assert filtered(admin, "enabled", {"terms": ["true"]}) == chosen(admin, lambda d: d["enabled"])
    assert filtered(admin, "entitlementCount", {"terms": ["1", 2]}) == chosen(
        admin, lambda d: d["entitlementCount"] in (1, 2)
    )


def test_exists_and_its_opposite_share_the_documents(module_house: House) -> None:
    admin = module_house.admin
    present = filtered(admin, "description", {"type": "EXISTS"})
    missing = filtered(admin, "description", {"type": "EXISTS", "exclude": True})

    assert present == chosen(admin, lambda d: "description" in d)
    assert missing == chosen(admin, lambda d: "description" not in d) != set()


@pytest.mark.parametrize("inclusive", [None, False, True])
def test_the_ends_of_a_range_are_outside_unless_said(module_house: House, inclusive: bool | None) -> None:
    more = {} if inclusive is None else {"inclusive": inclusive}
    given = {"type": "RANGE", "range": {"lower": {"value": "1", **more}, "upper": {"value": "3", **more}}}

    expected = chosen(
        module_house.admin,
        lambda d: 1 <= d["entitlementCount"] <= 3 if inclusive else 1 < d["entitlementCount"] < 3,
    )
    assert filtered(module_house.admin, "entitlementCount", given) == expected != set()


def test_a_range_of_dates_rounds_as_queries_do(module_house: House) -> None:
    given = {"type": "RANGE", "range": {"lower": {"value": "2021", "inclusive": True}, "upper": {"value": "2022-06"}}}

    assert filtered(module_house.admin, "created", given) == chosen(
        module_house.admin, lambda d: "2021-01-01" <= d["created"] < "2022-06-01"
    )


def test_filters_narrow_the_query_and_each_other(module_house: House) -> None:
    both = {"enabled": {"terms": ["true"]}, "requestable": {"terms": ["true"], "exclude": True}}

    assert set(ids(found(module_house.admin, "name:sales", filters=both))) == chosen(
        module_house.admin, lambda d: "sales" in d["name"].lower().split() and d["enabled"] and not d["requestable"]
    )


def test_a_field_of_a_nested_array_means_any_element(module_house: House) -> None:
    admin = module_house.admin
    given = {"type": "TERMS", "terms": ["Plain"]}
    expected = chosen(admin, lambda d: any(e["name"] == "Plain" for e in d["entitlements"]))

    assert filtered(admin, "entitlements.name", given) == filtered(admin, "@entitlements.name", given) == expected
    assert filtered(admin, "entitlements.name", given | {"exclude": True}) == chosen(admin, lambda d: True) - expected


def test_a_field_that_no_index_has_is_missing_everywhere(module_house: House) -> None:
    assert filtered(module_house.admin, "nosuch", {"type": "EXISTS"}) == set()
    assert filtered(module_house.admin, "nosuch", {"terms": ["x"], "exclude": True}) == chosen(
        module_house.admin, lambda d: True
    )


def test_a_bulk_update_takes_the_filters_of_its_query(idle_house: House) -> None:
    query = {
        "indices": ["roles"],
        "query": {"query": "name:sales", "innerHit": {"type": "entitlements", "query": "privileged:true"}},
        "filters": {"enabled": {"type": "TERMS", "terms": ["true"]}},
    }
    change = {"operation": "ADD", "values": [{"attribute": "region", "values": ["emea"]}]}
    job = idle_house.admin.post("/roles/access-model-metadata/bulk-update/query", {"query": query, **change}).ok(202)

    idle_house.run_jobs()
    idle_house.wait(job["id"])
    total = idle_house.admin.get(f"/bulkwark/v1/jobs/{job['id']}").ok()["total"]
    documents = found(idle_house.admin, "name:sales AND enabled:true")
    privileged = [d for d in documents if any(e["privileged"] for e in d["entitlements"])]
    assert total == len(privileged) > 0
    assert len(privileged) < len(documents)


# --- inner hits --------------------------------------------------------------------------------------------


def test_inner_hits_are_the_matching_elements_in_the_order_of_their_objects(module_house: House) -> None:
    admin = module_house.admin
    inner = {"query": "name:sales", "innerHit": {"type": "entitlements", "query": "privileged:true"}}
    body = {"indices": ["roles"], "query": inner, "sort": ["name"]}
    parents = found(admin, "name:sales", sort=["name"])

    reply = admin.post(f"{PATH}?count=true&limit=1000", body)

    expected = [element["id"] for parent in parents for element in parent["entitlements"] if element["privileged"]]
    assert ids(reply.ok()) == expected != []
    assert reply.total == admin.post(f"{PATH}/count", body).total == len(expected)
    first = reply.ok()[0]
    assert (first["_type"], first["_originalType"], first["_version"]) == ("entitlements", "role", "v2")
    page = admin.post(f"{PATH}?limit=2&offset=1", body).ok()
    assert ids(page) == expected[1:3]


def test_inner_hits_of_metadata_are_pairs(module_house: House) -> None:
    inner = {"query": f"id:{ROLE}", "innerHit": {"type": "accessModelMetadata", "query": "*"}}
    documents = module_house.admin.post(PATH, {"indices": ["roles"], "query": inner}).ok()
    held = module_house.admin.get(f"/roles/{ROLE}").ok()["accessModelMetadata"]

    assert {(one["key"], one["value"]) for one in documents} == {
        (attribute["key"], value["value"])
        for attribute in (held or {}).get("attributes", [])
        for value in attribute["values"]
    }


# --- result filters ------------------------------------------------------------------------------------------

ALWAYS = {"id", "_type", "_version"}


@pytest.mark.parametrize(
    ("given", "members"),
    [
        ({"includes": ["name", "owner"]}, {"name", "owner"}),
        ({"includes": ["owner.na*"]}, {"owner"}),
        ({"includes": ["entitlements.name"]}, {"entitlements"}),
        ({"includes": ["*"], "excludes": ["*ed", "entitlements", "accessProfiles", "o*"]}, None),
        ({"includes": ["nosuch"]}, set()),
    ],
)
def test_a_result_filter_leaves_what_is_asked_and_what_a_client_needs(
    module_house: House, given: dict[str, Any], members: set[str] | None
) -> None:
    (document,) = found(module_house.admin, f"id:{ROLE}", queryResultFilter=given)
    if members is None:
        assert not {"enabled", "created", "modified", "owner", "org", "entitlements"} & set(document)
        assert {"name", "description", "tags"} | ALWAYS <= set(document)
    else:
        assert set(document) == members | ALWAYS


def test_a_result_filter_reaches_into_objects_and_arrays(module_house: House) -> None:
    given = {"includes": ["owner", "entitlements"], "excludes": ["owner.id", "entitlements.source.*"]}
    (document,) = found(module_house.admin, f"id:{ROLE}", queryResultFilter=given)

    assert set(document["owner"]) == {"type", "name", "email"}
    assert all("source" not in element and "name" in element for element in document["entitlements"])


def test_sort_fields_survive_a_result_filter(module_house: House) -> None:
    document = found(module_house.admin, queryResultFilter={"includes": ["name"]}, sort=["created"])[0]

    assert set(document) == {"name", "created"} | ALWAYS


# --- sort ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["tags", "entitlements.name", "accessProfiles.name", "segments.id"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_arrays_are_sorted_by_their_first_value_in_that_direction(module_house: House, path: str, sign: str) -> None:
    documents = found(module_house.admin, sort=[sign + path, "id"])
    outer, _, inner = path.partition(".")
    values = [[one[inner] if inner else one for one in document[outer]] for document in documents]
    firsts = [(max if sign else min)(several) for several in values if several]

    assert firsts == sorted(firsts, reverse=bool(sign))
    assert [bool(several) for several in values] == sorted((bool(several) for several in values), reverse=True)


# --- relevance -------------------------------------------------------------------------------------------------


@pytest.fixture
def weighed(house: House) -> House:
    names = ["Quokka", "Quokka quokka quokka", "Wombat of the Quokka house with a long name", "Wombat", "Quokka Wombat"]
    roles = [role(name, "1" * 32, id=f"8{n:031}") for n, name in enumerate(names)]
    roles += [role("Quokka", "1" * 32, id=f"7{n:031}") for n in range(3)]
    load(house.store, house.tenant, Kind.ROLE, roles)
    return house


@pytest.fixture(params=["looked up", "walked"])
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(scores, "FEW", 1_000_000 if request.param == "looked up" else 0)
    return str(request.param)


def test_more_of_the_words_comes_first_and_ids_break_ties(weighed: House, both_ways: str) -> None:
    documents = found(weighed.admin, "name:(quokka wombat)")
    names = [document["name"] for document in found(weighed.admin, "name:quokka")]

    assert documents[0]["name"] == "Quokka Wombat"
    assert names[0] == "Quokka quokka quokka"
    assert names[-1] == "Wombat of the Quokka house with a long name"
    equal = [document["id"] for document in documents if document["name"] == "Quokka"]
    assert equal == sorted(equal)
    assert len(equal) == 4


def test_a_boost_moves_what_it_stands_at(weighed: House) -> None:
    plain = found(weighed.admin, "name:quokka OR name:wombat^0.01")
    boosted = found(weighed.admin, "name:quokka^0.01 OR name:wombat")

    assert ids(plain) != ids(boosted)
    assert [d["name"] for d in boosted].index("Wombat") < [d["name"] for d in boosted].index("Quokka")
    assert [d["name"] for d in plain].index("Quokka") < [d["name"] for d in plain].index("Wombat")
    assert set(ids(plain)) == set(ids(boosted))


@pytest.mark.parametrize("text", ["sales", "name:sales^2 finance", "name:(sales finance) AND enabled:true", "sal*"])
@pytest.mark.parametrize("index", ["roles", "*"])
def test_pages_by_relevance_lose_and_repeat_nothing(module_house: House, both_ways: str, text: str, index: str) -> None:
    whole = ids(found(module_house.admin, text, index))
    paged = [
        id
        for offset in range(0, len(whole) + 1, 17)
        for id in ids(found(module_house.admin, text, index, limit=17, offset=offset))
    ]

    assert paged == whole
    assert len(set(whole)) == len(whole) > 17


def test_conditions_without_words_are_in_the_order_of_ids(module_house: House) -> None:
    for text in ("enabled:true", "entitlementCount:>1", "@entitlements(privileged:true)", "name.exact:*a*"):
        documents = ids(found(module_house.admin, text))
        assert documents == sorted(documents), text


# --- single documents ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", ["roles", "accessprofiles", "entitlements", "identities"])
def test_a_single_document_is_that_of_the_list(module_house: House, index: str) -> None:
    listed = found(module_house.admin, "*", index, limit=1)[0]

    single = module_house.admin.get(f"{PATH}/{index}/{listed['id']}").ok()

    only_in_lists = {"_type", "_version", "type", "pod", "org"}
    assert single == {name: value for name, value in listed.items() if name not in only_in_lists}


def test_a_subadmin_gets_and_counts_his_own_roles_only(module_house: House) -> None:
    own = module_house.as_("ROLE_SUBADMIN")
    other = next(d for d in found(module_house.admin) if own.identity not in str(d))
    body = {"indices": ["roles"], "aggregationsDsl": {"owners": {"terms": {"field": "owner.id", "size": 1000}}}}

    assert own.get(f"{PATH}/roles/{other['id']}").status == 404
    buckets = own.post(f"{PATH}/aggregate", body).ok()["aggregations"]["owners"]["buckets"]
    seen = found(own)
    assert sum(bucket["doc_count"] for bucket in buckets) == len(seen) > 0
    assert all(own.identity in {d["owner"]["id"], *(o["id"] for o in d["additionalOwners"])} for d in seen)


def test_more_words_than_are_weighed_are_not_looked_at_one_by_one(
    module_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text of 2,286 bare words once took two seconds to be refused."""
    looked_at = 0
    real = scores._expressions

    def counted(*args: Any) -> Any:
        nonlocal looked_at
        looked_at += 1
        return real(*args)

    monkeypatch.setattr(scores, "_expressions", counted)
    reply = module_house.admin.post(PATH, {"indices": ["roles"], "query": {"query": "a " * 2286}})

    assert reply.status == 400
    assert 0 < looked_at < 2 * scores.MAX_PHRASES
