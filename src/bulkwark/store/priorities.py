"""Who waits for a processor: what works in the background stands back behind those who answer calls."""

from __future__ import annotations

import atexit
import ctypes
import os
import platform
import signal
import struct
import sys
import threading
from contextlib import suppress

BEHIND = 5  # niceness of threads that work on jobs, beyond that of the process: somebody may wait for what they hold
FAR_BEHIND = 19  # niceness of a process that nobody waits for
LONG_SLICE = (
    100_000_000  # ns, the longest that Linux takes: whoever wakes up and asks for shorter ones (3 ms) interrupts it
)
SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}  # the number of the system call, for which Python has no function
YIELD_SECONDS = 0.0005


def stay_behind() -> None:
    """Let this thread wait for a processor while others of the process want one: those who answer calls.

    Linux gives each thread a niceness and, from 6.12 on, a length of its slices of its own; elsewhere nothing happens.
    """
    if sys.platform == "linux":
        with suppress(OSError):  # nobody needs it
            nice = min(FAR_BEHIND, os.getpriority(os.PRIO_PROCESS, os.getpid()) + BEHIND)
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)
            _take_long_slices(nice)


def stay_far_behind() -> None:
    """Let this process run on processors that nobody else wants."""
    with suppress(OSError):
        os.nice(FAR_BEHIND)
    if sys.platform == "linux":
        _take_long_slices(FAR_BEHIND)
        _yield_often()


def _take_long_slices(nice: int) -> None:
    """Let threads that wake up interrupt this one: one that is only nice ends what the kernel has begun to give it.
    As a batch it does not interrupt them when it wakes up itself."""
    number = SCHED_SETATTR.get(platform.machine())
    if number is not None:
        # struct sched_attr: size, policy, flags, niceness, priority, runtime, deadline, period
        attributes = struct.pack("=IIQiIQQQ", 48, os.SCHED_BATCH, 0, nice, 0, LONG_SLICE, 0, 0)
        ctypes.CDLL(None).syscall(number, 0, attributes, 0)


def _yield_often() -> None:
    """Let the kernel look every half millisecond who is to run. It does so when it wakes somebody up; but it may find
    that he has had his share, take this process, and look again at its next tick only, 4 ms later."""
    signal.signal(signal.SIGALRM, lambda *_: os.sched_yield())
    signal.siginterrupt(signal.SIGALRM, False)
    signal.setitimer(signal.ITIMER_REAL, YIELD_SECONDS, YIELD_SECONDS)
    atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)  # Python lets go of the signal at its end, and it kills
