"""Starts a real OpenSearch node for tests and measurements: loopback only, a free port, data in a temporary directory.

    python -m tests.referee.node          # starts one, prints its address, ends with Ctrl-C

What it is made of stands in pom.xml; Maven fetches it once into its own cache. The node ends by itself when the
process that started it does, because it reads that process's pipe.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from tests.process.commands import run
from tests.sdk.environments import NotInstalled, cache, locked, missing

HERE = Path(__file__).parent
HEAP = "1g"
START_SECONDS = 120.0
STOP_SECONDS = 20.0
MAVEN_SECONDS = 900.0
CALL_SECONDS = 3600.0  # merging the segments of a million documents takes a while
BULK_BYTES = 8 << 20


class Refused(Exception):
    """The node answered with an error."""

    def __init__(self, status: int, answer: Any) -> None:
        super().__init__(f"{status}: {json.dumps(answer, ensure_ascii=False)[:2000]}")
        self.status = status
        self.answer = answer


class Node:
    """A running node; `call` speaks its REST API."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._client = httpx.Client(base_url=self.url, timeout=CALL_SECONDS, trust_env=False)

    def call(self, method: str, path: str, body: Any = None, *, lines: Iterable[Any] | None = None) -> Any:
        """The decoded answer. `lines`: a body of one JSON text for each line. Raises Refused from status 400."""
        content, kind = b"", "application/json"
        if lines is not None:
            content, kind = b"".join(_encode(line) + b"\n" for line in lines), "application/x-ndjson"
        elif body is not None:
            content = _encode(body)
        answer = self._client.request(method, path, content=content, headers={"content-type": kind})
        decoded = answer.json() if answer.content else None
        if answer.status_code >= 400:
            raise Refused(answer.status_code, decoded)
        return decoded

    def index(self, name: str, documents: Iterable[tuple[str, Any]]) -> int:
        """Index (`_id`, document) in bulk; how many. Raises Refused when one is not taken."""
        count, lines, size = 0, list[bytes](), 0
        for id, document in documents:
            lines += [b'{"index":{"_id":%s}}' % _encode(id), _encode(document)]
            size += len(lines[-1])
            count += 1
            if size >= BULK_BYTES:
                self._bulk(name, lines)
                lines, size = [], 0
        if lines:
            self._bulk(name, lines)
        self.call("POST", f"/{name}/_refresh")
        return count

    def _bulk(self, name: str, lines: list[bytes]) -> None:
        path = f"/{name}/_bulk?filter_path=errors,items.*.error"
        answer = self._client.post(
            path, content=b"\n".join(lines) + b"\n", headers={"content-type": "application/x-ndjson"}
        )
        found = answer.json()
        if answer.status_code >= 400 or found.get("errors"):
            raise Refused(answer.status_code, found)

    def stop(self) -> None:
        """End the node: first by closing its pipe, then by its process id."""
        self._client.close()
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _encode(value: Any) -> bytes:
    """As our own answers spell it (1e30 is no 1e+30), which half of a surrogate pair cannot be."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        pass
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def classpath() -> str:
    """The jars of the node; asks Maven once for each pom.xml. Raises NotInstalled without Java 17 or Maven."""
    if shutil.which("java") is None or shutil.which("javac") is None:
        raise NotInstalled("the referee needs a JDK, 17 or later (Debian: default-jdk-headless)")
    pom = HERE / "pom.xml"
    place = cache() / f"referee-{hashlib.sha256(pom.read_bytes()).hexdigest()[:12]}.classpath"
    with locked(place):
        if place.exists() and all(Path(jar).exists() for jar in place.read_text().split(":")):
            return place.read_text()
        if shutil.which("mvn") is None:
            raise NotInstalled("the referee needs Maven (Debian: maven)")
        command = ["mvn", "--quiet", "--batch-mode", "--file", str(pom), "dependency:build-classpath"]
        made = place.with_suffix(".new")
        done = run([*command, f"-Dmdep.outputFile={made}"], MAVEN_SECONDS)
        if done.returncode != 0:
            raise NotInstalled(f"Maven could not fetch the referee:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        made.rename(place)
        return place.read_text()


def start(home: Path, *, heap: str = HEAP) -> Node:
    """Start a node with its data below `home`. Raises NotInstalled; the caller must `stop` it."""
    jars = classpath()
    home.mkdir(parents=True, exist_ok=True)
    (home / "port").unlink(missing_ok=True)
    command = ["java", f"-Xms{heap}", f"-Xmx{heap}", "-cp", jars, str(HERE / "Referee.java"), str(home)]
    with (home / "output.txt").open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=output, cwd=home)
    until = time.monotonic() + START_SECONDS
    while not (home / "port").exists():
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            process.wait()
            raise RuntimeError(f"the referee did not start:\n{(home / 'output.txt').read_text('utf-8')[-4000:]}")
        time.sleep(0.05)
    return Node(process, int((home / "port").read_text()))


@contextmanager
def running(*, heap: str = HEAP) -> Iterator[Node]:
    """A node for the length of a `with`, its data deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="bulkwark-referee-", ignore_cleanup_errors=True) as home:
        node = start(Path(home), heap=heap)
        try:
            yield node
        finally:
            node.stop()


@contextmanager
def running_or_skip(*, heap: str = HEAP) -> Iterator[Node]:
    """As `running`, for tests: without Java they are skipped, in CI they fail."""
    try:
        classpath()
    except NotInstalled as reason:
        missing(str(reason))
    with running(heap=heap) as node:
        yield node


def main() -> None:
    with running() as node:
        print(f"{node.url}  (process {node.process.pid}; Ctrl-C ends it)", flush=True)
        try:
            node.process.wait()
        except KeyboardInterrupt:
            print("ended", file=sys.stderr)


if __name__ == "__main__":
    main()
