"""The judges themselves: a wrong answer is noticed, and what is rewritten for the referee is rewritten rightly."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.parity import asked, rewrite
from tests.parity.asked import Answer, Query


class Saying:
    """Stands for a side whose answers are known beforehand: text → ids. (The sides themselves are never replaced in a
    comparison; here it is the judge that is tested.)"""

    def __init__(self, **answers: set[int]) -> None:
        self.answers = answers

    def ask(self, query: Query, mode: str = "") -> Answer:
        found = self.answers.get(f"{query.text}_{mode}", self.answers.get(query.text))
        return Answer(refused="no") if found is None else Answer(frozenset(found))


QUERY = Query("a query", "roles", "a", place="file: ")


def faults(query: Query, ours: Saying, theirs: Saying) -> list[str]:
    sides: Any = ours, theirs
    return [verdict.fault for verdict in asked.judge(query, *sides)]


def test_a_missing_id_is_a_fault_in_both_modes() -> None:
    assert faults(QUERY, Saying(a={1}), Saying(a={1, 2})) == ["the answers differ"] * 2


def test_a_refusal_must_be_one_on_both_sides() -> None:
    assert faults(QUERY, Saying(), Saying(a=set())) == ["the answers differ"] * 2
    assert faults(QUERY, Saying(), Saying()) == ["", ""]


def test_a_declared_difference_holds_for_the_default_mode_only() -> None:
    query = replace(QUERY, difference="reason", referee="b")
    assert faults(query, Saying(a={1}), Saying(a={1, 2}, b={1})) == ["the answers differ", ""]
    assert faults(query, Saying(a_elasticsearch={1, 2}, a_default={1}), Saying(a={1, 2}, b={1})) == ["", ""]
    assert faults(query, Saying(a_elasticsearch={1, 2}, a_default={3}), Saying(a={1, 2}, b={1}))[1]


def test_a_declared_difference_that_is_none_is_a_fault() -> None:
    assert faults(replace(QUERY, difference="reason"), Saying(a={1}), Saying(a={1}))[1]
    assert faults(replace(QUERY, difference="reason", referee="b"), Saying(a={1}), Saying(a={1}, b={1}))[1]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"a": {"value": 1}}, {"a": {"value": 2}}),
        ({"a": {"value": 1}}, {"a": {"value": None}}),
        ({"a": {"value": 1}}, {"b": {"value": 1}}),
        ({"a": {"buckets": [{"key": "x"}]}}, {"a": {"buckets": [{"key": "y"}]}}),
        ({"a": {"buckets": [{"key": "x"}]}}, {"a": {"buckets": []}}),
        ({"a": {"value": True}}, {"a": {"value": "true"}}),
    ],
)
def test_results_of_aggregations_that_differ_are_told_apart(ours: Any, theirs: Any) -> None:
    assert asked.unlike(ours, theirs)
    assert not asked.unlike(theirs, theirs)


def test_a_nested_condition_gets_full_names_and_its_place_in_the_clauses() -> None:
    found = rewrite.query(
        "roles", 'name:a AND NOT @entitlements(name:(b OR c) AND _exists_:value AND created:["x:y" TO *])'
    )
    kinds = found["bool"]
    assert kinds["must"] == [{"query_string": {"query": "name:a"}}]
    (nested,) = kinds["must_not"]
    assert nested["nested"]["path"] == "entitlements"
    assert nested["nested"]["query"]["query_string"]["query"] == (
        'entitlements.name:(b OR c) AND _exists_:entitlements.value AND entitlements.created:["x:y" TO *]'
    )


def test_a_text_without_nested_conditions_reaches_the_referee_as_it_is() -> None:
    text = r'a AND (b OR "c @entitlements(x)") /@entitlements(x)/ \@entitlements(x) [a TO b] '
    assert rewrite.query("roles", text) == {"query_string": {"query": text}}
