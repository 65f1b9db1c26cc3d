"""Jobs made of the items of another one: undo, the run of a preview, and once more what failed."""

from __future__ import annotations

import msgspec

from bulkwark.bulk import selection as selectors
from bulkwark.bulk.selection import Selector
from bulkwark.domain.jobs import Job, Outcome
from bulkwark.store import outcomes
from bulkwark.store.dialect import Session, Sql
from bulkwark.store.tenants import Tenant


class Derived(msgspec.Struct, omit_defaults=True):
    """The selector of such a job: items of the job `source` with some outcomes, of what another selector selects."""

    source: int  # number of a job; of an undo that is done again it is not the origin
    outcomes: list[int]
    narrowed: Selector | None = None


def encode(source: Job, wanted: tuple[Outcome, ...], narrowed: Selector | None) -> str:
    """The selector as a job stores it."""
    found = Derived(source.number, [int(outcome) for outcome in wanted], narrowed)
    return msgspec.json.encode(found).decode()


def selection(session: Session, tenant: Tenant, job: Job) -> Sql:
    """A query for the targets of such a job."""
    derived = msgspec.json.decode(job.selector, type=Derived)
    narrowed = None
    if derived.narrowed is not None:
        narrowed = tenant.select(session, selectors.resolve(derived.narrowed))
    return outcomes.selection(job, derived.source, [Outcome(n) for n in derived.outcomes], narrowed)
