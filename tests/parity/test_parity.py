"""Our search selects what OpenSearch selects: the same ids, query by query, on 23,414 documents.

Elasticsearch mode: every query, without exception. Default mode: every query too, but where a difference is intended
the query file says why, and what the default mode means in the referee's own words.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bulkwark.query.requests import Options
from tests.parity import corpus as corpora
from tests.parity import orders, rewrite, words
from tests.parity.asked import MODES, QUERIES, Ours, Query, Theirs, judge, judge_aggregations, written
from tests.parity.corpus import Corpus
from tests.parity.generate import Generator
from tests.parity.run import compare
from tests.referee.node import running_or_skip

SEEDS = {11: 150, 12: 150}  # seed → queries of it that CI asks; `make soak` asks 5,000
DIFFERENCES = Path(__file__).parents[2] / "docs" / "reference" / "differences.md"
pytestmark = pytest.mark.slow
Sides = tuple[Ours, Theirs, Corpus]


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    with running_or_skip() as node:
        corpus = corpora.build(tmp_path_factory.mktemp("parity"))
        yield Ours(corpus), Theirs(node, corpus), corpus
        corpus.store.close()


def test_the_documents_are_at_least_20000(sides: Sides) -> None:
    assert sides[2].count >= 20_000


def test_at_least_300_queries_are_written_by_hand() -> None:
    assert len(written()) >= 300


@pytest.mark.parametrize("query", written(), ids=str)
def test_we_select_what_the_referee_selects(query: Query, sides: Sides) -> None:
    ours, theirs, corpus = sides
    if query.aggregations:
        fault = judge_aggregations(query, ours, theirs)
        assert not fault, fault
        return
    faults = [verdict.report(corpus) for verdict in judge(query, ours, theirs) if verdict.fault]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("seed", SEEDS)
def test_generated_queries_select_what_the_referee_selects(seed: int, sides: Sides) -> None:
    ours, theirs, corpus = sides
    found = compare(Generator(corpus, seed).queries(SEEDS[seed]), ours, theirs, corpus)
    print("\n".join(found.lines()))
    assert not found.faults, "\n".join(verdict.report(corpus) for verdict in found.faults[:10])
    assert found.some >= 0.6, "too many queries select nothing or everything"


def test_a_level_taken_apart_for_the_referee_means_what_its_own_parser_makes_of_it(sides: Sides) -> None:
    """Only texts with `@nested( … )` are taken apart; that the rule is Lucene's is seen on texts without."""
    _, theirs, corpus = sides
    for one in Generator(corpus, 13).queries(200):
        text = one.query.text
        if one.query.type != "SAILPOINT" or "@" in text or one.query.fields or one.query.zone:
            continue
        parts = [(c.join, c.modifier, {"query_string": {"query": c.text}}) for c in rewrite.clauses(text)]
        whole = theirs.search(one.query.index, {"query_string": {"query": text}})
        assert theirs.search(one.query.index, rewrite.join(parts)).ids == whole.ids, text


def test_texts_are_cut_into_the_words_that_the_referee_cuts(sides: Sides) -> None:
    assert words.unlike(sides[1].node, "roles") == {}


@pytest.mark.parametrize("text", ["true", "True", "TRUE"])
def test_a_json_true_below_an_open_map_is_true_as_a_whole_value(sides: Sides, text: str) -> None:
    ours, theirs, _ = sides
    query = Query("true", "entitlements", f"attributes.active.exact:{text}")
    for mode in MODES:
        found = ours.ask(query, mode)
        assert found.same(theirs.ask(query))
        assert bool(found.ids) == (text == "true")


@pytest.mark.parametrize("query", orders.written(), ids=str)
def test_hits_come_in_the_order_in_which_the_referee_weighs_them(sides: Sides, query: Query) -> None:
    ours, theirs, corpus = sides
    scores = orders.theirs_weighed(theirs, query)
    ids = {rid: str(document["id"]) for rid, document in corpus.documents[query.index].items()}
    for mode in MODES:
        whole = orders.ours_in_order(ours, query, mode)
        assert orders.unordered(whole, scores, ids) == ""
        size = max(1, len(whole) // 7)
        paged = [
            rid
            for offset in range(0, len(whole), size)
            for rid in orders.ours_in_order(ours, query, mode, limit=size, offset=offset)
        ]
        assert paged == whole


def test_the_orders_tell_hits_apart(sides: Sides) -> None:
    """Enough of the queries have hits of many different weights, so that an order by id alone would be noticed."""
    _, theirs, corpus = sides
    noticed = 0
    for query in orders.written():
        scores = orders.theirs_weighed(theirs, query)
        ids = {rid: str(corpus.documents[query.index][rid]["id"]) for rid in scores}
        noticed += orders.unordered(sorted(scores, key=lambda rid: ids[rid]), scores, ids) != ""
    assert len(orders.written()) >= 40
    assert noticed >= 30


def test_every_difference_of_a_query_file_stands_in_the_documents() -> None:
    page = DIFFERENCES.read_text("utf-8")
    reasons = {query.difference for query in written() if query.difference}
    missing = sorted(reason for reason in reasons if reason not in page)
    assert not missing, f"{DIFFERENCES.name} lacks: {missing}"


def test_every_query_file_is_read() -> None:
    assert {query.place.split(":")[0] for query in written()} == {path.stem for path in QUERIES.glob("*.toml")}
    assert Options().mode == "default"
