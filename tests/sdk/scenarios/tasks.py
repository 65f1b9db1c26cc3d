"""Task status: the list with filter and sorter, and one task, which is a bulk job under its own id."""

from __future__ import annotations

from typing import Any

from tests.sdk.scenarios.bulk import submit
from tests.sdk.scenarios.client import Sdk


def scenario(sdk: Sdk) -> dict[str, Any]:
    attribute = f"sdkTasks{sdk.generation}"
    sdk.make_attribute(attribute, ["one"])
    role = sdk.make_role(f"Sdk{sdk.generation} Task", "made by a scenario")
    job = submit(sdk, "ids", "ADD", {attribute: ["one"]}, roles=[role.id], replace_scope="ATTRIBUTE")
    sdk.finish(job)
    task = sdk.call("tasks", "get_task_status", job.id)
    listed = sdk.call("tasks", "get_task_status_list", filters=f'id eq "{job.id}"')
    newest = sdk.call("tasks", "get_task_status_list", sorters="-created", limit=50)
    return {
        "task": [task.id == job.id, task.type, task.completion_status, task.percent_complete],
        "attributes": {name: task.attributes.get(name) for name in ("kind", "total", "changed")},
        "listed": [one.id == job.id for one in listed],
        "newest": job.id in [one.id for one in newest],
    }
