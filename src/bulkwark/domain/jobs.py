"""Jobs: their states, the outcome of each item, and what the official wire may say of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Status(StrEnum):
    """The true state of a job. Arrows: CREATED → PRE_PROCESS → PRE_PROCESS_COMPLETED →
    (CHUNK_PENDING ⇄ CHUNK_PROCESSING) → POST_PROCESS → COMPLETED; FAILED from any unfinished one.
    """

    CREATED = "CREATED"  # accepted and stored
    PRE_PROCESS = "PRE_PROCESS"  # the selection is being resolved
    PRE_PROCESS_COMPLETED = "PRE_PROCESS_COMPLETED"  # the targets are frozen and counted
    CHUNK_PENDING = "CHUNK_PENDING"  # waits for its turn
    CHUNK_PROCESSING = "CHUNK_PROCESSING"  # a chunk has been started
    POST_PROCESS = "POST_PROCESS"  # all chunks are done
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"  # ended by a fault of the server; what was done stays recorded


FINISHED = (Status.COMPLETED, Status.FAILED)


class Outcome(IntEnum):
    """What became of one object in a job. The numbers are stored: never change one."""

    CHANGED = 1
    UNCHANGED = 2  # it already was as asked
    SKIPPED = 3  # it was deleted after the selection
    FAILED = 4  # a rule forbids the change for this object
    CONFLICTED = 5  # it changed since it was previewed


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

    @property
    def done(self) -> int:
        """How many items have an outcome."""
        return self.changed + self.unchanged + self.skipped + self.failed + self.conflicted


def official(status: Status) -> str:
    """The value of the official enum that a single job shows (decisions §5)."""
    return Status.COMPLETED if status in FINISHED else status


def official_in_list(status: Status) -> str:
    """The same for the list of unfinished jobs, whose enum lacks PRE_PROCESS_COMPLETED."""
    return Status.PRE_PROCESS if status is Status.PRE_PROCESS_COMPLETED else official(status)
