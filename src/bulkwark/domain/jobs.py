"""Jobs: their states, the outcome of each item, and what the official wire may say of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

import msgspec

PRIORITIES = range(1, 10)  # 5 unless said otherwise; each step doubles a job's share of the engine's time
USUAL_PRIORITY = 5


class Status(StrEnum):
    """The true state of a job. Arrows: CREATED → PRE_PROCESS → PRE_PROCESS_COMPLETED →
    (CHUNK_PENDING ⇄ CHUNK_PROCESSING) → POST_PROCESS → COMPLETED; FAILED, CANCELLED and STOPPED from any
    unfinished one.
    """

    CREATED = "CREATED"  # accepted and stored
    PRE_PROCESS = "PRE_PROCESS"  # the selection is being resolved
    PRE_PROCESS_COMPLETED = "PRE_PROCESS_COMPLETED"  # the targets are frozen and counted
    CHUNK_PENDING = "CHUNK_PENDING"  # waits for its turn
    CHUNK_PROCESSING = "CHUNK_PROCESSING"  # a chunk has been started
    POST_PROCESS = "POST_PROCESS"  # all chunks are done
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"  # ended by a fault of the server; what was done stays recorded
    CANCELLED = "CANCELLED"  # ended by somebody
    STOPPED = "STOPPED"  # ended by its own failure policy


FINISHED = (Status.COMPLETED, Status.FAILED, Status.CANCELLED, Status.STOPPED)


class Hold(StrEnum):
    """Why an unfinished job stands still."""

    PAUSED = "PAUSED"  # by somebody, until he resumes it
    AWAITING_CONFIRMATION = "AWAITING_CONFIRMATION"  # by a guard, until it is confirmed


class Mode(StrEnum):
    """Whether a job changes anything. A preview records the outcomes that a run would have, and no more."""

    RUN = "run"
    PREVIEW = "preview"


class Relation(StrEnum):
    """What a job is to its origin."""

    UNDO = "undo"  # takes back what the origin changed
    RUN = "run"  # carries out exactly what the origin, a preview, has recorded
    RERUN = "rerun"  # does again what failed in the origin


class Outcome(IntEnum):
    """What became of one object in a job. The numbers are stored: never change one."""

    CHANGED = 1
    UNCHANGED = 2  # it already was as asked
    SKIPPED = 3  # it was deleted after the selection
    FAILED = 4  # a rule forbids the change for this object
    CONFLICTED = 5  # it changed since it was previewed, or since the job that is undone


class Happened(StrEnum):
    """What the log of a job tells (`job_event`)."""

    ACCEPTED = "accepted"
    SELECTED = "selected"
    COUNTED = "counted"  # a preview knows its outcomes, before it has recorded each
    HELD = "held"
    CONFIRMED = "confirmed"
    PAUSED = "paused"
    RESUMED = "resumed"
    CHUNK = "chunk"
    CHANGED = "changed"  # somebody set its priority, speed, note …
    FINISHED = "finished"


class Options(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a submitter may say of how a job runs, and what everyone who may control it may change while it does.

    `speed`: items a second at most. `stop_after`, `stop_percent`: it stops as soon as more than so many items, or more
    than so many percent of those done (from the 100th on), have failed or conflicted. `guard`: whether the tenant's
    guards look at it.
    """

    note: str = ""
    ticket: str = ""
    priority: int = USUAL_PRIORITY
    speed: int | None = None
    stop_after: int | None = None
    stop_percent: float | None = None
    guard: bool = False
    force: bool = False  # of an undo: also what has changed since


@dataclass(frozen=True, slots=True)
class Job:
    """A bulk change and how far it is. Times: `created` in µs, the others in ms, since 1970 UTC."""

    tenant: int
    number: int
    id: str
    type: str
    operation: str
    status: Status
    spec: str
    selector: str
    client: str
    submitter: str
    created: int
    started: int | None
    finished: int | None
    cursor: int
    total: int | None
    hidden: int
    changed: int
    unchanged: int
    skipped: int
    failed: int
    conflicted: int
    error: str | None
    mode: Mode
    origin: int | None
    relation: Relation | None
    hold: Hold | None
    held_for: str | None
    confirmer: str | None
    options: Options
    purged: int | None

    @property
    def done(self) -> int:
        """How many items have an outcome."""
        return self.changed + self.unchanged + self.skipped + self.failed + self.conflicted

    @property
    def state(self) -> str:
        """The status, or why the job stands still: what people are shown."""
        return self.hold or self.status


def official(job: Job) -> str:
    """The value of the official enum that a single job shows (decisions §5)."""
    if job.status in FINISHED:
        return Status.COMPLETED
    if job.hold is Hold.AWAITING_CONFIRMATION:
        return Status.CREATED
    if job.hold is Hold.PAUSED:
        return Status.CHUNK_PENDING
    return job.status


def official_in_list(job: Job) -> str:
    """The same for the list of unfinished jobs, whose enum lacks PRE_PROCESS_COMPLETED."""
    shown = official(job)
    return Status.PRE_PROCESS if shown == Status.PRE_PROCESS_COMPLETED else shown
