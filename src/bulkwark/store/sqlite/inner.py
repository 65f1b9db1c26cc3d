"""Inner hits: which elements of nested arrays match, counted and looked up by sets."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence

from bulkwark.query.ast import Node
from bulkwark.store.sqlite.aggregations import Aggregator
from bulkwark.store.sqlite.sets import Sql


def count(asker: Aggregator, selections: Sequence[Sql], path: str, nested: Mapping[str, Node]) -> int:
    """How many elements of the selected objects match."""
    with asker.one_state():
        rows = asker.columns.elements(asker.hits(selections), path)
        inner = asker.matching(nested, path)
        sql = f"SELECT count(*) FROM ({rows.scan}) WHERE key IN ({inner.text})"
        for (number,) in asker.session.execute(sql, inner.params):
            return int(number)
    raise AssertionError


def fitting(asker: Aggregator, elements: Collection[int], path: str, nested: Mapping[str, Node]) -> set[int]:
    """Those of the elements that match."""
    inner = asker.matching(nested, path)
    sql = f"SELECT value FROM json_each(?) WHERE value IN ({inner.text})"
    return {element for (element,) in asker.session.execute(sql, (json.dumps(list(elements)), *inner.params))}
