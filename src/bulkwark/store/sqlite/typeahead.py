"""Different values of a field among selected objects, each with how often it stands there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from bulkwark.store.sqlite.engine import Session
from bulkwark.store.sqlite.sets import Sql


def of_objects(session: Session, tenant: int, number: int, selected: Sql) -> Iterator[tuple[str, int]]:
    """(value, objects) of the objects' own field."""
    sql = f"SELECT value, count(*) FROM val WHERE tenant = ? AND field = ? AND rid IN ({selected.text}) GROUP BY value"
    for value, count in session.execute(sql, (tenant, number, *selected.params)):
        yield str(value), int(count)


def of_elements(session: Session, tenant: int, path: int, number: int, selected: Sql) -> Iterator[tuple[str, int]]:
    """(value, elements) of a field of the elements of a nested array; `path` is the array's number."""
    counted = among_elements(tenant, path, number, selected)
    for value, count in session.execute(counted.text, counted.params):
        yield str(value), int(count)


def among_elements(tenant: int, path: int, number: int, selected: Sql) -> Sql:
    """From each value to those who hold it. The `+` keeps the selection out of the search: each of its rids would be
    looked up under each value."""
    text = (
        "SELECT v.value, count(*) FROM val v CROSS JOIN link l ON l.tenant = ? AND l.field = ? AND l.target = v.rid "
        f"WHERE v.tenant = ? AND v.field = ? AND +l.rid IN ({selected.text}) GROUP BY v.value"
    )
    return Sql(text, (tenant, path, tenant, number, *selected.params))


def of_pairs(session: Session, tenant: int, pairs: Sequence[int], selected: Sql) -> dict[int, int]:
    """Metadata pair → how many of the selected objects hold it; those that some hold."""
    sql = (
        "SELECT m.pair, count(*) FROM json_each(?) w CROSS JOIN md_inv m ON m.tenant = ? AND m.pair = w.value "
        f"WHERE +m.rid IN ({selected.text}) GROUP BY m.pair"
    )
    return dict(session.execute(sql, (json.dumps(pairs), tenant, *selected.params)))
