from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.running import answer, run
from tests.house import BULK, House


def submit(house: House, query: str = "*", **more: Any) -> str:
    """A job by query; its id."""
    values = [{"attribute": "many", "values": ["v01"]}]
    body = {"query": {"query": {"query": query}}, "operation": "ADD", "values": values} | more
    found: str = house.as_("ORG_ADMIN").post(f"{BULK}/query", body).ok(202)["id"]
    return found


def test_jobs_are_listed_newest_first_beside_a_running_server(house: House) -> None:
    first, second = submit(house), submit(house)
    house.wait(first)
    house.wait(second)

    found = answer("jobs", "list", "--data-dir", house.data_dir)

    assert [job["id"] for job in found[:2]] == [second, first]
    assert found[0]["status"] == "COMPLETED"
    assert found[0]["done"] == found[0]["total"] == found[0]["unchanged"]
    assert 0 < found[1]["changed"] <= found[1]["done"]
    assert second in run("jobs", "list", "--data-dir", house.data_dir, "--limit", "1").stdout


def test_a_job_is_shown_in_words(house: House) -> None:
    id = submit(house, "enabled:true")
    house.wait(id)

    found = answer("jobs", "show", "--data-dir", house.data_dir, id)
    text = run("jobs", "show", "--data-dir", house.data_dir, id).stdout

    assert found["does"] == "ADD many = v01 on roles"
    assert found["selects"] == "roles by query: enabled:true"
    assert found["failures"] == []
    for line in (f"job        {id}", "status     COMPLETED", "does       ADD many = v01 on roles"):
        assert line in text


def test_watching_a_finished_job_ends_at_once_with_its_status(house: House) -> None:
    id = submit(house)
    house.wait(id)

    done = run("jobs", "watch", "--data-dir", house.data_dir)

    assert done.exit_code == 0
    assert done.stdout.startswith("COMPLETED: ")
    assert answer("jobs", "watch", "--data-dir", house.data_dir, id)["id"] == id


def test_watching_a_failed_job_ends_with_status_1(idle_house: House) -> None:
    id = submit(idle_house)
    with idle_house.store.write() as session:
        session.run("jobs.finish", ("FAILED", 1, "the disk is full", 1, idle_house.job(id).number))

    done = run("jobs", "watch", "--data-dir", idle_house.data_dir, id, "--json")

    assert done.exit_code == 1
    assert json.loads(done.stdout)["error"] == "the disk is full"


@pytest.mark.parametrize("command", ["show", "watch"])
def test_an_unknown_job_is_one_line(house: House, command: str) -> None:
    done = run("jobs", command, "--data-dir", house.data_dir, "nope")

    assert (done.exit_code, done.stderr) == (1, "error: there is no job nope (`bulkwark jobs list` shows them)\n")
