"""Where the buckets of histograms begin and end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bulkwark.query.aggregations import DateHistogram, Histogram
from bulkwark.query.buckets import Bucket
from bulkwark.query.datemath import starts

_EPOCH = datetime(1970, 1, 1)


def edges(one: Histogram | DateHistogram, low: float | None, high: float | None, most: int) -> Sequence[float]:
    """The lower edges of all buckets that hold values from `low` to `high`, and the end of the last.

    Buckets that only `bounds` ask for are among them. `ValueError` when there are more than `most`.
    """
    if one.bounds is not None and one.min_doc_count == 0:
        given = [value for value in one.bounds if value is not None]
        low = min((v for v in (low, *given[:1]) if v is not None), default=None)
        high = max((v for v in (high, *given[-1:]) if v is not None), default=None)
    if low is None or high is None:
        return ()
    if isinstance(one, DateHistogram):
        found = _dates(one, int(low), int(high), most)
        return [edge for i, edge in enumerate(found) if i + 1 == len(found) or _inside_dates(one, edge)]
    first, last = (math.floor((value - one.offset) / one.interval) for value in (low, high))
    if one.limits is not None:
        first = max(first, math.ceil(max(one.limits[0] / one.interval, first)))
        last = min(last, math.floor(min(one.limits[1] / one.interval, last)))
    if last - first >= most:
        raise ValueError(f"there are more than {most} buckets")
    return [place * one.interval + one.offset for place in range(first, last + 2)] if last >= first else ()


def sparse(one: Histogram | DateHistogram, values: Sequence[float]) -> Sequence[float]:
    """Edges around the given values only, for where all of them between the first and the last would be too many."""
    found: set[float] = set()
    for value in values:
        found.update(edges(one, value, value, 2)[:2])
    return sorted(found)


def _inside_dates(one: DateHistogram, edge: float) -> bool:
    if one.limits is None:
        return True
    low, high = one.limits
    return (low is None or edge >= low) and (high is None or edge < high)


def _dates(one: DateHistogram, low: int, high: int, most: int) -> list[int]:
    if one.unit != "ms":
        return starts(low, high, one.unit, zone=one.zone, offset=one.offset, most=most)
    if (high - low) // one.count >= most:
        raise ValueError(f"there are more than {most} buckets")
    # Spans of fixed length are counted on the clock of the zone.
    day = 86_400_000
    first, last = ((value - one.offset + sign * day) // one.count for value, sign in ((low, -1), (high, 1)))
    if one.zone is UTC:
        first, last = ((value - one.offset) // one.count for value in (low, high))
        return [place * one.count + one.offset for place in range(first, last + 2)]
    found = sorted({_instant(place * one.count, one) + one.offset for place in range(first, last + 2)})
    begin = max(i for i, edge in enumerate(found) if edge <= low)
    end = min(i for i, edge in enumerate(found) if edge > high)
    return found[begin : end + 1]


def _instant(local_ms: int, one: DateHistogram) -> int:
    local = (_EPOCH + timedelta(milliseconds=local_ms)).replace(tzinfo=one.zone)
    return round(local.timestamp() * 1000)


def filled(one: Histogram | DateHistogram, edges: Sequence[float], counts: Mapping[int, int]) -> list[Bucket]:
    """The buckets of one histogram: those with enough objects; from 0 on, also the empty ones between them."""
    if one.min_doc_count > 0:
        return [Bucket(i, counts[i]) for i in sorted(counts) if counts[i] >= one.min_doc_count]
    places = set(counts)
    for bound in one.bounds or ():
        place = -1 if bound is None else _place(edges, bound)
        if place >= 0:
            places.add(place)
    if not places:
        return []
    return [Bucket(i, counts.get(i, 0)) for i in range(min(places), max(places) + 1)]


def _place(edges: Sequence[float], value: float) -> int:
    """The bucket that holds the value, or -1."""
    return next((i for i in range(len(edges) - 1) if edges[i] <= value < edges[i + 1]), -1)
