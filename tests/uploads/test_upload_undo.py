"""Previews and undo of uploads."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bulkwark.domain.jobs import Status
from tests.uploads.world import World, file, row


def test_a_preview_tells_and_changes_nothing_and_is_run_as_it_was(world: World) -> None:
    world.upload(file(row("ann")))
    content = file(row("ann", firstName="Anna"), row("bob"), row("cem", manager=""))
    preview = world.send(content, preview="true").ok(200)
    assert {name: preview[name] for name in ("total", "changed", "failed")} == {"total": 3, "changed": 2, "failed": 1}
    assert sorted(world.records()) == ["ann"]
    assert world.status() == "COMPLETED", "a preview is no upload"
    run = world.admin.post(f"/bulkwark/v1/previews/{preview['token']}/run").ok(202)["id"]
    job = world.house.wait(run)
    assert (job.changed, job.failed, job.conflicted) == (2, 1, 0)
    assert {account: record["firstName"] for account, record in world.records().items()} == {
        "ann": "Anna",
        "bob": "Jon",
    }
    assert world.status() == "ERROR"
    assert [found["line"] for found in world.report(run)] == [4]


def test_what_has_changed_since_its_preview_is_left_alone(world: World) -> None:
    world.upload(file(row("ann"), row("bob")))
    preview = world.send(file(row("ann", firstName="Anna"), row("bob", firstName="Bo")), preview="true").ok(200)
    world.upload(file(row("ann", firstName="Other")))
    run = world.admin.post(f"/bulkwark/v1/previews/{preview['token']}/run").ok(202)["id"]
    job = world.house.wait(run)
    assert (job.changed, job.conflicted) == (1, 1)
    assert {account: found["firstName"] for account, found in world.records().items()} == {"ann": "Other", "bob": "Bo"}


def test_an_undo_takes_back_what_an_upload_did(world: World) -> None:
    world.upload(file(row("ann"), row("bob")))
    before = world.records()
    id = world.upload(file(row("ann", firstName="Anna"), row("bob"), row("new")))
    undo = world.admin.post(f"/bulkwark/v1/jobs/{id}/undo").ok(202)["id"]
    job = world.house.wait(undo)
    assert (job.changed, job.failed, job.conflicted) == (2, 0, 0)
    after = world.records()
    for found in (before, after):
        for record in found.values():
            del record["modified"]
    assert after == before
    again = world.house.wait(world.admin.post(f"/bulkwark/v1/jobs/{undo}/undo").ok(202)["id"])
    assert again.changed == 2
    assert {account: record["firstName"] for account, record in world.records().items()} == {
        "ann": "Anna",
        "bob": "Jon",
        "new": "Jon",
    }


def test_the_preview_of_an_undo_is_run_as_it_was(world: World) -> None:
    world.upload(file(row("ann"), row("bob"), row("cem")))
    before = world.records()
    id = world.upload(file(row("ann", firstName="Anna"), row("bob", firstName="Bo"), row("cem"), row("new")))
    preview = undo_preview(world, id)
    assert (preview["changed"], preview["total"]) == (3, 3)
    assert world.records()["ann"]["firstName"] == "Anna"
    world.upload(file(row("bob", firstName="Other")))
    undo = world.admin.post(f"/bulkwark/v1/previews/{preview['token']}/run").ok(202)["id"]
    job = world.house.wait(undo)
    assert (job.changed, job.conflicted, job.failed) == (2, 1, 0)
    assert {account: one["firstName"] for account, one in world.records().items()} == {
        account: "Other" if account == "bob" else one["firstName"] for account, one in before.items()
    }

    # It is an undo like any other: what it has deleted comes again, previewed as well.
    again = undo_preview(world, undo)
    assert (again["changed"], again["total"]) == (2, 2)
    assert sorted(world.records()) == ["ann", "bob", "cem"]
    job = world.house.wait(world.admin.post(f"/bulkwark/v1/previews/{again['token']}/run").ok(202)["id"])
    assert (job.changed, job.conflicted, job.failed) == (2, 0, 0)
    assert {account: one["firstName"] for account, one in world.records().items()} == {
        "ann": "Anna",
        "bob": "Other",
        "cem": "Jon",
        "new": "Jon",
    }


def test_an_account_name_taken_since_the_preview_of_an_undo_is_left_alone(world: World) -> None:
    id = world.upload(file(row("ann"), row("bob")))
    undo = world.admin.post(f"/bulkwark/v1/jobs/{id}/undo").ok(202)["id"]
    world.house.wait(undo)
    preview = undo_preview(world, undo)
    world.upload(file(row("ANN", firstName="Other")))
    job = world.house.wait(world.admin.post(f"/bulkwark/v1/previews/{preview['token']}/run").ok(202)["id"])
    assert (job.changed, job.conflicted) == (1, 1)
    assert {account: one["firstName"] for account, one in world.records().items()} == {"ANN": "Other", "bob": "Jon"}


def undo_preview(world: World, id: str) -> dict[str, Any]:
    found: dict[str, Any] = world.admin.post(f"/bulkwark/v1/jobs/{id}/undo", headers={"x-bulkwark-preview": "true"}).ok(
        200
    )
    return found


def test_an_undo_leaves_what_has_changed_since_unless_it_is_forced(world: World) -> None:
    id = world.upload(file(row("ann"), row("bob")))
    ann = world.records()["ann"]["id"]
    time.sleep(0.002)
    patch = [{"op": "replace", "path": "/endDate", "value": "2035-01-01T00:00:00Z"}]
    world.admin.patch(
        f"/v2025/non-employee-records/{ann}", patch, headers={"content-type": "application/json-patch+json"}
    ).ok()
    job = world.house.wait(world.admin.post(f"/bulkwark/v1/jobs/{id}/undo").ok(202)["id"])
    assert (job.changed, job.conflicted) == (1, 1)
    assert sorted(world.records()) == ["ann"]
    job = world.house.wait(world.admin.post(f"/bulkwark/v1/jobs/{id}/undo", {"force": True}).ok(202)["id"])
    assert (job.changed, job.skipped) == (1, 1)
    assert world.records() == {}


def test_who_no_longer_leads_the_source_neither_runs_nor_undoes(world: World) -> None:
    """What he may still see is what he once sent."""
    sub = world.house.as_("SOURCE_SUBADMIN", alias="jim.smith")
    place = f"/v2025/non-employee-sources/{world.source}"
    lead = [{"op": "replace", "path": "/accountManagers", "value": [{"id": sub.identity, "type": "IDENTITY"}]}]
    world.admin.patch(place, lead).ok()
    id = world.send(file(row("ann")), sub).ok(202)["id"]
    world.wait()
    preview = world.send(file(row("bob")), sub, preview="true").ok(200)
    world.admin.patch(place, [{"op": "replace", "path": "/accountManagers", "value": []}]).ok()

    assert sub.post(f"/bulkwark/v1/jobs/{id}/undo").status == 403
    assert sub.post(f"/bulkwark/v1/previews/{preview['token']}/run").status == 403
    assert sorted(world.records()) == ["ann"]
    assert sub.get(f"/bulkwark/v1/jobs/{id}").status == 200


def test_an_undo_of_which_nothing_failed_has_nothing_to_do_again(world: World) -> None:
    id = world.send(file(row("ann"), row("bob", manager=""))).ok(202)["id"]
    assert world.wait() == "ERROR"

    undo = world.admin.post(f"/bulkwark/v1/jobs/{id}/undo").ok(202)["id"]
    world.house.wait(undo)
    assert world.house.wait(world.admin.post(f"/bulkwark/v1/jobs/{undo}/rerun").ok(202)["id"]).total == 0


def delete_source(world: World) -> None:
    world.admin.delete(f"/v2025/non-employee-sources/{world.source}").ok(204)


def test_an_undo_of_an_upload_to_a_deleted_source_has_nothing_left_to_take_back(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.upload(file(row("ann")))
    id = world.upload(file(row("ann", firstName="Anna"), row("bob")))
    world.settle()
    delete_source(world)
    undo = world.admin.post(f"/bulkwark/v1/jobs/{id}/undo").ok(202)["id"]
    job = world.house.wait(undo)
    assert (job.status, job.error, job.skipped) == (Status.COMPLETED, None, 2)
    preview = undo_preview(world, id)
    assert (preview["status"], preview["skipped"]) == ("COMPLETED", 2)
    run = world.house.wait(world.admin.post(f"/bulkwark/v1/previews/{preview['token']}/run").ok(202)["id"])
    assert (run.status, run.skipped) == (Status.COMPLETED, 2)
    assert not [found for found in caplog.records if found.exc_info]


@pytest.mark.parametrize("previewed", [False, True], ids=["undo", "run of a preview"])
def test_what_cannot_come_again_since_its_source_was_deleted_fails_and_says_so(world: World, previewed: bool) -> None:
    id = world.upload(file(row("ann"), row("bob")))
    undo = world.admin.post(f"/bulkwark/v1/jobs/{id}/undo").ok(202)["id"]
    world.house.wait(undo)
    path = f"/bulkwark/v1/jobs/{undo}/undo"
    if previewed:
        path = f"/bulkwark/v1/previews/{undo_preview(world, undo)['token']}/run"
    delete_source(world)
    job = world.house.wait(world.admin.post(path).ok(202)["id"])
    assert (job.status, job.changed, job.failed) == (Status.COMPLETED, 0, 2)
    items = world.admin.get(f"/bulkwark/v1/jobs/{job.id}/items").ok()
    assert {(item["reason"], item["message"]) for item in items} == {
        ("source-deleted", "the source of the record was deleted")
    }


@pytest.mark.parametrize("again", ["run of a preview", "re-run"])
def test_a_job_whose_source_was_deleted_ends_with_that_reason_and_no_traceback(
    world: World, again: str, caplog: pytest.LogCaptureFixture
) -> None:
    rows = file(row("ann"), row("bob", manager="nobody"))
    if again == "re-run":
        path = f"/bulkwark/v1/jobs/{world.upload(rows)}/rerun"
    else:
        path = f"/bulkwark/v1/previews/{world.send(rows, preview='true').ok(200)['token']}/run"
    world.settle()
    delete_source(world)
    job = world.house.wait(world.admin.post(path).ok(202)["id"])
    assert (job.status, job.error) == (Status.FAILED, "the source was deleted")
    assert "the source was deleted" in caplog.text
    assert not [found for found in caplog.records if found.exc_info]
