"""Scenarios of an official SDK, played in a process of their own against a running server."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.process.commands import run
from tests.process.server import Server

SCENARIO_SECONDS = 180.0

#: The documented states of the list of unfinished jobs.
UNFINISHED = {"CREATED", "PRE_PROCESS", "POST_PROCESS", "CHUNK_PENDING", "CHUNK_PROCESSING"}

Outcomes = dict[str, tuple[str, Any]]  # name of a scenario → (RESULT or BROKEN, what it found)
Play = Callable[[str], dict[str, Any]]


def played(
    command: Sequence[str],
    company: Server,
    settings: Mapping[str, str],
    cwd: Path | None = None,
    seconds: float = SCENARIO_SECONDS,
) -> Outcomes:
    """What the command prints of its scenarios; it is told where the server is and who calls."""
    credential = company.token()
    told = {
        "SCENARIO_URL": company.url,
        "SCENARIO_CLIENT_ID": credential.id,
        "SCENARIO_CLIENT_SECRET": credential.secret,
    }
    done = run(command, seconds, cwd=cwd, environment={**os.environ, **told, **settings})
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
    lines = [line.split(" ", 2) for line in done.stdout.splitlines() if line.startswith(("RESULT ", "BROKEN "))]
    return {name: (verdict, json.loads(found)) for verdict, name, found in lines}


def player(outcomes: Outcomes) -> Play:
    """Answers what a scenario found; one that broke fails the test that asks for it."""

    def play(name: str) -> dict[str, Any]:
        verdict, content = outcomes[name]
        assert verdict == "RESULT", content
        result: dict[str, Any] = content
        return result

    return play
