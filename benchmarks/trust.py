"""Preview and undo against the run itself; how time grows with size; small jobs beside a big one."""

from __future__ import annotations

import random
import statistics
import threading
import time
from typing import Any

from benchmarks.bare import Bare
from benchmarks.company import company, copy
from benchmarks.jobs import BULK, KEY, _body
from benchmarks.load import Connection, request
from benchmarks.server import Server

SMALLER = 10  # the time at so many times fewer roles is what growth is measured against
STATUS_RATE, SUBMIT_RATE = 50, 5  # requests a second beside a big job


def run(roles: int, rounds: int) -> dict[str, float]:
    """Print the tables; answers name → ratio."""
    data = copy(company(roles), "trust")
    values = list(Bare(data).pairs(KEY))
    server = Server(data)
    try:
        print(f"\n== preview and undo on {roles:,} roles, {rounds} rounds; medians")
        table: dict[str, list[tuple[float, float, float]]] = {}
        for round_ in range(rounds + 1):
            for name, times in _round(server, values):
                if round_:  # the first one warms up
                    table.setdefault(name, []).append(times)
        ratios = {}
        print(f"   {'operation':20}{'run, s':>10}{'preview, s':>12}{'undo, s':>10}{'preview/run':>13}{'undo/run':>10}")
        for name, rows in table.items():
            ran, previewed, undone = (statistics.median(column) for column in zip(*rows, strict=True))
            ratios[f"preview/run {name}"] = statistics.median(p / r for r, p, _ in rows)
            ratios[f"undo/run {name}"] = statistics.median(u / r for r, _, u in rows)
            print(
                f"   {name:20}{ran:10.3f}{previewed:12.3f}{undone:10.3f}"
                f"{ratios[f'preview/run {name}']:13.2f}{ratios[f'undo/run {name}']:10.2f}"
            )
        ratios |= _beside(server, values)
        print(f"   server memory, peak: {server.peak_mib():.0f} MiB")
    finally:
        server.stop()
    return ratios | _growth(roles, rounds, {name: [row[0] for row in rows] for name, rows in table.items()})


def _round(server: Server, values: list[str]) -> list[tuple[str, tuple[float, float, float]]]:
    """Every change is previewed, run and undone, so each round begins as the one before."""
    first, second, third = values[:3]
    found = [("ADD", _timed(server, _body("ADD", [first, second])))]
    kept = _job(server, f"{BULK}/query", _body("ADD", [first, second]))
    found.append(("REMOVE", _timed(server, _body("REMOVE", [first]))))
    found.append(("REPLACE", _timed(server, _body("REPLACE", [third]))))
    _job(server, f"/bulkwark/v1/jobs/{kept}/undo", {})
    return found


def _timed(server: Server, body: dict[str, Any]) -> tuple[float, float, float]:
    """Seconds of the run, of its preview, of its undo; each from the POST to its end."""
    shown, previewed = _preview(server, body)
    began = time.perf_counter()
    id = _job(server, f"{BULK}/query", body)
    ran = time.perf_counter() - began
    job = server.call("GET", f"/bulkwark/v1/jobs/{id}")
    same = {name: (shown[name], job[name]) for name in ("total", "changed", "unchanged") if shown[name] != job[name]}
    assert not same, same
    began = time.perf_counter()
    undo = _job(server, f"/bulkwark/v1/jobs/{id}/undo", {})
    undone = time.perf_counter() - began
    assert server.call("GET", f"/bulkwark/v1/jobs/{undo}")["changed"] == job["changed"]
    return ran, previewed, undone


