"""A real server process for a benchmark, and its memory."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """`bulkwark serve` on a data directory, with an ORG_ADMIN token."""

    def __init__(self, data_dir: Path) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "bulkwark"]
        made = subprocess.run(
            [
                *command,
                "token",
                "create",
                "--data-dir",
                str(data_dir),
                "--name",
                f"bench-{time.time_ns()}",
                "--user-level",
                "ORG_ADMIN",
                "--json",
            ],
            check=True,
            capture_output=True,
        )
        self.process = subprocess.Popen(
            [*command, "serve", "--data-dir", str(data_dir), "--port", str(self.port), "--rate-limit", "off"],
            stdout=subprocess.DEVNULL,
        )
        wait_for(self.port, "/health")
        credential = json.loads(made.stdout)
        query = {
            "grant_type": "client_credentials",
            "client_id": credential["id"],
            "client_secret": credential["secret"],
        }
        self.token = ""
        self.token = self.call("POST", "/oauth/token?" + urllib.parse.urlencode(query))["access_token"]

    def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """The decoded answer; raises for any status from 400."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method)
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, data) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read().decode()}") from error
        return json.loads(text) if text else None

    def total(self, path: str, body: Any) -> int:
        """`X-Total-Count` of a POST."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method="POST")
        request.add_header("Authorization", f"Bearer {self.token}")
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, json.dumps(body).encode()) as answer:
            return int(answer.headers["X-Total-Count"])

    def peak_mib(self) -> float:
        """Highest resident memory so far."""
        return status_kib(self.process.pid, "VmHWM") / 1024

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def status_kib(pid: int, name: str) -> int:
    """A line of /proc/PID/status, in KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    return 0


def wait_for(port: int, path: str) -> None:
    """Until the path answers; 30 s at most."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2):
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"no answer on port {port}")


@contextmanager
def bare_server(database: Path) -> Iterator[int]:
    """The bare application on the same kind of server; yields its port."""
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "uvicorn",
            "benchmarks.bare_app:app",
            "--port",
            str(port),
            "--no-access-log",
            "--log-level",
            "error",
            "--lifespan",
            "off",
        ],
        env={**os.environ, "BENCH_DB": str(database)},
    )
    try:
        wait_for(port, "/echo")
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
