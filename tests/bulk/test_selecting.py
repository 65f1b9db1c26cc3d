"""The threads in which jobs select: fair among clients, and soon empty when the server stops."""

from __future__ import annotations

import time
from threading import Event

import pytest

from bulkwark.bulk.selecting import MOST_OF_CLIENT, Selecting
from bulkwark.errors import TooMany
from bulkwark.store.dialect import Patience

SECONDS = 5.0


def test_who_asks_for_many_slow_previews_keeps_nobody_else_waiting() -> None:
    threads, go, done = Selecting(3, "test"), Event(), Event()
    began: list[str] = []

    def slow(_: Patience) -> None:
        began.append("slow")
        go.wait(SECONDS)

    for _ in range(10):
        threads.submit("hostile", slow)
    threads.submit("other", lambda _: done.set())

    assert done.wait(SECONDS)
    assert began == ["slow"] * 2
    go.set()
    until = time.monotonic() + SECONDS
    while len(began) < 10:
        assert time.monotonic() < until, f"{len(began)} of 10 have begun"
        time.sleep(0.001)
    threads.stop()


def test_clients_take_turns() -> None:
    threads, go = Selecting(3, "test"), Event()
    order: list[str] = []

    def work(name: str) -> None:
        threads.submit(name, lambda _: order.append(name))

    def wait(_: Patience) -> None:
        go.wait(SECONDS)

    for name in ("a", "a", "b"):
        threads.submit(name, wait)
    for name in ("a", "a", "a", "b", "c"):
        work(name)
    go.set()
    until = time.monotonic() + SECONDS
    while len(order) < 5:
        assert time.monotonic() < until
        time.sleep(0.001)
    threads.stop()
    assert order.index("c") < 4, f"the newcomer waited for everything of others: {order}"
    assert sorted(order) == ["a", "a", "a", "b", "c"]


def test_a_stop_ends_what_runs_and_lets_go_of_what_waits() -> None:
    threads, began = Selecting(3, "test"), Event()
    ran: list[bool] = []

    def until_stopped(patience: Patience) -> None:
        began.set()
        while not patience.over:
            time.sleep(0.001)
        ran.append(patience.stopped)

    for _ in range(10):
        threads.submit("one", until_stopped)
    assert began.wait(SECONDS)
    before = time.monotonic()

    threads.stop()

    assert time.monotonic() - before < SECONDS
    assert ran == [True] * 10, "each of them lets go of what it holds"
    threads.submit("one", until_stopped)
    assert ran == [True] * 11


def test_an_error_frees_its_thread() -> None:
    threads, done = Selecting(3, "test"), Event()

    def fails(_: Patience) -> None:
        raise RuntimeError("as expected by this test")

    for _ in range(5):
        threads.submit("one", fails)
    threads.submit("one", lambda _: done.set())

    assert done.wait(SECONDS)
    threads.stop()


def test_only_so_many_of_a_client_wait() -> None:
    threads, go = Selecting(3, "test"), Event()

    def wait(_: Patience) -> None:
        go.wait(SECONDS)

    for _ in range(2 + MOST_OF_CLIENT):
        threads.require_room("hostile")
        threads.submit("hostile", wait)

    with pytest.raises(TooMany, match=f"{MOST_OF_CLIENT} jobs of this client wait"):
        threads.require_room("hostile")
    threads.require_room("other")
    go.set()
    threads.stop()
