"""Aggregations over a selection, by sets: one statement for each aggregation of the tree, however many buckets.

A bucket is a number. Where an aggregation has children, its buckets become rows of a temporary table (key, rid, b), and
the children are asked once for all of them. Numbers come back in Elasticsearch's shape (`query/aggregation_shapes.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Any

from bulkwark.domain.kinds import Kind
from bulkwark.domain.metadata import Catalogue
from bulkwark.errors import Invalid
from bulkwark.query import aggregation_shapes as shapes
from bulkwark.query import aggregations as tree
from bulkwark.query import ast
from bulkwark.query.aggregation_shapes import Bucket, Results
from bulkwark.query.aggregations import Aggregation, Column
from bulkwark.query.ast import Node
from bulkwark.query.fields import Field
from bulkwark.store import pairs
from bulkwark.store.fields import FieldNumbers
from bulkwark.store.indexes import BY_KIND, METADATA, element_field
from bulkwark.store.sqlite import aggregation_terms
from bulkwark.store.sqlite.columns import Columns, Rows
from bulkwark.store.sqlite.engine import Session
from bulkwark.store.sqlite.select import Selector
from bulkwark.store.sqlite.sets import Sql

FEW_RANKS = 20  # values that are looked for one by one
MAX_BUCKETS = 65_535  # of one answer, as Elasticsearch's search.max_buckets


class Aggregator:
    """Asks for one tenant, over objects of some kinds."""

    def __init__(
        self,
        session: Session,
        tenant: int,
        numbers: FieldNumbers,
        catalogue: Catalogue,
        kinds: Sequence[Kind],
    ) -> None:
        self.session = session
        self.columns = Columns(session, tenant, numbers, tuple(kinds))
        self.selector = Selector(session, tenant, numbers, catalogue)
        self._catalogue = catalogue
        self._tables = count()
        self._made = 0
        self._steps: dict[type[Aggregation], Callable[[Any, Rows], list[Any]]] = {
            tree.Metric: self._metric,
            tree.Percentiles: self._percentiles,
            tree.Terms: self._terms,
            tree.Ranges: self._ranges,
            tree.Histogram: self._histogram,
            tree.DateHistogram: self._histogram,
            tree.Missing: self._missing,
            tree.Filter: self._filter,
            tree.Filters: self._filters,
            tree.Nested: self._nested,
            tree.ReverseNested: self._reverse,
        }

    def run(self, found: tuple[Aggregation, ...], selections: Sequence[Sql] | None) -> Results:
        """The value of `aggregations` in the answer. All statements see the same state."""
        with self.one_state():
            rows = self.columns.everything() if selections is None else self.hits(selections)
            return self._all(found, rows)[0]

    @contextmanager
    def one_state(self) -> Iterator[None]:
        """All statements see the same state; temporary tables are gone afterwards, whatever happens."""
        # A savepoint, because a stream's reader is inside a transaction already.
        self.session.change("SAVEPOINT aggregate")
        try:
            yield
        finally:
            if self.session.connection.in_transaction:
                self.session.connection.execute("ROLLBACK TO aggregate; RELEASE aggregate")

    def hits(self, selections: Sequence[Sql]) -> Rows:
        table = self._table("(rid INTEGER PRIMARY KEY)")
        for selection in selections:
            self.session.change(
                f"INSERT OR IGNORE INTO temp.{table} SELECT rid FROM ({selection.text})", selection.params
            )
        return self.columns.hits(table)

    def _all(self, found: tuple[Aggregation, ...], rows: Rows) -> list[Results]:
        """The results of sibling aggregations for each bucket of the rows."""
        results: list[Results] = [{} for _ in range(rows.buckets)]
        for one in found:
            for result, value in zip(results, self._steps[type(one)](one, rows), strict=True):
                result[one.name] = value
        return results

    def _children(self, one: Aggregation, rows: Rows | None, buckets: Sequence[Bucket]) -> None:
        """Give each bucket the results of the children; `rows` are numbered as the buckets are."""
        if one.children and rows is not None and buckets:
            for bucket, results in zip(buckets, self._all(one.children, rows), strict=True):
                bucket.below = results

    # --- measures ------------------------------------------------------------------------------------

    def relation(self, rows: Rows, column: Column, missing: Any = None) -> tuple[str, tuple[Any, ...]]:
        """A SELECT of (b, rid, key, value), with a stand-in for rows without a value."""
        values = self.columns.values(column, rows.nested)
        text = f"SELECT {rows.b} AS b, {rows.rid} AS rid, v.key AS key, v.value AS value FROM ({values}) v {rows.join}"
        if missing is None:
            return text, ()
        absent = f"SELECT b, rid, key, ? AS value FROM ({rows.scan}) WHERE key NOT IN (SELECT key FROM ({values}))"
        return f"{text} UNION ALL {absent}", (missing,)

    def _metric(self, one: tree.Metric, rows: Rows) -> list[Any]:
        text, params = self.relation(rows, one.column, one.missing)
        distinct = "count(DISTINCT value)" if one.measure is tree.Measure.CARDINALITY else "NULL"
        numbers = (
            "total(value), min(value), max(value)" if one.column.kind in {*shapes.NUMERIC, None} else "NULL, NULL, NULL"
        )
        sql = f"SELECT b, count(*), {distinct}, {numbers} FROM ({text}) GROUP BY b"
        found = {b: measured for b, *measured in self.session.execute(sql, params)}
        return [shapes.metric(one, *found.get(b, (0, 0, 0.0, None, None))) for b in range(rows.buckets)]

    def _percentiles(self, one: tree.Percentiles, rows: Rows) -> list[Any]:
        text, params = self.relation(rows, one.column, one.missing)
        if rows.buckets == 1:
            (number,) = next(iter(self.session.execute(f"SELECT count(*) FROM ({text})", params)))
            return [shapes.percentiles(one, self._ranked(one, rows, text, params, number - 1), number - 1)]
        ranked = (
            f"SELECT b, value, row_number() OVER (PARTITION BY b ORDER BY value) - 1 AS r, "
            f"count(*) OVER (PARTITION BY b) - 1 AS last FROM ({text})"
        )
        # The two values between which each percentile lies.
        wanted = " OR ".join(f"r = CAST({p} * last / 100 AS INTEGER) + {up}" for p in one.percents for up in (0, 1))
        found: dict[int, dict[int, float]] = {}
        last: dict[int, int] = {}
        for b, value, rank, end in self.session.execute(f"SELECT * FROM ({ranked}) WHERE {wanted}", params):
            found.setdefault(b, {})[rank] = value
            last[b] = end
        return [shapes.percentiles(one, found.get(b, {}), last.get(b, -1)) for b in range(rows.buckets)]

    def _ranked(
        self, one: tree.Percentiles, rows: Rows, text: str, params: tuple[Any, ...], last: int
    ) -> dict[int, float]:
        """The same of a single bucket, whose values come in order of the index: nothing is kept."""
        ranks = (
            sorted({min(last, int(p * last / 100) + up) for p in one.percents for up in (0, 1)}) if last >= 0 else []
        )
        if len(ranks) <= FEW_RANKS and not rows.join and one.missing is None:  # 30 ns for each that is passed over
            one_of = f"SELECT value FROM ({text}) ORDER BY value LIMIT 1 OFFSET ?"
            return {rank: value for rank in ranks for (value,) in self.session.execute(one_of, (*params, rank))}
        ranked = f"SELECT row_number() OVER (ORDER BY value) - 1 AS r, value FROM ({text})"
        wanted = f"SELECT r, value FROM ({ranked}) WHERE r IN (SELECT value FROM json_each(?))"
        return dict(self.session.execute(wanted, (*params, str(ranks))))

    # --- buckets of values ---------------------------------------------------------------------------

    def _terms(self, one: tree.Terms, rows: Rows) -> list[Any]:
        found = aggregation_terms.collect(self, one, rows)
        if one.children:
            self.spend(sum(len(f.buckets) for f in found), one)
            picked = [(b, bucket.value) for b, f in enumerate(found) for bucket in f.buckets]
            self._children(one, self._picked(one, rows, picked), [bucket for f in found for bucket in f.buckets])
        for one_found in found:
            aggregation_terms.cut(one, one_found)
        if not one.children:
            self.spend(sum(len(f.buckets) for f in found), one)
        aggregation_terms.spell(self, one, rows, found)
        return [shapes.terms(one, f) for f in found]

    def _picked(self, one: tree.Terms, rows: Rows, picked: Sequence[tuple[int, Any]]) -> Rows:
        """The rows of chosen (bucket, value), numbered in their order."""
        chosen = self._table("(value ANY, b INTEGER, o INTEGER, PRIMARY KEY (value, b)) WITHOUT ROWID")
        self._many(f"INSERT INTO temp.{chosen} VALUES (?, ?, ?)", [(v, b, o) for o, (b, v) in enumerate(picked)])
        text, params = self.relation(rows, one.column, one.missing)
        sql = (
            f"SELECT r.key, r.rid, p.o AS b FROM ({text}) r "
            f"CROSS JOIN temp.{chosen} p ON p.value = r.value AND p.b = r.b"
        )
        return self._stored(sql, params, len(picked), rows.nested)

    def _ranges(self, one: tree.Ranges, rows: Rows) -> list[Any]:
        width = len(one.intervals)
        spans = [
            (i, float("-inf") if s.low is None else s.low, float("inf") if s.high is None else s.high)
            for i, s in enumerate(one.intervals)
        ]
        counts = self._spanned(one, rows, spans, one.missing)
        found = [[Bucket(i, counts.get((b, i), 0)) for i in range(width)] for b in range(rows.buckets)]
        self.spend(width * rows.buckets, one)
        if one.children:
            numbered = self._in_spans(one, rows, spans, f"r.b * {width} + g.i", width * rows.buckets)
            self._children(one, numbered, [bucket for buckets in found for bucket in buckets])
        return [shapes.ranges(one, buckets) for buckets in found]

    def _histogram(self, one: tree.Histogram | tree.DateHistogram, rows: Rows) -> list[Any]:
        edges = self._edges(one, rows)
        spans = [(i, edges[i], edges[i + 1]) for i in range(len(edges) - 1)]
        counts = self._spanned(one, rows, spans, one.missing)
        by_bucket: list[dict[int, int]] = [{} for _ in range(rows.buckets)]
        for (b, i), n in counts.items():
            by_bucket[b][i] = n
        found = [shapes.filled(one, edges, one_counts) for one_counts in by_bucket]
        flat = [(b, bucket) for b, buckets in enumerate(found) for bucket in buckets]
        self.spend(len(flat), one)
        if one.children and flat:
            numbers = self._table("(b INTEGER, i INTEGER, o INTEGER, PRIMARY KEY (b, i)) WITHOUT ROWID")
            self._many(
                f"INSERT INTO temp.{numbers} VALUES (?, ?, ?)", [(b, one.value, o) for o, (b, one) in enumerate(flat)]
            )
            number = f"(SELECT o FROM temp.{numbers} n WHERE n.b = r.b AND n.i = g.i)"
            numbered = self._in_spans(one, rows, spans, number, len(flat))
            self._children(one, numbered, [bucket for _, bucket in flat])
        return [shapes.histogram(one, edges, buckets) for buckets in found]

    def _edges(self, one: tree.Histogram | tree.DateHistogram, rows: Rows) -> Sequence[float]:
        """Where the buckets of all histograms of the rows begin."""
        text, params = self.relation(rows, one.column, one.missing)
        low, high = next(iter(self.session.execute(f"SELECT min(value), max(value) FROM ({text})", params)))
        try:
            return shapes.edges(one, low, high, MAX_BUCKETS)
        except ValueError as fault:
            if one.min_doc_count > 0:
                sql = f"SELECT DISTINCT value FROM ({text}) LIMIT {MAX_BUCKETS + 1}"
                values = [value for (value,) in self.session.execute(sql, params)]
                if len(values) <= MAX_BUCKETS:
                    return shapes.sparse(one, values)
            raise Invalid(str(fault), where=one.where, hint="a larger interval, or a filter") from None

    def _spans(self, spans: Sequence[tuple[int, float, float]]) -> str:
        table = self._table("(i INTEGER PRIMARY KEY, low, high)")
        self._many(f"INSERT INTO temp.{table} VALUES (?, ?, ?)", spans)
        return table

    def _in(self, one: Any, rows: Rows, spans: Sequence[tuple[int, float, float]], missing: Any) -> tuple[str, Any]:
        """A FROM of spans `g` and the rows `r` whose value lies in them."""
        text, params = self.relation(rows, one.column, missing)
        return f"temp.{self._spans(spans)} g CROSS JOIN ({text}) r ON r.value >= g.low AND r.value < g.high", params

    def _spanned(self, one: Any, rows: Rows, spans: Any, missing: Any) -> dict[tuple[int, int], int]:
        """(bucket, span) → how many rows have a value in it."""
        if not spans:
            return {}
        source, params = self._in(one, rows, spans, missing)
        single = self.columns.single(one.column, rows.nested)
        counted = "count(*)" if single else "count(DISTINCT r.rid || '-' || r.key)"
        sql = f"SELECT r.b, g.i, {counted} FROM {source} GROUP BY 1, 2"
        return {(b, i): n for b, i, n in self.session.execute(sql, params)}

    def _in_spans(self, one: Any, rows: Rows, spans: Any, number: str, buckets: int) -> Rows:
        source, params = self._in(one, rows, spans, one.missing)
        return self._stored(f"SELECT r.key, r.rid, {number} AS b FROM {source}", params, buckets, rows.nested)

    # --- one bucket, or a given number of them ---------------------------------------------------------

    def _missing(self, one: tree.Missing, rows: Rows) -> list[Any]:
        values = self.columns.values(one.column, rows.nested)
        return self._single(
            one, rows, f"SELECT key, rid, b FROM ({rows.scan}) WHERE key NOT IN (SELECT key FROM ({values}))"
        )

    def _filter(self, one: tree.Filter, rows: Rows) -> list[Any]:
        inner = self.matching(one.query, rows.nested)
        return self._single(
            one, rows, f"SELECT key, rid, b FROM ({rows.scan}) WHERE key IN ({inner.text})", inner.params
        )

    def _filters(self, one: tree.Filters, rows: Rows) -> list[Any]:
        inner = [self.matching(query, rows.nested) for _, query in one.queries]
        parts = [(f"SELECT key, rid, b FROM ({rows.scan}) WHERE key IN ({sql.text})", sql.params) for sql in inner]
        if one.other is not None:
            rest = " AND ".join(f"key NOT IN ({sql.text})" for sql in inner)
            everything = tuple(p for sql in inner for p in sql.params)
            parts.append((f"SELECT key, rid, b FROM ({rows.scan}) WHERE {rest}", everything))
        self.spend(len(parts) * rows.buckets, one)
        each = [self._buckets(one, rows, text, params) for text, params in parts]
        return [shapes.filters(one, [buckets[b] for buckets in each]) for b in range(rows.buckets)]

    def _nested(self, one: tree.Nested, rows: Rows) -> list[Any]:
        elements = self.columns.elements(rows, one.path)
        if len(one.children) > 1 and rows.join:
            # Asked for several times: the join is made once.
            elements = self._stored(f"SELECT key, rid, b FROM ({elements.scan})", (), rows.buckets, one.path)
        return self._inside(one, elements)

    def _reverse(self, one: tree.ReverseNested, rows: Rows) -> list[Any]:
        text = f"SELECT DISTINCT rid AS key, rid, b FROM ({rows.scan})"
        return self._single(one, replace(rows, nested=""), text)

    def _single(self, one: Aggregation, rows: Rows, text: str, params: tuple[Any, ...] = ()) -> list[Any]:
        return [shapes.single(bucket) for bucket in self._buckets(one, rows, text, params)]

    def _buckets(self, one: Aggregation, rows: Rows, text: str, params: tuple[Any, ...]) -> list[Bucket]:
        """For each bucket of the rows the one bucket of those that the SELECT (key, rid, b) leaves."""
        if one.children:
            stored = self._stored(text, params, rows.buckets, rows.nested)
            buckets = self._counted(stored.scan, (), rows.buckets)
            self._children(one, stored, buckets)
            return buckets
        return self._counted(text, params, rows.buckets)

    def _inside(self, one: Aggregation, rows: Rows) -> list[Any]:
        buckets = self._counted(rows.scan, (), rows.buckets)
        self._children(one, rows, buckets)
        return [shapes.single(bucket) for bucket in buckets]

    def _counted(self, text: str, params: tuple[Any, ...], buckets: int) -> list[Bucket]:
        found: dict[int, int] = dict(self.session.execute(f"SELECT b, count(*) FROM ({text}) GROUP BY b", params))
        return [Bucket(b, found.get(b, 0)) for b in range(buckets)]

    def matching(self, query: Mapping[str, Node], nested: str) -> Sql:
        """The keys that a query selects: objects, or elements of the nested array."""
        kinds = [kind for kind in self.columns.kinds if BY_KIND[kind].name in query]
        if not nested:
            return _union([self.selector.select(kind, query[BY_KIND[kind].name]) for kind in kinds])
        by_target = {
            BY_KIND[kind].links.get(nested): inside(query[BY_KIND[kind].name], nested)
            for kind in kinds
            if nested in BY_KIND[kind].schema.nested
        }
        if nested == METADATA:
            chosen = {pair for node in by_target.values() for pair in pairs.matching(self._catalogue, node)}
            return Sql(f"SELECT value AS rid FROM json_each('{sorted(chosen)}')")
        return _union([self.selector.select(target, node) for target, node in by_target.items() if target])

    # --- temporary tables ----------------------------------------------------------------------------

    def spend(self, buckets: int, one: Aggregation) -> None:
        """Raise Invalid when the answer would have too many buckets."""
        self._made += buckets
        if self._made > MAX_BUCKETS:
            raise Invalid(f"more than {MAX_BUCKETS} buckets", where=one.where, hint="a smaller size, or a filter")

    def _stored(self, text: str, params: Any, buckets: int, nested: str) -> Rows:
        """The rows of a SELECT with the columns key, rid, b, in a table."""
        table = self._table("(key INTEGER, rid INTEGER, b INTEGER, PRIMARY KEY (key, rid, b)) WITHOUT ROWID")
        self.session.change(f"INSERT OR IGNORE INTO temp.{table} SELECT key, rid, b FROM ({text})", params)
        return self.columns.table(table, buckets, nested)

    def _table(self, columns: str) -> str:
        name = f"aggregate_{next(self._tables)}"
        self.session.change(f"CREATE TEMP TABLE {name} {columns}")
        return name

    def _many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        self.session.connection.executemany(sql, rows)


def _union(parts: Sequence[Sql]) -> Sql:
    if not parts:
        return Sql("SELECT NULL AS rid WHERE 0")
    text = " UNION ALL ".join(f"SELECT rid FROM ({part.text})" for part in parts)
    return Sql(text, tuple(value for part in parts for value in part.params))


def inside(node: Node, path: str) -> Node:
    """A query from the view of one element: fields of the element's own index; what stands elsewhere is not there."""
    if isinstance(node, ast.Nested):
        return inside(node.child, path) if node.path == path else ast.Nothing()
    if isinstance(node, ast.Boost | ast.Constant | ast.Demote):
        return inside(node.child, path)
    if isinstance(node, ast.Best):
        return replace(node, nodes=tuple(inside(n, path) for n in node.nodes))
    if isinstance(node, ast.Bool):
        must, should, must_not = (
            tuple(inside(n, path) for n in nodes) for nodes in (node.must, node.should, node.must_not)
        )
        return replace(node, must=must, should=should, must_not=must_not)
    field = getattr(node, "field", None)
    if isinstance(field, Field):
        if field.nested != path:
            return ast.Nothing()
        # Only nodes with a member `field` come here, which mypy does not see through getattr.
        return node if path == METADATA else replace(node, field=element_field(field))  # type: ignore[call-arg]  # it has that member
    if isinstance(node, ast.Has):
        if node.prefix == path:
            return ast.All()
        below = node.prefix.startswith(path + ".")
        return replace(node, prefix=node.prefix[len(path) + 1 :]) if below else ast.Nothing()
    return node
