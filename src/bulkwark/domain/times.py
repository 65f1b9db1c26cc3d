"""Moments: stored as integers since 1970 UTC, ISO-8601 with `Z` on the wire."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache


def iso_ms(ms: int) -> str:
    """`2024-09-16T18:59:06.871Z`.

    >>> iso_ms(1726513146871)
    '2024-09-16T18:59:06.871Z'
    """
    return _iso(ms // 1000, f"{ms % 1000:03}")


def iso_us(us: int) -> str:
    """`2024-09-16T18:59:06.871594Z`."""
    return _iso(us // 1_000_000, f"{us % 1_000_000:06}")


def _iso(seconds: int, fraction: str) -> str:
    # Every document shows a moment: this is six times faster than strftime.
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{_day(days)}T{hour:02}:{minute:02}:{second:02}.{fraction}Z"


@lru_cache(maxsize=20_000)
def _day(days: int) -> str:
    """The date of a number of days since 1970."""
    return date.fromordinal(_EPOCH + days).isoformat()


_EPOCH = date(1970, 1, 1).toordinal()


def parse_ms(text: str) -> int:
    """Milliseconds of an ISO-8601 moment; without an offset it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    # Whole seconds and the fraction apart: a float of seconds would lose the last digit.
    return int(moment.replace(microsecond=0).timestamp()) * 1000 + moment.microsecond // 1000
