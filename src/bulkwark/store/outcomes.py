"""The outcome of every item of a job: pages of them, jobs that are made of them, and their end."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from bulkwark.domain.jobs import Job, Outcome
from bulkwark.store.dialect import Session, Sql

COMMON = (Outcome.CHANGED, Outcome.UNCHANGED)  # every other outcome is rare enough for an index of its own


@dataclass(frozen=True, slots=True)
class Item:
    """What a job did to one object; before and after are texts of its operation."""

    rid: int
    id: str | None
    name: str | None
    outcome: Outcome
    reason: str | None  # domain/reasons.py: a code, or a code and a sentence
    before: str | None
    after: str | None  # None: it is as before


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item that an operation has worked out itself; texts as in `Item`."""

    rid: int
    outcome: Outcome
    reason: str | None = None
    before: str | None = None
    after: str | None = None


def add(session: Session, job: Job, found: Sequence[NewItem]) -> None:
    """Record items of a job."""
    session.many(
        "outcomes.add",
        [(job.tenant, job.number, one.rid, one.outcome, one.reason, one.before, one.after) for one in found],
    )


def of_origin(session: Session, job: Job, last: int) -> list[NewItem]:
    """The items of a derived job's origin for its targets in (cursor, last]."""
    rows = session.rows("outcomes.of_origin", (job.tenant, job.number, job.cursor, last, job.origin))
    return [NewItem(rid, Outcome(outcome), reason, before, after) for rid, outcome, reason, before, after in rows]


def changed(session: Session, job: Job, last: int) -> list[NewItem]:
    """The items in (cursor, last] that are to be changed."""
    rows = session.rows("outcomes.changed", (job.tenant, job.number, job.cursor, last))
    return [NewItem(rid, Outcome.CHANGED, None, before, after) for rid, before, after in rows]


def named(session: Session, found: Sequence[NewItem]) -> list[Item]:
    """Items that are not recorded yet, with the ids and names of their objects."""
    rows = session.rows("outcomes.names", (json.dumps([one.rid for one in found]),))
    names = {rid: (id, name) for rid, id, name in rows}
    return [
        Item(one.rid, *names.get(one.rid, (None, None)), one.outcome, one.reason, one.before, one.after)
        for one in found
    ]


def page(
    session: Session,
    job: Job,
    after: int,
    limit: int,
    *,
    outcomes: Collection[Outcome] = (),
    reason: str | None = None,
) -> Iterator[Item]:
    """Items in rid order, from the one after rid `after`; of some outcomes only, and with one reason code."""
    asked = {"tenant": job.tenant, "job": job.number, "after": after, "limit": limit, "reason": reason}
    if len(outcomes) == 1 and not set(outcomes) & set(COMMON):
        rows = session.rows("outcomes.refused", {**asked, "outcome": int(next(iter(outcomes)))})
    else:
        wanted = json.dumps([int(outcome) for outcome in outcomes]) if outcomes else None
        rows = session.rows("outcomes.page", {**asked, "outcomes": wanted})
    for rid, id, name, outcome, reason_, before, after_ in rows:
        yield Item(rid, id, name, Outcome(outcome), reason_, before, after_)


def selection(job: Job, source: int, outcomes: Collection[Outcome], narrowed: Sql | None) -> Sql:
    """The targets of a derived job: items of the job `source` with those outcomes, of what `narrowed` selects."""
    wanted = json.dumps([int(outcome) for outcome in outcomes])
    text = "SELECT rid FROM job_item WHERE tenant = ? AND job = ? AND outcome IN (SELECT value FROM json_each(?))"
    if narrowed is None:
        return Sql(text, (job.tenant, source, wanted))
    return Sql(f"{text} INTERSECT SELECT rid FROM ({narrowed.text})", (job.tenant, source, wanted, *narrowed.params))


def purge(session: Session, tenant: int, number: int, limit: int, now: int) -> bool:
    """Forget some items of a finished job. Answers whether none are left; the summary of the job stays."""
    if session.run("outcomes.purge", (tenant, number, limit)):
        return False
    session.run("outcomes.purge_events", (tenant, number))
    session.run("outcomes.purged", (now, tenant, number))
    return True


def discard(session: Session, job: Job) -> None:
    """A preview is thrown away: its items go with the next sweep."""
    session.run("outcomes.discard", (job.tenant, job.number))


def old(session: Session, runs_before: int, previews_before: int) -> tuple[int, int] | None:
    """(tenant, number) of a job whose items may go: a run or preview that ended before those moments (ms)."""
    row = session.one("outcomes.old", (runs_before, previews_before))
    return (row[0], row[1]) if row else None
