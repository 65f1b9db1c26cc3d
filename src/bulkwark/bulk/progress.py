"""How far a job is, how fast it goes, and when it will be done: a likely moment and a range."""

from __future__ import annotations

from dataclasses import dataclass

from bulkwark.domain.jobs import FINISHED, Job
from bulkwark.store import job_events
from bulkwark.store.dialect import Session

RECENT = 60  # chunks that the rate is taken from
SLICES = 6  # of these chunks; the slowest and the fastest slice bound the range


@dataclass(frozen=True, slots=True)
class Progress:
    """`percent` 0–100; `rate` in items a second; the moments in ms, None while nothing can be said."""

    percent: int
    rate: float | None
    earliest: int | None
    likely: int | None
    latest: int | None


def of(session: Session, job: Job, now: int) -> Progress:
    """The progress of a job at `now` (ms). What other jobs take of the engine's time is in its rate."""
    percent = 100 if job.total == 0 or job.status in FINISHED else 100 * job.done // (job.total or job.done + 1)
    if job.status in FINISHED or job.total is None or job.hold is not None:
        return Progress(percent, _whole_rate(job), None, None, None)
    chunks = job_events.last_chunks(session, job, RECENT)
    if len(chunks) < 2:
        return Progress(percent, None, None, None, None)
    rates = _rates([(at, int(detail["items"])) for at, detail in reversed(chunks)])
    items, seconds = sum(items for items, _ in rates), sum(seconds for _, seconds in rates)
    left, slices = job.total - job.done, [items / seconds for items, seconds in rates]
    rate = items / seconds
    earliest, likely, latest = (now + round(1000 * left / one) for one in (max(slices), rate, min(slices)))
    return Progress(percent, round(rate, 1), earliest, likely, latest)


def _rates(chunks: list[tuple[int, int]]) -> list[tuple[int, float]]:
    """(items, seconds) of slices of chunks that are given as (end in ms, items), oldest first."""
    size = max(1, (len(chunks) - 1) // SLICES)
    found = []
    for start in range(0, len(chunks) - 1, size):
        end = min(start + size, len(chunks) - 1)
        items = sum(items for _, items in chunks[start + 1 : end + 1])
        found.append((items, max(0.001, (chunks[end][0] - chunks[start][0]) / 1000)))
    return found


def _whole_rate(job: Job) -> float | None:
    if job.finished is None or job.started is None or not job.done:
        return None
    return round(job.done / max(0.001, (job.finished - job.started) / 1000), 1)
