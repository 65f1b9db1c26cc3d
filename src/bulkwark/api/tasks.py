"""Task status: every job, and every recorded action, as the official task list shows it."""

from __future__ import annotations

from typing import Any

import msgspec

from bulkwark.api import answers, patches, rows
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.domain.jobs import Happened
from bulkwark.domain.kinds import uuid_id
from bulkwark.domain.tasks import SHOWN_DAYS, Completion, Message, called
from bulkwark.domain.times import iso_ms, iso_us, parse_ms
from bulkwark.errors import Invalid, NotFound
from bulkwark.query import ast
from bulkwark.query.ast import Node
from bulkwark.query.fields import Field, Kind
from bulkwark.store import job_events, jobs, tasks
from bulkwark.store.dialect import Session
from bulkwark.store.tasks import Task

EITHER = frozenset({"eq", "in"})
FILTERS = {"id": EITHER, "sourceId": EITHER, "completionStatus": EITHER | {"isnull", "pr"}, "type": EITHER}
PATCHABLE = ("/completionStatus", "/completed")
COUNTS = ("total", "changed", "unchanged", "skipped", "failed", "conflicted")
DAY_US = 24 * 60 * 60 * 1_000_000


def list_tasks(call: Call) -> Answer:
    """GET /task-status: newest first; tasks older than 90 days are not shown."""
    return _page(call, rows.root(call, tasks.SCHEMA, FILTERS, forms={"id": uuid_id}))


def pending(call: Call) -> Answer:
    """GET /task-status/pending-tasks: what is unfinished."""
    return _page(call, _pending())


def pending_headers(call: Call) -> Answer:
    """HEAD of the same: their number in X-Total-Count."""
    call.number("limit", 250, most=250), call.number("offset", 0), call.flag("count")
    number = tasks.count(call.read(), call.tenant.number, _pending(), _since(call))
    return answers.empty(200, {"X-Total-Count": str(number)})


def get(call: Call) -> Answer:
    """GET /task-status/{id}."""
    return answers.ok(_wire(_need(call, call.read())))


def patch(call: Call) -> Answer:
    """PATCH /task-status/{id}: clear a pending task. Its job does not go on; what was done stays done.

    Raises Invalid when the task has ended and the patch would change what it shows.
    """
    operations = call.json(list[dict[str, Any]])
    patches.require_valid(operations, PATCHABLE)
    with call.services.store.write() as session:
        task = _need(call, session)
        before = _wire(task)
        after = patches.apply(before, operations, PATCHABLE)
        completion = _completion(after.get("completionStatus"), operations)
        completed = _completed(after.get("completed"), operations)
        shown = None if completed is None else iso_ms(completed)
        if completion != task.completion or shown != before["completed"]:
            if task.finished is not None:
                raise Invalid("the task has ended: only a pending task can be cleared", where="path")
            if completion is None:
                place = patches.blame(operations, "/completed")
                raise Invalid("completionStatus is missing", where=place, hint=", ".join(Completion))
            tasks.clear(
                session,
                call.tenant.number,
                task,
                completion=completion,
                completed=call.now if completed is None else completed,
                error=f"cleared by {call.actor.identity_id or call.actor.client_id}",
                now=call.now,
            )
            job = jobs.by_number(session, call.tenant.number, task.number)
            detail = {"by": call.actor.identity_id, "status": job.status, "error": job.error}
            job_events.add(session, job, Happened.FINISHED, call.now, detail)
        return answers.ok(_wire(_need(call, session)))


def _completion(value: Any, operations: list[dict[str, Any]]) -> Completion | None:
    """The value in any case, as the official example writes `Error`."""
    if value is None:
        return None
    if not isinstance(value, str) or value.upper() not in list(Completion):
        place = patches.blame(operations, "/completionStatus")
        raise Invalid(f"{value!r} is no completion status", where=place, hint=", ".join(Completion))
    return Completion(value.upper())


def _completed(value: Any, operations: list[dict[str, Any]]) -> int | None:
    if value is None:
        return None
    try:
        found = parse_ms(value)
        iso_ms(found)
    except (TypeError, ValueError, OverflowError):
        place = patches.blame(operations, "/completed")
        raise Invalid(f"{value!r} is no moment", where=place, hint="as in 2024-05-17T19:33:16.470Z") from None
    return found


def _page(call: Call, root: Node) -> Answer:
    limit, offset = call.number("limit", 250, most=250), call.number("offset", 0)
    order = rows.sorters(call, ("created",))
    session, since = call.read(), _since(call)
    headers = {}
    if call.flag("count"):
        headers["X-Total-Count"] = str(tasks.count(session, call.tenant.number, root, since))
    ascending = bool(order) and not order[0][1]
    found = tasks.page(session, call.tenant.number, root, since, ascending=ascending, limit=limit, offset=offset)
    return answers.ok([_wire(task) for task in found], headers=headers)


def _pending() -> Node:
    return ast.negate(ast.Has(field=Field("completionStatus", Kind.KEYWORD)))


def _since(call: Call) -> int:
    return call.now * 1000 - SHOWN_DAYS * DAY_US


def _need(call: Call, session: Session) -> Task:
    found = tasks.get(session, call.tenant.number, uuid_id(call.params["id"]), _since(call))
    if found is None:
        raise NotFound(f"there is no task {call.params['id']}")
    return found


# --- the wire ------------------------------------------------------------------------------------------


def _wire(task: Task) -> dict[str, Any]:
    """TaskStatus. Every member is required there; null only where the schema says so."""
    name = task.name or called(task.operation, task.type)
    completed = task.finished if task.completed is None else task.completed
    modified = next((at for at in (task.finished, task.modified, task.started) if at is not None), None)
    return {
        "id": task.id,
        "type": "QUEUED_TASK",
        "uniqueName": name,
        "description": name,
        "parentName": None,
        "launcher": task.submitter or task.client,
        "target": None if task.target is None else msgspec.json.decode(task.target),
        "created": iso_us(task.created),
        "modified": None if modified is None else iso_ms(modified),
        "launched": None if task.started is None else iso_ms(task.started),
        "completed": None if completed is None else iso_ms(completed),
        "completionStatus": task.completion,
        "messages": [_message(message) for message in _messages(task)],
        "returns": [{"name": count.title(), "attributeName": count} for count in COUNTS],
        "attributes": {"kind": task.type, "operation": task.operation}
        | {count: getattr(task, count) for count in COUNTS},
        "progress": None if task.started is None else _progress(task),
        "percentComplete": _percent(task),
    }


def _progress(task: Task) -> str:
    if task.finished is not None:
        return "Completed" if task.error is None else "Ended"
    return "Selecting" if task.total is None else f"{task.done} of {task.total}"


def _percent(task: Task) -> int:
    if task.finished is not None:
        return 100
    return 0 if not task.total else min(99, 100 * task.done // task.total)


def _messages(task: Task) -> list[Message]:
    found = msgspec.json.decode(task.messages, type=list[Message])
    if task.error is not None:
        found.append(Message(task.error, "WARN" if task.completed is not None else "ERROR", "ended"))
    refused = task.failed + task.conflicted
    if refused and task.name is None:
        found.append(Message(f"{refused} objects were refused: see /bulkwark/v1/jobs/{task.id}/items", "WARN", "items"))
    return found


def _message(message: Message) -> dict[str, Any]:
    text = {"locale": "en-US", "message": message.text}
    return {"type": message.type, "localizedText": text, "key": message.key, "parameters": []}
