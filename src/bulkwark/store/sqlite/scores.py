"""Relevance: BM25 of the words and phrases of a query, with their boosts.

What is scored, and how far it is Lucene's, says docs/decisions/0017-aggregations-and-relevance.md. In short: only words
and phrases in text fields of the object itself weigh; other conditions select and weigh the same for every hit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bulkwark.domain.kinds import Kind
from bulkwark.query import ast
from bulkwark.query.ast import Node
from bulkwark.query.fields import Field
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.store.fields import FieldNumbers
from bulkwark.store.indexes import BY_KIND
from bulkwark.store.sqlite import relevance
from bulkwark.store.sqlite.engine import Session
from bulkwark.store.sqlite.leaves import CUTS, quote
from bulkwark.store.sqlite.order import FEW, Hit, Key
from bulkwark.store.sqlite.sets import Sql

if TYPE_CHECKING:
    from bulkwark.store.tenants import Tenant

SCORE = Key("_score", None, True)
MAX_PHRASES = 500  # of one query; with more of them, hits are not weighed
MAX_BOOSTS = 50
CLOSELY = 5_000  # hits that are weighed by their own texts


def scores(session: Session, numbers: FieldNumbers, kind: Kind, root: Node) -> Sql | None:
    """A SELECT of (rid, score) of the objects that words of the query weigh; None when it has no such words."""
    by_boost: dict[float, list[str]] = {}
    many = 0
    for phrase, boost in _phrases(root, 1.0):
        for path in _paths(session, numbers, kind, phrase.field):
            number = numbers.find(session, kind, path)
            if number is not None and boost > 0:
                found = list(_expressions(phrase, number))
                by_boost.setdefault(boost, []).extend(found)
                many += len(found)
        if many > MAX_PHRASES or len(by_boost) > MAX_BOOSTS:
            return None
    if not by_boost:
        return None
    # FTS5's bm25 is negative, better is less, and adds over the phrases of an expression: so do these parts.
    params = [value for boost, some in by_boost.items() for value in (-boost, " OR ".join(dict.fromkeys(some)))]
    part = "SELECT rowid AS rid, round(? * bm25(fts), 4) AS score FROM fts WHERE fts MATCH ?"
    if len(by_boost) == 1:
        return Sql(part, tuple(params))
    # Materialized, because bm25 can only be asked where the expression stands.
    parts = f"WITH part AS MATERIALIZED ({' UNION ALL '.join([part] * len(by_boost))})"
    return Sql(f"{parts} SELECT rid, sum(score) AS score FROM part GROUP BY rid", tuple(params))


def _phrases(node: Node, boost: float) -> Iterator[tuple[ast.Phrase, float]]:
    """The words and phrases that a hit may owe its place to."""
    if isinstance(node, ast.Phrase):
        if node.field is None or (node.field.kind is FieldKind.TEXT and not node.field.nested):
            yield node, boost
    elif isinstance(node, ast.Boost):
        yield from _phrases(node.child, boost * node.factor)
    elif isinstance(node, ast.Demote):
        yield from _phrases(node.child, boost)
    elif isinstance(node, ast.Bool | ast.Best):
        for child in node.nodes if isinstance(node, ast.Best) else (*node.must, *node.should):
            yield from _phrases(child, boost)


def _expressions(phrase: ast.Phrase, number: int) -> Iterator[str]:
    """What FTS5 weighs; the words of a phrase that need not stand together weigh each by itself."""
    if any(map(CUTS.search, phrase.tokens)):
        return
    words = [f"{number}:{token}" for token in phrase.tokens]
    if phrase.slop:
        yield from map(quote, words)
    else:
        yield quote(" ".join(words)) + (" *" if phrase.prefix else "")


def _paths(session: Session, numbers: FieldNumbers, kind: Kind, field: Field | None) -> Iterator[str]:
    """The text fields of the object in which the words are looked for."""
    if field is None:
        schema = BY_KIND[kind].schema
        yield from (f.path for f in schema.fields.values() if f.kind is FieldKind.TEXT and not f.nested)
        for prefix in schema.open_maps:
            yield from (path for path, _ in numbers.below(session, kind, prefix))
    elif "*" not in field.path:
        yield field.path


def page(
    session: Session, tenant: Tenant, kind: Kind, hits: Sql, root: Node, weights: Sql | None, limit: int, offset: int
) -> list[Hit]:
    """One page of the hits, the heaviest first; ties by id. Without weights all are equal."""
    session.change("CREATE TEMP TABLE IF NOT EXISTS hit (rid INTEGER PRIMARY KEY)")
    session.change("CREATE TEMP TABLE IF NOT EXISTS weighed (rid INTEGER PRIMARY KEY, score REAL NOT NULL)")
    for table in ("hit", "weighed"):
        session.change(f"DELETE FROM temp.{table}")
    session.change(f"INSERT INTO temp.hit SELECT rid FROM ({hits.text})", hits.params)
    if weights is not None and session.connection.changes() <= CLOSELY:
        weighed = relevance.Weigher(session, tenant, kind).scores(root)
        heavy = [(rid, round(score, 4)) for rid, score in weighed.items()]
        put = "INSERT INTO temp.weighed SELECT value ->> 0, value ->> 1 FROM json_each(?)"
        session.change(put, (json.dumps(heavy),))
    elif weights is not None:
        found = f"SELECT w.rid, w.score FROM ({weights.text}) w CROSS JOIN temp.hit h ON h.rid = w.rid"
        session.change(f"INSERT INTO temp.weighed {found}", weights.params)
    session.change("INSERT OR IGNORE INTO temp.weighed SELECT rid, 0.0 FROM temp.hit")
    # Ids are looked up for those only that may be on the page.
    last = "SELECT score FROM temp.weighed ORDER BY score DESC LIMIT 1 OFFSET ?"
    least = next((score for (score,) in session.execute(last, (limit + offset - 1,))), float("-inf"))
    count = "SELECT count(*) FROM temp.weighed WHERE score >= ?"
    candidates = next(number for (number,) in session.execute(count, (least,)))
    source = "temp.weighed w CROSS JOIN object o ON o.rid = w.rid"
    if candidates > FEW:
        source = "object o CROSS JOIN temp.weighed w ON w.rid = o.rid"  # along the list of ids
    sql = (
        f"SELECT o.rid, o.id, w.score FROM {source} WHERE o.tenant = ? AND o.kind = ? AND w.score >= ? "
        "ORDER BY w.score DESC, o.id LIMIT ? OFFSET ?"
    )
    rows = list(session.execute(sql, (tenant.number, int(kind), least, limit, offset)))
    for table in ("hit", "weighed"):
        session.change(f"DELETE FROM temp.{table}")
    return [Hit(rid, (score,), (SCORE,), id) for rid, id, score in rows]
