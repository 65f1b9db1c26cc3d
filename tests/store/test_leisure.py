"""Long work steps aside for calls that are under way, and loses nothing by it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest

from bulkwark.store.sqlite import leisure
from bulkwark.store.sqlite.leisure import BREATH, MOST_SAVED, PAUSE, RATION, WORK, YOUNG, Leisure, Traffic
from tests.house import House

TEN_THOUSAND = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300000) SELECT sum(i) FROM n"


class Clock:
    """Time that passes only when it is told to; keeps what was slept."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.pauses: list[float] = []

    def perf_counter(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def work(self, seconds: float = 2 * WORK) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(leisure, "time", found)
    return found


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was slept, in real time."""
    found: list[float] = []
    sleep = time.sleep

    def sleeping(seconds: float) -> None:
        found.append(seconds)
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", sleeping)
    return found


def test_work_sleeps_while_a_call_is_under_way_and_not_once_it_is_answered(clock: Clock) -> None:
    traffic = Traffic()
    aside = Leisure(traffic)
    traffic.begins()
    clock.work()
    aside.look()
    assert clock.pauses

    traffic.ends()
    clock.pauses.clear()
    clock.work()
    aside.look()
    assert clock.pauses == []


def test_work_leaves_its_processor_now_and_then_while_calls_come(clock: Clock) -> None:
    traffic = Traffic()
    aside = Leisure(traffic)
    clock.work(2 * RATION)
    aside.look()
    assert clock.pauses == []

    traffic.begins()
    traffic.ends()
    clock.work(2 * RATION)
    aside.look()
    assert clock.pauses == [BREATH]


def test_work_that_has_hardly_begun_goes_on(clock: Clock) -> None:
    traffic = Traffic()
    traffic.begins()
    Leisure(traffic).look()
    assert clock.pauses == []


def test_work_does_not_sleep_while_somebody_waits_for_its_end(clock: Clock) -> None:
    traffic = Traffic()
    aside = Leisure(traffic)
    traffic.begins()
    clock.work()
    aside.look(hurried=True)
    assert clock.pauses == []


def test_work_does_not_step_aside_for_a_call_that_takes_long(clock: Clock) -> None:
    traffic = Traffic()
    aside = Leisure(traffic)
    traffic.begins()
    clock.work(2 * YOUNG)
    aside.look()
    assert PAUSE not in clock.pauses


def test_in_a_flood_of_calls_no_more_is_slept_than_was_worked(clock: Clock) -> None:
    traffic, worked = Traffic(), 0.0
    aside = Leisure(traffic)
    for _ in range(50):
        traffic.begins()
        before = clock.perf_counter()
        clock.work()
        worked += clock.perf_counter() - before
        aside.look()
    assert clock.pauses
    assert len(clock.pauses) * PAUSE <= worked + MOST_SAVED + PAUSE


def test_a_statement_steps_aside_while_it_runs_and_answers_the_same(house: House, pauses: list[float]) -> None:
    database = house.store.database
    expected = list(database.read().execute(TEN_THOUSAND))
    ended = threading.Event()

    def call() -> None:
        while not ended.is_set():
            database.traffic.begins()
            ended.wait(0.001)
            database.traffic.ends()

    calls = threading.Thread(target=call)
    calls.start()
    with house.store.write() as session, database.stepping_aside():
        assert list(session.execute(TEN_THOUSAND)) == expected
    ended.set()
    calls.join()
    assert pauses

    assert database._writer.aside is None


def test_a_job_waits_for_the_log_to_be_folded_in_only_while_calls_come(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = house.store.database
    checkpoints = database._checkpoints
    assert checkpoints is not None
    waited: list[float] = []
    monkeypatch.setattr(checkpoints, "wait", waited.append)
    database.settle()
    assert waited == []
    database.traffic.begins()
    database.traffic.ends()
    database.settle()
    assert len(waited) == 1


def test_a_log_that_is_folded_in_is_at_rest_again(house: House) -> None:
    database = house.store.database
    checkpoints = database._checkpoints
    assert checkpoints is not None
    checkpoints.pages = 1
    with house.store.write() as session:
        session.execute("INSERT INTO setting VALUES (9, 'log', '1', 0, '')")
    checkpoints.wait(10)
    assert checkpoints._at_rest.is_set()
    assert list(database.read().execute("SELECT name FROM setting WHERE tenant = 9")) == [("log",)]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such classes")
def test_a_process_far_behind_is_a_nice_batch_that_yields() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os, signal; from bulkwark.store import priorities as p; p.stay_far_behind();"
            "print(os.sched_getscheduler(0) == os.SCHED_BATCH, os.nice(0), signal.getitimer(signal.ITIMER_REAL)[1])",
        ],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert told.stdout.split() == ["True", "19", "0.0005"]
