"""Lucene's regular expressions."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkwark.query.regexp import RegexpError, compile


@pytest.mark.parametrize(
    ("pattern", "fits", "fails"),
    [
        ("sales[0-9]+", "sales12", "sales"),
        ("a.*b", "axxb", "axxbc"),
        ("ab{2,3}c", "abbbc", "abbbbc"),
        ("ab{2,}", "abbbbb", "ab"),
        ("(foo|ba[rz])?", "", "ba"),
        ("~(foo)", "fo", "foo"),
        ("f.*&~(foo)", "fox", "foo"),
        ("<1-100>", "057", "101"),
        ("<01-10>", "07", "7"),
        ('"a.b"c', "a.bc", "axbc"),
        ("@", "anything at all", None),
        ("[^a-c]", "d", "b"),
        ("a\\.b", "a.b", "axb"),
        ("", "", "a"),
    ],
)
def test_a_pattern_fits_whole_texts_only(pattern: str, fits: str, fails: str | None) -> None:
    assert compile(pattern).fullmatch(fits)
    assert fails is None or not compile(pattern).fullmatch(fails)


def test_a_folded_pattern_does_not_mind_case() -> None:
    assert compile("SALES[A-F]", folded=True).fullmatch("salese")
    assert not compile("[^A-F]", folded=True).fullmatch("e")


@pytest.mark.parametrize(
    ("pattern", "position"),
    [
        ("[a", 0),
        ("a(b", 1),
        ("a)", 1),
        ("*a", 0),
        ("\\d", 0),
        ("^a", 0),
        ("a$", 1),
        ("a{x}", 1),
        ("a{3,2}", 1),
        ("<a>", 0),
        ("(.{0,50}){50}", 13),
    ],
)
def test_a_faulty_pattern_is_refused_at_its_place(pattern: str, position: int) -> None:
    with pytest.raises(RegexpError) as caught:
        compile(pattern)

    assert caught.value.position == position


@pytest.mark.parametrize("pattern", ["(x+x+)+y", "(x|x)*y", "(x*)*y", "x{0,500}x{500}y"])
def test_a_pattern_that_backtracks_elsewhere_is_quick(pattern: str) -> None:
    assert not compile(pattern).fullmatch("x" * 400)


@given(st.text("ab|*+?().", max_size=8), st.text("ab", max_size=5))
@settings(max_examples=200, deadline=None, database=None)
def test_common_patterns_agree_with_python(pattern: str, text: str) -> None:
    try:
        expected = re.compile(pattern)
        matcher = compile(pattern)
    except (re.error, RegexpError, FutureWarning):
        return
    if "+" not in pattern and "?" not in pattern:  # Python's `*+` and `*?` are possessive and lazy
        assert matcher.fullmatch(text) == (expected.fullmatch(text) is not None)
