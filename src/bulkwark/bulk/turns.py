"""Whose turn it is: unfinished jobs share the engine's time by weight, and none waits for another to end.

Stride scheduling: each job has a clock of its own that runs slower the higher its priority is; the job whose clock is
furthest behind has the next turn. One that comes anew starts where the others are, so it neither waits for them nor
overtakes what they are owed. A turn is one chunk, and chunks of all jobs take about as long.
"""

from __future__ import annotations

from dataclasses import dataclass

from bulkwark.domain.jobs import USUAL_PRIORITY

Key = tuple[int, int]  # tenant, number of the job


@dataclass(slots=True)
class _Place:
    spent: float  # turns of the engine, weighed
    ready: float = 0.0  # not before this moment (its speed limit)
    priority: int = USUAL_PRIORITY
    calls: int = 0  # how often somebody said that there is something to do


class Turns:
    """Not safe between threads: the engine's lock guards it."""

    def __init__(self) -> None:
        self._places: dict[Key, _Place] = {}
        self._now = 0.0  # the clock of the job that had the last turn

    def __len__(self) -> int:
        return len(self._places)

    def call(self, key: Key) -> None:
        """There is something to do for the job, at once; also when it has a place already."""
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = _Place(spent=self._now)
        place.calls += 1
        place.ready = 0.0

    def next(self, now: float) -> Key | None:
        """The job whose turn it is at that moment (monotonic seconds)."""
        ready = [(place.spent, key) for key, place in self._places.items() if place.ready <= now]
        if not ready:
            return None
        self._now, key = min(ready)
        return key

    def wait(self, now: float) -> float | None:
        """Seconds until some job is ready; None while there is none at all."""
        return min((max(0.0, place.ready - now) for place in self._places.values()), default=None)

    def calls(self, key: Key) -> int:
        """To be handed to `done`, so that a call during the turn is not lost."""
        return self._places[key].calls

    def took(self, key: Key, *, calls: int, ready: float, priority: int) -> None:
        """The job had its turn, and is ready for another at a moment; unless it was called meanwhile."""
        place = self._places[key]
        place.priority = priority
        place.spent += 2.0 ** (USUAL_PRIORITY - priority)
        if place.calls == calls:
            place.ready = ready

    def done(self, key: Key, calls: int) -> None:
        """The job has nothing more to do; unless it was called meanwhile."""
        if self._places[key].calls == calls:
            del self._places[key]
