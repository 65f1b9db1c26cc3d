"""The job of an upload: there from its acceptance on, controlled while it waits; and room for what comes."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest

from bulkwark.store import uploads
from bulkwark.store.uploads import State
from tests.house import DEADLINE
from tests.uploads.world import GOOD, World, add_source, file, row


@contextmanager
def in_the_queue(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The id of an upload that was accepted and does not go on before the end of this."""
    with monkeypatch.context() as patch:
        patch.setattr(type(world.house.services.uploads), "_step", lambda self: False)
        yield str(world.send(GOOD).ok(202)["id"])
    world.house.services.uploads._look()


def test_an_upload_in_the_queue_is_a_job_already(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with in_the_queue(world, monkeypatch) as id:
        found = world.admin.get(f"/bulkwark/v1/jobs/{id}").ok()
        assert (found["status"], found["started"]) == ("CREATED", None)
        assert world.status() == "PENDING"
        listed = world.admin.get("/bulkwark/v1/jobs").ok()
        assert [job["id"] for job in listed] == [id]
    world.settle()


def test_a_source_whose_upload_has_not_ended_is_not_deleted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"/v2025/non-employee-sources/{world.source}"
    other = World(world.house, add_source(world.house, "Others"))
    with in_the_queue(world, monkeypatch) as id:
        refused = world.admin.delete(path)
        world.admin.delete(f"/v2025/non-employee-sources/{other.source}").ok(204)
    told = f"an upload to it has not ended (wait, or cancel the job {id})"
    assert (refused.status, refused.json()["causes"][0]["text"]) == (400, told)
    assert world.wait() == "COMPLETED"
    assert sorted(world.records()) == ["ann", "bob", "cem"]
    world.admin.delete(path).ok(204)


def test_an_upload_that_is_cancelled_in_the_queue_applies_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with in_the_queue(world, monkeypatch) as id:
        world.admin.post(f"/bulkwark/v1/jobs/{id}/cancel", {}).ok(200)
    world.settle()
    assert world.status() == "ERROR"
    assert world.records() == {}
    assert list(world.house.services.uploads.folder.iterdir()) == []


def test_an_upload_that_was_paused_in_the_queue_waits_for_its_release(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with in_the_queue(world, monkeypatch) as id:
        for verb in ("pause", "resume", "pause"):
            world.admin.post(f"/bulkwark/v1/jobs/{id}/{verb}", {}).ok(200)
    until = time.monotonic() + DEADLINE
    while next(iter(uploads.unfinished(world.house.store.read()))).state is not State.APPLYING:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert world.records() == {}
    world.admin.post(f"/bulkwark/v1/jobs/{id}/resume", {}).ok(200)
    assert world.wait() == "COMPLETED"
    assert sorted(world.records()) == ["ann", "bob", "cem"]


def test_a_file_for_which_the_disk_has_no_room_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # 20 rows need about 0.2 MB, half of it in the staging file.
    rows = file(*(row(f"acc{n}") for n in range(20)))
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=150_000))
        answer = world.send(rows)
        assert answer.status == 500
        assert "GB are free" in answer.json()["causes"][0]["text"]
        assert list(world.house.services.uploads.folder.iterdir()) == []
        world.send(file(row("ann"))).ok(202)
    assert world.wait() == "COMPLETED"
    assert sorted(world.records()) == ["ann"]


def test_a_temporary_directory_without_room_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(BytesIO):
        name = "full"

        def write(self, _: Any) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("tempfile.NamedTemporaryFile", lambda **_: Full())
        answer = world.send(file(*(row(f"acc{n}") for n in range(20_000))))  # more than stays in memory
    assert answer.status == 500
    told = "the body cannot be kept: No space left on device (free space in the server's temporary directory (TMPDIR), "
    assert told in answer.json()["causes"][0]["text"]
    assert world.status() is None
