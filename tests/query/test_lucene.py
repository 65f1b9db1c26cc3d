"""The SAILPOINT query string, as written."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkwark.errors import QueryError
from bulkwark.query.ast import Bool, Nothing, Text, shape
from bulkwark.query.lucene import MAX_LENGTH, parse
from tests.query.samples import fault, read

ROWS = read("lucene.txt")


@pytest.mark.parametrize(("text", "expected"), [(left, right) for _, left, sign, right in ROWS if sign == "=>"])
def test_a_query_reads_as_its_tree(text: str, expected: str) -> None:
    assert shape(parse(text)) == expected


@pytest.mark.parametrize(("text", "expected"), [(left, right) for _, left, sign, right in ROWS if sign == "!!"])
def test_a_faulty_query_is_refused_at_its_place(text: str, expected: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)

    assert f"{caught.value.position} {caught.value.detail}" == expected
    assert caught.value.text == text


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a/b", 'put the value in double quotes or write a backslash before the character, as in "a/b" or a\\/b'),
        ("created:>now-7d/d", "date rounding needs the bracket form: {now-7d/d TO *]"),
        ("created:<=now-7d/d", "date rounding needs the bracket form: [* TO now-7d/d]"),
        ("count:[1 to 5]", "TO must be in capitals"),
        ("created:2018-06-25T20:22", "write \\: for a colon inside a value, or put the value in double quotes"),
        ("attributes.*:x", "write attributes.\\*:"),
        ("count:-5", "write count:\\-… for a value that begins with '-', or put it in double quotes"),
        ("count:>= 5", "no blank after the sign, as in >=5"),
        ("DOMAIN\\user", "write \\\\ for a backslash"),
        ("a AND", 'write "AND" in double quotes for the word itself'),
    ],
)
def test_a_refusal_says_what_would_mend_it(text: str, hint: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)

    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("a AND b OR c", 8),
        ("a b AND c", 4),
        ("x:(a OR b AND c)", 10),
        ("@access(a AND b c)", 16),
        ("a OR NOT b", 2),
        ("NOT a OR b", 6),
    ],
)
def test_strict_precedence_refuses_mixed_levels(text: str, position: int) -> None:
    parse(text)
    with pytest.raises(QueryError, match="mixed without parentheses") as caught:
        parse(text, strict_precedence=True)
    assert caught.value.position == position


@pytest.mark.parametrize(
    "text", ["(a AND b) OR c", "a b c", "a -b", "a AND NOT b AND c", "a OR (NOT b)", "x:(a b) AND c"]
)
def test_strict_precedence_accepts_clear_levels(text: str) -> None:
    assert parse(text, strict_precedence=True) == parse(text)


@pytest.mark.parametrize("text", ["", " ", "\t\n\u3000"])
def test_a_blank_query_is_nothing(text: str) -> None:
    assert isinstance(parse(text), Nothing)


def test_a_blank_before_the_parenthesis_is_tolerated_for_known_nested_types() -> None:
    assert parse("@access (id:x)", nested=["access"]) == parse("@access(id:x)")


def test_spans_point_at_values_and_their_field_names() -> None:
    node = parse('a AND name:("b c" OR d)')

    assert isinstance(node, Bool)
    assert isinstance(node.must[1], Bool)
    phrase = node.must[1].should[0]
    assert isinstance(phrase, Text)
    assert (phrase.span, phrase.field_span) == ((12, 17), (6, 10))


def test_ten_thousand_terms_read_and_one_more_is_refused() -> None:
    terms = " OR ".join(f"id:{n:032x}" for n in range(10_000))

    node = parse(terms)

    assert isinstance(node, Bool)
    assert len(node.should) == 10_000
    with pytest.raises(QueryError, match="more than 10,000 conditions"):
        parse(terms + " OR id:x")


def test_a_text_without_measure_is_refused() -> None:
    with pytest.raises(QueryError, match="more than 1,000,000"):
        parse("a" * (MAX_LENGTH + 1))


def test_a_hundred_levels_read_and_one_more_is_refused() -> None:
    assert shape(parse("@a(" * 100 + "x^2 y" + ")^2 z" * 100))
    with pytest.raises(QueryError, match="more than 100 parentheses"):
        parse("(" * 101 + "x" + ")" * 101)


HOSTILE = ["(", '"', "/", "\\", "a~", "[", "a:", "@a(", "NOT ", "-", "[a TO ", "a/", '"a', "a:>", "^", "a AND (", "+-!"]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_query_is_refused_in_linear_time(piece: str) -> None:
    with pytest.raises(QueryError):
        parse(piece * (99_999 // len(piece)) + " (")


PIECES = [
    "a",
    "b*",
    '"c d"',
    "AND",
    "OR",
    "NOT",
    "+",
    "-",
    "(",
    ")",
    "f:",
    "@n(",
    "~",
    "^2",
    "/r/",
    "[1 TO 2]",
    ">1",
    "\\",
    "*",
]


@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES), max_size=12)), st.sampled_from(["", " "]))
@settings(max_examples=300, deadline=None, database=None)
def test_no_text_raises_anything_but_a_query_error(text: str | list[str], glue: str) -> None:
    source = text if isinstance(text, str) else glue.join(text)

    error = fault(lambda: shape(parse(source)))

    assert error is None or (0 <= error.position <= len(source) and error.sentence())
