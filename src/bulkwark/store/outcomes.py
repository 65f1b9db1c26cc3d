"""The outcome of every item of a job: pages of them, jobs that are made of them, and their end."""

from __future__ import annotations

import json
from array import array
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from bulkwark.domain import reasons
from bulkwark.domain.jobs import Job, Outcome
from bulkwark.domain.kinds import Kind
from bulkwark.query.analysis import fold
from bulkwark.store.dialect import Session, Sql
from bulkwark.store.tenants import Tenant

KINDS = json.dumps(list(Kind))
AT_ONCE = 2_000  # rows of one look at a long list
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
    for row in rows:
        yield _item(*row)


def _item(
    rid: int, id: str | None, name: str | None, outcome: int, reason: str | None, before: str | None, after: str | None
) -> Item:
    return Item(rid, id, name, Outcome(outcome), reason, before, after)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which items are asked for: those of some outcomes, with a reason code, of some objects."""

    outcomes: tuple[Outcome, ...] = ()
    reason: str | None = None
    rids: Sequence[int] | None = None  # in order


def pages(
    session: Callable[[], Session], job: Job, after: int, narrowing: Narrowing, *, at_once: int = AT_ONCE
) -> Iterator[list[Item]]:
    """The narrowed items in rid order, from the one after rid `after`, some thousand at a time.

    Each look is a statement of its own: a list of a million items holds neither memory nor an old state of the
    database, however slowly it is read. `session` answers the reader of the thread that takes the next page.
    """
    if narrowing.rids is not None:
        for start in range(bisect_right(narrowing.rids, after), len(narrowing.rids), at_once):
            rids = list(narrowing.rids[start : start + at_once])
            yield [item for item in of_rids(session(), job, rids) if _fits(item, narrowing)]
        return
    while True:
        found = list(page(session(), job, after, at_once, outcomes=narrowing.outcomes, reason=narrowing.reason))
        yield found
        if len(found) < at_once:
            return
        after = found[-1].rid


def of_rids(session: Session, job: Job, rids: Sequence[int]) -> list[Item]:
    """Those of the objects, given in order, that the job has dealt with."""
    asked = {"tenant": job.tenant, "job": job.number, "rids": json.dumps(rids)}
    return [_item(*row) for row in session.rows("outcomes.of_rids", asked)]


def rids_of(session: Session, job: Job, ids: Collection[str]) -> list[int]:
    """The rids that have, or had, one of these ids, in order: also of objects that were deleted."""
    asked = {"tenant": job.tenant, "ids": json.dumps(list(ids)), "kinds": KINDS}
    return [rid for (rid,) in session.rows("outcomes.rids_of", asked)]


def rids_named(session: Session, tenant: Tenant, job: Job, beginning: str) -> Sequence[int]:
    """The rids of objects of the job's kind, or of its common access, whose name begins so in any case; in order.

    A million of them take 8 MB. Of deleted objects those that the job has dealt with.
    """
    kind, prefix = Kind.__members__.get(job.type), fold(beginning)
    number = tenant.numbers.find(session, kind, "name~") if kind is not None else None
    asked = {"tenant": job.tenant, "field": number, "least": prefix, "above": prefix + "\U0010ffff"}
    found = array("q", (rid for (rid,) in session.rows("outcomes.rids_named", asked)))
    gone = session.rows("outcomes.gone_names", (job.tenant, job.number))
    deleted = [rid for rid, name in gone if name is not None and fold(name).startswith(prefix)]
    return sorted({*found, *deleted}) if deleted else found


def first(session: Session, job: Job) -> Item | None:
    """The first item of a job, in rid order."""
    return next(page(session, job, 0, 1), None)


def _fits(item: Item, narrowing: Narrowing) -> bool:
    """The narrowing by outcome and reason, of an item that was found by its object."""
    reason = reasons.read(item.reason)
    return (not narrowing.outcomes or item.outcome in narrowing.outcomes) and (
        narrowing.reason is None or (reason is not None and reason.code == narrowing.reason)
    )


def by_reason(session: Session, job: Job) -> list[tuple[Outcome, str | None, int]]:
    """(outcome, reason code, how many items) of what a job has done so far; what was done needs no reason."""
    counted: dict[tuple[Outcome, str | None], int] = {
        (outcome, None): count for outcome in COMMON if (count := getattr(job, outcome.name.lower()))
    }
    for outcome, code, count in session.rows("outcomes.by_reason", (job.tenant, job.number)):
        reason = reasons.read(code)
        key = Outcome(outcome), reason and reason.code
        counted[key] = counted.get(key, 0) + count
    return [(outcome, code, count) for (outcome, code), count in counted.items()]


def selection(job: Job, source: int, outcomes: Collection[Outcome], narrowed: Sql | None) -> Sql:
    """The targets of a derived job: items of the job `source` with those outcomes, of what `narrowed` selects."""
    wanted = json.dumps([int(outcome) for outcome in outcomes])
    text = "SELECT rid FROM job_item WHERE tenant = ? AND job = ? AND outcome IN (SELECT value FROM json_each(?))"
    if narrowed is None:
        return Sql(text, (job.tenant, source, wanted))
    return Sql(f"{text} INTERSECT SELECT rid FROM ({narrowed.text})", (job.tenant, source, wanted, *narrowed.params))


def among(rids: Sequence[int]) -> Sql:
    """The given rids as a selection, each once."""
    return Sql("SELECT DISTINCT value AS rid FROM json_each(?)", (json.dumps(list(rids)),))


def outside(session: Session, job: Job, selection: Sql) -> int:
    """How many objects that the job has an item of, and that still exist, are not in a selection."""
    text = (
        "SELECT count(*) FROM job_item i JOIN object o ON o.rid = i.rid WHERE i.tenant = ? AND i.job = ? "
        f"AND i.rid NOT IN (SELECT rid FROM ({selection.text}))"
    )
    for (number,) in session.execute(text, (job.tenant, job.number, *selection.params)):
        return int(number)
    raise AssertionError


def both(one: Sql, other: Sql) -> Sql:
    """What two selections have in common."""
    text = f"SELECT rid FROM ({one.text}) INTERSECT SELECT rid FROM ({other.text})"
    return Sql(text, (*one.params, *other.params))


def of_ids(session: Session, job: Job, ids: Sequence[str]) -> dict[str, int]:
    """Id → rid of those objects that the job has an item of; the newest one of an id, deleted ones too."""
    asked = {"tenant": job.tenant, "job": job.number, "ids": json.dumps(list(ids)), "kinds": KINDS}
    return dict(session.rows("outcomes.of_ids", asked))


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
