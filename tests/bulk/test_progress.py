"""How well a job's progress foretells its end, on series of chunks as jobs leave them behind."""

from __future__ import annotations

from random import Random
from statistics import median

import pytest

from bulkwark.bulk import progress
from bulkwark.bulk.progress import RECENT, pace, running
from bulkwark.domain.jobs import Happened
from tests.bulk import series
from tests.bulk.series import KINDS, Event, Series

EACH = 40  # jobs of a kind


def looks(kind: str) -> list[tuple[float, float, float, float]]:
    """(earliest, likely, latest, true) seconds left, at each look at each job of a kind."""
    make = getattr(series, kind)
    found = []
    for seed in range(EACH):
        job: Series = make(Random(seed))
        for _, events, left, true in job.looks():
            one = pace(running(events[-RECENT:]), left)
            assert one is not None
            found.append((left / one.fast, left / one.likely, left / one.slow, true))
    return found


@pytest.mark.parametrize("kind", [kind.__name__ for kind in KINDS])
def test_the_end_lies_within_the_range_four_times_in_five(kind: str) -> None:
    found = looks(kind)

    hits = sum(earliest <= true <= latest for earliest, _, latest, true in found)

    assert len(found) > 300
    assert hits >= 0.8 * len(found), f"{hits} of {len(found)}"
    assert all(earliest <= likely <= latest for earliest, likely, latest, _ in found)


@pytest.mark.parametrize("kind", ["steady", "paused"])
def test_the_range_of_a_steady_job_is_no_wider_than_what_is_left(kind: str) -> None:
    found = looks(kind)

    assert median((latest - earliest) / true for earliest, _, latest, true in found) < 0.8
    assert median(abs(likely / true - 1) for _, likely, _, true in found) < 0.1


def test_time_in_which_a_job_stood_still_is_not_in_its_rate() -> None:
    without = [(at, Happened.CHUNK, 100) for at in range(0, 10_000, 100)]
    pause: list[Event] = [(10_000, Happened.PAUSED, 0), (3_610_000, Happened.RESUMED, 0)]
    after = [(at, Happened.CHUNK, 100) for at in range(3_610_100, 3_620_000, 100)]

    found = pace(running([*without, *pause, *after]), 50_000)

    assert found is not None
    assert found.seen == pytest.approx(1_000, rel=0.01)


def test_a_guard_that_holds_a_job_is_a_pause_too() -> None:
    events: list[Event] = [(0, Happened.CHUNK, 100), (100, Happened.CHUNK, 100), (150, Happened.HELD, 0)]
    events += [(90_150, Happened.CONFIRMED, 0), (90_200, Happened.CHUNK, 100)]

    assert running(events) == [(0.0, 100), (0.1, 100), (pytest.approx(0.2), 100)]


def test_the_time_in_which_no_server_ran_is_not_in_the_rate() -> None:
    events = [(at, Happened.CHUNK, 100) for at in (*range(0, 5_000, 100), *range(905_000, 910_000, 100))]

    found = pace(running(events), 10_000)

    assert found is not None
    assert found.seen == pytest.approx(1_000, rel=0.02)


def test_a_job_at_one_item_in_a_minute_was_not_down_all_the_time() -> None:
    events = [(60_000 * n, Happened.CHUNK, 1) for n in range(20)]

    found = pace(running(events), 10)

    assert found is not None
    assert found.seen == pytest.approx(1 / 60)
    assert found.slow <= found.likely <= found.fast


@pytest.mark.parametrize("chunks", [[], [(1.0, 5)], [(1.0, 5), (2.0, 5)]])
def test_nothing_is_foretold_from_too_few_chunks(chunks: list[tuple[float, int]]) -> None:
    assert pace(chunks, 100) is None


def test_a_job_that_grows_slower_is_expected_later_than_at_todays_rate() -> None:
    at, events = 0.0, []
    for n in range(200):
        at += 100 * (1 + n / 100)
        events.append((round(at), Happened.CHUNK, 1_000))

    found = pace(running(events), 100_000)

    assert found is not None
    assert found.slow < found.likely < found.seen


def test_chunks_that_all_end_in_the_same_millisecond_make_no_fault() -> None:
    found = pace([(1.0, 10)] * 5, 10)

    assert found is not None
    assert found.seen > 0
    assert progress.pace([(1.0, 10)] * 5, 0) is not None
