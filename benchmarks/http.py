"""Reads: against a bare echo and against stored bytes sent unprocessed; and what a running job does to them."""

from __future__ import annotations

import json
import random
import statistics
import threading
import time

import apsw

from benchmarks.company import company, copy
from benchmarks.jobs import BULK, _body
from benchmarks.load import Connection, latencies, request, throughput
from benchmarks.server import Server, bare_server

PAGE = 250


def run(roles: int, rounds: int, seconds: float = 2.0) -> dict[str, float]:
    """Print the ratios."""
    data = copy(company(roles), "http")
    server = Server(data)
    try:
        with bare_server(data / "bulkwark.db") as bare:
            return _reads(server, bare, _ids(data / "bulkwark.db"), rounds, seconds) | _beside(server, data, seconds)
    finally:
        server.stop()


def _ids(database: object) -> list[str]:
    db = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    return [id for (id,) in db.execute("SELECT id FROM object WHERE kind = 1 ORDER BY rid LIMIT 50000")]


def _reads(server: Server, bare: int, ids: list[str], rounds: int, seconds: float) -> dict[str, float]:
    random.seed(1)
    gets = [request(f"/v2025/roles/{id}", server.token) for id in random.sample(ids, min(2_000, len(ids)))]
    echoes = [request("/echo") for _ in range(64)]
    page = [request(f"/v2025/roles/filter?limit={PAGE}", server.token, b"{}")]
    raw = [request("/page", "", b"{}")]
    singles, pages = [], []
    for _ in range(rounds):
        singles.append((throughput(server.port, gets, seconds), throughput(bare, echoes, seconds)))
        ours, theirs = latencies(server.port, page, seconds), latencies(bare, raw, seconds)
        pages.append((statistics.median(ours), statistics.median(theirs)))
    single = statistics.median(a / b for a, b in singles)
    many = statistics.median(a / b for a, b in pages)
    print(f"\n== reads, {rounds} rounds of {seconds:.0f} s, pipelined connections")
    a, b = statistics.median(a for a, _ in singles), statistics.median(b for _, b in singles)
    print(f"   GET one role, authenticated: {a:,.0f}/s; bare echo: {b:,.0f}/s; ratio {single:.2f}")
    a, b = statistics.median(a for a, _ in pages) * 1e3, statistics.median(b for _, b in pages) * 1e3
    print(f"   POST roles/filter, {PAGE} roles: {a:.2f} ms; the same stored bytes: {b:.2f} ms; ratio {many:.2f}")
    return {"get/echo": single, "page/bytes": many}


def _beside(server: Server, data: object, seconds: float) -> dict[str, float]:
    """Single edits and status reads, alone and beside jobs that hit every role."""
    ids = _ids(f"{data}/bulkwark.db")
    idle = _edits(server, ids, seconds)
    gets = [request(f"/v2025/roles/{id}", server.token) for id in ids[:2_000]]
    idle_rate = throughput(server.port, gets, seconds)
    stop = threading.Event()
    chunks: list[float] = []
    worker = threading.Thread(target=_jobs, args=(server, stop, chunks))
    worker.start()
    time.sleep(0.3)
    busy = _edits(server, ids, seconds * 2)
    busy_rate = throughput(server.port, gets, seconds)
    stop.set()
    worker.join()
    print("\n== beside a job that hits every role")
    for name, alone, beside in zip(("PATCH one role", "GET status"), idle, busy, strict=True):
        print(
            f"   {name}: p50 {_p(beside, 50):.1f} ms, p99 {_p(beside, 99):.1f} ms"
            f" (alone: p50 {_p(alone, 50):.1f}, p99 {_p(alone, 99):.1f}), {len(beside)} calls"
        )
    chunk = statistics.median(chunks) * 1e3 if chunks else 0.0
    in_chunks = _p(busy[0], 99) / chunk if chunk else 0.0
    print(f"   one chunk: {chunk:.1f} ms; PATCH p99 is {in_chunks:.1f} chunks")
    print(f"   GET throughput: {busy_rate:,.0f}/s beside, {idle_rate:,.0f}/s alone; ratio {busy_rate / idle_rate:.2f}")
    print(f"   server memory, peak: {server.peak_mib():.0f} MiB")
    return {"patch p99 in chunks": in_chunks, "get beside/alone": busy_rate / idle_rate}


def _p(values: list[float], percent: int) -> float:
    """A percentile in milliseconds."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1e3


def _edits(server: Server, ids: list[str], seconds: float) -> tuple[list[float], list[float]]:
    """Seconds of single PATCHes and of status GETs, in turn."""
    connection = Connection(server.port)
    patches: list[float] = []
    reads: list[float] = []
    end = time.perf_counter() + seconds
    number = 0
    while time.perf_counter() < end:
        number += 1
        body = json.dumps([{"op": "replace", "path": "/description", "value": f"edit {number}"}]).encode()
        for found, data in (
            (patches, request(f"/v2025/roles/{random.choice(ids)}", server.token, body, "PATCH")),
            (reads, request(BULK, server.token)),
        ):
            began = time.perf_counter()
            ((status, answer),) = connection.exchange(data)
            found.append(time.perf_counter() - began)
            assert status == 200, answer
        time.sleep(0.005)
    connection.close()
    return patches, reads


def _jobs(server: Server, stop: threading.Event, chunks: list[float]) -> None:
    """One job after the other; the server's own figure of a chunk's time is kept."""
    values = ["sox", "gdpr"]
    number = 0
    while not stop.is_set():
        number += 1
        job = server.call("POST", f"{BULK}/query", _body("REPLACE", [values[number % 2]]))
        while server.call("GET", f"{BULK}/{job['id']}")["status"] != "COMPLETED":
            time.sleep(0.02)
        chunks.append(server.call("GET", f"/bulkwark/v1/jobs/{job['id']}")["chunkSeconds"])
