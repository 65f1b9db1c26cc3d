"""Progress on standard error: live bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

LINE_SECONDS = 5.0  # between two plain lines


class Bars:
    """One bar for each thing that is counted."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self.live = self.console.is_terminal
        self._progress = Progress(
            TextColumn("{task.description:<20}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            TextColumn("{task.fields[note]}"),
            console=self.console,
        )
        self._tasks: dict[str, TaskID] = {}
        self._done: dict[str, int] = {}
        self._shown: dict[str, tuple[object, ...]] = {}
        self._line_at = time.monotonic() + LINE_SECONDS

    def __enter__(self) -> Bars:
        if self.live:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.live:
            self._progress.stop()

    def advance(self, name: str, count: int, total: int | None, note: str = "") -> None:
        """So many more are done."""
        self.set(name, self._done.get(name, 0) + count, total, note)

    def set(self, name: str, done: int, total: int | None, note: str = "", *, key: str = "") -> None:
        """So many are done in all. `key` tells bars apart whose names change."""
        key = key or name
        self._done[key] = done
        if not self.live:
            self._line(key, (name, done, total, note))
            return
        if key not in self._tasks:
            self._tasks[key] = self._progress.add_task(name, total=total, rate="", note=note)
        task = self._progress.tasks[self._tasks[key]]
        speed = task.finished_speed or task.speed
        rate = f"{speed:,.0f}/s" if speed else ""
        self._progress.update(self._tasks[key], description=name, completed=done, total=total, rate=rate, note=note)

    def _line(self, key: str, shown: tuple[str, int, int | None, str]) -> None:
        """A plain line when a bar is full, and every few seconds."""
        now = time.monotonic()
        name, done, total, note = shown
        if (now < self._line_at and done != total) or self._shown.get(key) == shown:
            return
        self._line_at = now + LINE_SECONDS
        self._shown[key] = shown
        share = f" of {total:,}" if total is not None else ""
        self.console.print(f"  {name:<20} {done:,}{share}  {note}".rstrip(), highlight=False, soft_wrap=True)
