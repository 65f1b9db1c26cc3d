"""The open streams of events: how many a client may have, the threads that read for them, and their end."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from bulkwark.errors import TooMany

MOST_OF_CLIENT, MOST = 20, 1_000
THREADS = 2  # readers of their own: however many streams are open, the other readers stay free


class Streams:
    """Shared by all streams of a server. `closing` is what each of them looks at between two reads."""

    def __init__(self) -> None:
        self.closing = False
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="stream")
        self._open: Counter[str] = Counter()
        self._lock = Lock()

    def __len__(self) -> int:
        return self._open.total()

    def enter(self, client_id: str) -> None:
        """Count one more. Raises TooMany."""
        with self._lock:
            if self._open[client_id] >= MOST_OF_CLIENT:
                detail = f"{MOST_OF_CLIENT} streams of events are open for this client"
                raise TooMany(f"{detail}: close one first", retry_after=10)
            if self._open.total() >= MOST:
                raise TooMany(f"{MOST} streams of events are open at this server", retry_after=10)
            self._open[client_id] += 1

    def leave(self, client_id: str) -> None:
        with self._lock:
            self._open[client_id] -= 1
            if not self._open[client_id]:
                del self._open[client_id]

    def end(self) -> None:
        """Let every stream end: the server stops, and must not wait for clients that stay."""
        self.closing = True

    def close(self) -> None:
        """End the threads too."""
        self.end()
        self.pool.shutdown(wait=True)
