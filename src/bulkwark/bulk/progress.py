"""How far a job is, how fast it goes, and when it will be done: a likely moment and a range.

The rate is that of the newest chunks, by the clock: what other jobs take of the engine's time is in it. Time in which
the job stood still is not, and neither is a gap in which no server ran. The range is made of what was seen: how much
the rate swings between slices of these chunks, where it is heading, and how much is still to come.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from bulkwark.domain.jobs import FINISHED, Happened, Job
from bulkwark.store import job_events
from bulkwark.store.dialect import Session

RECENT = 240  # events that the rate is taken from
SLICES = 8  # of their chunks
DOWN_SECONDS, DOWN_TIMES = 10.0, 20  # a gap longer than both, the second in usual gaps: no server was running
SURE = 0.02  # how much of the rest the range spans at the least, to both sides
SWINGS = 1.3  # how far the rest may stray, in what slices stray from each other
SLOWS = 0.35  # jobs grow slower rather than faster (indexes grow, others join): so much of a long rest
MOST_TREND = 0.6  # the furthest that a trend is followed: the rest goes at 0.4 to 1.6 times today's rate

Held = (Happened.HELD, Happened.PAUSED)
Released = (Happened.RESUMED, Happened.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Progress:
    """`percent` 0–100; `rate` in items a second; the moments in ms, None while nothing can be said."""

    percent: int
    rate: float | None
    earliest: int | None
    likely: int | None
    latest: int | None


@dataclass(frozen=True, slots=True)
class Pace:
    """Items a second: as seen, and what the rest of the job may go at."""

    seen: float
    slow: float
    likely: float
    fast: float


def of(session: Session, job: Job, now: int) -> Progress:
    """The progress of a job at `now` (ms)."""
    percent = 100 if job.total == 0 or job.status in FINISHED else 100 * job.done // (job.total or job.done + 1)
    if job.status in FINISHED or job.total is None or job.hold is not None:
        return Progress(percent, _whole_rate(job), None, None, None)
    events = job_events.recent(session, job, RECENT)
    left = job.total - job.done
    found = pace(running(events[::-1]), left)
    if found is None:
        return Progress(percent, None, None, None, None)
    earliest, likely, latest = (now + round(1000 * left / rate) for rate in (found.fast, found.likely, found.slow))
    return Progress(percent, round(found.seen, 1), earliest, likely, latest)


def running(events: Iterable[tuple[int, Happened, int]]) -> list[tuple[float, int]]:
    """Chunks as (end in seconds, items), on a clock that stands still while the job does.

    `events`: (at in ms, what, items), oldest first.
    """
    held_since: int | None = None
    chunks: list[tuple[float, int]] = []
    still = 0
    for at, kind, items in events:
        if kind in Held and held_since is None:
            held_since = at
        elif kind in Released and held_since is not None:
            still, held_since = still + at - held_since, None
        elif kind is Happened.CHUNK:
            chunks.append(((at - still) / 1000, items))
    return _without_gaps(chunks)


def pace(chunks: Sequence[tuple[float, int]], left: int) -> Pace | None:
    """What the newest chunks tell of the next `left` items; None when they are too few.

    `chunks`: (end in seconds, items), oldest first; the first one only says when the second began.
    """
    if len(chunks) < 3:
        return None
    slices = _slices(chunks)
    items, seconds = sum(one for one, _ in slices), sum(one for _, one in slices)
    seen = items / seconds
    rates = [one / took for one, took in slices]
    later = [index >= len(slices) / 2 for index in range(len(slices))]
    recent = _rate(slices, later)
    # Where the rate is heading: from the older half to the newer one, and on over the rest, at the same pace per item.
    change = recent / _rate(slices, [not one for one in later]) - 1
    reach = left / items  # how many times what was seen is still to come
    swing = _deviation(rates) / seen
    unsure = swing / len(slices) ** 0.5
    # Most of a change that is no larger than the swing is chance.
    trend = change * max(0.0, 1 - (2.5 * unsure / abs(change)) ** 2) if change else 0.0
    heading = max(-MOST_TREND, min(MOST_TREND, trend * reach))
    likely = recent * (1 + heading / 2) if heading else seen
    # The rest strays from what was seen as slices stray from each other; the longer it is, the more can come between.
    strays = SURE + SWINGS * swing * (0.5 + min(reach, 4.0)) ** 0.5 + abs(heading) / 3
    slow = min(likely, seen, recent) / (1 + strays + SLOWS * reach / (1 + reach))
    fast = max(likely, seen, recent) * (1 + strays)
    return Pace(seen, slow, likely, fast)


def _without_gaps(chunks: list[tuple[float, int]]) -> list[tuple[float, int]]:
    """The same without the time in which no server was running."""
    gaps = [after[0] - before[0] for before, after in pairwise(chunks)]
    if not gaps:
        return chunks
    usual = median(gaps)
    longest = max(DOWN_SECONDS, DOWN_TIMES * usual)
    shift, found = 0.0, chunks[:1]
    for gap, (at, items) in zip(gaps, chunks[1:], strict=True):
        if gap > longest:
            shift += gap - usual
        found.append((at - shift, items))
    return found


def _slices(chunks: Sequence[tuple[float, int]]) -> list[tuple[int, float]]:
    """(items, seconds) of about equally many chunks each, oldest first."""
    count = len(chunks) - 1
    edges = [round(index * count / min(SLICES, count)) for index in range(min(SLICES, count) + 1)]
    return [
        (sum(items for _, items in chunks[start + 1 : end + 1]), max(0.001, chunks[end][0] - chunks[start][0]))
        for start, end in pairwise(edges)
    ]


def _rate(slices: Sequence[tuple[int, float]], wanted: Sequence[bool]) -> float:
    chosen = [one for one, is_wanted in zip(slices, wanted, strict=True) if is_wanted]
    return sum(items for items, _ in chosen) / sum(seconds for _, seconds in chosen)


def _deviation(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return float((sum((value - mean) ** 2 for value in values) / (len(values) - 1)) ** 0.5)


def _whole_rate(job: Job) -> float | None:
    if job.finished is None or job.started is None or not job.done:
        return None
    return round(job.done / max(0.001, (job.finished - job.started) / 1000), 1)
