"""How many requests a client may make: a sliding window for each client id and API version."""

from __future__ import annotations

import re
from collections import deque
from math import ceil
from threading import Lock

from bulkwark.errors import Invalid, TooMany

OFF = "off"
MAX_REQUESTS = 100_000  # in one period: so many moments are kept for a client
MAX_SECONDS = 86_400

_RATE = re.compile(r"(\d{1,9})/(\d{1,9})", re.ASCII)


class Limits:
    """At most so many requests in any so many seconds. Memory: 32 bytes for each counted request.

    The moments themselves are kept: a bucket that refills would let up to twice as many pass in some window.
    """

    def __init__(self, rate: str | None) -> None:
        """`rate` is `<requests>/<seconds>` as in `100/10`; `off` or None: no limit. Raises Invalid."""
        self.requests, self.seconds = parse(rate)
        self._passed: dict[tuple[str, str], deque[float]] = {}
        self._purge_at = 0.0
        self._lock = Lock()

    @property
    def enabled(self) -> bool:
        return self.requests > 0

    def check(self, client_id: str, version: str, now: float) -> None:
        """Count a request, or raise TooMany; refused requests do not count. `now`: seconds of a steady clock."""
        if not self.requests:
            return
        key = (client_id, version)
        with self._lock:
            passed = self._passed.get(key)
            if passed is None:
                if now >= self._purge_at:
                    self._purge(now)
                passed = self._passed[key] = deque()
            if len(passed) < self.requests:
                passed.append(now)
                return
            wait = passed[0] + self.seconds - now
            if wait <= 0:
                passed.popleft()
                passed.append(now)
                return
        raise TooMany(
            f"Rate limit exceeded: {self.requests} requests in {self.seconds} seconds for a client and API version",
            retry_after=max(1, ceil(wait)),
        )

    def _purge(self, now: float) -> None:
        """Forget who has been idle for a whole period; at most once in a period, so it costs little."""
        self._purge_at = now + self.seconds
        idle = [key for key, passed in self._passed.items() if passed[-1] + self.seconds <= now]
        for key in idle:
            del self._passed[key]


def parse(rate: str | None) -> tuple[int, int]:
    """(requests, seconds) of a rate; (0, 0) is no limit. Raises Invalid.

    >>> parse("100/10"), parse("off")
    ((100, 10), (0, 0))
    """
    if rate is None or rate.strip().lower() == OFF:
        return 0, 0
    match = _RATE.fullmatch(rate.strip())
    requests, seconds = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (1 <= requests <= MAX_REQUESTS and 1 <= seconds <= MAX_SECONDS):
        hint = f"as in 100/10: up to {MAX_REQUESTS} requests in up to {MAX_SECONDS} seconds, or off"
        raise Invalid(f"{rate!r} is no rate limit", hint=hint)
    return requests, seconds
