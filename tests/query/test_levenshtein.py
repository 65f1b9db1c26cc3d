"""The automaton of fuzzy words agrees with the table, and skips only what cannot fit."""

from __future__ import annotations

from bisect import bisect_left

from hypothesis import given, settings
from hypothesis import strategies as st

from bulkwark.query import regexp
from bulkwark.query.levenshtein import Levenshtein
from bulkwark.query.within import near
from tests.query.oracle import distance, phrase_in

WORD = st.text(alphabet="abcé\U0001f600", max_size=6)


@given(WORD, WORD, st.integers(0, 2), st.booleans())
@settings(max_examples=500, deadline=None, database=None)
def test_the_automaton_counts_edits(word: str, text: str, most: int, swaps: bool) -> None:
    expected = distance(text, word, swaps=swaps)

    found = Levenshtein(word, most, transpositions=swaps).edits(text)

    assert found == (expected if expected <= most else None)


@given(WORD, st.lists(WORD, max_size=40), st.integers(0, 2), st.integers(0, 2))
@settings(max_examples=300, deadline=None, database=None)
def test_a_walk_through_a_dictionary_finds_all_that_fit(word: str, given: list[str], most: int, length: int) -> None:
    words, length = sorted(set(given)), min(length, len(word))
    near = Levenshtein(word, most, prefix_length=length)
    found, at = [], bisect_left(words, near.prefix)
    while at < len(words) and words[at].startswith(near.prefix):
        further = near.tried(words[at])
        if further is None:
            found.append(words[at])
            at += 1
        elif not further:
            break
        else:
            assert further > words[at]
            at = bisect_left(words, further, at)

    same = [text for text in words if text[:length] == word[:length]]
    assert found == [text for text in same if distance(text[length:], word[length:]) <= most]


def test_a_long_word_costs_no_more_than_a_short_one() -> None:
    near = Levenshtein("xy" * 500_000, 2)

    further = near.tried("finance")

    assert further
    assert further > "finance"
    assert len(further) < 100
    assert len(near._states) < 1_000
    assert near.edits("xy" * 500) is None


def test_words_longer_than_what_is_written_ahead_are_found() -> None:
    word = "ab" * 100
    near = Levenshtein(word, 1)

    assert [near.tried(text) for text in (word, word[1:], word[:-1] + "c")] == [None, None, None]
    assert near.tried(word[:50]) is not None


PATTERNS = st.sampled_from(["a.*b", "[ab]{2,3}c?", ".*bé.*", "(a|b)*", "~(a.*)", "a@&@b", "é+a", "abc.*", ".*"])


@given(PATTERNS, st.lists(WORD, max_size=40))
@settings(max_examples=300, deadline=None, database=None)
def test_a_pattern_skips_only_what_cannot_fit(pattern: str, given: list[str]) -> None:
    words, matcher = sorted(set(given)), regexp.compile(pattern)
    begin, part = matcher.literals()
    found, at = [], 0
    while at < len(words):
        further = matcher.tried(words[at])
        if further is None:
            found.append(words[at])
            at += 1
        else:
            assert further > words[at]
            at = bisect_left(words, further, at)

    assert found == [word for word in words if matcher.fullmatch(word)]
    assert all(word.startswith(begin) and part in word for word in found)


@given(st.lists(st.sampled_from("abc"), max_size=9), st.lists(st.sampled_from("abc"), min_size=1, max_size=4))
@settings(max_examples=500, deadline=None, database=None)
def test_words_near_each_other_are_found_as_the_oracle_finds_them(words: list[str], phrase: list[str]) -> None:
    places = [[at for at, word in enumerate(words) if word == wanted] for wanted in phrase]

    for slop in range(5):
        assert near(places, (), slop) == phrase_in(tuple(phrase), words, slop)


def test_no_phrase_reaches_over_a_gap() -> None:
    assert near([[1], [4]], [], 2)
    assert not near([[1], [4]], [3], 2)
    assert near([[1, 5], [4]], [3], 2)
