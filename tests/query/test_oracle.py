"""What queries mean on documents: the examples of the dossier, and laws that hold for all of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkwark.errors import QueryError
from bulkwark.query import filters, lucene
from bulkwark.query.check import check, check_filter
from tests.query.oracle import distance, matches, phrase_in
from tests.query.samples import DOCUMENTS, NOW_MS, SAMPLE, read

ROWS = read("matches.txt")
FILTERS = read("filter_matches.txt")
ALL_OPERATORS = frozenset({"eq", "ne", "gt", "ge", "lt", "le", "sw", "co", "in", "ca", "pr", "isnull"})


def selected(query: str) -> set[str]:
    checked = check(lucene.parse(query), SAMPLE, now_ms=NOW_MS, strict=False, text=query)
    return {name for name, document in DOCUMENTS.items() if matches(checked, SAMPLE, document)}


@pytest.mark.parametrize(("query", "expected"), [(left, right) for _, left, sign, right in ROWS if sign == "=>"])
def test_a_query_selects_these_documents(query: str, expected: str) -> None:
    assert selected(query) == (set() if expected == "nothing" else set(expected.split(", ")))


@pytest.mark.parametrize(("query", "expected"), [(left, right) for _, left, sign, right in ROWS if sign == "!!"])
def test_a_query_is_refused_at_its_place(query: str, expected: str) -> None:
    with pytest.raises(QueryError) as caught:
        selected(query)

    assert f"{caught.value.position} {caught.value.detail}" == expected


@pytest.mark.parametrize(("text", "expected"), [(left, right) for _, left, _, right in FILTERS])
def test_a_filter_selects_these_documents(text: str, expected: str) -> None:
    allowed = dict.fromkeys([*SAMPLE.fields, "owner"], ALL_OPERATORS)

    checked = check_filter(filters.parse(text), SAMPLE, allowed, now_ms=NOW_MS, text=text)

    found = [name for name, document in DOCUMENTS.items() if matches(checked, SAMPLE, document)]
    assert (", ".join(found) or "nothing") == expected


WORDLESS = {"", 'name:"*"', "description:\\*"}  # they disappear, negated too
QUERIES = st.sampled_from([left for _, left, sign, _ in ROWS if sign == "=>" and left not in WORDLESS])


@given(QUERIES)
@settings(max_examples=60, deadline=None, database=None)
def test_not_selects_the_complement(query: str) -> None:
    assert selected(f"NOT ({query})") == set(DOCUMENTS) - selected(query)


@given(QUERIES, QUERIES)
@settings(max_examples=60, deadline=None, database=None)
def test_and_selects_the_intersection_and_or_the_union(left: str, right: str) -> None:
    assert selected(f"({left}) AND ({right})") == selected(left) & selected(right)
    assert selected(f"({left}) OR ({right})") == selected(left) | selected(right)


def test_a_sloppy_phrase_counts_moves() -> None:
    words = ["sales", "of", "company"]

    assert not phrase_in(("sales", "company"), words, 0)
    assert phrase_in(("sales", "company"), words, 1)
    assert not phrase_in(("company", "sales"), words, 2)
    assert phrase_in(("company", "sales"), words, 3)
    assert not phrase_in(("sales", "sales"), words, 9)


def test_swapped_neighbours_are_one_edit() -> None:
    assert (distance("salse", "sales"), distance("ca", "abc"), distance("", "ab")) == (1, 3, 2)
