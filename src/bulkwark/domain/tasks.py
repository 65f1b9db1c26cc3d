"""Tasks: background work as the official task list shows it. Every job is one."""

from __future__ import annotations

from enum import StrEnum

import msgspec

SHOWN_DAYS = 90  # official: data for tasks older than that is not returned

# What a job of the engine is called: by operation and type.
NAMES = {
    ("metadata", "ROLE"): "Update metadata of roles",
    ("metadata", "ENTITLEMENT"): "Update metadata of entitlements",
    ("metadata", "ACCESS_PROFILE"): "Update metadata of access profiles",
    ("entitlement-patch", "ENTITLEMENT"): "Patch entitlements",
    ("common-access", "COMMON_ACCESS"): "Update the status of common access",
    ("non-employee-upload", "NON_EMPLOYEE"): "Upload non-employees",
}
RECORDED = "recorded"  # the operation of what was done at once; each has a name of its own


class Completion(StrEnum):
    """The official `completionStatus`; null while a task is unfinished."""

    SUCCESS = "SUCCESS"
    WARNING = "WARNING"  # it ended, and some objects were refused
    ERROR = "ERROR"
    TERMINATED = "TERMINATED"
    TEMPERROR = "TEMPERROR"


class Message(msgspec.Struct, frozen=True):
    """Something that a task has to say. `type`: INFO, WARN or ERROR; `key` is for programs, `text` for people."""

    text: str
    type: str = "ERROR"
    key: str = "error"


class Target(msgspec.Struct, frozen=True):
    """What a task deals with as a whole. `type`: APPLICATION (a source), IDENTITY or null."""

    id: str
    type: str | None
    name: str


def called(operation: str, type: str) -> str:
    """A job in words for people."""
    return NAMES.get((operation, type), f"{operation} {type}")
