"""Names and texts become fields and values, or a refusal that says why."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkwark.errors import Invalid, QueryError
from bulkwark.query import filters, lucene
from bulkwark.query.ast import Checked, shape
from bulkwark.query.check import check, check_filter
from bulkwark.query.fields import schema
from tests.query.samples import NOW_MS, SAMPLE, fault, read


def checked(text: str, **options: Any) -> Checked:
    strict = options.pop("strict", False)
    return check(lucene.parse(text), SAMPLE, now_ms=NOW_MS, strict=strict, text=text, **options)


def refusal(text: str, **options: Any) -> QueryError:
    with pytest.raises(QueryError) as caught:
        checked(text, **options)
    return caught.value


@pytest.mark.parametrize(("text", "expected"), [(left, right) for _, left, _, right in read("checked.txt")])
def test_a_query_checks_to_its_tree(text: str, expected: str) -> None:
    assert shape(checked(text).root) == expected


@pytest.mark.parametrize(
    ("text", "position", "detail", "hint"),
    [
        ("a AND nmae:x", 6, "unknown field 'nmae' in samples", "did you mean name?"),
        ("Name:x", 0, "unknown field 'Name' in samples", "did you mean name"),
        ("name:a OR zzz:(b c)", 10, "unknown field 'zzz' in samples", "field names are case-sensitive"),
        (
            "owner:x",
            0,
            "unknown field 'owner' in samples",
            "owner is an object: name one of its fields, such as owner.id",
        ),
        (
            "created.exact:x",
            0,
            "unknown field 'created.exact' in samples",
            ".exact belongs to text fields, created is none",
        ),
        ("@access(nmae:x)", 8, "unknown field 'nmae' in @access", "did you mean name?"),
        ("@access(enabled:true)", 8, "unknown field 'enabled' in @access", ""),
        ("_exists_:nope", 9, "unknown field 'nope' in samples", ""),
        ("nope:[1 TO 2]", 0, "unknown field 'nope' in samples", ""),
        ("source.name:“Active Directory”", 12, "a curly quote is no quote here", "use the straight double quote"),
        ("name:(a b”)", 8, "a curly quote is no quote here", "use the straight double quote"),
        ("name:\u2018a*", 5, "a curly quote is no quote here", "use the straight double quote"),
        ("name:a\u00a0AND b", 6, "a no-break space separates nothing here", "replace it by a plain blank"),
        ("a/b/c", 1, "a regular expression between slashes stands right beside a word", "write \\/ for a slash"),
        ('enabled:true AND name:"*"', 22, "nothing in this text can be searched", "it has no letters or digits"),
        ('name:a AND NOT "--"', 15, "nothing in this text can be searched", "it has no letters or digits"),
    ],
)
def test_a_bulk_change_refuses_what_search_tolerates(text: str, position: int, detail: str, hint: str) -> None:
    checked(text)
    error = refusal(text, strict=True)

    assert (error.position, error.detail) == (position, detail)
    assert error.hint.startswith(hint)


@pytest.mark.parametrize(
    "text",
    [
        "attributes.anything:x",
        "attributes.any.thing.exact:x",
        'name:"“quoted”"',
        "name:O\u2019Neil",
        "a - b",
        "! b",
        "name:/a.*/ OR (/b/)",
        "_exists_:attributes",
        "@accounts(accountAttributes.x:y)",
    ],
)
def test_a_bulk_change_accepts_what_is_plain(text: str) -> None:
    assert checked(text, strict=True) == checked(text)


@pytest.mark.parametrize(
    ("text", "position", "detail"),
    [
        ("accessCount:abc", 12, "accessCount is a number, not 'abc'"),
        ("a AND enabled:maybe", 14, "enabled is true or false, not 'maybe'"),
        ("created:[2024 TO soon]", 8, "'soon' is no date: expected 2024-01-31, 2024-01-31T12:00:00Z or now-7d"),
        ("accessCount:1*", 12, "a wildcard works on text, and accessCount is a number field"),
        ("created:now~1", 8, "a fuzzy term works on text, and created is a date field"),
        ("name:/a(/", 7, "the parenthesis is never closed"),
        ("/[a/", 1, "the bracket is never closed"),
        ("name:/" + "a" * 1001 + "/", 1006, "the pattern has 1,001 characters, more than 1,000"),
        ("@nosuch(x:y)", 0, "unknown nested type '@nosuch' in samples"),
        ("a AND @access(@entitlements(x:y))", 14, "unknown nested type '@entitlements' inside @access"),
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_a_value_that_the_field_cannot_hold_is_refused(text: str, position: int, detail: str, strict: bool) -> None:
    error = refusal(text, strict=strict)

    assert (error.position, error.detail) == (position, detail)


def test_a_nested_type_of_another_searched_index_matches_nothing() -> None:
    assert shape(checked("@owns(x:y)", elsewhere=["owns"]).root) == "Nothing()"


def test_given_fields_take_the_bare_terms_and_skip_what_cannot_hold_them() -> None:
    assert shape(checked("x name:y", fields=["name", "tags^2", "accessCount"]).root) == (
        "Bool(should=[Bool(should=[Phrase(field=name, tokens=['x']), "
        "Boost(child=Phrase(field=tags, tokens=['x']), factor=2.0)]), Phrase(field=name, tokens=['y'])])"
    )
    assert shape(checked("5", fields=["accessCount", "owner.n*"]).root) == (
        "Bool(should=[Is(field=accessCount, value=5), Phrase(field=owner.name, tokens=['5'])])"
    )
    assert shape(checked("x", fields=["nope"]).root) == "Nothing()"
    assert refusal("x", fields=["nmae"], strict=True).where == "fields"


def test_words_of_several_tokens_split_as_asked() -> None:
    assert shape(checked("name:foo-bar", word_split="or").root) == (
        "Bool(should=[Phrase(field=name, tokens=['foo']), Phrase(field=name, tokens=['bar'])])"
    )
    assert checked('name:"foo-bar"', word_split="or") == checked("name:foo-bar")
    with pytest.raises(Invalid, match="word_split"):
        checked("x", word_split="and")


def test_the_zone_moves_days_but_not_instants() -> None:
    assert shape(checked("created:2024-01-01", zone="+02:00").root) == (
        "Between(field=created, low=1704060000000, high=1704146399999)"
    )
    assert checked("created:2024-01-01T00\\:00\\:00.000Z", zone="+02:00") == checked(
        "created:2024-01-01T00\\:00\\:00.000Z"
    )
    with pytest.raises(Invalid, match="unknown time zone 'Mars'") as caught:
        checked("x", zone="Mars")
    assert caught.value.where == "timeZone"


def test_a_deep_query_is_checked_without_overflow() -> None:
    text = "(" * 99 + "@access(x^2 y)" + ")^2 z" * 99

    assert shape(checked(text).root)


PIECES = [
    "a",
    "b*",
    '"c d"',
    "AND",
    "NOT",
    "(",
    ")",
    "name:",
    "accessCount:",
    "created:",
    "@access(",
    "~",
    "/r/",
    "[1 TO 2]",
    '"-"',
]


@given(st.lists(st.sampled_from(PIECES), max_size=8), st.sampled_from(["", " "]), st.booleans())
@settings(max_examples=300, deadline=None, database=None)
def test_no_query_raises_anything_but_a_query_error(pieces: list[str], glue: str, strict: bool) -> None:
    source = glue.join(pieces)

    error = fault(lambda: checked(source, strict=strict))

    assert error is None or 0 <= error.position <= len(source)


ALLOWED = {
    "id": frozenset({"eq", "in"}),
    "name": frozenset({"eq", "sw"}),
    "created": frozenset({"gt", "ge"}),
    "enabled": frozenset({"eq", "sw"}),
    "description": frozenset({"pr"}),
}


@pytest.mark.parametrize(
    ("text", "position", "detail", "hint"),
    [
        (
            'id eq "a" and nmae eq "x"',
            14,
            "field 'nmae' cannot be filtered on",
            "allowed fields: created, description, enabled, id, name",
        ),
        ('name co "x"', 0, "operator 'co' is not supported for 'name'", "allowed for name: eq, sw"),
        ('name ne "x"', 0, "operator 'ne' is not supported for 'name'", "allowed for name: eq, sw"),
        (
            "not (description isnull)",
            5,
            "operator 'isnull' is not supported for 'description'",
            "allowed for description: pr",
        ),
        ("created gt soon", 0, "'soon' is no date: expected 2024-01-31, 2024-01-31T12:00:00Z or now-7d", filters.LIKE),
        ("enabled eq maybe", 0, "enabled is true or false, not 'maybe'", filters.LIKE),
        ("enabled sw t", 0, "'sw' does not fit enabled, a bool field", "it takes eq, in, ne"),
    ],
)
def test_a_filter_beyond_the_table_is_refused(text: str, position: int, detail: str, hint: str) -> None:
    with pytest.raises(QueryError) as caught:
        check_filter(filters.parse(text), SAMPLE, ALLOWED, now_ms=NOW_MS, text=text)

    assert (caught.value.position, caught.value.detail, caught.value.hint) == (position, detail, hint)


def test_a_filter_table_that_names_an_undeclared_field_is_a_fault_of_ours() -> None:
    empty = schema("empty", "keyword id")

    with pytest.raises(LookupError, match="names name"):
        check_filter(filters.parse("name eq x"), empty, {"name": frozenset({"eq"})}, now_ms=0, text="name eq x")


def test_filter_strings_are_folded_whole_values() -> None:
    node = check_filter(filters.parse('name sw "Sales G"'), SAMPLE, ALLOWED, now_ms=NOW_MS, text="").root

    assert shape(node) == "Folded(field=name, op='sw', values=['sales g'])"
