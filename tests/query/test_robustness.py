"""What people paste and what attackers send: each is answered or refused, quickly, with its place and a hint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bulkwark.api.calls import decode
from bulkwark.bulk.queries import queried
from bulkwark.errors import Invalid, QueryError
from bulkwark.query.ast import Checked
from bulkwark.query.requests import DEFAULT, Options
from bulkwark.store import search
from tests.query import fuzz
from tests.query.fuzz import Trial

IDS = [f"{number:032x}" for number in range(10_000)]


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    found = Trial(tmp_path_factory.mktemp("robust"))
    yield found
    found.store.close()


def ask(trial: Trial, asked: Any, *, strict: bool = False, options: Options = DEFAULT) -> int | Invalid:
    """The count, or the refusal. How long it may take is asked by the soak (fuzz.py), not here."""
    search_object = {"query": {"query": asked}} if isinstance(asked, str) else {"queryType": "DSL", "queryDsl": asked}
    found: int | Invalid
    try:
        root = queried(search_object, "roles", fuzz.NOW, strict=strict, options=options)
        found = search.count(trial.session, trial.tenant, Checked("roles", root))
    except Invalid as error:
        found = error
    return found


def refusal(trial: Trial, asked: Any, **more: Any) -> Invalid:
    """The refusal, which has a place and a hint."""
    found = ask(trial, asked, **more)
    assert isinstance(found, Invalid), f"{found} are selected"
    assert found.hint
    assert found.where or isinstance(found, QueryError)
    return found


def test_curly_quotes_are_refused_in_a_bulk_change(trial: Trial) -> None:
    text = "source.name:“Active Directory”"

    assert isinstance(ask(trial, f"@entitlements({text})"), int)
    found = refusal(trial, f"@entitlements({text})", strict=True)
    assert isinstance(found, QueryError)
    assert (found.position, found.detail) == (26, "a curly quote is no quote here")


@pytest.mark.parametrize(
    ("text", "position"),
    [("name:(a OR b", 5), ("a)", 1), ('name:"a', 5), ("name:[1 TO 2", 5), ("x:{a TO b", 2), ("@entitlements(a", 13)],
)
def test_unbalanced_brackets_and_quotes_are_refused_at_their_place(trial: Trial, text: str, position: int) -> None:
    found = refusal(trial, text)

    assert isinstance(found, QueryError)
    assert found.position == position


def test_a_slash_between_letters_is_refused(trial: Trial) -> None:
    found = refusal(trial, "a/b")

    assert isinstance(found, QueryError)
    assert (found.position, found.hint.startswith("put the value in double quotes")) == (1, True)


def test_ten_thousand_ids_are_asked_at_once(trial: Trial) -> None:
    assert ask(trial, f"id:({' OR '.join(IDS)})") == ask(trial, {"terms": {"id": IDS[:9_999]}})


def test_ten_thousand_words_of_one_field_are_asked_at_once(trial: Trial) -> None:
    words = " ".join(f"w{number}" for number in range(9_999))

    assert ask(trial, f"name:({words} finance)") == ask(trial, "name:finance")


def test_ten_thousand_numbers_are_asked_at_once(trial: Trial) -> None:
    assert ask(trial, {"terms": {"entitlementCount": list(range(9_999))}}) == ask(trial, "_exists_:entitlementCount")


def test_more_conditions_than_ten_thousand_are_refused(trial: Trial) -> None:
    assert "more than 10,000" in refusal(trial, f"id:({' '.join(IDS)} x)").detail
    assert "more than 10,000" in refusal(trial, {"terms": {"id": [*IDS, "x"]}}).detail


def test_ten_thousand_levels_of_parentheses_are_refused(trial: Trial) -> None:
    assert "parentheses inside each other" in refusal(trial, "(" * 10_000 + "a" + ")" * 10_000).detail


def test_ten_thousand_levels_of_not_are_refused(trial: Trial) -> None:
    assert "parentheses inside each other" in refusal(trial, "(NOT " * 10_000 + "a" + ")" * 10_000).detail


def test_ten_thousand_levels_of_clauses_are_refused() -> None:
    body = b'{"bool":{"must":' * 10_000 + b'{"match_all":{}}' + b"}}" * 10_000

    with pytest.raises(Invalid, match="no JSON"):
        decode(body, object)


def test_deep_clauses_are_refused_at_their_place(trial: Trial) -> None:
    body: dict[str, Any] = {"match_all": {}}
    for _ in range(101):
        body = {"bool": {"must": body}}

    assert "clauses inside each other" in refusal(trial, body).detail


def test_a_hundred_levels_are_answered(trial: Trial) -> None:
    everything = ask(trial, "*")
    body: dict[str, Any] = {"match_all": {}}
    for _ in range(98):
        body = {"bool": {"must": body}}

    assert ask(trial, body) == everything
    assert ask(trial, "(NOT " * 98 + "*" + ")" * 98) == everything


@pytest.mark.parametrize(
    "pattern",
    ["(a*)*b", "(a|a)*b", "(a|aa)+c", "(.*)*x", ".*.*.*.*.*.*.*.*x", "a{1,1000}b", "~(~(~(a.*)))", "([a-z]+)*[0-9]"],
)
def test_catastrophic_patterns_take_no_time(trial: Trial, pattern: str) -> None:
    assert isinstance(ask(trial, f"name:/{pattern}/"), int)
    assert isinstance(ask(trial, {"regexp": {"description.exact": pattern}}), int)


def test_a_pattern_whose_counts_multiply_is_refused(trial: Trial) -> None:
    found = refusal(trial, "name:/(a{100}){100}/")

    assert "multiply" in found.detail


@pytest.mark.parametrize("pattern", ["a" * 1_001, "?" * 51, "*a" * 51])
def test_long_wildcards_are_refused(trial: Trial, pattern: str) -> None:
    assert refusal(trial, {"wildcard": {"name": f"x{pattern}*"}})


def test_many_fuzzy_words_are_refused(trial: Trial) -> None:
    assert "fuzzy words" in refusal(trial, f"name:({' '.join(f'finance{n}~' for n in range(51))})").detail
    assert "fuzzy words" in refusal(trial, " ".join(f"finance{n}~" for n in range(11))).detail
    assert isinstance(ask(trial, "finanec~ slaes~"), int)


def test_many_words_that_may_move_are_refused(trial: Trial) -> None:
    assert "may move" in refusal(trial, f'description:"{" ".join(["the"] * 21)}"~1000').detail


def test_a_simple_query_of_only_parentheses_is_answered(trial: Trial) -> None:
    body = {"simple_query_string": {"query": "(" * 20_000 + "finance" + ")" * 9, "fields": ["name"]}}

    assert ask(trial, body) == ask(trial, "name:finance")


def test_a_text_of_a_million_characters_is_refused_quickly(trial: Trial) -> None:
    assert "1,000,000" in refusal(trial, "a " * 500_001).detail
    assert "characters" in refusal(trial, {"simple_query_string": {"query": "a " * 500_000}}).detail


def test_strict_precedence_refuses_what_lucene_reads_in_its_own_way(trial: Trial) -> None:
    asked = "name:a AND name:b OR name:c"

    assert isinstance(ask(trial, asked), int)
    found = refusal(trial, asked, options=Options(precedence="strict"))
    assert found.detail == "AND and OR are mixed without parentheses"
    assert isinstance(ask(trial, "(name:a AND name:b) OR name:c", options=Options(precedence="strict")), int)


def test_a_short_run_of_the_fuzzer_finds_nothing(tmp_path: Path) -> None:
    found = fuzz.run(1_500, 11, tmp_path, timed=False)

    assert found["answered"] > 150
    assert found["refused at a position"] > 300
    assert found["refused at a place"] > 300
