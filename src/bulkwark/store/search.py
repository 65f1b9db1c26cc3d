"""The one way to ask: counts, ids in order, pages. The order of a page is always complete: `id` breaks ties."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Any

from bulkwark.domain.kinds import Kind
from bulkwark.domain.times import parse_ms
from bulkwark.errors import Invalid
from bulkwark.query.ast import All, Bool, Checked, disj
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.store.dialect import Session, order, scores
from bulkwark.store.indexes import BY_KIND, kind_called
from bulkwark.store.tenants import Tenant


@dataclass(frozen=True, slots=True)
class Sorter:
    """A field to sort by; missing values come last in both directions."""

    path: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of the ordered hits is wanted. `after`: the sort values of the last hit seen."""

    sorters: tuple[Sorter, ...] = ()
    limit: int = 250
    offset: int = 0
    after: tuple[str | None, ...] = ()  # None: the hit seen last has no value there


def count(session: Session, tenant: Tenant, checked: Checked) -> int:
    """How many objects match; exact."""
    root = checked.root
    with session.one_state():
        if isinstance(root, Bool) and root.must_not and not root.must and not root.should and not root.minimum:
            # Everything but some: the some are counted, which are often few; how many there are is known.
            less = Checked(checked.index, disj(*root.must_not))
            return tenant.count(session, Checked(checked.index, All())) - count(session, tenant, less)
        return tenant.count(session, checked)


def outside(session: Session, tenant: Tenant, checked: Checked, rids: Sequence[int]) -> int:
    """How many of the objects do not match."""
    selection = tenant.select(session, checked)
    text = f"SELECT count(*) FROM json_each(?) WHERE value NOT IN (SELECT rid FROM ({selection.text}))"
    for (number,) in session.execute(text, (json.dumps(list(rids)), *selection.params)):
        return int(number)
    raise AssertionError


def holds(session: Session, tenant: Tenant, checked: Checked, rid: int) -> bool:
    """Whether one object is among those that match."""
    selection = tenant.select(session, checked)
    sql = f"SELECT 1 FROM ({selection.text}) WHERE rid = ? LIMIT 1"
    return any(True for _ in session.execute(sql, (*selection.params, rid)))


def rids(session: Session, tenant: Tenant, checked: Sequence[Checked], page: Page) -> list[int]:
    """The rids of one page over the hits of one or several indexes, in order.

    Without sort fields the most relevant come first; ties are broken by id.
    """
    if page.limit == 0:
        return []
    known = [(one, kind) for one in checked if (kind := kind_called(one.index)) is not None]
    if len(known) == 1 and page.sorters:
        ((one, kind),) = known
        return order.rids(session, tenant, kind, _wanted(session, tenant, one, kind, page))
    wanted = page if len(known) == 1 else Page(page.sorters, page.limit + page.offset, 0, page.after)
    weights = [None if page.sorters else scores.scores(session, tenant.numbers, kind, one.root) for one, kind in known]
    streams = []
    for (one, kind), weight in zip(known, weights, strict=True):
        if any(w is not None for w in weights):
            selection = tenant.select(session, one)
            found = scores.page(session, tenant, kind, selection, one.root, weight, wanted.limit, wanted.offset)
        else:
            found = order.page(session, tenant, kind, _wanted(session, tenant, one, kind, wanted))
        streams.append(found)
    if len(streams) == 1:
        return [hit.rid for hit in streams[0]]
    merged = islice(merge(*streams, key=order.Hit.key), page.offset, page.offset + page.limit)
    return [hit.rid for hit in merged]


def _wanted(session: Session, tenant: Tenant, one: Checked, kind: Kind, page: Page) -> order.Wanted:
    selection = None if isinstance(one.root, All) else tenant.select(session, one)
    keys = tuple(_key(kind, sorter) for sorter in page.sorters) or (order.BY_ID,)
    after = tuple(
        _after(key, text, position) for position, (key, text) in enumerate(zip(keys, page.after, strict=False))
    )
    return order.Wanted(selection, keys, page.limit, page.offset, after)


def _key(kind: Kind, sorter: Sorter) -> order.Key:
    path = sorter.path.removesuffix(".exact")
    field = BY_KIND[kind].schema.find(path)
    return order.Key(path, field, sorter.descending)


def _after(key: order.Key, text: str | None, position: int) -> Any:
    """A value of `searchAfter` in the type of its field."""
    if key.field is None or text is None:
        return None
    try:
        match key.field.kind:
            case FieldKind.DATE:
                return int(text) if text.lstrip("-").isdigit() else parse_ms(text)
            case FieldKind.NUMBER:
                return float(text)
            case FieldKind.BOOL:
                return {"true": 1, "false": 0, "1": 1, "0": 0}[text]
    except (ValueError, KeyError):
        raise Invalid(
            f"{text!r} is no {key.field.kind.value} to search after",
            where=f"/searchAfter/{position}",
            hint=f"the value that the last document has in {key.path}",
        ) from None
    return text
