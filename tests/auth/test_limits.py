"""The rate limit: exactly so many requests in any window, whoever asks from however many threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from bulkwark.auth.limits import Limits, parse
from bulkwark.errors import Invalid, TooMany


def refused(limits: Limits, now: float, client: str = "a", version: str = "v2025") -> int:
    """Seconds to wait, 0 when the request passes."""
    try:
        limits.check(client, version, now)
    except TooMany as error:
        return error.retry_after
    return 0


def test_a_hundred_requests_pass_and_the_next_one_is_told_to_wait() -> None:
    limits = Limits("100/10")

    assert [refused(limits, 1000.0 + i / 100) for i in range(100)] == [0] * 100
    assert refused(limits, 1001.0) == 9
    assert refused(limits, 1009.5) == 1


def test_the_window_slides_and_opens_exactly_when_the_oldest_request_leaves_it() -> None:
    limits = Limits("3/10")
    assert [refused(limits, t) for t in (0.0, 4.0, 8.0)] == [0, 0, 0]

    assert refused(limits, 9.75) == 1
    assert refused(limits, 10.0) == 0  # the first has left
    assert refused(limits, 10.5) == 4
    assert refused(limits, 14.0) == 0


def test_no_window_of_ten_seconds_ever_holds_more_than_the_limit() -> None:
    limits = Limits("5/10")

    passed = [t / 7 for t in range(700) if refused(limits, t / 7) == 0]

    assert all(sum(start <= t < start + 10 for t in passed) <= 5 for start in passed)
    assert len(passed) == 50  # and nothing is lost: ten full windows in a hundred seconds


def test_refused_requests_do_not_lengthen_the_wait() -> None:
    limits = Limits("1/10")
    assert refused(limits, 0.0) == 0

    assert {refused(limits, t / 10) > 0 for t in range(1, 100)} == {True}
    assert refused(limits, 10.0) == 0


def test_clients_and_versions_are_counted_apart() -> None:
    limits = Limits("1/10")
    assert refused(limits, 0.0, "a", "v3") == 0

    assert refused(limits, 0.0, "b", "v3") == 0
    assert refused(limits, 0.0, "a", "beta") == 0
    assert refused(limits, 0.0, "a", "v3") == 10


def test_retry_after_is_a_whole_second_at_least() -> None:
    limits = Limits("1/1")
    assert refused(limits, 0.0) == 0

    assert refused(limits, 0.999) == 1


def test_idle_clients_are_forgotten() -> None:
    limits = Limits("100/10")
    for i in range(1000):
        limits.check(f"client {i}", "v1", float(i))

    assert len(limits._passed) <= 21


def test_threads_together_get_no_more_than_the_limit() -> None:
    limits = Limits("100/10")

    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: refused(limits, 5.0), range(1000)))

    assert waits.count(0) == 100


def test_off_means_no_limit() -> None:
    for limits in (Limits("off"), Limits(None)):
        assert not limits.enabled
        assert {refused(limits, 0.0) for _ in range(1000)} == {0}
        assert not limits._passed


@pytest.mark.parametrize(
    "rate", ["", "100", "100/0", "0/10", "-1/10", "100/10/1", "1e3/10", "many", "100001/10", "٣/10"]
)
def test_what_is_no_rate_is_refused(rate: str) -> None:
    with pytest.raises(Invalid, match="is no rate limit"):
        parse(rate)
