"""How many calls have come: what is large and can wait gives way while others call."""

from __future__ import annotations


class Traffic:
    """Counts calls; the event loop alone writes."""

    def __init__(self) -> None:
        self.calls = 0

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
