"""Jobs as tasks: recorded actions, the pages of the task list, and a task that a caller clears."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from bulkwark.query.ast import Node
from bulkwark.query.fields import schema
from bulkwark.store import counters
from bulkwark.store.dialect import Session, Sql, rows

SCHEMA = schema("tasks", "keyword id sourceId completionStatus type")
COLUMNS = {
    "id": ("id",),
    "sourceId": ("lower(source)",),
    "completionStatus": ("lower(completion)",),
    # The documents use the word for two things: what a task shows as `type`, and the kind of its work.
    "type": ("'queued_task'", "lower(type)"),
}


@dataclass(frozen=True, slots=True)
class Done:
    """An action that has ended when it is recorded; `messages` and `target` are JSON, `now` is in ms."""

    id: str
    name: str
    kind: str
    submitter: str
    client: str
    total: int
    changed: int
    failed: int
    messages: str
    target: str | None
    now: int


@dataclass(frozen=True, slots=True)
class Task:
    """A row of the view `task`. Times: `created` in µs, the others in ms."""

    number: int
    id: str
    type: str
    operation: str
    status: str
    client: str
    submitter: str
    created: int
    started: int | None
    finished: int | None
    modified: int | None
    total: int | None
    changed: int
    unchanged: int
    skipped: int
    failed: int
    conflicted: int
    error: str | None
    name: str | None
    messages: str
    target: str | None
    completed: int | None  # as a caller set it
    completion: str | None

    @property
    def done(self) -> int:
        """How many objects have an outcome."""
        return self.changed + self.unchanged + self.skipped + self.failed + self.conflicted


def record(session: Session, tenant: int, done: Done) -> None:
    """A row of `job` that no engine will touch."""
    number = counters.take(session, tenant, "job")
    session.run("tasks.record", {"tenant": tenant, "job": number, **asdict(done)})


def get(session: Session, tenant: int, id: str, since: int) -> Task | None:
    """The task of that id, unless it was created before `since` (µs)."""
    row = session.one("tasks.get", (tenant, id, since))
    return Task(*row) if row else None


def count(session: Session, tenant: int, root: Node, since: int) -> int:
    """How many tasks a checked filter matches."""
    where = rows.condition(root, COLUMNS)
    found = session.execute(
        f"SELECT count(*) FROM task WHERE tenant = ? AND created >= ? AND {where.text}",
        (tenant, since, *where.params),
    )
    return int(next(iter(found))[0])


def page(
    session: Session, tenant: int, root: Node, since: int, *, ascending: bool, limit: int, offset: int
) -> list[Task]:
    """Tasks in the order of their creation; by default the newest first."""
    where = rows.condition(root, COLUMNS)
    order = "created, job" if ascending else "created DESC, job DESC"
    found = Sql(
        f"SELECT job FROM task WHERE tenant = ? AND created >= ? AND {where.text} ORDER BY {order} LIMIT ? OFFSET ?",
        (tenant, since, *where.params, limit, offset),
    )
    numbers = [number for (number,) in session.execute(found.text, found.params)]
    return [Task(*row) for row in session.rows("tasks.by_numbers", (tenant, json.dumps(numbers)))]


def clear(session: Session, tenant: int, task: Task, *, completion: str, completed: int, error: str, now: int) -> bool:
    """End an unfinished task; the engine lets its job go. False when it has ended meanwhile."""
    values = {"tenant": tenant, "job": task.number, "completion": completion, "completed": completed}
    return session.run("tasks.clear", {**values, "error": error, "now": now}) == 1
