"""What is read, written and read again is the same."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkwark.query.ast import shape
from bulkwark.query.lucene import parse
from bulkwark.query.printer import text
from tests.query.fuzz_inputs import Writer
from tests.query.samples import fault, read

SOUND = [left for _, left, sign, _ in read("lucene.txt") if sign == "=>"]


@pytest.mark.parametrize("source", SOUND)
def test_a_written_query_reads_as_the_same_tree(source: str) -> None:
    tree = parse(source)

    assert shape(parse(text(tree))) == shape(tree)
    assert text(parse(text(tree))) == text(tree)


@given(st.integers())
@settings(max_examples=400, deadline=None, database=None)
def test_any_text_that_can_be_read_is_written_and_read_again(seed: int) -> None:
    source = Writer(random.Random(seed)).text()
    if fault(lambda: parse(source)) is None:
        tree = parse(source)

        assert shape(parse(text(tree))) == shape(tree)


def test_the_written_query_shows_lucenes_rule() -> None:
    assert text(parse("a AND b OR c NOT d")) == "+a +b c -d"
    assert text(parse("NOT a OR b")) == "b -a"
    assert text(parse('name:(x "y z"~2)^3 OR @access(id:1)')) == '(name:x name:"y z"~2)^3.000000 @access(id:1)'
