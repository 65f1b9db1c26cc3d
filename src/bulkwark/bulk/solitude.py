"""Whether a job has the writer for itself: then its chunks may be long, since each commit costs."""

from __future__ import annotations

import time

from bulkwark.store.dialect import Database

ALONE_AFTER = 0.5  # seconds without anybody else's write, from which on a job counts as alone
WORTH = 2.0  # after a chunk that was broken off: so many times its seconds must pass, and at most
LONGEST_WAIT = 30.0  # seconds


class Solitude:
    """What the engine has seen of other writers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._others = 0  # transactions that others have committed
        self._own = 0
        self._shared = 0.0  # when somebody else last wrote, or wanted to
        self._calm = ALONE_AFTER

    def begins(self) -> None:
        """Before a transaction of the engine."""
        others = self._database.commits - self._own
        if others != self._others:
            self._others = others
            self._shared = time.monotonic()

    def committed(self) -> None:
        """After it."""
        self._own += 1

    def holds(self, jobs: int) -> bool:
        """Within it: whether nobody else has written for a while. `jobs`: how many there are."""
        now = time.monotonic()
        if self._database.waiting or jobs > 1:
            self._shared = now
        return now - self._shared > self._calm

    def lost(self, seconds: float) -> None:
        """A chunk was broken off after so long: the more is lost, the longer it must be quiet before the next."""
        self._shared = time.monotonic()
        self._calm = max(ALONE_AFTER, min(LONGEST_WAIT, WORTH * seconds))

    def kept(self) -> None:
        """A long chunk was committed."""
        self._calm = ALONE_AFTER
