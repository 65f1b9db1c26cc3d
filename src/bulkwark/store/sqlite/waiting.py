"""Waiting: for the writer's turn, and for a statement to end."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class GaveWay(Exception):
    """A transaction was broken off because somebody else wanted to write; it is to be done again."""


class FairLock:
    """A lock that is handed over in the order of the requests. Its holder can let himself be broken off."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._busy = False
        self._owner = 0  # thread that has the turn
        self._queue: deque[tuple[threading.Lock, bool]] = deque()
        self._break_off: Callable[[], None] | None = None
        self.waiting = 0  # how many stand in the queue and are not patient
        self.hurried = False  # whether the holder is to come to an end at once

    def acquire(self, *, patient: bool = False) -> None:
        """Wait for the turn. `patient`: nobody is broken off for it."""
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
            self._queue.append((turn, patient))
            if not patient:
                self.waiting += 1
                self._hurry()
        turn.acquire()
        self._owner = me

    def release(self) -> None:
        with self._mutex:
            self._owner = 0
            if self._queue:
                turn, patient = self._queue.popleft()
                self.waiting -= not patient
                turn.release()
            else:
                self._busy = False

    @contextmanager
    def giving_way(self, break_off: Callable[[], None]) -> Iterator[None]:
        """For the holder: `break_off` is called, by another thread, when somebody waits; never once this has ended."""
        with self._mutex:
            self.hurried = self.waiting > 0
            self._break_off = break_off
        try:
            yield
        finally:
            with self._mutex:
                self._break_off = None

    def hurry(self) -> None:
        """Let the holder come to an end, if he gives way."""
        with self._mutex:
            self._hurry()

    def _hurry(self) -> None:
        if self._break_off is not None:
            self.hurried = True
            self._break_off()


class Patience:
    """How long statements may run: `seconds` from now, and no longer than somebody waits for them."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self.stopped = False

    @property
    def over(self) -> bool:
        return self.stopped or time.monotonic() > self._until

    def require(self) -> None:
        """Asked before each statement."""


class Way(Patience):
    """Patience that ends when the holder of the lock is to hurry."""

    def __init__(self, lock: FairLock) -> None:
        super().__init__(0.0)
        self._lock = lock

    @property
    def over(self) -> bool:
        return self._lock.hurried

    def require(self) -> None:
        """Raises GaveWay when it is over: an interrupt between two statements is lost."""
        if self.over:
            raise GaveWay
