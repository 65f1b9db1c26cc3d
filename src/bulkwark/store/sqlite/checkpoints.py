"""Folding the write-ahead log into the database file."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import apsw

from bulkwark.store.priorities import stay_behind

log = logging.getLogger("bulkwark.store")


class Checkpoints:
    """Folds the write-ahead log into the file, beside the writer instead of inside some caller's commit.

    A first pass runs while others write; a second one, in a turn of its own, takes the little that came
    meanwhile, so that the log starts anew and stays small however long a job writes.
    """

    def __init__(
        self,
        writer: apsw.Connection,
        connect: Callable[[], apsw.Connection],
        turn: Callable[..., AbstractContextManager[object]],
        pages: int,
    ) -> None:
        self.pages = pages  # of the log, from which on it is folded in
        self._connect = connect
        self._turn = turn
        self._wanted = threading.Event()
        self._stopping = False
        self._at_rest = threading.Event()
        self._at_rest.set()
        self._thread: threading.Thread | None = None
        writer.set_wal_hook(self._committed)

    def _committed(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        if pages >= self.pages and not self._wanted.is_set():
            self._at_rest.clear()
            self._wanted.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
                self._thread.start()
        return apsw.SQLITE_OK

    def _run(self) -> None:
        stay_behind()
        connection = self._connect()
        while True:
            self._wanted.wait()
            # Cleared before the look at the end and before the work: what is asked for meanwhile must not be lost.
            self._wanted.clear()
            if self._stopping:
                return
            try:
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
                with self._turn(patient=True):
                    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            except apsw.Error:
                # Another process is at it, or the disk is full: the log keeps everything, the next commit asks again.
                log.info("a checkpoint was put off", exc_info=True)
            finally:
                if not self._wanted.is_set():
                    self._at_rest.set()

    def wait(self, seconds: float) -> None:
        """Until the log is folded in, or so long. Not to be called by who has the writer's turn."""
        self._at_rest.wait(seconds)

    def stop(self) -> None:
        self._stopping = True
        self._wanted.set()
        if self._thread is not None:
            self._thread.join()
