"""The `terms` aggregation: counting values, choosing buckets, and how keywords were written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from bulkwark.errors import Invalid
from bulkwark.query.aggregation_shapes import Bucket, Found, ordered
from bulkwark.query.aggregations import Order, Terms
from bulkwark.query.analysis import fold
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.store.entries import leaves
from bulkwark.store.indexes import METADATA

if TYPE_CHECKING:
    from bulkwark.store.sqlite.aggregations import Aggregator
    from bulkwark.store.sqlite.columns import Rows

MAX_CANDIDATES = 65_535  # terms whose measures are all known before the best are
KEPT = 10_000  # terms above the wanted size that are kept before the worst are left out
_SQL_ORDER = {"_count": "n", "_key": "value"}


def collect(asker: Aggregator, one: Terms, rows: Rows) -> list[Found]:
    """The candidates of each bucket, in order: all that may stay when their children are known."""
    text, params = asker.relation(rows, one.column, one.missing)
    if one.min_doc_count == 0:
        # Values that only other objects have are buckets too.
        values = asker.columns.values(one.column, rows.nested)
        every = (
            "SELECT b.value AS b, d.value AS value, 0 AS n FROM json_each(?) b, "
            f"(SELECT DISTINCT value FROM ({values})) d"
        )
        grouped = (
            f"SELECT b, value, sum(n) AS n FROM (SELECT b, value, count(*) AS n FROM ({text}) GROUP BY b, value "
            f"UNION ALL {every}) GROUP BY b, value"
        )
        params = (*params, str(list(range(rows.buckets))))
    else:
        grouped = f"SELECT b, value, count(*) AS n FROM ({text}) GROUP BY b, value HAVING n >= {int(one.min_doc_count)}"
    found = [Found() for _ in range(rows.buckets)]
    chosen = one.include is not None or one.exclude is not None
    if chosen or any(order.path not in _SQL_ORDER for order in one.order):
        _candidates(asker, one, found, grouped, params)
    elif rows.buckets == 1 and one.min_doc_count > 0:
        _best_of_all(asker, one, found[0], text, params)
    else:
        _best(asker, one, found, grouped, params)
    return found


def _best_of_all(asker: Aggregator, one: Terms, found: Found, text: str, params: tuple[Any, ...]) -> None:
    """Of a single bucket: values come in order of the index, and SQLite remembers only those that stay."""
    least = f"HAVING n >= {int(one.min_doc_count)}"
    grouped = f"SELECT value, count(*) AS n FROM ({text}) GROUP BY value {least if one.min_doc_count > 1 else ''}"
    best = f"SELECT value, n FROM ({grouped}) ORDER BY {_sql(one.order)} LIMIT {int(one.size)}"
    for value, n in asker.session.execute(best, params):
        found.buckets.append(Bucket(value, n))
    total = f"SELECT sum(n) FROM ({grouped})" if one.min_doc_count > 1 else f"SELECT count(*) FROM ({text})"
    for (number,) in asker.session.execute(total, params):
        found.total = number or 0


def _best(asker: Aggregator, one: Terms, found: Sequence[Found], grouped: str, params: Any) -> None:
    """Only those that will stay: the database sorts."""
    ranked = (
        f"SELECT b, value, n, row_number() OVER (PARTITION BY b ORDER BY {_sql(one.order)}) AS r, "
        f"sum(n) OVER (PARTITION BY b) AS total FROM ({grouped})"
    )
    sql = f"SELECT b, value, n, total FROM ({ranked}) WHERE r <= {int(one.size)} ORDER BY b, r"
    for b, value, n, total in asker.session.execute(sql, params):
        found[b].buckets.append(Bucket(value, n))
        found[b].total = total


def _candidates(asker: Aggregator, one: Terms, found: Sequence[Found], grouped: str, params: Any) -> None:
    """Those that a pattern or a measure of their children decides over."""
    seen = 0
    by_measure = any(order.path not in _SQL_ORDER for order in one.order)
    for b, value, n in asker.session.execute(grouped, params):
        if (one.include is not None and value not in one.include) or (one.exclude is not None and value in one.exclude):
            continue
        candidates = found[b]
        candidates.buckets.append(Bucket(value, n))
        candidates.total += n
        if not by_measure and len(candidates.buckets) > one.size + KEPT:
            cut(one, candidates)
        seen += 1
        if by_measure and seen > MAX_CANDIDATES:
            reason = f"there are more than {MAX_CANDIDATES} different terms to be sorted by a measure"
            raise Invalid(reason, where=one.where, hint="narrow the query, or use include")
    if not by_measure:
        for one_found in found:
            cut(one, one_found)


def cut(one: Terms, found: Found) -> None:
    """Sort the buckets and keep as many as are wanted."""
    found.buckets = ordered(found.buckets, one.order)[: one.size]


def _sql(order: Sequence[Order]) -> str:
    return ", ".join(f"{_SQL_ORDER[o.path]}{' DESC' if o.descending else ''}" for o in _complete(order))


def _complete(order: Sequence[Order]) -> list[Order]:
    """With the key as the last word."""
    return [*order, *([] if any(o.path == "_key" for o in order) else [Order("_key", False)])]


def spell(asker: Aggregator, one: Terms, rows: Rows, found: Sequence[Found]) -> None:
    """Keywords are indexed without case: show them as one of the documents writes them."""
    column = one.column
    name = column.path.rpartition(".")[2]
    if column.kind is not FieldKind.KEYWORD or column.nested == METADATA or name == "id" or name.startswith("_"):
        return
    path = column.path[len(column.nested) + 1 :] if column.nested else column.path
    values = asker.columns.values(column, column.nested)
    written: dict[Any, Any] = {}
    for value in {bucket.value for one_found in found for bucket in one_found.buckets}:
        sql = f"SELECT d.face FROM ({values}) v CROSS JOIN search_doc d ON d.rid = v.key WHERE v.value = ? LIMIT 1"
        for (face,) in asker.session.execute(sql, (value,)):
            texts = dict(leaves(msgspec.json.decode(face + "}"))).get(path, [])
            written[value] = next((text for text in texts if fold(str(text)) == value), value)
    for one_found in found:
        for bucket in one_found.buckets:
            bucket.shown = written.get(bucket.value)
