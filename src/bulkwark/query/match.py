"""Whether a checked leaf fits one text by itself: for what is small enough to be looked at one by one."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from bulkwark.errors import Invalid
from bulkwark.query import ast, regexp
from bulkwark.query.analysis import fold, tokens
from bulkwark.query.ast import Node, Wild
from bulkwark.query.levenshtein import Levenshtein
from bulkwark.query.within import near


def fits(node: Node, value: str) -> bool:
    """Whether the leaf holds for a TEXT value. Raises Invalid for a leaf that no text can be asked for."""
    match node:
        case ast.Phrase():
            return _phrase(node, _words(value))
        case ast.Exact():
            return value in node.values
        case ast.Folded():
            return _folded(node, fold(value))
        case ast.Between():
            return any(_between(node, text) for text in ([value] if node.exact else _words(value)))
        case ast.Has():
            return True
        case ast.TokenLike() | ast.TokenFuzzy() | ast.TokenRegex():
            return any(map(_test(node), _words(value)))
        case ast.ExactLike() | ast.ExactRegex():
            return _test(node)(fold(value) if node.folded else value)
        case ast.ExactFuzzy():
            return _test(node)(value)
    raise Invalid(f"{type(node).__name__} is no condition on a text")


@lru_cache(maxsize=8_192)
def _words(value: str) -> list[str]:
    """The words of a value, which is asked for again and again."""
    return tokens(value)


@lru_cache(maxsize=256)
def _test(node: Node) -> Callable[[str], bool]:
    match node:
        case ast.TokenLike() | ast.ExactLike():
            parts = {Wild.ANY: ".*", Wild.ONE: "."}
            text = "".join(parts[p] if isinstance(p, Wild) else re.escape(p) for p in node.pattern)
            fitting = re.compile(text, re.DOTALL)
            return lambda one: fitting.fullmatch(one) is not None
        case ast.TokenRegex() | ast.ExactRegex():
            return regexp.compile(node.pattern, folded=node.folded, flags=node.flags).fullmatch
        case ast.TokenFuzzy() | ast.ExactFuzzy():
            word = node.token if isinstance(node, ast.TokenFuzzy) else node.value
            near = Levenshtein(
                word, node.distance, prefix_length=node.prefix_length, transpositions=node.transpositions
            )
            return near.fits
    raise TypeError(type(node).__name__)


def _phrase(node: ast.Phrase, words: list[str]) -> bool:
    if len(node.tokens) == 1 and not node.prefix:
        return node.tokens[0] in words
    places = [
        [
            at
            for at, word in enumerate(words)
            if word == wanted or (node.prefix and index == len(node.tokens) - 1 and word.startswith(wanted))
        ]
        for index, wanted in enumerate(node.tokens)
    ]
    return near(places, (), node.slop)


def _folded(node: ast.Folded, value: str) -> bool:
    first = node.values[0]
    match node.op:
        case "eq" | "in":
            return value in node.values
        case "ca":
            return all(value == v for v in node.values)
        case "sw":
            return value.startswith(first)
        case "co":
            return first in value
        case "gt":
            return value > first
        case "ge":
            return value >= first
        case "lt":
            return value < first
        case "ew":
            return value.endswith(first)
        case _:
            return value <= first


def _between(node: ast.Between, text: str) -> bool:
    low, high = node.low, node.high
    if isinstance(low, str) and (text < low or (text == low and not node.low_inclusive)):
        return False
    return not (isinstance(high, str) and (text > high or (text == high and not node.high_inclusive)))
