"""Once more what failed of an upload: rows that failed for their manager succeed when he has come."""

from __future__ import annotations

import csv
import time
from io import StringIO
from typing import Any

import pytest

from bulkwark.domain.jobs import Relation
from bulkwark.domain.kinds import Kind, new_id
from bulkwark.store.objects import New
from tests.uploads.world import COLUMNS, World, file, row


def _hire(world: World, alias: str) -> None:
    person = {"id": new_id(), "name": alias.title(), "alias": alias, "attributes": {}}
    with world.house.store.write() as session:
        world.house.tenant.objects.add(session, Kind.IDENTITY, [New(person, 1)])


def _rerun(world: World, id: str) -> Any:
    made = world.admin.post(f"/bulkwark/v1/jobs/{id}/rerun").ok(202)["id"]
    return world.house.wait(made)


def test_rows_whose_manager_has_come_since_are_applied(world: World) -> None:
    id = world.upload(
        file(row("ann"), row("bob", manager="new.boss"), row("cem", manager="nobody"), row("dan", startDate="never"))
    )
    assert world.status() == "ERROR"
    _hire(world, "new.boss")
    job = _rerun(world, id)
    assert (job.relation, job.total, job.changed, job.failed) == (Relation.RERUN, 3, 1, 2)
    assert sorted(world.records()) == ["ann", "bob"]
    assert world.records()["bob"]["manager"] == "new.boss"
    found = world.admin.post("/v2025/search", {"indices": ["identities"], "query": {"query": "name:bob"}}).ok()
    assert [one["manager"]["name"] for one in found] == ["New.Boss"]
    assert world.status() == "ERROR"
    assert [one["line"] for one in world.report(job.id)] == [4, 5]
    assert [one["line"] for one in world.report(id)] == [3, 4, 5], "what the upload did stays told"
    text = world.admin.get(f"/bulkwark/v1/jobs/{job.id}/failed-rows").body.decode("utf-8-sig")
    assert [one["accountName"] for one in csv.DictReader(StringIO(text))] == ["cem", "dan"]


def test_the_status_is_that_of_the_last_try(world: World) -> None:
    id = world.upload(file(row("ann"), row("bob", manager="one"), row("cem", manager="two")))
    _hire(world, "one")
    first = _rerun(world, id)
    assert world.status() == "ERROR"
    _hire(world, "two")
    second = _rerun(world, first.id)
    assert (second.total, second.changed) == (1, 1)
    assert world.status() == "COMPLETED"
    assert sorted(world.records()) == ["ann", "bob", "cem"]


def test_a_manager_who_is_now_two_is_told_so(world: World) -> None:
    id = world.upload(file(row("ann", manager="boss")))
    _hire(world, "boss")
    _hire(world, "BOSS")
    assert _rerun(world, id).failed == 1
    ((fault,),) = (one["faults"] for one in world.report(id))
    assert "several" in fault["message"]


def test_a_record_keeps_what_the_file_had_no_column_for(world: World) -> None:
    world.add_attribute("team", "Team")
    world.upload(file(row("ann") + ",Blue", row("bob") + ",Red", columns=(*COLUMNS, "team")))
    time.sleep(0.002)
    id = world.upload(file(row("ann", manager="boss", phone="7"), row("BOB", manager="boss")))
    _hire(world, "boss")
    assert _rerun(world, id).changed == 2
    ann, bob = world.records()["ann"], world.records()["BOB"]
    assert (ann["phone"], ann["data"], ann["manager"]) == ("7", {"team": "Blue"}, "boss")
    assert (bob["data"], bob["manager"]) == ({"team": "Red"}, "boss")


def test_what_has_changed_since_the_reading_is_not_overwritten(world: World) -> None:
    world.upload(file(row("ann"), row("bob")))
    time.sleep(0.002)
    # The second row of ann's was taken, as the first failed; both of new's failed.
    rows = [row("ann", manager="boss", phone="1"), row("ANN", phone="2"), row("bob", manager="boss")]
    id = world.upload(file(*rows, row("new", manager="boss", phone="3"), row("new", manager="boss", phone="4")))
    bob = world.records()["bob"]["id"]
    patch = [{"op": "replace", "path": "/endDate", "value": "2035-01-01T00:00:00Z"}]
    world.admin.patch(f"/v2025/non-employee-records/{bob}", patch).ok()
    _hire(world, "boss")
    job = _rerun(world, id)
    assert (job.changed, job.conflicted) == (1, 3)
    records = world.records()
    assert (records["ANN"]["phone"], records["new"]["phone"]) == ("2", "3")
    assert records["bob"]["manager"] == "jane.doe"
    items = world.admin.get(f"/bulkwark/v1/jobs/{job.id}/items", params={"outcome": "conflicted"}).ok()
    assert {item["reason"] for item in items} == {"changed-since-upload"}


def test_a_re_run_can_be_undone(world: World) -> None:
    world.upload(file(row("ann")))
    before = world.records()["ann"]["manager"]
    time.sleep(0.002)
    id = world.upload(file(row("ann", manager="boss"), row("new", manager="boss")))
    _hire(world, "boss")
    job = _rerun(world, id)
    assert job.changed == 2
    undo = world.house.wait(world.admin.post(f"/bulkwark/v1/jobs/{job.id}/undo").ok(202)["id"])
    assert (undo.changed, undo.conflicted) == (2, 0)
    assert {account: one["manager"] for account, one in world.records().items()} == {"ann": before}


def test_what_failed_in_the_run_of_a_preview_is_done_again_from_the_report(world: World) -> None:
    token = world.send(file(row("ann"), row("bob", manager="boss")), preview="true").ok(200)["token"]
    run = world.house.wait(world.admin.post(f"/bulkwark/v1/previews/{token}/run").ok(202)["id"])
    assert (run.changed, run.failed) == (1, 1)
    assert world.status() == "ERROR"
    _hire(world, "boss")
    assert _rerun(world, run.id).changed == 1
    assert world.status() == "COMPLETED"
    assert sorted(world.records()) == ["ann", "bob"]


@pytest.mark.parametrize("strict", [True, False], ids=["all or nothing", "nothing has failed"])
def test_a_re_run_that_can_do_nothing_is_refused_and_says_what_to_do(world: World, strict: bool) -> None:
    world.admin("PUT", "/bulkwark/v1/upload-settings", {"allOrNothing": strict}).ok()
    id = world.upload(file(row("ann"), row("bob", manager="boss")) if strict else file(row("ann")))
    answer = world.admin.post(f"/bulkwark/v1/jobs/{id}/rerun")
    assert answer.status == 400
    assert "upload" in answer.json()["causes"][0]["text"]
    assert ("failed-rows" in answer.json()["causes"][0]["text"]) is strict


def test_a_schema_that_has_changed_ends_a_re_run(world: World) -> None:
    id = world.upload(file(row("ann", manager="boss")))
    _hire(world, "boss")
    world.add_attribute("team", "Team", required=True)
    job = _rerun(world, id)
    assert "the schema of the source has changed" in (job.error or "")
    assert world.records() == {}
