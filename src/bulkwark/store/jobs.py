"""Jobs, their frozen targets and the outcome of every item."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bulkwark.domain.jobs import Job, Outcome, Status
from bulkwark.store import counters
from bulkwark.store.dialect import Row, Session, Sql


def _job(row: Row) -> Job:
    before, status, after = row[:5], Status(row[5]), row[6:]
    return Job(*before, status, *after)  # type: ignore[call-arg]


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
        },
    )
    return by_number(session, tenant, number)


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


def newest(session: Session, tenant: int, limit: int, offset: int = 0, *, submitter: str = "") -> list[Job]:
    """Newest first; of one submitter when named."""
    return [_job(row) for row in session.rows("jobs.newest", (tenant, limit, offset, submitter))]


def of_client(session: Session, tenant: int, client: str, type: str, limit: int) -> list[Job]:
    """The jobs of that type which a client id submitted, newest first."""
    return [_job(row) for row in session.rows("jobs.of_client", (tenant, client, type, limit))]


def start(session: Session, job: Job, now: int) -> bool:
    """CREATED | PRE_PROCESS → PRE_PROCESS."""
    return session.run("jobs.start", (now, job.tenant, job.number)) == 1


def freeze(session: Session, job: Job, selection: Sql) -> int:
    """Write the targets: one INSERT … SELECT inside the database. PRE_PROCESS → PRE_PROCESS_COMPLETED."""
    total = session.change(
        f"INSERT INTO job_target (tenant, job, rid) SELECT ?, ?, rid FROM ({selection.text}) ORDER BY rid",
        (job.tenant, job.number, *selection.params),
    )
    session.run("jobs.selected", (total, job.tenant, job.number))
    return total


def freeze_rids(session: Session, job: Job, rids: Sequence[int]) -> int:
    """The same for targets that are known already."""
    session.many("jobs.add_target", [(job.tenant, job.number, rid) for rid in sorted(set(rids))])
    session.run("jobs.selected", (len(set(rids)), job.tenant, job.number))
    return len(set(rids))


def selected(session: Session, job: Job, total: int, selector: str) -> None:
    """The operation has written its targets itself, and says what is kept of the selector."""
    session.run("jobs.set_selector", (selector, job.tenant, job.number))
    session.run("jobs.selected", (total, job.tenant, job.number))


def set_hidden(session: Session, job: Job, hidden: int) -> None:
    """How many objects matched that the submitter may not see."""
    session.run("jobs.set_hidden", (hidden, job.tenant, job.number))


def chunk_end(session: Session, job: Job, limit: int) -> tuple[int, int]:
    """(last rid, size) of the next chunk; size 0 when no target is left."""
    row = session.one("jobs.chunk_end", (job.tenant, job.number, job.cursor, limit))
    assert row is not None
    return row[0] or 0, row[1]


def progress(session: Session, job: Job, last: int, status: Status, now: int) -> bool:
    """Count the outcomes of the chunk that ends with rid `last` and move the cursor there."""
    span = (job.tenant, job.number, job.cursor, last)
    counted: dict[int, int] = dict(session.rows("jobs.outcomes", span))
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


def fail(session: Session, job: Job, now: int, error: str) -> None:
    session.run("jobs.fail", (now, error, job.tenant, job.number))


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


@dataclass(frozen=True, slots=True)
class Item:
    """What a job did to one object; before and after are metadata pairs as stored."""

    rid: int
    id: str | None  # None: the object is gone
    outcome: Outcome
    reason: str | None
    before: str | None
    after: str | None


def items(session: Session, job: Job, after_rid: int, limit: int) -> Iterator[Item]:
    """Items in rid order, from the one after `after_rid`."""
    for rid, id, outcome, reason, before, after in session.rows(
        "jobs.items", (job.tenant, job.number, after_rid, limit)
    ):
        yield Item(rid, id, Outcome(outcome), reason, before, after)
