"""Jobs made of the items of another one: undo, the run of a preview, and once more what failed."""

from __future__ import annotations

import msgspec

from bulkwark.bulk import selection as selectors
from bulkwark.bulk.selection import Selector
from bulkwark.domain.jobs import Job, Outcome
from bulkwark.store import jobs, outcomes
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
    narrowed, only = derived.narrowed, None
    if narrowed is not None and narrowed.rids:
        # Numbers, not ids: what was deleted is skipped and listed, as in the whole of the job.
        only = outcomes.among(narrowed.rids)
        if narrowed.owner:
            owned = selectors.resolve(msgspec.structs.replace(narrowed, by="all"))
            only = outcomes.both(only, tenant.select(session, owned))
    elif narrowed is not None:
        only = tenant.select(session, selectors.resolve(narrowed))
    return outcomes.selection(job, derived.source, [Outcome(n) for n in derived.outcomes], only)


def shrink(session: Session, job: Job) -> None:
    """Every look at a job reads its selector: once the targets stand, ids are a count."""
    derived = msgspec.json.decode(job.selector, type=Derived)
    if derived.narrowed is not None and derived.narrowed.rids:
        count = len(derived.narrowed.rids)
        derived.narrowed = msgspec.structs.replace(derived.narrowed, ids=[], rids=[], count=count)
        jobs.set_selector(session, job, msgspec.json.encode(derived).decode())
