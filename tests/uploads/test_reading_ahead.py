"""Rows of an upload are applied while later ones are still read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bulkwark.bulk import upload_files, upload_loader
from bulkwark.bulk.upload_process import Loaders
from bulkwark.domain.jobs import Status
from bulkwark.domain.non_employees import DAY
from bulkwark.errors import Unavailable
from bulkwark.store import jobs, uploads
from bulkwark.store.dialect import StagingFile
from bulkwark.store.uploads import State
from tests.house import DEADLINE, close_house
from tests.uploads.world import GOOD, World, build, file, row

ROWS = 2_500
FIRST = 500  # rows that are shown at once


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr("bulkwark.bulk.upload_staging.BATCH", FIRST)
    world = build(tmp_path / "data", f"rows={ROWS}")
    yield world
    close_house(world.house)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Files are read in this process, and behind the first batch only when the gate is open."""
    opened = threading.Event()
    run, commit = Loaders.run, StagingFile.commit

    def reading(self: Loaders, task: Any) -> Any:
        return upload_loader.run(task) if task.step == "read" else run(self, task)

    def waiting(self: StagingFile) -> None:
        commit(self)
        assert opened.wait(DEADLINE)

    monkeypatch.setattr(Loaders, "run", reading)
    monkeypatch.setattr(StagingFile, "commit", waiting)
    yield opened
    opened.set()


def _until(found: Callable[[], Any]) -> None:
    until = time.monotonic() + DEADLINE
    while not found():
        assert time.monotonic() < until
        time.sleep(0.01)


def _counts(world: World) -> tuple[int, int]:
    """Records, and different account names."""
    (found,) = world.house.store.read().execute("SELECT count(*), count(DISTINCT key) FROM ne_record")
    return found[0], found[1]


def test_rows_are_applied_while_later_ones_are_read(large: World, gate: threading.Event) -> None:
    # The manager of the last row is a row of the same file, which is applied by then.
    rows = [row(f"acc{n}") for n in range(ROWS - 1)]
    id = large.send(file(*rows, row("late", manager="acc1"))).ok(202)["id"]
    _until(lambda: large.admin.get(f"/bulkwark/v1/jobs/{id}").status == 200 and large.house.job(id).done == FIRST)
    assert [one.state for one in uploads.unfinished(large.house.store.read())] == [State.READING]
    assert large.status() == "IN_PROGRESS"
    assert _counts(large) == (FIRST, FIRST)
    gate.set()
    assert large.wait() == "ERROR"
    job = large.house.job(id)
    assert (job.status, job.total, job.done, job.changed, job.failed) == (Status.COMPLETED, ROWS, ROWS, ROWS - 1, 1)
    assert [found["faults"][0]["code"] for found in large.report(id)] == ["manager"]
    assert _counts(large) == (ROWS - 1, ROWS - 1)


def test_all_or_nothing_waits_for_the_last_row(large: World, gate: threading.Event) -> None:
    large.admin("PUT", "/bulkwark/v1/upload-settings", {"allOrNothing": True}).ok()
    rows = [row(f"acc{n}") for n in range(ROWS - 1)]
    id = large.send(file(*rows, row("bad", manager=""))).ok(202)["id"]
    _until(lambda: jobs.get(large.house.store.read(), large.house.tenant.number, id))
    time.sleep(0.3)
    assert large.house.job(id).done == 0
    gate.set()
    assert large.wait() == "ERROR"
    assert large.house.job(id).done == ROWS
    assert _counts(large) == (0, 0)


