"""The threads in which previews select what they deal with: shared fairly, and soon empty when the server stops.

A selection may take a minute. A client has at most two of the three threads, so that one who asks for many slow
previews keeps nobody else waiting for all of them.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor

from bulkwark.store.dialect import Patience

log = logging.getLogger("bulkwark.bulk")

THREADS, OF_CLIENT = 3, 2
SECONDS = 60.0  # of a preview's selection, for which nobody waits

Work = Callable[[Patience], None]


class PreviewThreads:
    """Runs work of owners in turn, one piece of each after the other."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="preview")
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, deque[Work]] = {}  # whose turn is next stands first
        self._running: Counter[Hashable] = Counter()
        self._patience: set[Patience] = set()
        self._stopping = False

    def submit(self, owner: Hashable, work: Work) -> None:
        """Run it when its owner's turn has come; never, when the server stops before."""
        with self._lock:
            self._waiting.setdefault(owner, deque()).append(work)
            self._begin()

    def stop(self) -> None:
        """End what runs at its next look at its patience, forget what waits, and wait for the threads."""
        with self._lock:
            self._stopping = True
            self._waiting.clear()
            for patience in self._patience:
                patience.stopped = True
        self._pool.shutdown(wait=True)

    def _begin(self) -> None:
        while not self._stopping and self._running.total() < THREADS:
            owner = next((one for one in self._waiting if self._running[one] < OF_CLIENT), None)
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
        try:
            work(patience)
        except Exception:
            log.exception("a preview is interrupted")
        finally:
            with self._lock:
                self._patience.discard(patience)
                self._running[owner] -= 1
                if not self._running[owner]:
                    del self._running[owner]
                self._begin()
