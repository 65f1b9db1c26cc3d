"""The command as a user runs it: `serve` greets, `demo` shows the main job."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.process.commands import run
from tests.process.server import BULKWARK, Server, environment


def test_a_fresh_server_says_how_to_get_the_first_token_and_a_used_one_does_not(
    make_server: Callable[..., Server],
) -> None:
    server = make_server()
    server.start()
    fresh = server.tail()
    server.token()
    server.stop()
    server.start()
    used = server.tail().removeprefix(fresh)

    assert f"serves {re.sub(r':[0-9]+$', '', server.url)}" in fresh
    assert f"bulkwark token create --data-dir {server.data_dir} --name first --user-level ORG_ADMIN" in fresh
    assert "/oauth/token -d grant_type=client_credentials" in fresh
    assert "token create" not in used
    assert "1 identity" in used


def test_a_port_in_use_is_one_line_and_status_1(make_server: Callable[..., Server], tmp_path: Path) -> None:
    server = make_server()
    server.start()

    done = run(
        [*BULKWARK, "serve", "--data-dir", str(tmp_path / "other"), "--port", str(server.port)],
        60,
        environment=environment(),
    )

    assert done.returncode == 1
    assert done.stderr.startswith(f"error: cannot listen on 127.0.0.1 port {server.port}: Address already in use")


@pytest.mark.slow
def test_the_demo_shows_the_main_job_ends_by_itself_and_leaves_nothing(tmp_path: Path) -> None:
    done = run([*BULKWARK, "demo", "--roles", "2000"], 120, environment=environment() | {"TMPDIR": str(tmp_path)})

    assert done.returncode == 0, done.stdout + done.stderr
    matched = re.search(r"/v2025/search/count: ([\d,]+) roles", done.stdout)
    assert matched is not None, done.stdout
    assert f"{matched[1]} changed, 0 unchanged, 0 skipped, 0 failed" in done.stdout
    assert "bulk-update/{id}: COMPLETED" in done.stdout
    assert "/v2025/search/count: 0 roles" in done.stdout
    assert "classification = confidential" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_demo_wants_a_new_directory(loaded: Path) -> None:
    done = run([*BULKWARK, "demo", "--data-dir", str(loaded)], 60, environment=environment())

    assert done.returncode == 1
    assert done.stderr == f"error: {loaded} holds a database already (the demo wants a new directory)\n"
