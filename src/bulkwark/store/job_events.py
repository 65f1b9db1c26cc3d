"""What happened to jobs, in order; written in the transaction of what it tells of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from bulkwark.domain.jobs import Happened, Job
from bulkwark.store import counters
from bulkwark.store.dialect import Session


@dataclass(frozen=True, slots=True)
class Event:
    """`seq` counts the events of a tenant, from 1; `detail` is JSON; `at` in ms."""

    seq: int
    number: int
    job: str
    at: int
    kind: Happened
    detail: str


def add(session: Session, job: Job, kind: Happened, now: int, detail: Mapping[str, Any] | None = None) -> None:
    """Log what happened to a job. `now` in ms."""
    seq = counters.take(session, job.tenant, "job-event")
    text = msgspec.json.encode(detail or {}).decode()
    session.run("job_events.add", (job.tenant, seq, job.number, now, kind, text))


def of_tenant(session: Session, tenant: int, after: int, limit: int) -> list[Event]:
    """Events of all jobs from the one after `after`, oldest first."""
    return [_event(*row) for row in session.rows("job_events.of_tenant", (tenant, after, limit))]


def of_job(session: Session, job: Job, after: int, limit: int) -> list[Event]:
    """The same of one job."""
    return [_event(*row) for row in session.rows("job_events.of_job", (job.tenant, job.number, after, limit))]


def counted(session: Session, job: Job) -> dict[str, Any] | None:
    """What a preview has told of its outcomes before it recorded them: counts and sample; None when it has not."""
    row = session.one("job_events.counted", (job.tenant, job.number))
    return None if row is None else msgspec.json.decode(row[0])


def newest(session: Session, tenant: int) -> int:
    """The number of the newest event; 0 before the first."""
    return counters.current(session, tenant, "job-event")


def last_chunks(session: Session, job: Job, limit: int) -> list[tuple[int, dict[str, Any]]]:
    """(when it ended in ms, detail) of the newest chunks, newest first."""
    rows = session.rows("job_events.last_chunks", (job.tenant, job.number, limit))
    return [(at, msgspec.json.decode(detail)) for at, detail in rows]


def _event(seq: int, number: int, job: str, at: int, kind: str, detail: str) -> Event:
    return Event(seq, number, job, at, Happened(kind), detail)
