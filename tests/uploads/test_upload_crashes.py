"""Uploads that something breaks: loader processes that die, restarts, schemas that change."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from bulkwark.bulk.upload_process import Loaders
from bulkwark.errors import Unavailable
from bulkwark.store import jobs
from tests.house import DEADLINE, House, close_house, open_house
from tests.uploads.world import COLUMNS, GOOD, World, build, file, row


def test_a_file_whose_loader_is_killed_is_read_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[int] = []
    start = Loaders._start

    def dying(self: Loaders) -> Any:
        process = start(self)
        if len(killed) == 1:  # the second process: the one that reads
            os.kill(process.pid, signal.SIGKILL)
        killed.append(process.pid)
        return process

    monkeypatch.setattr(Loaders, "_start", dying)
    id = world.upload(GOOD)
    assert len(killed) == 3
    assert world.status() == "COMPLETED"
    assert world.house.job(id).changed == 3


def test_a_file_that_kills_every_loader_ends_in_an_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Loaders.run

    def dying(self: Loaders, task: Any) -> Any:
        if task.step == "read":
            raise Unavailable("the process has died")
        return run(self, task)

    monkeypatch.setattr(Loaders, "run", dying)
    id = world.send(GOOD).ok(202)["id"]
    assert world.wait() == "ERROR"
    found = world.admin.get(f"/bulkwark/v1/jobs/{id}/rows").ok()
    assert "tried 3 times: the process has died" in found["error"]
    assert world.records() == {}


def test_a_full_disk_is_named_and_the_same_file_can_be_uploaded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = build(tmp_path / "data", "rows=5000")
    start = Loaders._start

    def confined(self: Loaders) -> Any:
        # The file itself can be read, and the staging file cannot be written: it takes some 4 KB for each row.
        process = start(self)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
        return process

    rows = file(*(row(f"acc{n}") for n in range(600)))
    try:
        with monkeypatch.context() as patch:
            patch.setattr(Loaders, "_start", confined)
            patch.setattr("bulkwark.bulk.uploads.RETRY_SECONDS", 0.05)
            id = world.send(rows).ok(202)["id"]
            assert world.wait() == "ERROR"
        job = world.house.job(id)
        report = world.admin.get(f"/bulkwark/v1/jobs/{id}/rows").ok()
        assert "is full" in (job.error or "")
        assert "upload the file again" in (job.error or "")
        assert report["error"] == job.error
        _no_files(world.house)

        again = world.upload(rows)

        assert world.status() == "COMPLETED"
        assert world.house.job(again).done == len(rows.splitlines()) - 1
        assert world.house.store.read().execute("SELECT count(*) FROM ne_record").__next__() == (600,)
    finally:
        close_house(world.house)


def test_an_accepted_file_is_read_and_applied_after_a_restart(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(type(world.house.services.uploads), "_step", lambda self: False)
        id = world.send(GOOD).ok(202)["id"]
        assert world.status() == "PENDING"
        copied = tmp_path / "after the crash"
        shutil.copytree(world.house.data_dir, copied)
    house = open_house(copied)
    house.clients["before the crash"] = world.admin  # whose token has its name already
    try:
        reborn = World(house, world.source)
        assert reborn.wait() == "COMPLETED"
        assert sorted(reborn.records()) == ["ann", "bob", "cem"]
        assert house.job(id).changed == 3
        _no_files(house)
    finally:
        close_house(house)


def _no_files(house: House) -> None:
    until = time.monotonic() + DEADLINE
    while list(house.services.uploads.folder.iterdir()):
        assert time.monotonic() < until, "files of uploads that have ended stay"
        time.sleep(0.01)


def test_files_go_when_an_upload_has_ended(world: World) -> None:
    world.upload(GOOD)
    world.upload(file(row("bad", manager="")))
    _no_files(world.house)


def test_a_schema_that_has_changed_since_ends_the_job(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    attribute = world.add_attribute("team", "Team")
    with monkeypatch.context() as patch:
        patch.setattr(type(world.house.services.uploads), "_step", lambda self: False)
        id = world.send(file(row("ann") + ",Blue", columns=(*COLUMNS, "team"))).ok(202)["id"]
        world.admin.delete(world.path(f"schema-attributes/{attribute}")).ok(204)
    world.house.services.uploads._look()
    assert world.wait() == "ERROR"
    assert "the schema of the source has changed" in (world.house.job(id).error or "")
    assert world.records() == {}


def test_a_crash_while_rows_are_applied_loses_and_doubles_none(tmp_path: Path) -> None:
    world = build(tmp_path / "data", "rows=5000")
    try:
        rows = [row(f"acc{n}", manager="" if n % 10 == 9 else "jane.doe") for n in range(600)]
        id = world.send(file(*rows), speed="200").ok(202)["id"]
        until = time.monotonic() + DEADLINE
        while (job := jobs.get(world.house.store.read(), world.house.tenant.number, id)) is None or job.done < 100:
            assert time.monotonic() < until, job
            time.sleep(0.01)
        copied = tmp_path / "after the crash"
        with world.house.store.turn():  # no write is half done in the copy, as none is in a file after a crash
            shutil.copytree(world.house.data_dir, copied)
        assert world.house.job(id).done < 600
    finally:
        close_house(world.house)
    house = open_house(copied)
    house.clients["before the crash"] = world.admin
    try:
        reborn = World(house, world.source)
        assert reborn.wait() == "ERROR"
        job = house.job(id)
        assert (job.done, job.changed, job.failed) == (600, 540, 60)
        session = house.store.read()
        assert list(session.execute("SELECT count(*), count(DISTINCT key) FROM ne_record")) == [(540, 540)]
        assert [len(reborn.report(id, limit=1000))] == [60]
    finally:
        close_house(house)