def _preview(server: Server, body: dict[str, Any]) -> tuple[dict[str, Any], float]:
    """A finished preview, and the seconds until its counts were answered."""
    began = time.perf_counter()
    shown: dict[str, Any] = server.call("POST", f"{BULK}/query", body, {"X-Bulkwark-Preview": "true"})
    took = time.perf_counter() - began
    counted = shown["counted"] and {name: shown[name] for name in ("changed", "unchanged")}
    while shown["status"] != "COMPLETED":
        time.sleep(0.02)
        shown = server.call("GET", f"/bulkwark/v1/previews/{shown['id']}")
    server.call("DELETE", f"/bulkwark/v1/previews/{shown['id']}")
    assert counted == {name: shown[name] for name in ("changed", "unchanged")}, (counted, shown)
    return shown, took


def _job(server: Server, path: str, body: dict[str, Any]) -> str:
    id = str(server.call("POST", path, body)["id"])
    while server.call("GET", f"{BULK}/{id}")["status"] != "COMPLETED":
        time.sleep(0.01)
    return id


def _growth(roles: int, rounds: int, big: dict[str, list[float]]) -> dict[str, float]:
    """Time on all roles ÷ time on a tenth of them."""
    data = copy(company(roles // SMALLER), "trust-small")
    values = list(Bare(data).pairs(KEY))
    server = Server(data)
    try:
        small: dict[str, list[float]] = {}
        for round_ in range(rounds + 1):
            for name, (ran, _, _) in _round(server, values):
                if round_:
                    small.setdefault(name, []).append(ran)
    finally:
        server.stop()
    print(f"\n== time on {roles:,} roles ÷ time on {roles // SMALLER:,}")
    ratios = {}
    for name, times in big.items():
        ratio = ratios[f"growth {name}"] = statistics.median(times) / statistics.median(small[name])
        print(f"   {name:20}{statistics.median(small[name]):10.3f} s, {ratio:8.1f} times")
    return ratios


def _beside(server: Server, values: list[str]) -> dict[str, float]:
    """Jobs of one role and status reads while a job hits every role: none waits for the big one's end."""
    ids = [role["id"] for role in server.call("GET", "/v2025/roles?limit=50")]
    big = server.call("POST", f"{BULK}/query", _body("REPLACE", values[:1]))["id"]
    stop = threading.Event()
    reads: list[float] = []
    reader = threading.Thread(target=_read_status, args=(server, big, stop, reads))
    reader.start()
    submitted: list[tuple[str, float]] = []
    while server.call("GET", f"{BULK}/{big}")["status"] != "COMPLETED":
        began = time.perf_counter()
        body = {**_body("ADD", [random.choice(values)]), "roles": [random.choice(ids)]}
        del body["query"]
        submitted.append((server.call("POST", f"{BULK}/ids", body)["id"], began))
        time.sleep(max(0.0, 1 / SUBMIT_RATE - (time.perf_counter() - began)))
    stop.set()
    reader.join()
    end = server.call("GET", f"/bulkwark/v1/jobs/{big}")["finished"]
    late = 0
    for id, _ in submitted[:-1]:
        job = server.call("GET", f"/bulkwark/v1/jobs/{id}")
        late += job["finished"] is None or job["finished"] > end
    ordered = sorted(reads)
    print(f"\n== beside one job that hits every role: {len(submitted)} jobs of one role, {len(reads)} status reads")
    print(f"   jobs that ended after the big one: {late} (the last submit left out)")
    half, most = ordered[len(ordered) // 2] * 1e3, ordered[len(ordered) * 99 // 100] * 1e3
    print(f"   status read p50 {half:.1f} ms, p99 {most:.1f} ms")
    return {"late jobs": float(late)}


def _read_status(server: Server, job: str, stop: threading.Event, found: list[float]) -> None:
    connection = Connection(server.port)
    data = request(f"{BULK}/{job}", server.token)
    while not stop.is_set():
        began = time.perf_counter()
        ((status, answer),) = connection.exchange(data)
        found.append(time.perf_counter() - began)
        assert status == 202, answer
        time.sleep(max(0.0, 1 / STATUS_RATE - (time.perf_counter() - began)))
    connection.close()
