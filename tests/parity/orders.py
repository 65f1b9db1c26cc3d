"""In which order hits come without `sort`, compared with the referee.

The referee has one shard and is asked for the score, then the id. Our order is the same when nothing that it weighs
more than another by `EPSILON` of its score comes after that other. Within the same score, ids rise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from bulkwark.store import search
from bulkwark.store.search import Page
from tests.parity.asked import Ours, Query, Theirs, read

ORDERS = Path(__file__).parent / "orders.toml"
EPSILON = 0.05  # our average length of a field counts the different words of each object; seen: 0.046
MOST = 100_000


def written() -> list[Query]:
    return read(ORDERS)


def ours_in_order(ours: Ours, query: Query, mode: str, *, limit: int = MOST, offset: int = 0) -> list[int]:
    """The rids of a page."""
    with ours.corpus.store.snapshot() as session:
        checked = ours.checked(query, mode)
        return search.rids(session, ours.corpus.tenant, [checked], Page(limit=limit, offset=offset))


def theirs_weighed(theirs: Theirs, query: Query) -> dict[int, float]:
    """rid → score of every hit, the best first, ties by id."""
    body = {
        "query": theirs.dsl(query),
        "size": MOST,
        "_source": False,
        "sort": [{"_score": "desc"}, {"id.exact": "asc"}],
        "track_scores": True,
    }
    found = theirs.node.call("POST", f"/{query.index}/_search?request_cache=false", body)
    return {int(hit["_id"]): hit["_score"] for hit in found["hits"]["hits"]}


def unordered(found: Sequence[int], scores: Mapping[int, float], ids: Mapping[int, str]) -> str:
    """Where an order is not that of the scores; '' when it is."""
    if set(found) != set(scores):
        return f"{len(found)} and {len(scores)} hits"
    least, at_least = float("inf"), 0
    for place, rid in enumerate(found):
        if scores[rid] > least * (1 + EPSILON):
            return f"place {place} weighs {scores[rid]:.4f}, place {at_least} before it {least:.4f}"
        if scores[rid] < least:
            least, at_least = scores[rid], place
    by_score = sorted(range(len(found)), key=lambda place: (-scores[found[place]], place))
    for _, places in groupby(by_score, key=lambda place: scores[found[place]]):
        alike = [ids[found[place]] for place in places]
        if alike != sorted(alike):
            return "hits of the same score are not in the order of their ids"
    return ""


def worst(found: Sequence[int], scores: Mapping[int, float]) -> float:
    """By how much of its score a hit comes too late at most."""
    least, most = float("inf"), 0.0
    for rid in found:
        most = max(most, scores[rid] / least - 1 if least else 0.0)
        least = min(least, scores[rid])
    return most
