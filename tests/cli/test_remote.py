"""The commands that call a running server, which here is a process of its own."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import Result

from bulkwark.cli.following import pace, status_of
from tests.cli.running import run
from tests.process.server import Server, free_port, running

ADD = ("--operation", "ADD", "--values", "region=latam")
Env = dict[str, str]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("remote") / "data", synthetic=300) as started:
        yield started


@pytest.fixture(scope="module")
def env(server: Server) -> Env:
    """As a user has it in his environment."""
    made = server.token()
    return {"BULKWARK_URL": server.url, "BULKWARK_CLIENT_ID": made.id, "BULKWARK_CLIENT_SECRET": made.secret}


@pytest.fixture(scope="module")
def ids(server: Server, env: Env) -> list[str]:
    form = {"client_id": env["BULKWARK_CLIENT_ID"], "client_secret": env["BULKWARK_CLIENT_SECRET"]}
    token = httpx.post(f"{server.url}/oauth/token", data=form | {"grant_type": "client_credentials"}).json()
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    return [one["id"] for one in httpx.get(f"{server.url}/v2025/roles?limit=20", headers=headers).json()]


def jobs(env: Env, *words: str | Path, stdin: bytes | None = None) -> Result:
    return run("jobs", *words, env=env, stdin=stdin)


def told(env: Env, *words: str | Path, stdin: bytes | None = None, status: int = 0) -> Any:
    done = jobs(env, *words, "--json", stdin=stdin)
    assert done.exit_code == status, done.output
    return json.loads(done.stdout)


def listed(tmp_path: Path, *lines: str) -> Path:
    file = tmp_path / "list.txt"
    file.write_text("\ufeff" + "\r\n".join(lines) + "\r\n\r\n", "utf-8")
    return file


def test_a_change_is_shown_then_asked_for_then_made(env: Env, ids: list[str], tmp_path: Path) -> None:
    file = listed(tmp_path, *ids[:3])

    done = jobs(env, "submit", *ADD, "--ids-file", file, "--note", "für alle", "--wait", stdin=b"y\n")

    assert done.exit_code == 0, done.output
    assert "would      ADD region = latam on roles" in done.stdout
    assert "Run it? [y/N]: y" in done.stdout
    assert "items      3 of 3: " in done.stdout
    id = done.stdout.partition("job        ")[2].split("\n")[0]
    shown = told(env, "items", id)
    assert sorted(one["id"] for one in shown) == sorted(ids[:3])
    assert all("latam" in one["after"]["region"] for one in shown)


def test_a_change_that_is_not_confirmed_is_not_made(env: Env, ids: list[str], tmp_path: Path) -> None:
    before = told(env, "preview", *ADD, "--ids-file", listed(tmp_path, *ids[3:5]))

    done = jobs(env, "submit", *ADD, "--ids-file", listed(tmp_path, *ids[3:5]), stdin=b"")

    assert done.exit_code == 1
    assert "nothing was changed; `bulkwark jobs run " in done.stderr
    after = told(env, "preview", *ADD, "--ids-file", listed(tmp_path, *ids[3:5]))
    assert after["changed"] == before["changed"]


def test_a_preview_is_run_by_its_token_and_undone(env: Env, ids: list[str], tmp_path: Path) -> None:
    file = listed(tmp_path, *ids[5:8])
    clear = ("--operation", "REPLACE", "--replace-scope", "ALL")
    token = told(env, "submit", *clear, "--ids-file", file, "--preview")["token"]
    assert len(told(env, "items", token)) == 3

    job = told(env, "run", token, "--wait")

    assert (job["status"], job["total"], job["relation"]) == ("COMPLETED", 3, "run")
    seen = jobs(env, "undo", job["id"], "--preview")
    assert f"would      undo of {job['id']}" in seen.stdout
    changed = told(env, "items", job["id"], "--outcome", "changed")
    part = told(env, "undo", job["id"], "--ids-file", listed(tmp_path, changed[0]["id"]), "--yes", "--wait")
    whole = told(env, "undo", job["id"], "--yes", "--wait")
    assert part["total"] == 1
    assert whole["total"] == job["changed"]
    assert jobs(env, "rerun", job["id"], "--wait").exit_code == 0


@pytest.mark.parametrize("way", ["--query", "--filter", "--names-file"])
def test_every_selector_reaches_the_server(env: Env, ids: list[str], tmp_path: Path, way: str) -> None:
    name = told(env, "preview", *ADD, "--ids-file", listed(tmp_path, ids[8]))["sample"]
    (item,) = [one for found in name.values() for one in found]
    given: dict[str, str | Path] = {
        "--query": f"id:{item['id']}",
        "--filter": f'id eq "{item["id"]}"',
        "--names-file": listed(tmp_path, item["name"].upper()),
    }

    done = jobs(env, "preview", *ADD, way, given[way], "--json")

    if way == "--names-file" and done.exit_code:  # the made-up company has names that stand twice
        assert "several roles are called" in done.stderr
    else:
        assert json.loads(done.stdout)["total"] == 1


def test_items_go_into_a_file_that_is_whole(env: Env, ids: list[str], tmp_path: Path) -> None:
    id = told(env, "submit", *ADD, "--query", "*", "--yes", "--wait")["id"]
    as_csv, as_lines = tmp_path / "items.csv", tmp_path / "items.ndjson"

    assert jobs(env, "items", id, "--format", "csv", "--bom", "-o", as_csv).exit_code == 0
    assert jobs(env, "items", id, "--format", "ndjson", "-o", as_lines).exit_code == 0

    with as_csv.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == [json.loads(line)["id"] for line in as_lines.read_text("utf-8").splitlines()]
    assert len(rows) == 300
    assert told(env, "items", id, "--object", ids[0])[0]["id"] == ids[0]
    assert told(env, "items", id, "--outcome", "failed") == []
    table = jobs(env, "items", id, "--name", rows[0]["name"][:5]).stdout.splitlines()
    assert "\x1b" not in "".join(table), "no colours where no terminal is"
    assert rows[0]["id"] in table[0]
    refused = jobs(env, "items", "nothing", "--format", "csv", "-o", tmp_path / "none.csv")
    assert (refused.exit_code, refused.stderr) == (1, "error: 404: there is no job nothing\n")
    assert sorted(os.listdir(tmp_path)) == ["items.csv", "items.ndjson"]


def test_a_job_is_controlled_while_it_runs(env: Env) -> None:
    id = told(env, "submit", *ADD, "--query", "*", "--speed", "10", "--priority", "2", "--yes")["id"]

    assert told(env, "pause", id)["state"] == "PAUSED"
    assert "state      PAUSED" in jobs(env, "set", id, "--ticket", "CHG-1", "--stop-after", "5%").stdout
    changed = told(env, "set", id, "--speed", "20", "--stop-after", "none", "--priority", "9")["options"]
    assert (changed["ticket"], changed["speed"], changed["stopPercent"], changed["priority"]) == ("CHG-1", 20, None, 9)
    assert told(env, "resume", id)["state"] != "PAUSED"
    assert told(env, "cancel", id)["status"] == "CANCELLED"
    again = jobs(env, "cancel", id)
    assert (again.exit_code, "the job is CANCELLED" in again.stderr) == (1, True)


def test_guards_are_shown_and_set_and_confirmed(env: Env) -> None:
    done = run("guards", "set", "--max-items", "5", "--protected", "region=apac", env=env)
    assert done.exit_code == 0, done.output
    assert "items            5" in run("guards", "show", env=env).stdout
    assert "protected        region=apac" in run("guards", "show", env=env).stdout
    assert "guard      300 items are selected" in jobs(env, "preview", *ADD, "--query", "*").stdout

    id = told(env, "submit", *ADD, "--query", "*", "--yes")["id"]
    free = told(env, "submit", *ADD, "--query", "*", "--no-guard", "--yes", "--wait")

    assert free["status"] == "COMPLETED"
    assert told(env, "confirm", id)["confirmer"]
    run("guards", "set", "--max-items", "none", "--protected", "none", env=env)
    found = json.loads(run("guards", "show", "--json", env=env).stdout)
    assert (found["maxItems"], found["protected"]) == (None, [])


def test_jobs_of_every_sort_are_shown_from_the_data_directory(server: Server, env: Env, ids: list[str]) -> None:
    first = told(env, "submit", *ADD, "--filter", f'id eq "{ids[9]}"', "--yes", "--wait")
    again = told(env, "undo", first["id"], "--filter", f'id eq "{ids[9]}"', "--yes", "--wait")
    place = ("--data-dir", server.data_dir)

    shown = told({}, "show", *place, again["id"])

    assert shown["does"] == f"undo of {first['id']}: ADD region = latam on roles"
    assert shown["selects"] == f'changed items of run {first["id"]}, of roles by filter: id eq "{ids[9]}"'
    assert (shown["state"], shown["relation"]) == ("COMPLETED", "undo")
    for job in told({}, "list", *place, "--limit", "100"):
        assert jobs({}, "show", *place, job["id"]).exit_code == 0
    assert "undo" in jobs({}, "list", *place).stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("submit", *ADD), "exactly one of --query, --filter, --ids-file and --names-file"),
        (("submit", *ADD, "--query", "*", "--filter", "x"), "at most one of"),
        (
            ("submit", "--operation", "ADD", "--values", "=x", "--query", "*"),
            "an attribute and its values are expected",
        ),
        (("submit", "--operation", "ADD", "--values", "region=", "--query", "*"), "an attribute and its values"),
        (("submit", *ADD, "--query", "*", "--stop-after", "many", "--yes"), "neither a number nor a percentage"),
        (("submit", *ADD, "--query", "*", "--json"), "pass --yes or --preview too"),
        (("submit", *ADD, "--query", "*", "--priority", "10"), "10 is not in the range"),
        (("set", "x"), "nothing is to be set"),
        (("set", "x", "--speed", "fast"), "neither a whole number nor `none`"),
        (("items", "x", "--bom"), "--bom goes with --format csv"),
    ],
)
def test_a_call_that_is_not_understood_ends_with_status_2(env: Env, words: tuple[str, ...], told: str) -> None:
    done = jobs(env, *words)

    assert done.exit_code == 2
    assert told in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("submit", *ADD, "--query", "nmae:x", "--yes"), "error: 400: /select/query/query/query, position 0: "),
        (("submit", *ADD, "--filter", "", "--preview"), "error: 400: /select/filters: the filter is empty"),
        (("preview", "--operation", "ADD", "--values", "regoin=x", "--query", "*"), "did you mean 'region'?"),
        (("run", "00000000-0000-4000-8000-000000000000"), "error: 404: there is no preview"),
        (("undo", "00000000-0000-4000-8000-000000000000"), "error: 404: there is no job"),
        (("pause", "nothing"), "error: 404: there is no job nothing"),
    ],
)
def test_what_the_server_refuses_is_one_line(env: Env, words: tuple[str, ...], told: str) -> None:
    done = jobs(env, *words)

    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert told in done.stderr


def test_nobody_nowhere_and_nothing_are_one_line(env: Env, tmp_path: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    empty = tmp_path / "empty"
    empty.write_text("\n \n", "utf-8")
    odd = tmp_path / "odd"
    odd.write_bytes(b"\xff\xfe\x00")

    cases = {
        "nobody calls: set BULKWARK_TOKEN": run("guards", "show", env={}),
        f"no answer from {nowhere}": run("guards", "show", "--url", nowhere, env=env),
        "no answer from ftp://x": run("guards", "show", "--url", "ftp://x", env=env),
        "401: ": run("guards", "show", "--token", "nonsense", env=env),
        "there is nothing in": jobs(env, "preview", *ADD, "--ids-file", empty),
        "odd is not UTF-8": jobs(env, "preview", *ADD, "--ids-file", odd),
    }
    for said, done in cases.items():
        assert (done.exit_code, done.stderr.count("\n")) == (1, 1), done.output
        assert said in done.stderr


def test_the_status_of_a_wait_says_how_the_job_ended() -> None:
    ended = {"status": "COMPLETED", "failed": 0, "conflicted": 0}

    assert [status_of(ended | more) for more in ({}, {"failed": 1}, {"conflicted": 1}, {"status": "STOPPED"})] == [
        0,
        3,
        3,
        1,
    ]


def test_the_pace_is_a_rate_and_a_moment_with_a_range() -> None:
    early, likely, late = (f"2026-11-21T10:3{minute}:05.000Z" for minute in range(3))

    assert pace(1234.5, early, likely, late) == "1,234/s, done at 10:31:05 (10:30:05–10:32:05) UTC"
    assert pace(50.0, None, None, None) == "50/s"
    assert pace(None, None, None, None) == ""
