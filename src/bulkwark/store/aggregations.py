"""Aggregations over the hits of one or several indexes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bulkwark.query.aggregations import Aggregation
from bulkwark.query.ast import All, Checked
from bulkwark.store.dialect import Aggregator, Session
from bulkwark.store.indexes import kind_called
from bulkwark.store.tenants import Tenant


def aggregate(
    session: Session, tenant: Tenant, checked: Sequence[Checked], found: tuple[Aggregation, ...]
) -> dict[str, Any]:
    """The member `aggregations` of the answer. Raises Invalid over a cap."""
    known = [one for one in checked if kind_called(one.index) is not None]
    kinds = [kind for one in known if (kind := kind_called(one.index)) is not None]
    everything = all(isinstance(one.root, All) for one in known)
    selections = None if everything else [tenant.select(session, one) for one in known]
    catalogue = tenant.metadata.catalogue(session)
    return Aggregator(session, tenant.number, tenant.numbers, catalogue, kinds).run(found, selections)
