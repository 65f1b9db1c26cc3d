"""Runs loader processes (`upload_loader.py`) and takes their answers."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import msgspec

import bulkwark
from bulkwark.bulk.upload_loader import Answer, Task
from bulkwark.errors import DiskFull, Unavailable

log = logging.getLogger("bulkwark.bulk")

MODULE = "bulkwark.bulk.upload_loader"


class Loaders:
    """The loader processes of a server. `stop` ends those that run."""

    def __init__(self) -> None:
        self._running: dict[subprocess.Popen[bytes], str] = {}  # and the file that each reads
        self._guard = threading.Lock()
        self._stopping = False

    def run(self, task: Task) -> Answer:
        """Let a process do the task. Raises Unavailable when it dies on the way, DiskFull when it has no room."""
        process = self._start()
        with self._guard:
            self._running[process] = task.file
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            # Standard input stays open: its end tells the process that nobody waits any more.
            process.stdin.write(msgspec.json.encode(task) + b"\n")
            process.stdin.flush()
            found = process.stdout.read()
            process.wait()
            answer = msgspec.json.decode(found, type=Answer)
        except (OSError, msgspec.DecodeError) as error:
            process.kill()
            status = process.wait()
            log.warning("a loader process ended with %s", status)
            raise Unavailable("the process that reads the file has ended before its time", hint="try again") from error
        finally:
            with self._guard:
                self._running.pop(process, None)
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):  # what could not be written to a dead process is still in the buffer
                    if pipe is not None:
                        pipe.close()
        if answer.unable:
            raise DiskFull(answer.unable, hint="free space, then upload the file again: applied rows are unchanged")
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        # The same code as this process runs, wherever that was imported from.
        home = str(Path(bulkwark.__file__).parent.parent)
        paths = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH")]))
        with self._guard:
            if self._stopping:
                raise Unavailable("the server stops")
            process = subprocess.Popen(
                [sys.executable, "-m", MODULE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": paths},
            )
            self._running[process] = ""
        return process

    def pids(self) -> list[int]:
        """Of the processes that run now."""
        with self._guard:
            return [process.pid for process in self._running]

    def end(self, file: str) -> None:
        """Kill the process that reads a file: nobody waits for it any more."""
        with self._guard:
            for process, read in self._running.items():
                if read == file:
                    process.kill()

    def stop(self) -> None:
        with self._guard:
            self._stopping = True
            for process in self._running:
                process.kill()
