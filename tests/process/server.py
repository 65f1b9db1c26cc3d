"""`bulkwark serve` as a user starts it: a process, a port, a data directory and a log.

Tests that import the product's code see one process from the inside; everything built on this module sees the
server only over HTTP and through files. It is a pytest plugin as well (`pytest_plugins`): fixtures at the end.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.process.commands import run

READY_SECONDS = 60.0  # a start may include migrations and the resumption of jobs
STOP_SECONDS = 30.0
CLI_SECONDS = 600.0  # `load` of a large company on a slow machine
LOG_LINES = 80  # how much of a server's log a failed test shows

SOURCE = Path(__file__).resolve().parents[2] / "src"
BULKWARK = (sys.executable, "-m", "bulkwark")

_started: list[Server] = []


class ServerFailed(Exception):
    """The server ended, did not become ready, or refused to stop."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A client id and its secret, as `bulkwark token create` prints them."""

    id: str
    secret: str


def environment() -> dict[str, str]:
    """The environment of a child: ours, without settings of the product that this machine may carry.

    Children run this checkout, as the tests in this process do (`pythonpath` of pytest).
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BULKWARK_")}
    return kept | {"PYTHONPATH": str(SOURCE)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run_cli(*arguments: str) -> str:
    """Run one `bulkwark` command to its end and hand back what it printed; its errors become ours."""
    done = run([*BULKWARK, *arguments], CLI_SECONDS, environment=environment())
    if done.returncode != 0:
        raise ServerFailed(f"bulkwark {' '.join(arguments)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


@dataclass(eq=False)
class Server:
    """One data directory and, while it runs, the one server process on it."""

    data_dir: Path
    rate_limit: str = "off"
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """Beside the data directory, so that the server's own files stay alone; one file over all restarts."""
        return self.data_dir.with_name(self.data_dir.name + ".log")

    @property
    def pid(self) -> int:
        assert self.process is not None, "the server is not running"
        return self.process.pid

    def start(self, deadline: float = READY_SECONDS) -> None:
        """Start on a free port and come back when GET /health answers 200."""
        assert self.process is None, "the server is running already"
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        command = [*BULKWARK, "serve", "--data-dir", str(self.data_dir), "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--rate-limit", self.rate_limit]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        _started.append(self)
        try:
            self._wait_until_ready(time.monotonic() + deadline)
        except BaseException:
            self.kill9()
            raise

    def _wait_until_ready(self, deadline: float) -> None:
        assert self.process is not None
        while not self.healthy():
            if self.process.poll() is not None:
                raise ServerFailed(
                    f"the server ended with {self.process.returncode} before it was ready\n{self.tail()}"
                )
            if time.monotonic() > deadline:
                raise ServerFailed(f"GET /health did not answer 200 in time\n{self.tail()}")
            time.sleep(0.02)

    def healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop(self) -> int:
        """SIGTERM, as an operator or a container does it; hands back the exit status."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired as slow:
            self.kill9()
            raise ServerFailed(f"the server did not end within {STOP_SECONDS:g} s of SIGTERM\n{self.tail()}") from slow
        self.process = None
        return status

    def kill9(self) -> None:
        """The power cut: no handler runs, nothing is flushed."""
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        self.process = None

    def restart(self) -> None:
        """Start again on the same data directory, whatever ended the last process."""
        self.kill9()
        self.start()

    def tail(self) -> str:
        if not self.log.exists():
            return "(no log)"
        lines = self.log.read_text("utf-8", errors="replace").splitlines()
        return "\n".join(lines[-LOG_LINES:])

    def token(self, level: str | None = "ORG_ADMIN", scopes: tuple[str, ...] = ()) -> Credential:
        """A personal access token by the command line, beside the running server or without it."""
        name = f"outside {uuid.uuid4()}"  # a user's tokens have different names
        arguments = ["token", "create", "--data-dir", str(self.data_dir), "--name", name, "--json"]
        if level is not None:
            arguments += ["--user-level", level]
        for scope in scopes:
            arguments += ["--scope", scope]
        made: dict[str, Any] = json.loads(run_cli(*arguments))
        return Credential(made["id"], made["secret"])

    def load_synthetic(self, roles: int) -> None:
        run_cli("load", "--data-dir", str(self.data_dir), "--synthetic", f"roles={roles}")


def close_all() -> None:
    """End what tests started and left running, each by its own process."""
    for server in _started:
        with contextlib.suppress(ServerFailed):
            server.stop()
    _started.clear()


@contextlib.contextmanager
def running(data_dir: Path, *, rate_limit: str = "off", synthetic: int = 0) -> Generator[Server]:
    """A server with an empty or a synthetic company, ended when the block is left."""
    server = Server(data_dir, rate_limit)
    if synthetic:
        server.load_synthetic(synthetic)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Servers of this test's own, not started yet: `make_server("name", rate_limit="100/10")`."""
    made: list[Server] = []

    def make(name: str = "data", rate_limit: str = "off") -> Server:
        made.append(Server(tmp_path / name, rate_limit))
        return made[-1]

    yield make
    for server in made:
        server.stop()


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server with a company of 2,000 roles, shared by the session: tests may add to it, not count on silence."""
    with running(tmp_path_factory.mktemp("company") / "data", synthetic=2000) as server:
        yield server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the logs of the servers that ran when a test failed."""
    report = yield
    if report.failed:
        for server in _started:
            report.sections.append((f"log of the server at {server.url}", server.tail()))
    return report


def pytest_sessionfinish() -> None:
    close_all()
