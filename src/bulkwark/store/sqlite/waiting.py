"""Waiting: for the writer's turn, and for a statement to end."""

from __future__ import annotations

import threading
import time
from collections import deque


class FairLock:
    """A lock that is handed over in the order of the requests."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._busy = False
        self._owner = 0  # thread that has the turn
        self._queue: deque[threading.Lock] = deque()

    def acquire(self) -> None:
        me = threading.get_ident()
        if self._owner == me:
            # Better a fault than a thread that waits for itself for ever; an assert would be gone under -O.
            raise RuntimeError("this thread has the writer's turn already")
        with self._mutex:
            if not self._busy:
                self._busy, self._owner = True, me
                return
            turn = threading.Lock()
            turn.acquire()
            self._queue.append(turn)
        turn.acquire()
        self._owner = me

    def release(self) -> None:
        with self._mutex:
            self._owner = 0
            if self._queue:
                self._queue.popleft().release()
            else:
                self._busy = False

    @property
    def waiting(self) -> int:
        """How many writers stand in the queue."""
        return len(self._queue)


class Patience:
    """How long statements may run: `seconds` from now, and no longer than somebody waits for them."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self.stopped = False

    @property
    def over(self) -> bool:
        return self.stopped or time.monotonic() > self._until
