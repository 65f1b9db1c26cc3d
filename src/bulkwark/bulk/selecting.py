"""The threads in which jobs select what they deal with: shared fairly among clients, and soon empty at a stop.

A selection may take a minute. No client ever has all of the threads, so that one who asks for many slow selections
keeps nobody else waiting for all of them; and only so many may wait, because each keeps the state of the data that it
will see.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor

from bulkwark.errors import TooMany
from bulkwark.store.dialect import Patience

log = logging.getLogger("bulkwark.bulk")

SECONDS = 60.0  # a selection that is too costly ends its job
MOST_OF_CLIENT, MOST = 40, 400  # that wait

Work = Callable[[Patience], None]


class Selecting:
    """Runs work of owners in turn, one piece of each after the other."""

    def __init__(self, threads: int, name: str) -> None:
        self._threads, self._of_client = threads, threads - 1
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, deque[Work]] = {}  # whose turn is next stands first
        self._running: Counter[Hashable] = Counter()
        self._patience: set[Patience] = set()
        self._stopping = False

    def require_room(self, owner: Hashable) -> None:
        """Raise TooMany when so much waits that no more should be accepted."""
        with self._lock:
            mine, every = len(self._waiting.get(owner, ())), sum(map(len, self._waiting.values()))
        if mine >= MOST_OF_CLIENT or every >= MOST:
            raise TooMany(f"{mine} jobs of this client wait for their selection, {every} of all", retry_after=10)

    def submit(self, owner: Hashable, work: Work) -> None:
        """Run it when its owner's turn has come; with a patience that is over, when the server stops before."""
        with self._lock:
            if not self._stopping:
                self._waiting.setdefault(owner, deque()).append(work)
                self._begin()
                return
        self._do(work, _over())

    def stop(self) -> None:
        """End what runs at its next look at its patience and what waits at its first, and wait for the threads."""
        with self._lock:
            self._stopping = True
            left = [work for queue in self._waiting.values() for work in queue]
            self._waiting.clear()
            for patience in self._patience:
                patience.stopped = True
        for work in left:
            self._do(work, _over())
        self._pool.shutdown(wait=True)

    def _begin(self) -> None:
        while not self._stopping and self._running.total() < self._threads:
            owner = next((one for one in self._waiting if self._running[one] < self._of_client), None)
            if owner is None:
                return
            queue = self._waiting.pop(owner)
            work = queue.popleft()
            if queue:
                self._waiting[owner] = queue
            patience = Patience(SECONDS)
            self._running[owner] += 1
            self._patience.add(patience)
            self._pool.submit(self._run, owner, work, patience)

    def _run(self, owner: Hashable, work: Work, patience: Patience) -> None:
        self._do(work, patience)
        with self._lock:
            self._patience.discard(patience)
            self._running[owner] -= 1
            if not self._running[owner]:
                del self._running[owner]
            self._begin()

    @staticmethod
    def _do(work: Work, patience: Patience) -> None:
        try:
            work(patience)
        except Exception:
            log.exception("a selection is interrupted")


def _over() -> Patience:
    patience = Patience(0.0)
    patience.stopped = True
    return patience
