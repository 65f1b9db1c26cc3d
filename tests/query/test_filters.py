"""The standard collection's filter language, as written."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkwark.errors import QueryError
from bulkwark.query import filters
from bulkwark.query.ast import Bool, Compare, Exists, shape
from tests.query.samples import fault, read

ROWS = read("filters.txt")


@pytest.mark.parametrize(("text", "expected"), [(left, right) for _, left, sign, right in ROWS if sign == "=>"])
def test_a_filter_reads_as_its_tree(text: str, expected: str) -> None:
    assert shape(filters.parse(text)) == expected


@pytest.mark.parametrize(("text", "expected"), [(left, right) for _, left, sign, right in ROWS if sign == "!!"])
def test_a_faulty_filter_is_refused_at_its_place(text: str, expected: str) -> None:
    with pytest.raises(QueryError) as caught:
        filters.parse(text)

    assert f"{caught.value.position} {caught.value.detail}" == expected
    assert caught.value.text == text


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_a_blank_filter_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match="empty filter"):
        filters.parse(text)


def test_negating_operators_remember_how_they_were_written() -> None:
    differs, missing = filters.parse('name ne "x"'), filters.parse("name isnull")

    assert isinstance(differs, Bool)
    assert isinstance(differs.must_not[0], Compare)
    assert (differs.must_not[0].op, differs.must_not[0].written) == ("eq", "ne")
    assert isinstance(missing, Bool)
    assert isinstance(missing.must_not[0], Exists)
    assert missing.must_not[0].written == "isnull"


def test_spans_point_at_names_and_conditions() -> None:
    node = filters.parse('name eq "x" and created gt 2024')

    assert isinstance(node, Bool)
    second = node.must[1]
    assert isinstance(second, Compare)
    assert (second.span, second.field_span) == ((16, 31), (16, 23))


@pytest.mark.parametrize("text", ["(" * 100_000, "not " * 100_000, "not (" * 5_000, "a eq b or " * 9_000, '"' * 99_999])
def test_a_hostile_filter_is_refused_and_not_overflowing(text: str) -> None:
    with pytest.raises(QueryError):
        filters.parse(text)


def test_a_list_of_ten_thousand_values_reads_and_one_more_does_not() -> None:
    values = ",".join(f"id{n}" for n in range(10_000))

    node = filters.parse(f"id in ({values})")

    assert isinstance(node, Compare)
    assert len(node.values) == 10_000
    with pytest.raises(QueryError, match="more than 10,000 values"):
        filters.parse(f"id in ({values},x)")


@given(
    st.one_of(
        st.text(max_size=40), st.lists(st.sampled_from(["a", "eq", "not", "and", "(", ")", '"x"', ",", "in", "pr"]))
    )
)
@settings(max_examples=200, deadline=None, database=None)
def test_no_text_raises_anything_but_a_query_error(text: str | list[str]) -> None:
    source = text if isinstance(text, str) else " ".join(text)

    error = fault(lambda: filters.parse(source))

    assert error is None or 0 <= error.position <= len(source)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name,-created", [("name", False), ("created", True)]),
        ("+owner.name , -id", [("owner.name", False), ("id", True)]),
        ("  ", []),
    ],
)
def test_sorters_are_names_with_a_direction(text: str, expected: list[tuple[str, bool]]) -> None:
    assert filters.parse_sorters(text) == expected


@pytest.mark.parametrize(("text", "position"), [("name,,id", 5), ("-", 0), ("a b", 0), ("name, 1x", 6), ("name,", 5)])
def test_a_faulty_sorter_is_refused_at_its_place(text: str, position: int) -> None:
    with pytest.raises(QueryError) as caught:
        filters.parse_sorters(text)

    assert caught.value.position == position
