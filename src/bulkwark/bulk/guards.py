"""Guards: limits of a tenant over which a job waits until somebody confirms it.

They look at a job when its targets are frozen, and at its failures while it runs. Official calls are not guarded
unless the tenant or the call says so, because ISC has no such thing.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from bulkwark.domain.jobs import Job, Mode, Outcome
from bulkwark.domain.kinds import Kind
from bulkwark.store import guards as store
from bulkwark.store import settings
from bulkwark.store.dialect import Session, Sql
from bulkwark.store.tenants import Tenant

SETTING = "guards"
LEAST_DONE = 100  # items after which a percentage of failures means something


class Protected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Metadata that no job may touch unconfirmed: objects that hold it, one value of it or any."""

    attribute: str
    value: str | None = None


class Guards(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What a tenant allows without asking; None: no limit."""

    max_items: int | None = None
    max_percent: float | None = None  # of all objects of the kind
    protected: list[Protected] = []
    max_failure_percent: float | None = None  # while it runs
    official: bool = False  # also for official calls that do not ask for it
    not_by_submitter: bool = False  # who confirms must be somebody else


def of(session: Session, tenant: int) -> Guards:
    """The guards of a tenant."""
    return settings.get(session, tenant, SETTING, Guards) or Guards()


def verdicts(session: Session, tenant: Tenant, job: Job, total: int, selection: Sql | None = None) -> list[str]:
    """Which limits a job with frozen targets is over, each in words; `selection`: before they are frozen."""
    guards, found = of(session, tenant.number), []
    if guards.max_items is not None and total > guards.max_items:
        found.append(f"{total:,} items are selected, {guards.max_items:,} are allowed without confirmation")
    kind = Kind.__members__.get(job.type)
    if guards.max_percent is not None and kind is not None and total:
        share = 100 * total / max(1, tenant.objects.count(session, kind))
        if share > guards.max_percent:
            found.append(f"{share:.1f} % of all {kind.noun}s are selected, {guards.max_percent:g} % are allowed")
    for protected in guards.protected:
        pairs = _pairs(session, tenant, protected)
        if pairs and (count := store.holders(session, job, pairs, selection)):
            name = protected.attribute + (f" = {protected.value}" if protected.value is not None else "")
            found.append(f"{count:,} selected items hold protected metadata {name}")
    return found


def stops(session: Session, job: Job) -> bool:
    """Whether the guards look at a job at all."""
    return job.mode is Mode.RUN and job.confirmer is None and (job.options.guard or of(session, job.tenant).official)


def failing(session: Session, job: Job, counted: Mapping[Outcome, int]) -> str | None:
    """The failure rate of a running job over its guard, in words. `counted`: of the chunk that was just done."""
    limit = of(session, job.tenant).max_failure_percent
    failed, done = refused(job, counted), job.done + sum(counted.values())
    if limit is None or done < LEAST_DONE or 100 * failed <= limit * done:
        return None
    return f"{failed:,} of {done:,} items failed, {limit:g} % are allowed"


def policy(job: Job, counted: Mapping[Outcome, int]) -> str | None:
    """Why a job's own failure policy ends it, in words."""
    options, failed, done = job.options, refused(job, counted), job.done + sum(counted.values())
    if options.stop_after is not None and failed > options.stop_after:
        return f"{failed:,} items failed, the job stops after {options.stop_after:,}"
    if options.stop_percent is not None and done >= LEAST_DONE and 100 * failed > options.stop_percent * done:
        return f"{failed:,} of {done:,} items failed, the job stops over {options.stop_percent:g} %"
    return None


def refused(job: Job, counted: Mapping[Outcome, int]) -> int:
    """Items that failed or conflicted so far."""
    return job.failed + job.conflicted + counted.get(Outcome.FAILED, 0) + counted.get(Outcome.CONFLICTED, 0)


def _pairs(session: Session, tenant: Tenant, protected: Protected) -> list[int]:
    attribute = tenant.metadata.catalogue(session).attributes.get(protected.attribute)
    if attribute is None:
        return []
    values = attribute.values
    if protected.value is None:
        return [value.pair for value in values.values()]
    return [values[protected.value].pair] if protected.value in values else []
