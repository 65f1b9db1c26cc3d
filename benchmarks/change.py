"""The same change of every role: ours, with a result and undo data for each, against OpenSearch's `_update_by_query`.

One metadata value is added to all roles and taken away again. Both sides are called over HTTP and looked at until the
change is done and can be searched. Their side keeps no record of what it changed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from benchmarks.company import company, copy
from benchmarks.jobs import KEY, _body, job_seconds
from benchmarks.server import Server

OPERATIONS = ("ADD", "REMOVE")
VALUE = "benchmark"


def run(roles: int, rounds: int, against: str) -> dict[str, float]:
    """Print the table; answers operation → how many times faster ours is."""
    server = Server(copy(company(roles), "change"))
    try:
        _new_value(server)
        ours: dict[str, list[float]] = {operation: [] for operation in OPERATIONS}
        for round_ in range(rounds + 1):
            for operation, took in _ours(server, roles):
                if round_:  # the first one warms up
                    ours[operation].append(took)
    finally:
        server.stop()
    theirs = _theirs(roles, rounds, against)  # two big processes side by side would slow each other down
    print(f"\n== one metadata value on {roles:,} roles, against {against}; {rounds} rounds")
    ratios = {}
    for operation in OPERATIONS:
        mine, other = statistics.median(ours[operation]), statistics.median(theirs[operation])
        ratios[f"{against}/ours {operation}"] = other / mine
        rates = f"{roles / mine:,.0f} and {roles / other:,.0f} roles/s"
        print(f"   {operation:8}ours {mine:8.2f} s, theirs {other:8.2f} s, {rates}; {other / mine:.1f} times")
    return ratios


def _new_value(server: Server) -> None:
    """No role has it yet, so that both sides change every role."""
    body = {"value": VALUE, "name": VALUE, "status": "active"}
    server.call("POST", f"/v2025/access-model-metadata/attributes/{KEY}/values", body)


def _ours(server: Server, roles: int) -> Iterator[tuple[str, float]]:
    for operation in OPERATIONS:
        took = job_seconds(server, _body(operation, [VALUE]))
        newest: dict[str, Any] = server.call("GET", "/bulkwark/v1/jobs?limit=1")[0]
        assert newest["changed"] == roles, newest
        yield operation, took


def _theirs(roles: int, rounds: int, against: str) -> dict[str, list[float]]:
    side = import_module(f"benchmarks.{against}").Side(roles, changes=True)
    found: dict[str, list[float]] = {operation: [] for operation in OPERATIONS}
    try:
        for _ in range(rounds):
            for operation in OPERATIONS:
                took, count = side.change("*", operation)
                assert count == roles, (count, roles)
                found[operation].append(took)
                time.sleep(5)  # merges of segments go on for a while: the next change must not pay for them
    finally:
        side.stop()
    return found
