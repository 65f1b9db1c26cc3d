"""Made-up jobs as series of chunks: steady, growing slower, paused, and with others beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from bulkwark.domain.jobs import Happened

Event = tuple[int, Happened, int]  # at in ms, what, items


@dataclass(frozen=True, slots=True)
class Series:
    """What the log of a whole job tells, oldest first."""

    total: int
    events: list[Event]

    def looks(self) -> Iterator[tuple[int, list[Event], int, float]]:
        """After each tenth of the job: (moment in ms, events so far, items left, seconds left without holds)."""
        done, next_look, still, held = 0, self.total // 10, 0, 0
        ends = self.events[-1][0]
        stills = [0] * len(self.events)
        for index, (at, kind, _) in enumerate(self.events):
            if kind is Happened.PAUSED:
                held = at
            elif kind is Happened.RESUMED:
                still += at - held
            stills[index] = still
        for index, (at, kind, items) in enumerate(self.events):
            done += items
            if kind is Happened.CHUNK and next_look <= done < self.total and index > 10:
                next_look += self.total // 10
                yield at, self.events[: index + 1], self.total - done, (ends - at - (still - stills[index])) / 1000


def make(random: Random, total: int, speed: Callable[[float], float], pause: float = 0.0) -> Series:
    """A job of `total` items; `speed`: how fast it goes when a part is done. `pause`: seconds, in the middle."""
    events: list[Event] = [(0, Happened.SELECTED, 0)]
    at, done, size, stood = 0.0, 0, 500, False
    while done < total:
        if pause and not stood and done > total / 2:
            stood = True
            events.append((int(at * 1000), Happened.PAUSED, 0))
            at += pause
            events.append((int(at * 1000), Happened.RESUMED, 0))
        items = min(size, total - done)
        rate = speed(done / total)
        took = items / rate * random.lognormvariate(0, 0.25) + (0.1 if random.random() < 0.02 else 0.0)
        size = int(min(20_000, max(50, min((size + items * 0.02 / took) / 2, size * 4))))
        at, done = at + took, done + items
        events.append((round(at * 1000), Happened.CHUNK, items))
    return Series(total, events)


def steady(random: Random) -> Series:
    return make(random, random.randint(20_000, 1_000_000), lambda part: 50_000)


def slowing(random: Random) -> Series:
    end = random.uniform(0.3, 0.7)
    return make(random, random.randint(20_000, 1_000_000), lambda part: 50_000 * (1 - (1 - end) * part))


def paused(random: Random) -> Series:
    return make(random, random.randint(20_000, 1_000_000), lambda part: 50_000, pause=random.uniform(1, 600))


def beside_others(random: Random) -> Series:
    """Up to three others come and go while it runs."""
    turns = sorted((random.random(), random.randint(1, 4)) for _ in range(random.randint(4, 40)))

    def speed(part: float) -> float:
        return 50_000 / next((others for until, others in turns if part <= until), 1)

    return make(random, random.randint(20_000, 1_000_000), speed)


KINDS = (steady, slowing, paused, beside_others)
