"""Relevance of few hits: scores are what BM25's formula says of the documents as they stand."""

from __future__ import annotations

from math import log
from typing import Any

import pytest

from bulkwark.query.analysis import tokens
from bulkwark.store.search import Page, rids
from bulkwark.store.sqlite import relevance, scores
from tests.house import House
from tests.store.judged import Judged


@pytest.fixture(scope="module")
def judge(module_house: House) -> Judged:
    return Judged(module_house.store.read(), module_house.tenant, "roles")


def formula(judge: Judged, path: str, word: str) -> dict[str, float]:
    """id → BM25 of one word in one field, from the documents alone; lengths count different words, as we do."""
    texts = {id: str(one[path]) for id, one in judge.documents.items() if one.get(path) is not None}
    words = {id: tokens(text) for id, text in texts.items()}
    average = sum(len(set(found)) for found in words.values()) / len(words)
    have = sum(word in found for found in words.values())
    rarity = log(1 + (len(words) - have + 0.5) / (have + 0.5))
    found = {}
    for id, several in words.items():
        often = several.count(word)
        if often:
            found[id] = 2.2 * rarity * often / (often + 1.2 * (0.25 + 0.75 * len(several) / average))
    return found


def order(judge: Judged, text: str) -> list[str]:
    found = rids(judge.session, judge.tenant, [judge.query(text)], Page(limit=10_000))
    named = judge.tenant.objects.ids(judge.session, found)
    return [named[rid] for rid in found]


def added(*parts: dict[str, float]) -> dict[str, float]:
    return {id: sum(part.get(id, 0.0) for part in parts) for id in set().union(*parts)}


def by_weight(weights: dict[str, float]) -> list[str]:
    return sorted(weights, key=lambda id: (-round(weights[id], 4), id))


def test_one_word_is_weighed_by_its_frequency_and_the_length_of_the_field(judge: Judged) -> None:
    for path, word in (("name", "sales"), ("description", "the"), ("name", "global")):
        assert order(judge, f"{path}:{word}") == by_weight(formula(judge, path, word)), (path, word)


def test_words_add_up_and_boosts_multiply(judge: Judged) -> None:
    sales, finance = formula(judge, "name", "sales"), formula(judge, "name", "finance")
    tripled = {id: 3 * weight for id, weight in finance.items()}

    assert order(judge, "name:(sales finance)") == by_weight(added(sales, finance))
    assert order(judge, "name:sales name:finance^3") == by_weight(added(sales, tripled))


def test_an_optional_condition_adds_one_and_a_required_one_nothing(judge: Judged) -> None:
    sales = formula(judge, "name", "sales")
    some = {id: 1.0 for id, document in judge.documents.items() if 2 <= document.get("entitlementCount", 0) <= 4}

    assert order(judge, "name:sales entitlementCount:[2 TO 4]") == by_weight(added(sales, some))
    required = by_weight({id: weight for id, weight in sales.items() if id in some})
    assert order(judge, "+name:sales +entitlementCount:[2 TO 4]") == required


@pytest.mark.parametrize("value", [True, False])
def test_a_boolean_weighs_by_how_rare_its_value_is(judge: Judged, value: bool) -> None:
    sales = formula(judge, "name", "sales")
    have = [id for id, document in judge.documents.items() if document["enabled"] is value]
    weight = log(1 + (len(judge.documents) - len(have) + 0.5) / (len(have) + 0.5))

    assert order(judge, f"name:sales enabled:{str(value).lower()}") == by_weight(
        added(sales, dict.fromkeys(have, weight))
    )


def test_a_group_counts_only_where_it_holds_as_a_whole(judge: Judged) -> None:
    sales, finance, the = (
        formula(judge, *of) for of in (("name", "sales"), ("name", "finance"), ("description", "the"))
    )
    both = {id: sales[id] + the[id] for id in sales.keys() & the.keys()}

    assert order(judge, "(name:sales AND description:the) OR name:finance") == by_weight(added(both, finance))


def test_lengths_are_kept_as_coarse_as_lucene_keeps_them() -> None:
    """`SmallFloat.intToByte4` and back."""
    kept: Any = relevance._coarse
    assert [kept(n) for n in (0, 1, 23, 24, 39, 40, 41, 42, 55, 56, 60, 63, 64, 1000)] == [
        *(0, 1, 23, 24, 39, 40, 40, 42, 54, 56, 60, 60, 64, 984),
    ]


def test_the_order_of_many_hits_is_complete_too(judge: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    few = order(judge, "name:(sales finance)")
    monkeypatch.setattr(scores, "CLOSELY", 3)

    many = order(judge, "name:(sales finance)")

    assert sorted(many) == sorted(few)
    assert many == order(judge, "name:(sales finance)")
