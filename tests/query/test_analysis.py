"""Texts become the tokens that the standard analyzer would make."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkwark.query.analysis import MAX_TOKEN, fold, tokens, tokens_by_tables
from tests.query.samples import read


@pytest.mark.parametrize(("text", "expected"), [(left, right) for _, left, _, right in read("tokens.txt")])
def test_a_text_becomes_its_tokens(text: str, expected: str) -> None:
    assert tokens(text) == (expected.split("|") if expected else [])


@given(st.one_of(st.text(st.characters(max_codepoint=127)), st.text("aZ09_.':,; -", max_size=20)))
@settings(max_examples=300, deadline=None, database=None)
def test_the_quick_way_for_ascii_agrees_with_the_unicode_tables(text: str) -> None:
    assert tokens(text) == tokens_by_tables(text)


@given(st.text(max_size=30), st.text(max_size=30))
@settings(max_examples=100, deadline=None, database=None)
def test_folding_goes_character_by_character(left: str, right: str) -> None:
    assert fold(left + right) == fold(left) + fold(right)
    assert len(fold(left)) == len(left)
    assert fold(fold(left)) == fold(left)


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None, database=None)
def test_tokens_do_not_depend_on_case(text: str) -> None:
    assert tokens(fold(text)) == tokens(text)


def test_a_colon_splits_like_a_blank_in_every_script() -> None:
    assert tokens("idn:access") == tokens("idn access")
    assert tokens("één:twee") == tokens("één twee")


@pytest.mark.parametrize("letter", ["a", "é"])
def test_a_long_token_is_cut_in_pieces(letter: str) -> None:
    found = tokens("x " + letter * (2 * MAX_TOKEN + 1))

    assert [len(word) for word in found] == [1, MAX_TOKEN, MAX_TOKEN, 1]
