"""Waiting: for the writer's turn, for a statement to end, and for those who answer calls."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

BEHIND = 5  # niceness of threads that work on jobs, beyond that of the process
LONG_SLICE = 100_000_000  # ns, the longest that Linux takes: whoever asks for shorter ones (3 ms) interrupts it
SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}  # the number of the system call, for which Python has no function


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


def stay_behind() -> None:
    """Let this thread wait for a processor while others of the process want one: those who answer calls.

    With two processors and an upload, the slowest 1 % of reads then took 6 ms instead of 9. Linux gives each thread a
    niceness and, from 6.12 on, a length of its slices of its own; elsewhere nothing happens.
    """
    if sys.platform == "linux":
        with suppress(OSError):  # nobody needs it
            nice = min(19, os.getpriority(os.PRIO_PROCESS, os.getpid()) + BEHIND)
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)
            _take_long_slices(nice)


def _take_long_slices(nice: int) -> None:
    """Let threads that wake up interrupt this one: a nice one alone finishes what the kernel has begun to give it."""
    number = SCHED_SETATTR.get(platform.machine())
    if number is not None:
        # struct sched_attr: size, policy SCHED_OTHER, flags, niceness, priority, runtime, deadline, period
        attributes = struct.pack("=IIQiIQQQ", 48, 0, 0, nice, 0, LONG_SLICE, 0, 0)
        ctypes.CDLL(None).syscall(number, 0, attributes, 0)