# The reader of the file is left behind in this process, as it would not be in one that dies.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_reading_that_breaks_off_goes_on_where_rows_were_applied(
    large: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, commit = Loaders.run, StagingFile.commit
    broken: list[int] = []

    def reading(self: Loaders, task: Any) -> Any:
        return upload_loader.run(task) if task.step == "read" else run(self, task)

    def breaking(self: StagingFile) -> None:
        commit(self)
        if not broken:
            job = jobs.all_unfinished(large.house.store.read())[0]
            _until(lambda: jobs.by_number(large.house.store.read(), *job).done == FIRST)
            broken.append(1)
            raise Unavailable("the process has died")

    monkeypatch.setattr(Loaders, "run", reading)
    monkeypatch.setattr(StagingFile, "commit", breaking)
    id = large.send(file(*(row(f"acc{n}") for n in range(ROWS)))).ok(202)["id"]
    assert large.wait() == "COMPLETED"
    assert broken
    job = large.house.job(id)
    assert (job.done, job.changed) == (ROWS, ROWS)
    assert _counts(large) == (ROWS, ROWS)


def test_an_upload_that_is_cancelled_while_it_is_read_ends(large: World, gate: threading.Event) -> None:
    id = large.send(file(*(row(f"acc{n}") for n in range(ROWS)))).ok(202)["id"]
    _until(lambda: large.admin.get(f"/bulkwark/v1/jobs/{id}").status == 200 and large.house.job(id).done == FIRST)
    large.admin.post(f"/bulkwark/v1/jobs/{id}/cancel", {}).ok(200)
    gate.set()
    large.settle()
    assert _counts(large) == (FIRST, FIRST)
    _until(lambda: not list(large.house.services.uploads.folder.iterdir()))


def test_the_files_of_a_preview_go_after_a_day(world: World) -> None:
    token = world.send(GOOD, preview="true").ok(200)["token"]
    world.settle()
    service = world.house.services.uploads
    now = time.time_ns() // 1_000_000

    def sweep(moment: int) -> int:
        return upload_files.sweep(world.house.store, service.folder, service._needed, moment)

    assert sweep(now) == 0
    assert sweep(now + DAY + 60_000) > 0
    assert not list(service.folder.iterdir())
    run = world.admin.post(f"/bulkwark/v1/previews/{token}/run").ok(202)["id"]
    _until(lambda: world.house.job(run).status is Status.FAILED)
    assert "no longer here" in (world.house.job(run).error or "")


def test_a_long_chunk_gives_way_to_an_edit_and_is_done_again(large: World, monkeypatch: pytest.MonkeyPatch) -> None:
    house, tries, edited = large.house, list[int](), list[int]()
    create = uploads.Chunk.create

    def edit() -> None:
        with house.store.write() as session:
            edited.extend(count for (count,) in session.execute("SELECT count(*) FROM ne_record"))

    def creating(self: uploads.Chunk, now: int) -> int:
        tries.append(self._span["cursor"])
        if len(tries) == 1:
            threading.Thread(target=edit).start()
            _until(lambda: house.store.database.waiting)
        return create(self, now)

    monkeypatch.setattr(uploads.Chunk, "create", creating)
    monkeypatch.setattr("bulkwark.bulk.solitude.Solitude.holds", lambda self, jobs: not tries)
    id = large.upload(file(*(row(f"acc{n}") for n in range(ROWS))))

    assert tries[:2] == [0, 0], "the first chunk is done twice"
    assert edited == [0], "what it had done was taken back before the edit"
    job = house.job(id)
    assert (job.done, job.changed, large.status()) == (ROWS, ROWS, "COMPLETED")
    assert _counts(large) == (ROWS, ROWS)


def test_an_upload_beside_a_flood_of_calls_makes_every_record(large: World) -> None:
    traffic, ended = large.house.store.database.traffic, threading.Event()

    def call() -> None:
        while not ended.is_set():
            traffic.begins()
            ended.wait(0.001)
            traffic.ends()

    calls = threading.Thread(target=call)
    calls.start()
    try:
        id = large.upload(file(*(row(f"acc{n}") for n in range(ROWS))))
    finally:
        ended.set()
        calls.join()
    job = large.house.job(id)
    assert (job.status, job.done, job.changed) == (Status.COMPLETED, ROWS, ROWS)
    assert _counts(large) == (ROWS, ROWS)
