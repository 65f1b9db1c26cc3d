"""The official SDKs' search paginators over 25,000 roles while others write: nothing is lost, nothing comes twice.

Names are unique, so both sort fields are; the writers change other fields of the same roles, and make and delete more.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.process.api import Api
from tests.process.server import Server, run_cli
from tests.sdk.environments import interpreter_or_skip, node_modules_or_skip
from tests.sdk.playing import played, player

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ROLES = 25_000
SCENARIO = "crowd"
SECONDS = 300.0
OWNER = "a" * 32
PATCH = {"content-type": "application/json-patch+json"}


def crowd_id(number: int) -> str:
    return f"{number * 2654435761 % 2**32:08x}{number:024x}"


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("crowd")
    server = Server(directory / "data")
    lines = (
        json.dumps({"id": crowd_id(n), "name": f"Crowd {n:05}", "owner": {"id": OWNER}, "enabled": True})
        for n in range(ROLES)
    )
    (directory / "identities.ndjson").write_text(json.dumps({"id": OWNER, "name": "Owner of the crowd"}), "utf-8")
    file = directory / "roles.ndjson"
    file.write_text("\n".join(lines) + "\n", "utf-8")
    run_cli("load", "--data-dir", str(server.data_dir), str(directory / "identities.ndjson"), str(file))
    server.start()
    yield server
    server.stop()


@contextmanager
def writing(server: Server) -> Iterator[list[int]]:
    """Others write all the time: patches of the same roles, and roles that come and go. Yields the count of writes."""
    stop = threading.Event()
    writes = [0]
    faults: list[BaseException] = []

    def write() -> None:
        dice = random.Random(7)
        try:
            with Api(server.url, server.token()) as api:
                while not stop.is_set():
                    patch = [{"op": "add", "path": "/description", "value": f"changed {writes[0]}"}]
                    api.ok("PATCH", f"/v2025/roles/{crowd_id(dice.randrange(ROLES))}", json=patch, headers=PATCH)
                    body = {"name": f"Guest {writes[0]}", "owner": {"id": OWNER, "type": "IDENTITY"}}
                    made = api.ok("POST", "/v2025/roles", 201, json=body)
                    api.ok("DELETE", f"/v2025/roles/{made['id']}", 204)
                    writes[0] += 3
        except BaseException as error:
            faults.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield writes
    finally:
        stop.set()
        thread.join()
    assert not faults, faults


def walked(command: list[str], server: Server, **settings: str) -> dict[str, Any]:
    """What the paginator of the command found."""
    outcomes = played([*command, SCENARIO], server, settings, ROOT, SECONDS)
    assert list(outcomes) == [SCENARIO]
    return player(outcomes)(SCENARIO)


def all_of_them() -> list[Any]:
    ids = sorted(crowd_id(n) for n in range(ROLES))
    return [ROLES, ROLES, sha256(" ".join(ids).encode()).hexdigest()]


@pytest.mark.slow
@pytest.mark.parametrize("generation", ["2", "1"], ids=["sailpoint-2.x", "sailpoint-1.4.2"])
def test_the_python_paginator_loses_and_repeats_nothing(generation: str, crowd: Server) -> None:
    python = interpreter_or_skip(HERE / f"requirements-{generation}.txt")
    with writing(crowd) as writes:
        found = walked([str(python), "-m", "tests.sdk.scenarios"], crowd, SCENARIO_GENERATION=generation)

    assert found == {"id": all_of_them(), "-name": all_of_them()}
    assert writes[0] > 100


@pytest.mark.slow
def test_the_typescript_paginator_loses_and_repeats_nothing(crowd: Server) -> None:
    modules = node_modules_or_skip(HERE / "typescript" / "package.json")
    with writing(crowd) as writes:
        found = walked(["node", str(HERE / "typescript" / "play.js")], crowd, NODE_PATH=str(modules))

    assert found == {"id": all_of_them(), "-name": all_of_them()}
    assert writes[0] > 30
