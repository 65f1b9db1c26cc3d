"""Sloppy phrases: whether words stand near enough to each other."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise


def near(places: Sequence[Sequence[int]], gaps: Sequence[int], slop: int) -> bool:
    """Whether one place of each word can be chosen so that the words stand within `slop` moves, no place twice.

    `places` are sorted positions word by word, `gaps` positions that no choice may have between two of its own.
    Lucene's measure: each position less the word's index in the phrase; the largest less the smallest.
    """
    if not all(places):
        return False
    if all(len(word) == 1 for word in places):
        return _single([place for (place,) in places], gaps, slop)
    shared = sum(map(len, places)) != len(set().union(*places))
    edges = [-1, *gaps, max(word[-1] for word in places) + 1]
    for low, high in pairwise(edges):
        inside = [
            [place - index for place in word[bisect_left(word, low) : bisect_left(word, high)]]
            for index, word in enumerate(places)
        ]
        if all(inside) and _fits(inside, slop, shared):
            return True
    return False


def _single(places: Sequence[int], gaps: Sequence[int], slop: int) -> bool:
    """The same when every word stands in one place only, as in most texts."""
    shifted = [place - index for index, place in enumerate(places)]
    if max(shifted) - min(shifted) > slop or len(set(places)) < len(places):
        return False
    return not gaps or bisect_left(gaps, min(places)) == bisect_left(gaps, max(places))


def _fits(shifted: list[list[int]], slop: int, shared: bool) -> bool:
    for least in sorted(set().union(*shifted)):
        windows = [word[bisect_left(word, least) : bisect_left(word, least + slop + 1)] for word in shifted]
        if all(windows) and (not shared or _distinct(windows)):
            return True
    return False


def _distinct(windows: list[list[int]]) -> bool:
    """Whether every word can have a place of its own (bipartite matching)."""
    holder: dict[int, int] = {}

    def place(word: int, seen: set[int]) -> bool:
        for shifted in windows[word]:
            at = shifted + word
            if at not in seen:
                seen.add(at)
                if at not in holder or place(holder[at], seen):
                    holder[at] = word
                    return True
        return False

    return all(place(word, set()) for word in range(len(windows)))
