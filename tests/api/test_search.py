"""`/search` and `/search/count`: order, pages, documents, streams."""

from __future__ import annotations

from typing import Any

import pytest

from bulkwark.domain.kinds import Kind
from bulkwark.store.sqlite import order
from tests.api.served_non_employees import ne_source
from tests.company import load, role
from tests.house import Client, House

ROLE = "00000000000000000000000000000001"
PATH = "/v2025/search"


def body(text: str, *indices: str, **more: Any) -> dict[str, Any]:
    return {"indices": list(indices) or ["roles"], "query": {"query": text}, **more}


def found(client: Client, asked: dict[str, Any], **params: Any) -> list[dict[str, Any]]:
    documents: list[dict[str, Any]] = client.post(PATH, asked, params=params).ok()
    return documents


@pytest.fixture(params=["looked up", "walked"])
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Few hits are looked up and sorted, many are met along an ordered list; the order must be the same."""
    monkeypatch.setattr(order, "FEW", 1_000_000 if request.param == "looked up" else 0)
    return str(request.param)


# --- documents -----------------------------------------------------------------------------------------


def test_a_document_has_its_type_and_its_nested_arrays(module_house: House) -> None:
    (document,) = found(module_house.admin, body(f"id:{ROLE}"))

    assert (document["_type"], document["type"], document["id"]) == ("role", "role", ROLE)
    assert document["owner"]["email"] == "admin@example.com"
    assert document["modified"] == document["synced"] == "2024-05-27T15:00:00.000Z"
    assert [one["name"] for one in document["entitlements"]] == ["Odd & Ends", "Plain"]
    assert document["entitlements"][0]["source"]["name"] == "Finance"
    assert document["accessProfiles"] == [{"id": "a" + "0" * 30 + "1", "name": "SalesCommonAccess"}]
    assert (document["entitlementCount"], document["accessProfileCount"]) == (2, 1)


def test_nested_arrays_can_be_left_out(module_house: House) -> None:
    (document,) = found(module_house.admin, body(f"id:{ROLE}", includeNested=False))

    assert not {"entitlements", "accessProfiles"} & set(document)
    assert document["entitlementCount"] == 2


def test_no_document_has_a_null(module_house: House) -> None:
    for document in found(module_house.admin, body("*", "*"), limit=1000):
        assert None not in document.values(), document


def test_several_indices_are_searched_together(module_house: House) -> None:
    asked = body("sales", "roles", "accessprofiles", "entitlements", "identities", sort=["name"])
    documents = found(module_house.admin, asked, limit=1000)
    counts = {
        index: module_house.admin.post(f"{PATH}/count", body("sales", index)).total
        for index in ("roles", "accessprofiles", "entitlements", "identities")
    }

    types = [document["_type"] for document in documents]
    assert sum(counts.values()) == len(documents) == module_house.admin.post(f"{PATH}/count", asked).total
    assert types.count("role") == counts["roles"] > 0
    assert types.count("accessprofile") == counts["accessprofiles"] > 0
    names = [document["name"] for document in documents]
    assert names == sorted(names)


def test_indices_without_documents_find_nothing(module_house: House) -> None:
    assert found(module_house.admin, body("*", "events")) == []
    everything = module_house.admin.post(f"{PATH}/count", body("*", "*")).total
    assert everything == module_house.admin.post(f"{PATH}/count", {"query": {"query": "*"}}).total


def test_a_blank_query_finds_nothing(module_house: House) -> None:
    for text in ("", " "):
        assert found(module_house.admin, body(text)) == []
        assert module_house.admin.post(f"{PATH}/count", body(text)).total == 0


def test_an_unknown_field_finds_nothing_and_its_negation_everything(module_house: House) -> None:
    everything = module_house.admin.post(f"{PATH}/count", body("*")).total

    assert module_house.admin.post(f"{PATH}/count", body("nosuch:x")).total == 0
    assert module_house.admin.post(f"{PATH}/count", body("NOT nosuch:x")).total == everything


def test_a_count_has_no_body_and_the_number_in_its_header(module_house: House) -> None:
    reply = module_house.admin.post(f"{PATH}/count", body("name:global"))

    assert (reply.status, reply.body) == (204, b"")
    assert reply.total == len(found(module_house.admin, body("name:global"))) > 1


def test_a_page_tells_the_total_when_it_is_asked(module_house: House) -> None:
    with_count = module_house.admin.post(f"{PATH}?limit=3&count=true", body("*"))
    without = module_house.admin.post(f"{PATH}?limit=3", body("*"))

    assert with_count.total > len(with_count.ok()) == 3
    assert "x-total-count" not in without.headers
    assert with_count.ok() == without.ok()


# --- order and pages -----------------------------------------------------------------------------------

SORTS = [
    ["id"],
    ["-id"],
    ["name"],
    ["-name"],
    ["created"],
    ["-modified"],
    ["enabled", "-created"],
    ["-entitlementCount", "name"],
    ["owner.name", "id"],
    ["description"],
    ["-description", "-id"],
    ["nosuch", "id"],
    [],
]


@pytest.mark.parametrize("sort", SORTS, ids=[",".join(sort) or "default" for sort in SORTS])
def test_pages_by_offset_lose_and_repeat_nothing(module_house: House, both_ways: str, sort: list[str]) -> None:
    asked = body("*", sort=sort)
    whole = found(module_house.admin, asked, limit=1000)
    total = module_house.admin.post(f"{PATH}/count", asked).total

    pages = [found(module_house.admin, asked, limit=70, offset=at) for at in range(0, total, 70)]

    ids = [document["id"] for page in pages for document in page]
    assert ids == [document["id"] for document in whole]
    assert len(set(ids)) == len(ids) == total


@pytest.mark.parametrize("sort", [s for s in SORTS if s], ids=[",".join(s) for s in SORTS if s])
def test_both_ways_of_ordering_agree(module_house: House, monkeypatch: pytest.MonkeyPatch, sort: list[str]) -> None:
    asked = body("enabled:true", sort=sort)
    monkeypatch.setattr(order, "FEW", 1_000_000)
    looked_up = [document["id"] for document in found(module_house.admin, asked, limit=1000)]
    monkeypatch.setattr(order, "FEW", 0)

    assert [document["id"] for document in found(module_house.admin, asked, limit=1000)] == looked_up


@pytest.mark.parametrize("sort", [["name"], ["-name"], ["created"], ["-entitlementCount"]])
def test_values_come_in_order_missing_ones_last(module_house: House, both_ways: str, sort: list[str]) -> None:
    documents = found(module_house.admin, body("*", sort=sort), limit=1000)
    values = [document[sort[0].lstrip("-")] for document in documents]

    assert values == sorted(values, reverse=sort[0].startswith("-"))


def test_missing_values_are_last_in_both_directions(module_house: House) -> None:
    for sort in ("description", "-description"):
        documents = found(module_house.admin, body("*", sort=[sort, "id"]), limit=1000)
        missing = ["description" not in document for document in documents]
        assert missing == sorted(missing)
        assert any(missing)


@pytest.mark.parametrize("limit", [1, 7, 100])
@pytest.mark.parametrize("sort", [["created", "id"], ["-entitlementCount", "-id"], ["enabled", "name", "id"], ["id"]])
def test_search_after_walks_over_ties_without_loss(
    module_house: House, both_ways: str, sort: list[str], limit: int
) -> None:
    asked = body("name:finance OR name:sales", sort=sort)
    whole = [document["id"] for document in found(module_house.admin, asked, limit=1000)]
    if limit == 1:
        whole = whole[:30]

    seen: list[str] = []
    after: list[str] = []
    while len(seen) < len(whole):
        page = found(module_house.admin, asked | ({"searchAfter": after} if after else {}), limit=limit)
        assert page, (seen, after)
        seen += [document["id"] for document in page]
        after = [as_text(page[-1][name.lstrip("-")]) for name in sort]

    assert seen[: len(whole)] == whole


def as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_search_after_over_several_indices(module_house: House) -> None:
    asked = body("finance", "roles", "accessprofiles", "entitlements", sort=["name", "id"])
    whole = [document["id"] for document in found(module_house.admin, asked, limit=1000)]
    seen: list[str] = []
    after: list[str] = []
    while page := found(module_house.admin, asked | ({"searchAfter": after} if after else {}), limit=23):
        seen += [document["id"] for document in page]
        after = [page[-1]["name"], page[-1]["id"]]

    assert seen == whole


@pytest.mark.parametrize("sort", ["modified", "-modified", "synced", "created"])
def test_search_after_a_moment_that_every_index_shows_loses_nothing(house: House, sort: str) -> None:
    for _ in range(3):
        ne_source(house)
    asked = body("*", "*", sort=[sort, "id"])
    everything = {document["id"] for document in found(house.admin, asked, limit=10_000)}
    seen: list[str] = []
    after: list[str] = []
    while page := found(house.admin, asked | ({"searchAfter": after} if after else {}), limit=50):
        seen += [document["id"] for document in page]
        after = [page[-1][sort.removeprefix("-")], page[-1]["id"]]

    assert len(found(house.admin, body("*", "events"))) >= 3
    assert sorted(seen) == sorted(everything)


def test_a_limit_of_zero_is_an_empty_page(module_house: House) -> None:
    reply = module_house.admin.post(f"{PATH}?limit=0&count=true", body("*"))

    assert reply.ok() == []
    assert reply.total > 0


def test_an_offset_behind_the_last_is_an_empty_page(module_house: House) -> None:
    assert found(module_house.admin, body("*"), offset=9000) == []


# --- streams -------------------------------------------------------------------------------------------


def test_many_documents_come_in_pieces(module_house: House) -> None:
    reply = module_house.admin.post(f"{PATH}?limit=1000", body("*", "roles", "entitlements", "identities"))

    assert len([piece for piece in reply.pieces if piece]) > 2
    assert "content-length" not in reply.headers
    documents = reply.ok()
    assert len({document["id"] for document in documents}) == len(documents) > 500


def test_documents_deleted_in_mid_stream_do_not_break_the_answer(house: House) -> None:
    load(house.store, house.tenant, Kind.ROLE, [role(f"Extra {n}", "1" * 32, id=f"9{n:031}") for n in range(400)])
    pieces: list[bytes] = []

    def on_piece(piece: bytes) -> None:
        pieces.append(piece)
        if len(pieces) == 1:
            with house.store.write() as session:
                for n in range(400):
                    old = house.tenant.objects.get(session, Kind.ROLE, f"9{n:031}")
                    assert old is not None
                    house.tenant.objects.delete(session, old)

    reply = house.admin.post(f"{PATH}?limit=1000", body("*", sort=["id"]), on_piece=on_piece)

    documents = reply.ok()
    assert 250 < len(documents) <= 705
    assert len({document["id"] for document in documents}) == len(documents)
    assert house.admin.post(f"{PATH}/count", body("name:extra")).total == 0


# --- who sees what -------------------------------------------------------------------------------------


def test_a_search_shows_one_tenant_only(module_house: House) -> None:
    theirs = module_house.as_("ORG_ADMIN", tenant="other")

    assert [document["id"] for document in found(theirs, body("*"))] == ["f" * 32]
    assert "f" * 32 not in {document["id"] for document in found(module_house.admin, body("*"), limit=1000)}
