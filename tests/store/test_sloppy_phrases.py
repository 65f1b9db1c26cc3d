"""Sloppy phrases in SQLite's index against the measure itself, over random texts with gaps between values."""

from __future__ import annotations

import random

import apsw

from bulkwark.query.within import near
from bulkwark.store.entries import GAP
from bulkwark.store.sqlite import functions
from bulkwark.store.sqlite.leaves import _sloppy
from bulkwark.store.sqlite.migrate import migrations
from bulkwark.store.sqlite.sets import Sql

FULL_OF_GAPS = ("a", "b", "c", "d", "x", "y", "z", GAP)
WITHOUT_GAPS = ("a", "b", "c", "x", "y", "z", "x", "y")


def _index(texts: list[list[str]]) -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    functions.install(connection)
    script = next(text for _, text in migrations() if "VIRTUAL TABLE fts " in text)
    at = script.index("CREATE VIRTUAL TABLE fts ")
    connection.execute(script[at : script.index(";\n", at) + 1])
    for rid, words in enumerate(texts):
        tokens = " ".join(word if word == GAP else f"1:{word}" for word in words)
        connection.execute("INSERT INTO fts (rowid, tokens) VALUES (?, ?)", (rid, tokens))
    return connection


def _places(words: list[str], wanted: str) -> list[int]:
    return [place for place, word in enumerate(words) if word == wanted]


def test_sloppy_phrases_select_each_text_within_the_measure_once() -> None:
    chance = random.Random(7)
    texts = [
        [chance.choice(FULL_OF_GAPS if n % 2 else WITHOUT_GAPS) for _ in range(chance.randint(1, 14))]
        for n in range(3_000)
    ]
    connection, selected, between = _index(texts), 0, 0
    for _ in range(200):
        words, slop = chance.sample("abcd", chance.randint(2, 4)), chance.randint(1, 8)
        found = _sloppy(1, [[word] for word in words], slop)
        assert isinstance(found, Sql)
        rids = [rid for (rid,) in connection.execute(found.text, found.params)]
        places = [[_places(text, word) for word in words] for text in texts]
        expected = [rid for rid, of in enumerate(places) if near(of, _places(texts[rid], GAP), slop)]
        assert sorted(rids) == expected, (words, slop)
        selected += len(expected)
        between += sum(near(of, [], slop) for of in places) - len(expected)
    assert selected > 10_000
    assert between > 1_000, "gaps decide about many texts"
