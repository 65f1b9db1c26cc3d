"""Metadata jobs: add, remove or replace metadata values on every selected object."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec

from bulkwark.bulk import freezing, selection
from bulkwark.bulk.freezing import Counts
from bulkwark.bulk.selection import Selector
from bulkwark.domain import metadata
from bulkwark.domain.jobs import Job, Relation
from bulkwark.domain.kinds import Kind
from bulkwark.domain.metadata import Catalogue, Change, Operation, Pairs, Scope
from bulkwark.errors import Invalid
from bulkwark.store import jobs, outcomes, search
from bulkwark.store.chunks import MetadataChunks, judge, texts
from bulkwark.store.dialect import Session, Sql
from bulkwark.store.outcomes import NewItem
from bulkwark.store.tenants import Tenant

NAME = "metadata"
Rule = Callable[[Pairs], Pairs]
# How `objectTypes` of an attribute may call a kind, in lower case; the documents do not list its values.
OBJECT_TYPES = {
    Kind.ROLE: ("role", "roles"),
    Kind.ACCESS_PROFILE: ("accessprofile", "accessprofiles", "access_profile"),
    Kind.ENTITLEMENT: ("entitlement", "entitlements"),
}


class Spec(msgspec.Struct):
    """What a metadata job does; stored with the job."""

    operation: Operation
    scope: Scope
    values: list[tuple[str, list[str] | None]]
    kind: int


def object_types(kind: Kind) -> tuple[str, ...]:
    """The object types that objects of a kind answer to."""
    return OBJECT_TYPES.get(kind, (kind.name.lower(),))


def change(session: Session, tenant: Tenant, spec: Spec) -> Change:
    """The spec checked against the catalogue as it is now. Raises Invalid."""
    return metadata.change(
        tenant.metadata.catalogue(session),
        spec.operation,
        spec.scope,
        spec.values,
        object_types=object_types(Kind(spec.kind)),
    )


def _rule(session: Session, tenant: Tenant, spec: Spec) -> Rule:
    """What the spec makes of an object's pairs. If the catalogue no longer allows it, every item fails and says why."""
    try:
        return change(session, tenant, spec).apply
    except Invalid as found:
        fault = found

    def refuse(before: Pairs) -> Pairs:
        raise fault

    return refuse


class MetadataOperation(freezing.Operation):
    """Plugs into the engine (`bulk/engine.py`)."""

    def __init__(self) -> None:
        self._chunks = MetadataChunks()
        self._rule: tuple[tuple[int, int, int], Rule] | None = None

    def selection(self, session: Session, tenant: Tenant, job: Job) -> Sql:
        selector = msgspec.json.decode(job.selector, type=Selector)
        if selector.by != "ids":
            return tenant.select(session, selection.resolve(selector))
        # What was deleted since the ids were looked up stays a target, and will be skipped.
        ids = selector.ids  # of a job that an earlier version has accepted
        return outcomes.among(selector.rids or list(tenant.objects.rids(session, Kind(selector.kind), ids).values()))

    def count(self, session: Session, tenant: Tenant, job: Job, selection: Sql) -> list[tuple[int, NewItem]]:
        rule = _rule(session, tenant, msgspec.json.decode(job.spec, type=Spec))
        return [(number, judge(rule, md).item(rid)) for md, number, rid in texts(session, selection)]

    def frozen(self, session: Session, tenant: Tenant, job: Job, total: int) -> None:
        selector = msgspec.json.decode(job.selector, type=Selector)
        if selector.by == "ids":
            jobs.set_selector(session, job, selection.frozen(selector, total))

    def hidden(self, session: Session, tenant: Tenant, job: Job, total: int) -> int:
        selector = msgspec.json.decode(job.selector, type=Selector)
        if not selector.owner:
            return 0
        everything = selection.resolve(msgspec.structs.replace(selector, owner=""))
        return search.count(session, tenant, everything) - total

    def record(self, session: Session, tenant: Tenant, job: Job, last: int, now: int) -> Counts:
        catalogue = tenant.metadata.catalogue(session)
        if job.relation in (Relation.UNDO, Relation.RUN):
            gone = partial(_gone, catalogue) if catalogue.gone else None
            return self._chunks.recall(session, job, last, gone, catalogue.version)
        key = (job.tenant, job.number, catalogue.version)
        if self._rule is None or self._rule[0] != key:
            self._rule = key, _rule(session, tenant, msgspec.json.decode(job.spec, type=Spec))
        return self._chunks.record(session, job, last, self._rule[1], catalogue.version)

    def effect(self, session: Session, tenant: Tenant, job: Job, last: int, now: int) -> None:
        self._chunks.effect(session, job, last, now)

    def forget(self) -> None:
        self._chunks.forget()


def _gone(catalogue: Catalogue, pair: int) -> str | None:
    """What a pair was, if it is no more."""
    return " = ".join(catalogue.words(pair)) if pair in catalogue.gone else None
