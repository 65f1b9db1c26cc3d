"""TYPEAHEAD: a list of values instead of documents."""

from __future__ import annotations

from collections.abc import Sequence

from bulkwark.api.calls import Call
from bulkwark.query.aggregation_scope import scope
from bulkwark.query.aggregations import Aggregation, Choice, Nested, Order, Terms
from bulkwark.query.ast import Checked
from bulkwark.query.names import STRINGS
from bulkwark.query.prefixes import PhrasePrefix
from bulkwark.query.requests import Typeahead
from bulkwark.store import aggregations
from bulkwark.store.dialect import Session
from bulkwark.store.indexes import INDEXES

WHERE = "/typeAheadQuery"


def values(call: Call, session: Session, checked: Sequence[Checked], asked: Typeahead) -> list[str]:
    """The values that fit, by count or by value."""
    where = scope([INDEXES[one.index].schema for one in checked], lambda clause, at: {}, call.now)
    if asked.nested:
        where = where.inside(where.path(asked.nested, f"{WHERE}/nestedType"))
    order = Order("_key" if asked.by_value else "_count", not asked.ascending)
    found: Aggregation = Terms(
        name="values",
        where=WHERE,
        column=where.column(asked.field, f"{WHERE}/field", STRINGS),
        size=asked.size,
        order=(order,),
        include=Choice(pattern=PhrasePrefix(asked.text)),
    )
    if asked.nested:
        found = Nested(name="values", path=where.nested, children=(found,))
    result = aggregations.aggregate(session, call.tenant, checked, (found,))["values"]
    buckets = (result["values"] if asked.nested else result)["buckets"]
    return [str(bucket["key"]) for bucket in buckets]
