"""Jobs, their frozen targets and the outcome of every item."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from bulkwark.domain.jobs import Hold, Job, Mode, Options, Outcome, Relation, Status
from bulkwark.store import counters
from bulkwark.store.dialect import Row, Session

NO_OPTIONS = Options()


def _job(row: Row) -> Job:
    mode, origin, relation, hold, held_for, confirmer, options, purged = row[22:]
    return Job(
        *row[:5],  # type: ignore[call-arg]  # a row has any length: held by tests/store/test_rows.py
        Status(row[5]),
        *row[6:22],
        Mode(mode),
        origin,
        None if relation is None else Relation(relation),
        None if hold is None else Hold(hold),
        held_for,
        confirmer,
        NO_OPTIONS if options == "{}" else msgspec.json.decode(options, type=Options),
        purged,
    )


@dataclass(frozen=True, slots=True)
class NewJob:
    """What is known of a job when it is accepted; `spec` and `selector` are JSON."""

    id: str
    type: str
    operation: str
    spec: str
    selector: str
    client: str
    submitter: str
    created: int  # µs
    options: Options = NO_OPTIONS
    mode: Mode = Mode.RUN
    origin: int | None = None
    relation: Relation | None = None


def add(session: Session, tenant: int, new: NewJob) -> Job:
    number = counters.take(session, tenant, "job")
    session.run(
        "jobs.add",
        {
            "tenant": tenant,
            "job": number,
            "id": new.id,
            "type": new.type,
            "operation": new.operation,
            "status": Status.CREATED,
            "spec": new.spec,
            "selector": new.selector,
            "client": new.client,
            "submitter": new.submitter,
            "created": new.created,
            "mode": new.mode,
            "origin": new.origin,
            "relation": new.relation,
            "options": msgspec.json.encode(new.options).decode(),
        },
    )
    return by_number(session, tenant, number)


def add_done(session: Session, tenant: int, new: NewJob, counted: Mapping[Outcome, int], now: int) -> Job:
    """A job whose work was done by the call that brought it; its items are written beside it. `now` in ms."""
    job = add(session, tenant, new)
    counts = {outcome.name.lower(): counted.get(outcome, 0) for outcome in Outcome}
    session.run("jobs.done", {"tenant": tenant, "job": job.number, "now": now, **counts})
    return by_number(session, tenant, job.number)


def get(session: Session, tenant: int, id: str) -> Job | None:
    row = session.one("jobs.get", (tenant, id))
    return _job(row) if row else None


def by_number(session: Session, tenant: int, number: int) -> Job:
    row = session.one("jobs.by_number", (tenant, number))
    assert row is not None, f"job {number} of tenant {tenant} is gone"
    return _job(row)


def unfinished(session: Session, tenant: int) -> list[Job]:
    """Oldest first."""
    return [_job(row) for row in session.rows("jobs.unfinished", (tenant,))]


def all_unfinished(session: Session) -> list[tuple[int, int]]:
    """(tenant, number) of every unfinished job, oldest first."""
    return [(tenant, number) for tenant, number in session.rows("jobs.all_unfinished")]


def newest(
    session: Session, tenant: int, limit: int, offset: int = 0, *, submitter: str = "", types: Collection[str] = ()
) -> list[Job]:
    """Newest first; when a submitter is named, only his and those of some types."""
    asked = (tenant, limit, offset, submitter, json.dumps(list(types)))
    return [_job(row) for row in session.rows("jobs.newest", asked)]


def of_client(session: Session, tenant: int, client: str, type: str, limit: int) -> list[Job]:
    """The jobs of that type which a client id submitted, newest first."""
    return [_job(row) for row in session.rows("jobs.of_client", (tenant, client, type, limit))]


def start(session: Session, job: Job, now: int) -> bool:
    """CREATED | PRE_PROCESS → PRE_PROCESS."""
    return session.run("jobs.start", (now, job.tenant, job.number)) == 1


def selected(session: Session, job: Job, total: int, selector: str) -> None:
    """The operation has written its targets itself, and says what is kept of the selector."""
    session.run("jobs.set_selector", (selector, job.tenant, job.number))
    session.run("jobs.selected", (total, job.tenant, job.number))


def count_selected(session: Session, job: Job, total: int) -> None:
    """The targets are written. PRE_PROCESS → PRE_PROCESS_COMPLETED."""
    session.run("jobs.selected", (total, job.tenant, job.number))


def add_targets(session: Session, job: Job, rids: Sequence[int]) -> None:
    """Some of the targets, ahead of `count_selected`."""
    if rids:
        session.run("jobs.add_targets", (job.tenant, job.number, session.integers(rids)))


def set_selector(session: Session, job: Job, selector: str) -> None:
    """What is kept of the selector once the targets are frozen: every look at a job reads it."""
    session.run("jobs.set_selector", (selector, job.tenant, job.number))


def set_hidden(session: Session, job: Job, hidden: int) -> None:
    """How many objects matched that the submitter may not see."""
    session.run("jobs.set_hidden", (hidden, job.tenant, job.number))


def chunk_end(session: Session, job: Job, limit: int) -> tuple[int, int]:
    """(last rid, size) of the next chunk; size 0 when no target is left."""
    row = session.one("jobs.chunk_end", (job.tenant, job.number, job.cursor, limit))
    assert row is not None
    return row[0] or 0, row[1]


def outcomes(session: Session, job: Job, last: int) -> dict[Outcome, int]:
    """How the items in (cursor, last] ended."""
    span = (job.tenant, job.number, job.cursor, last)
    return {Outcome(outcome): count for outcome, count in session.rows("jobs.outcomes", span)}


def progress(session: Session, job: Job, last: int, counted: Mapping[Outcome, int], status: Status, now: int) -> bool:
    """Add the outcomes of the chunk that ends with rid `last`, and move the cursor there."""
    return (
        session.run(
            "jobs.progress",
            {
                "tenant": job.tenant,
                "job": job.number,
                "cursor": last,
                "status": status,
                "now": now,
                **{outcome.name.lower(): counted.get(outcome, 0) for outcome in Outcome},
            },
        )
        == 1
    )


def post_process(session: Session, job: Job) -> bool:
    return session.run("jobs.post_process", (job.tenant, job.number)) == 1


def complete(session: Session, job: Job, now: int) -> bool:
    """POST_PROCESS → COMPLETED."""
    return session.run("jobs.complete", (now, job.tenant, job.number)) == 1


def finish(session: Session, job: Job, status: Status, now: int, error: str | None) -> bool:
    """End an unfinished job before its end: FAILED, CANCELLED or STOPPED. What it did stays done."""
    return session.run("jobs.finish", (status, now, error, job.tenant, job.number)) == 1


def hold(session: Session, job: Job, why: Hold, words: str) -> bool:
    """Let an unfinished job stand still from its next chunk on; False when it has ended or stands still already."""
    return session.run("jobs.hold", (why, words, job.tenant, job.number)) == 1


def release(session: Session, job: Job, why: Hold) -> bool:
    """Let a job that stands still for that reason go on."""
    return session.run("jobs.release", (job.tenant, job.number, why)) == 1


def confirm(session: Session, job: Job, confirmer: str) -> bool:
    """Let a job that a guard has stopped go on; who took the responsibility is kept."""
    return session.run("jobs.confirm", (confirmer, job.tenant, job.number)) == 1


def set_options(session: Session, job: Job, options: Options) -> None:
    session.run("jobs.set_options", (msgspec.json.encode(options).decode(), job.tenant, job.number))


def derived(session: Session, job: Job) -> list[Job]:
    """The jobs that undo, run or do again this one, oldest first."""
    return [_job(row) for row in session.rows("jobs.derived", (job.tenant, job.number))]


def takes_back(session: Session, job: Job) -> bool:
    """Whether what it does is an undo: as one, or as the run of one that was previewed."""
    if job.relation is Relation.RUN and job.origin is not None:
        return takes_back(session, by_number(session, job.tenant, job.origin))
    return job.relation is Relation.UNDO


def drop_targets(session: Session, tenant: int, number: int, limit: int) -> int:
    """Forget some targets of a finished job; 0 when none are left."""
    return session.run("jobs.drop_targets", (tenant, number, limit))


def finished_with_targets(session: Session) -> list[tuple[int, int]]:
    found, after = [], (0, 0)
    while (row := session.one("jobs.with_targets", after)) is not None:
        after = (row[0], row[1])
        if row[2]:
            found.append(after)
    return found
