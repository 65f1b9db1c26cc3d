"""Every job is a task: how it is shown, listed, filtered, and cleared."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bulkwark.bulk import tasks
from bulkwark.domain.jobs import Status
from bulkwark.domain.tasks import Message, Target
from tests.api.test_bad_input import cause
from tests.api.test_role_jobs import OTHER, ROLE, ids, submit, until_frozen
from tests.house import Client, House

LIST = "/v2025/task-status"
DAY = 24 * 60 * 60 * 1000
MEMBERS = [
    "id",
    "type",
    "uniqueName",
    "description",
    "parentName",
    "launcher",
    "target",
    "created",
    "modified",
    "launched",
    "completed",
    "completionStatus",
    "messages",
    "returns",
    "attributes",
    "progress",
    "percentComplete",
]


def record(house: House, *, at: int = 0, tenant: str = "default", **more: Any) -> str:
    """A task of a test: five entitlements of a source, one of them refused."""
    given = {"name": "Import", "kind": "CLOUD_GROUP_AGGREGATION", "total": 5, "changed": 4, "failed": 1, **more}
    with house.store.write() as session:
        found = house.store.need_tenant(tenant)
        now = at or now_ms()
        return tasks.record(session, found, submitter="someone", client="a client", now=now, **given)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def clear(client: Client, id: str, **values: Any) -> Any:
    operations = [{"op": "replace", "path": f"/{name}", "value": value} for name, value in values.items()]
    return client.patch(f"{LIST}/{id}", operations, headers={"content-type": "application/json-patch+json"})


def listed(house: House, **params: Any) -> list[str]:
    return [task["id"] for task in house.admin.get(LIST, params=params).ok()]


# --- how a task is shown -------------------------------------------------------------------------------


def test_a_waiting_job_is_a_pending_task_and_a_finished_one_is_complete(idle_house: House) -> None:
    admin = idle_house.admin
    id = submit(admin, "ids", ids(ROLE, OTHER))
    until_frozen(idle_house, id)

    task = admin.get(f"{LIST}/{id}").ok()

    assert list(task) == MEMBERS
    assert (task["uniqueName"], task["type"]) == ("Update metadata of roles", "QUEUED_TASK")
    assert (task["percentComplete"], task["progress"]) == (0, "0 of 2")
    assert (task["completed"], task["completionStatus"], task["messages"]) == (None, None, [])
    assert task["launcher"] == admin.identity
    assert task["launched"] >= task["created"][:23]
    assert admin.get(f"{LIST}/pending-tasks").ok() == [task]
    assert admin("HEAD", f"{LIST}/pending-tasks").total == 1

    idle_house.run_jobs()
    idle_house.wait(id)

    task = admin.get(f"{LIST}/{id}").ok()
    assert (task["percentComplete"], task["progress"], task["completionStatus"]) == (100, "Completed", "SUCCESS")
    assert task["completed"] == task["modified"]
    assert {name: task["attributes"][name] for name in ("kind", "total", "changed")} == {
        "kind": "ROLE",
        "total": 2,
        "changed": 2,
    }
    assert {one["attributeName"] for one in task["returns"]} <= set(task["attributes"])
    assert admin.get(f"{LIST}/pending-tasks").ok() == []
    head = admin("HEAD", f"{LIST}/pending-tasks?count=true")
    assert (head.status, head.total, head.body) == (200, 0, b"")


def test_a_job_with_refused_objects_ends_with_a_warning_or_an_error(house: House) -> None:
    house.set_metadata(OTHER, [("many", f"v{n:02}") for n in range(25)])
    some, all_ = submit(house.admin, "ids", ids(ROLE, OTHER)), submit(house.admin, "ids", ids(OTHER))
    house.wait(some), house.wait(all_)

    found = [house.admin.get(f"{LIST}/{id}").ok() for id in (some, all_)]

    assert [task["completionStatus"] for task in found] == ["WARNING", "ERROR"]
    (message,) = found[0]["messages"]
    assert message == {
        "type": "WARN",
        "key": "items",
        "localizedText": {
            "locale": "en-US",
            "message": f"1 objects were refused: see /bulkwark/v1/jobs/{some}/items",
        },
        "parameters": [],
    }


def test_a_bulk_delete_answers_with_a_task_that_can_be_asked_for(house: House) -> None:
    deleted = house.admin.post("/v2025/roles/bulk-delete", {"roleIds": [ROLE, OTHER]}).ok(202)

    task = house.admin.get(f"{LIST}/{deleted['id'].replace('-', '').upper()}").ok()

    assert (task["id"], task["uniqueName"]) == (deleted["id"], "Delete roles")
    assert (task["completionStatus"], task["attributes"]["kind"], task["attributes"]["changed"]) == (
        "SUCCESS",
        "ROLE_DELETION",
        2,
    )
    # It is no metadata job.
    assert house.admin.get(f"/v2025/roles/access-model-metadata/bulk-update/{deleted['id']}").status == 404


def test_a_recorded_task_keeps_its_messages_and_its_source(house: House) -> None:
    said = ["row 3, column value: it is empty", Message("2 columns were ignored", "INFO", "columns")]
    id = record(house, messages=said, target=Target("c" * 32, "APPLICATION", "Active Directory"))

    task = house.admin.get(f"/task-status/v1/{id}").ok()

    assert task["target"] == {"id": "c" * 32, "type": "APPLICATION", "name": "Active Directory"}
    assert [(m["type"], m["key"], m["localizedText"]["message"]) for m in task["messages"]] == [
        ("ERROR", "error", "row 3, column value: it is empty"),
        ("INFO", "columns", "2 columns were ignored"),
    ]
    assert (task["completionStatus"], task["attributes"]["unchanged"]) == ("WARNING", 0)
    assert house.job(id).status is Status.COMPLETED


def test_of_very_many_messages_the_first_thousand_are_kept(house: House) -> None:
    id = record(house, messages=[f"row {n}" for n in range(1_200)])

    messages = house.admin.get(f"{LIST}/{id}").ok()["messages"]

    assert len(messages) == 1_001
    assert messages[-1]["localizedText"]["message"] == "and 200 more messages"


# --- lists ---------------------------------------------------------------------------------------------


def test_tasks_are_listed_newest_first_in_pages(house: House) -> None:
    made = [record(house, at=now_ms() - 1_000 + n) for n in range(5)]

    assert listed(house) == made[::-1]
    assert listed(house, sorters="-created") == made[::-1]
    assert listed(house, sorters="created", limit=2, offset=1) == made[1:3]
    assert house.admin.get(f"{LIST}?count=true&limit=1").total == 5
    assert listed(house, limit=0) == []


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ('id eq "{ok}"', "ok"),
        ('id in ("{ok_plain}", "{bad}")', "ok bad"),
        ('sourceId eq "{source}"', "bad"),
        ('sourceId in ("{source}","other")', "bad"),
        ('completionStatus eq "SUCCESS"', "ok"),
        ('completionStatus in ("WARNING","ERROR")', "bad worst"),
        ("completionStatus isnull", "open"),
        ("not (completionStatus isnull)", "ok bad worst"),
        ('not (completionStatus eq "SUCCESS")', "bad worst open"),
        ('type eq "CLOUD_GROUP_AGGREGATION"', "ok bad worst"),
        ('type in ("ROLE","CLOUD_ACCOUNT_AGGREGATION")', "open"),
        ('type eq "QUEUED_TASK"', "ok bad worst open"),
        ('type eq "QUEUED_TASK" and completionStatus isnull', "open"),
        ('completionStatus isnull or sourceId eq "{source}"', "bad open"),
        ('id eq "nobody"', ""),
    ],
)
def test_a_filter_finds_these_tasks(idle_house: House, filters: str, expected: str) -> None:
    source = "c" * 32
    made = {
        "ok": record(idle_house, failed=0),
        "bad": record(idle_house, target=Target(source, "APPLICATION", "AD")),
        "worst": record(idle_house, changed=0, failed=5),
        "open": submit(idle_house.admin, "ids", ids(ROLE)),
    }
    text = filters.format(ok=made["ok"], ok_plain=made["ok"].replace("-", ""), bad=made["bad"], source=source)

    found = idle_house.admin.get(LIST, params={"filters": text, "count": "true"})

    names = {id: name for name, id in made.items()}
    assert {names[task["id"]] for task in found.ok()} == set(expected.split())
    assert found.total == len(expected.split())


def test_tasks_older_than_90_days_are_not_shown(house: House) -> None:
    old, young = (record(house, at=now_ms() - days * DAY) for days in (91, 89))

    assert listed(house) == [young]
    assert house.admin.get(f"{LIST}/{old}").status == 404


def test_tasks_of_another_tenant_are_not_shown(house: House) -> None:
    theirs = record(house, tenant="other")

    assert listed(house) == []
    assert house.admin.get(f"{LIST}/{theirs}").status == 404
    assert clear(house.admin, theirs, completionStatus="ERROR").status == 404


# --- clearing ------------------------------------------------------------------------------------------


def test_a_cleared_task_ends_and_its_job_does_not_go_on(idle_house: House) -> None:
    admin = idle_house.admin
    id = submit(admin, "ids", ids(ROLE))
    until_frozen(idle_house, id)

    task = clear(admin, id, completionStatus="Error", completed="2024-05-17 19:33:16.470000+00:00").ok()

    assert (task["completionStatus"], task["completed"]) == ("ERROR", "2024-05-17T19:33:16.470Z")
    assert (task["percentComplete"], task["progress"]) == (100, "Ended")
    assert [m["localizedText"]["message"] for m in task["messages"]] == [f"cleared by {admin.identity}"]
    assert admin.get(f"{LIST}/pending-tasks").ok() == []
    idle_house.run_jobs()
    idle_house.wait(submit(admin, "ids", ids(OTHER)))
    assert idle_house.metadata(ROLE).get("many") is None
    assert idle_house.outcomes(id) == {}
    assert idle_house.job(id).status is Status.FAILED
    assert admin.get(f"/v2025/roles/access-model-metadata/bulk-update/{id}").ok(202)["status"] == "COMPLETED"


def test_a_cleared_task_is_told_of_and_stands_still_no_longer(idle_house: House) -> None:
    admin = idle_house.admin
    id = submit(admin, "ids", ids(ROLE))
    until_frozen(idle_house, id)
    admin.post(f"/bulkwark/v1/jobs/{id}/pause", {}).ok()

    clear(admin, id, completionStatus="TERMINATED").ok()

    job = admin.get(f"/bulkwark/v1/jobs/{id}").ok()
    assert (job["status"], job["state"], job["heldFor"]) == ("FAILED", "FAILED", None)
    told = admin.get(f"/bulkwark/v1/jobs/{id}/events", headers={"accept": "application/json"}).ok()
    assert (told[-1]["event"], told[-1]["status"]) == ("finished", "FAILED")


def test_a_recorded_action_is_called_in_the_list_of_jobs_as_in_that_of_tasks(house: House) -> None:
    record(house, name="Import of two sources")

    assert [job["does"] for job in house.admin.get("/bulkwark/v1/jobs").ok()] == ["Import of two sources"]


def test_a_task_that_has_ended_stays_as_it_is(house: House) -> None:
    id = record(house, failed=0)
    before = house.admin.get(f"{LIST}/{id}").ok()

    assert clear(house.admin, id, completionStatus="success").ok() == before
    refused = clear(house.admin, id, completionStatus="TERMINATED")

    assert refused.status == 400
    assert "only a pending task can be cleared" in cause(refused, None)
    assert house.admin.get(f"{LIST}/{id}").ok() == before


@pytest.mark.parametrize(
    ("operations", "place"),
    [
        ([{"op": "replace", "path": "/completionStatus", "value": "DONE"}], "/0/value (/completionStatus): 'DONE'"),
        ([{"op": "replace", "path": "/completionStatus", "value": 1}], "/0/value (/completionStatus): 1 is no"),
        ([{"op": "replace", "path": "/completed", "value": "yesterday"}], "/0/value (/completed): 'yesterday'"),
        ([{"op": "replace", "path": "/completed", "value": 5}], "/0/value (/completed): 5 is no moment"),
        ([{"op": "replace", "path": "/completed", "value": "2024-05-17"}], "completionStatus is missing"),
        ([{"op": "replace", "path": "/percentComplete", "value": 100}], "/0/path: '/percentComplete' cannot be"),
        ([{"op": "test", "path": "/percentComplete", "value": 7}], "/0/value: the test of"),
        ([{"op": "turn", "path": "/completed"}], "/0/op"),
        ({"op": "replace"}, "Expected `array`"),
    ],
)
def test_a_bad_patch_is_refused_and_clears_nothing(idle_house: House, operations: Any, place: str) -> None:
    id = submit(idle_house.admin, "ids", ids(ROLE))
    until_frozen(idle_house, id)
    before = idle_house.digest()

    reply = idle_house.admin.patch(f"{LIST}/{id}", operations)

    assert reply.status == 400
    assert place in cause(reply, None)
    assert idle_house.digest() == before


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ('filters=launcher eq "x"', "field 'launcher' cannot be filtered on"),
        ("filters=sourceId isnull", "operator 'isnull' is not supported for 'sourceId'"),
        ('filters=completionStatus sw "E"', "operator 'sw' is not supported"),
        ("filters=completionStatus", "position 16"),
        ("sorters=name", "cannot sort by 'name'"),
        ("limit=251", "more than the maximum 250"),
        ("offset=-1", "'-1' is no whole number"),
        ("count=perhaps", "neither true nor false"),
    ],
)
def test_a_bad_list_request_is_refused(module_house: House, query: str, text: str) -> None:
    name, _, value = query.partition("=")

    reply = module_house.admin.get(LIST, params={name: value})

    assert reply.status == 400
    assert text in cause(reply, None)
    if name in ("limit", "offset", "count"):
        assert module_house.admin("HEAD", f"{LIST}/pending-tasks?{query}").status == 400
