"""Different values of a field among selected objects, each with how often it stands there."""

from __future__ import annotations

from collections.abc import Iterator

from bulkwark.store.sqlite.engine import Session
from bulkwark.store.sqlite.sets import Sql


def of_objects(session: Session, tenant: int, number: int, selected: Sql) -> Iterator[tuple[str, int]]:
    """(value, objects) of the objects' own field."""
    sql = f"SELECT value, count(*) FROM val WHERE tenant = ? AND field = ? AND rid IN ({selected.text}) GROUP BY value"
    for value, count in session.execute(sql, (tenant, number, *selected.params)):
        yield str(value), int(count)


def of_elements(session: Session, tenant: int, path: int, number: int, selected: Sql) -> Iterator[tuple[str, int]]:
    """(value, elements) of a field of the elements of a nested array; `path` is the array's number."""
    sql = (
        "SELECT v.value, count(*) FROM link l JOIN val v ON v.rid = l.target "
        "WHERE l.tenant = ? AND l.field = ? AND v.tenant = ? AND v.field = ? "
        f"AND l.rid IN ({selected.text}) GROUP BY v.value"
    )
    for value, count in session.execute(sql, (tenant, path, tenant, number, *selected.params)):
        yield str(value), int(count)


def of_pair(session: Session, tenant: int, pair: int, selected: Sql) -> int:
    """How many of the selected objects hold a metadata pair."""
    sql = f"SELECT count(*) FROM md_inv WHERE tenant = ? AND pair = ? AND rid IN ({selected.text})"
    for (count,) in session.execute(sql, (tenant, pair, *selected.params)):
        return int(count)
    raise AssertionError
