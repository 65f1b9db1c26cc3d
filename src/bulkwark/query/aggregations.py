"""What is counted and measured over a selection: the tree between the readers and the database.

Readers (`aggregations_dsl`, `aggregations_sailpoint`) make it from names and texts, checked against the searched
indexes; the writer in `store/sqlite` asks the database. All nodes are frozen, all values typed.
Sources: Elasticsearch's aggregation pages; the official Aggregations schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from enum import Enum
from typing import Protocol

from bulkwark.query.ast import Node
from bulkwark.query.fields import Kind

Value = str | int | float
DEFAULT_SIZE = 10
DEFAULT_PERCENTS: tuple[float, ...] = (1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0)


@dataclass(frozen=True, slots=True)
class Column:
    """The values that an aggregation deals with.

    `kind` None: no searched index has the field, all its values are missing. `nested` is the array that the field
    stands in; asked for from the root, the values of all elements count as values of the object.
    """

    path: str
    kind: Kind | None
    nested: str = ""


class Measure(Enum):
    """A number for a set of values."""

    VALUE_COUNT = "value_count"
    CARDINALITY = "cardinality"
    AVG = "avg"
    SUM = "sum"
    MIN = "min"
    MAX = "max"
    STATS = "stats"


@dataclass(frozen=True, slots=True)
class Order:
    """A sort key of buckets: `path` is `_count`, `_key`, or leads to a measure: `price.avg`, `nested>price`."""

    path: str
    descending: bool


class Pattern(Protocol):
    """Tells whether a term fits."""

    def fullmatch(self, text: str) -> bool:
        """Whether the whole term fits."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which terms may become buckets: given ones, or those that fit a pattern. Without either: all."""

    values: frozenset[Value] | None = None
    pattern: Pattern | None = None

    def __contains__(self, value: Value) -> bool:
        if self.values is not None:
            return value in self.values
        return self.pattern is None or self.pattern.fullmatch(str(value))


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` (in it) to `high` (not in it); None is open. `key` as given."""

    low: float | None
    high: float | None
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregation:
    """One named aggregation; `where` is its JSON pointer, for errors."""

    name: str
    where: str = ""
    children: tuple[Aggregation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric(Aggregation):
    """A measure of the values; `missing` stands in for objects without one."""

    column: Column
    measure: Measure
    missing: Value | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles(Aggregation):
    """Percentiles of numbers or moments."""

    column: Column
    percents: tuple[float, ...] = DEFAULT_PERCENTS
    keyed: bool = True
    missing: Value | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms(Aggregation):
    """A bucket for each value."""

    column: Column
    size: int = DEFAULT_SIZE
    order: tuple[Order, ...] = (Order("_count", True),)
    min_doc_count: int = 1
    include: Choice | None = None
    exclude: Choice | None = None
    missing: Value | None = None
    show_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing(Aggregation):
    """The objects without a value."""

    column: Column


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges(Aggregation):
    """A bucket for each interval; they may overlap."""

    column: Column
    intervals: tuple[Interval, ...]
    keyed: bool = False
    missing: Value | None = None
    form: str = ""
    zone: tzinfo = UTC
    dated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram(Aggregation):
    """Buckets of equal width."""

    column: Column
    interval: float
    offset: float = 0.0
    min_doc_count: int = 0
    bounds: tuple[float, float] | None = None  # buckets are made at least from here to there
    limits: tuple[float, float] | None = None  # no bucket is made outside
    order: tuple[Order, ...] = (Order("_key", False),)
    keyed: bool = False
    missing: Value | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DateHistogram(Aggregation):
    """Buckets of `count` units of the calendar of the zone (y q M w d h m), or of `count` ms."""

    column: Column
    unit: str
    count: int = 1
    offset: int = 0  # ms
    zone: tzinfo = UTC
    form: str = ""
    min_doc_count: int = 0
    bounds: tuple[int | None, int | None] | None = None
    limits: tuple[int | None, int | None] | None = None
    order: tuple[Order, ...] = (Order("_key", False),)
    keyed: bool = False
    missing: Value | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter(Aggregation):
    """The objects that match; the tree for each searched index."""

    query: Mapping[str, Node]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters(Aggregation):
    """A bucket for each query; without names they come as a list. `other`: the name of the bucket of the rest."""

    queries: tuple[tuple[str, Mapping[str, Node]], ...]
    named: bool = True
    other: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Nested(Aggregation):
    """From objects to the elements of one of their nested arrays."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseNested(Aggregation):
    """From elements back to the objects that they stand in."""


def walk(found: tuple[Aggregation, ...]) -> Iterator[Aggregation]:
    """All aggregations of a tree, parents first."""
    for one in found:
        yield one
        yield from walk(one.children)
