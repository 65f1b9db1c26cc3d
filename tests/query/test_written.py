"""What is refused by how it is written, so that no bulk change grows by a slip of the keyboard."""

from __future__ import annotations

import pytest

from bulkwark.errors import QueryError
from bulkwark.query import filters, lucene
from bulkwark.query.ast import Checked
from bulkwark.query.check import check, check_filter
from bulkwark.query.written import MAX_PATTERN, MAX_PHRASE, MAX_SCANS, MAX_WILDCARDS
from tests.query.samples import NOW_MS, SAMPLE, fault, read

ROWS = read("bulk.txt")


def checked(text: str, *, fields: str = "", strict: bool = True) -> Checked:
    names = [name.strip() for name in fields.split(",") if name.strip()]
    return check(lucene.parse(text), SAMPLE, now_ms=NOW_MS, strict=strict, fields=names, text=text)


@pytest.mark.parametrize(("left", "expected"), [(left, right) for _, left, sign, right in ROWS if sign == "!!"])
def test_a_bulk_change_refuses_what_would_widen_it_and_search_does_not(left: str, expected: str) -> None:
    text, _, fields = left.partition(" | ")

    checked(text, fields=fields, strict=False)
    error = fault(lambda: checked(text, fields=fields))

    assert error is not None
    assert f"{error.position} {error.detail}" == expected
    assert error.hint


@pytest.mark.parametrize("left", [left for _, left, sign, _ in ROWS if sign == "=>"])
def test_a_bulk_change_accepts_what_is_plainly_meant(left: str) -> None:
    text, _, fields = left.partition(" | ")

    assert checked(text, fields=fields) == checked(text, fields=fields, strict=False)


def test_a_small_operator_is_told_to_be_written_in_capitals_or_in_quotes() -> None:
    error = fault(lambda: checked("a and b"))

    assert error is not None
    assert error.hint == 'write AND in capitals to join conditions, or "and" for the word itself'


ODD = "\u00ad\u200b\u200d\u200e\u2060\ufeff\u2009\u202f\u2028\u0085\u000b\x00\u3164\u2800\u061c\U000e0041"


@pytest.mark.parametrize("char", ODD, ids=[f"{ord(char):04X}" for char in ODD])
@pytest.mark.parametrize(
    ("before", "after"), [("name:Fin", "ance"), ('name:"', 'Finance"'), ("", "name:a"), ("a ", "")]
)
def test_a_bulk_change_refuses_a_character_that_nobody_sees(char: str, before: str, after: str) -> None:
    error = fault(lambda: checked(before + char + after))

    assert error is not None
    assert error.position == len(before)
    assert f"U+{ord(char):04X}" in error.detail
    assert "\\u" in error.hint
    checked(before + char + "b", strict=False) if '"' not in before else checked(before + char + after, strict=False)


def test_an_escape_says_that_an_unseen_character_is_meant() -> None:
    assert checked('name:"a\\u200cb"') == checked('name:"a\u200cb"', strict=False)
    assert checked('name:"a\\udb40\\udc41b"') == checked('name:"a\U000e0041b"', strict=False)


@pytest.mark.parametrize(
    ("text", "position", "detail"),
    [
        ("a name:" + "b" * MAX_PATTERN + "*", 7, "the pattern has 1,001 characters, more than 1,000"),
        ("name.exact:" + "b?" * (MAX_WILDCARDS + 1), 11, "the pattern has 51 wildcards, more than 50"),
        ('name:"' + "é " * (MAX_PHRASE + 1) + '"', 5, "the text has 1,001 words, more than 1,000"),
        ("name:" + "b-" * (MAX_PHRASE + 1), 5, "the text has 1,001 words, more than 1,000"),
        (
            "name:*b " * (MAX_SCANS - 1) + "b* @access(?b)",
            (MAX_SCANS - 1) * 8 + 11,
            "more than 50 patterns or fuzzy words in one query (without a field each counts 5)",
        ),
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_a_pattern_or_phrase_without_measure_is_refused(text: str, position: int, detail: str, strict: bool) -> None:
    error = fault(lambda: checked(text, strict=strict))

    assert error is not None
    assert (error.position, error.detail) == (position, detail)


@pytest.mark.parametrize(
    "text",
    [
        "name:" + "b" * (MAX_PATTERN - 1) + "*",
        "name:" + "b?" * MAX_WILDCARDS,
        'name:"' + "b " * MAX_PHRASE + '"',
        "name:*b " * MAX_SCANS + "name:b* " * 100,
        "name:" + "b" * 10_000,
    ],
)
def test_what_stays_within_the_measure_is_served(text: str) -> None:
    assert checked(text)


@pytest.mark.parametrize("text", ['name sw ""', 'not name co ""', "enabled eq true and id sw ''"])
def test_a_filter_for_an_empty_part_is_refused_because_it_fits_everything(text: str) -> None:
    allowed = dict.fromkeys(SAMPLE.fields, frozenset({"sw", "co", "eq"}))

    with pytest.raises(QueryError, match="with an empty text fits every value") as caught:
        check_filter(filters.parse(text), SAMPLE, allowed, now_ms=NOW_MS, text=text)

    assert caught.value.hint.endswith("pr asks for any value")
