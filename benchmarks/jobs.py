"""Jobs: POST to COMPLETED over HTTP against bare SQL doing the same, alternating, medians."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw

from benchmarks.bare import Bare
from benchmarks.company import company, copy
from benchmarks.server import Server

BULK = "/v2025/roles/access-model-metadata/bulk-update"
KEY = "regulation"  # a multiselect attribute of the synthetic company


def run(roles: int, rounds: int) -> dict[str, float]:
    """Print the table of ratios; answers operation → median ratio."""
    source = company(roles)
    ours, theirs = copy(source, "jobs-bulkwark"), copy(source, "jobs-bare")
    print(f"\n== jobs on {roles:,} roles, all hit by query; SQLite {apsw.sqlite_lib_version()}, {rounds} rounds")
    print("   bare: the same rows into the same tables, chunks of 20,000, no HTTP, no progress (benchmarks/bare.py)")
    server, bare = Server(ours), Bare(theirs)
    try:
        table: dict[str, list[tuple[float, float]]] = {}
        for round_ in range(rounds + 1):
            for name, ours_s, bare_s in _round(server, bare):
                if round_:  # the first one warms both sides up
                    table.setdefault(name, []).append((ours_s, bare_s))
        ratios = {}
        print(f"   {'operation':20}{'ours, s':>10}{'rows/s':>12}{'bare, s':>10}{'rows/s':>12}{'ratio':>8}")
        for name, pairs in table.items():
            ratio = statistics.median(a / b for a, b in pairs)
            a, b = statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)
            print(f"   {name:20}{a:10.3f}{roles / a:12,.0f}{b:10.3f}{roles / b:12,.0f}{ratio:8.2f}")
            ratios[name] = ratio
        print(f"   server memory, peak: {server.peak_mib():.0f} MiB")
        _same(ours, theirs)
        return ratios
    finally:
        server.stop()


def _round(server: Server, bare: Bare) -> list[tuple[str, float, float]]:
    pairs = bare.pairs(KEY)
    names = list(pairs)
    first, second, third = names[0], names[1], names[2]
    steps: list[tuple[str, dict[str, Any], Callable[[], float]]] = [
        ("ADD", _body("ADD", [first, second]), lambda: bare.add([pairs[first], pairs[second]])),
        ("REMOVE", _body("REMOVE", [first]), lambda: bare.remove([pairs[first]])),
        (
            "REPLACE/ATTRIBUTE",
            _body("REPLACE", [third]),
            lambda: bare.replace_attribute([pairs[third]], list(pairs.values())),
        ),
        ("REPLACE/ALL", _body("REPLACE", [first], "ALL"), lambda: bare.replace_all([pairs[first]])),
    ]
    return [(name, job_seconds(server, body), alone()) for name, body, alone in steps]


def _body(operation: str, values: list[str], scope: str = "ATTRIBUTE") -> dict[str, Any]:
    return {
        "query": {"indices": ["roles"], "queryType": "SAILPOINT", "query": {"query": "*"}},
        "operation": operation,
        "replaceScope": scope,
        "values": [{"attribute": KEY, "values": values}],
    }


def job_seconds(server: Server, body: dict[str, Any]) -> float:
    """POST to COMPLETED as a client sees it, polling the official status."""
    began = time.perf_counter()
    job = server.call("POST", f"{BULK}/query", body)
    while server.call("GET", f"{BULK}/{job['id']}")["status"] != "COMPLETED":
        time.sleep(0.01)
    took = time.perf_counter() - began
    ours = server.call("GET", f"/bulkwark/v1/jobs/{job['id']}")
    assert ours["status"] == "COMPLETED", ours
    return took


def _same(ours: Path, theirs: Path) -> None:
    """Both sides must have ended with the same metadata on every role, or the numbers mean nothing."""
    digests = []
    for folder in (ours, theirs):
        db = apsw.Connection(str(folder / "bulkwark.db"), flags=apsw.SQLITE_OPEN_READONLY)
        sql = "SELECT md, count(*) FROM state WHERE kind = 1 GROUP BY md ORDER BY 1"
        inverted = "SELECT pair, count(*), sum(rid % 1009) FROM md_inv GROUP BY pair ORDER BY 1"
        digests.append((db.execute(sql).fetchall(), db.execute(inverted).fetchall()))
    assert digests[0] == digests[1], "the two sides did not do the same"
