"""Seeded chance for the synthetic company: picks, ids and timestamps, all reproducible from one seed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar

T = TypeVar("T")

#: How far back the company's history goes.
HISTORY_DAYS = 8 * 365

_DAY_MS = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock:
    """Timestamps between eight years before `now` and `now`, in ISC's spelling `2024-01-23T18:08:50.897Z`."""

    def __init__(self, now: datetime) -> None:
        aware = now if now.tzinfo is not None else now.replace(tzinfo=UTC)
        self.now_ms = (aware - _EPOCH) // timedelta(milliseconds=1)
        self.start_ms = self.now_ms - HISTORY_DAYS * _DAY_MS
        self._first_day = self.start_ms // _DAY_MS
        # Formatting a datetime costs more than building a whole document: the dates are a table.
        self._dates = [
            (_EPOCH + timedelta(days=day)).strftime("%Y-%m-%d")
            for day in range(self._first_day, self.now_ms // _DAY_MS + 1)
        ]

    def date(self, ms: int) -> str:
        """The UTC date of that moment, `YYYY-MM-DD`."""
        return self._dates[ms // _DAY_MS - self._first_day]

    def stamp(self, ms: int) -> str:
        """The moment in ISO-8601, UTC, with milliseconds and `Z`."""
        day, rest = divmod(ms, _DAY_MS)
        seconds, milli = divmod(rest, 1000)
        minutes, second = divmod(seconds, 60)
        hour, minute = divmod(minutes, 60)
        return f"{self._dates[day - self._first_day]}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"


class Dice:
    """One reproducible stream of chance.

    Every kind of document has its own stream, so that a change to one kind leaves the others as they were.
    Only `random()` and `getrandbits()` are used: Python promises or keeps both equal across versions.
    """

    def __init__(self, seed: int, stream: str, clock: Clock) -> None:
        rng = Random(f"{seed}:{stream}")
        self.random = rng.random
        self._bits = rng.getrandbits
        self._clock = clock

    def id(self) -> str:
        """32 lower-case hex digits."""
        return f"{self._bits(128):032x}"

    def chance(self, share: float) -> bool:
        """True in that share of the calls."""
        return self.random() < share

    def pick(self, pool: Sequence[T]) -> T:
        """One element, all equally likely."""
        return pool[int(self.random() * len(pool))]

    def some(self, pool: Sequence[T], count: int) -> list[T]:
        """`count` different positions of the pool, or the whole pool if it is not larger."""
        size = len(pool)
        if count >= size:
            return list(pool)
        places: dict[int, None] = {}
        while len(places) < count:
            places[int(self.random() * size)] = None
        return [pool[place] for place in places]

    def moment(self) -> int:
        """A moment of the company's history, in milliseconds since 1970."""
        clock = self._clock
        return clock.start_ms + int(self.random() * (clock.now_ms - clock.start_ms))

    def lifetime(self) -> tuple[str, str]:
        """`created` and `modified`; about a quarter was never changed after its creation."""
        clock = self._clock
        created = self.moment()
        stamp = clock.stamp(created)
        if self.random() < 0.25:
            return stamp, stamp
        return stamp, clock.stamp(created + int(self.random() * (clock.now_ms - created)))

    def date(self) -> str:
        """A date of the company's history, `YYYY-MM-DD`."""
        return self._clock.date(self.moment())
