"""Long work that steps aside for calls: how many come, and when to let their threads have a processor."""

from __future__ import annotations

import os
import time

# A thread that was woken waits for whoever runs on its processor until the kernel's next tick (4 ms), unless that one
# leaves it by itself.
WORK = 0.0004  # seconds of work between two looks
PAUSE = 0.0004  # seconds that one step aside takes, while a call is under way
YOUNG = 0.005  # seconds for which a call is stepped aside for; one that takes longer does not wait for a processor
MOST_SAVED = 0.004  # seconds of pauses that work has earned: in a flood of calls half of the time is work
LATELY = 1.0  # seconds
RATION, BREATH = 0.002, 0.0002  # seconds of work, while calls come, after which a processor is left free for so long
_yield = getattr(os, "sched_yield", lambda: None)


class Traffic:
    """Counts calls; the event loop alone writes."""

    def __init__(self) -> None:
        self.calls = 0
        self._ended = 0
        self._last = 0.0  # when a call last began

    def begins(self) -> None:
        self.calls += 1
        self._last = time.perf_counter()

    def ends(self) -> None:
        """A call is answered."""
        self._ended += 1

    def under_way(self, now: float) -> bool:
        """Whether somebody waits for an answer, and has not done so for long."""
        return self.calls != self._ended and now - self._last < YOUNG

    def lately(self) -> bool:
        """Whether calls come in these seconds."""
        return time.perf_counter() - self._last < LATELY

    def watch(self) -> Watch:
        """Look out for calls from now on."""
        return Watch(self)


class Watch:
    """Says whether others have called since it was last asked."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._seen = traffic.calls

    def others(self) -> bool:
        seen, self._seen = self._seen, self._traffic.calls
        return seen != self._seen


class Leisure:
    """Asked between two pieces of long work: sleeps while a call is under way, now and then while calls come, and lets
    others go first else."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._since = time.perf_counter()
        self._saved = 0.0

    def look(self, hurried: bool = False) -> None:
        """`hurried`: somebody waits for the end of this work."""
        now = time.perf_counter()
        worked = now - self._since
        if worked < WORK:
            return
        self._saved = min(MOST_SAVED, self._saved + worked)
        if hurried or not self._traffic.under_way(now):
            if self._saved > RATION and not hurried and self._traffic.lately():
                self._saved -= RATION
                time.sleep(BREATH)
            else:
                _yield()
        while self._saved > 0 and not hurried and self._traffic.under_way(now):
            time.sleep(PAUSE)
            before, now = now, time.perf_counter()
            self._saved -= now - before
        self._since = now
