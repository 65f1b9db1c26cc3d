"""What the rounds of the crash test saw, each and in sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

INSIDE = ("PRE_PROCESS", "CHUNK_PENDING", "CHUNK_PROCESSING")
SHARE, RESUME = 0.8, 2.0  # the bars: of the rounds inside, seconds from GET /health to the job's next progress


@dataclass
class Round:
    number: int
    job: str
    end: str
    fell: str = ""
    done: int = 0
    total: int | None = None
    healthy: float | None = None  # seconds from GET /health (a full disk: from new space) to the next progress
    started: float | None = None  # the same from the start of the process
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        where = f"{self.fell} at {self.done} of {self.total if self.total is not None else '?'}"
        times = "" if self.healthy is None else f"on after {self.healthy * 1000:.0f} ms"
        if self.started is not None:
            times += f" ({self.started * 1000:.0f} ms from the start of the process)"
        return f"{self.number:4}  {self.end:9} {self.job:44} {where:36} {'; '.join(self.faults) or times}"


def share_inside(played: Sequence[Round]) -> float:
    return sum(one.fell in INSIDE for one in played) / len(played)


def summary(played: Sequence[Round]) -> str:
    """The lines that docs/benchmarks.md shows."""
    lines = [f"{len(played)} rounds: " + counted(one.end for one in played)]
    lines.append("fell in: " + counted(one.fell for one in played) + f"; {share_inside(played):.0%} inside")
    for name in ("healthy", "started"):
        found = sorted(value for one in played if (value := getattr(one, name)) is not None)
        if found:
            half, p99 = found[len(found) // 2], found[min(len(found) - 1, int(0.99 * len(found)))]
            what = "GET /health or new space" if name == "healthy" else "the start of the process"
            times = f"half within {half:.2f} s, p99 {p99:.2f} s, at most {found[-1]:.2f} s"
            lines.append(f"on after, from {what}: {times} ({len(found)} times)")
    faulty = [one for one in played if one.faults]
    lines.append(f"{len(faulty)} faulty" + "".join(f"\n  {one}" for one in faulty))
    return "\n".join(lines)


def counted(words: Iterable[str]) -> str:
    return ", ".join(f"{word} {times}" for word, times in Counter(words).most_common())
