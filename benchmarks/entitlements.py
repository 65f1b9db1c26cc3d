"""`bulk-update` of 50 entitlements against the bare transaction that writes the same rows, and a request beside it.

Three copies of one database: the server's; one on which the statements of each change are recorded; and the bare
one, on which the same statements are run with the same rows and timed, with nothing around them but BEGIN and
COMMIT. (On the copy that recorded them its pages would be warm.) To that comes an authenticated request that does
nothing.
"""

from __future__ import annotations

import json
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

from benchmarks.company import company, copy
from benchmarks.load import Connection, request
from benchmarks.server import Server
from bulkwark.bulk import entitlement_patches
from bulkwark.domain import entitlements
from bulkwark.domain.jobs import Happened
from bulkwark.domain.kinds import Kind
from bulkwark.store import job_events, jobs, outcomes
from bulkwark.store.dialect import Session
from bulkwark.store.jobs import NewJob
from bulkwark.store.sqlite.engine import Params, Row
from bulkwark.store.sqlite.named import STATEMENTS
from bulkwark.store.tenants import Store, open_store

PATH = "/v2026/entitlements/bulk-update"
SIZE = 50
# What is patched: booleans, which move one token; and a text, which moves words and values too.
PATCHES: dict[str, tuple[dict[str, Any], ...]] = {
    "requestable": ({"requestable": True}, {"requestable": False}),
    "description": ({"description": "Opens the ledgers of 2025."}, {"description": "Opens the ledgers of 2026."}),
}
Log = list[tuple[str, list[Any]]]  # SQL and its rows of values


def run(roles: int, rounds: int) -> dict[str, float]:
    """Print the table; answers name → median ratio."""
    source = company(roles)
    store = open_store(copy(source, "entitlements-bare"))
    recorded = open_store(copy(source, "entitlements-recorded"))
    server = Server(copy(source, "entitlements-bulkwark"))
    rounds *= 20  # they are short
    try:
        groups = _groups(store)
        print(f"\n== bulk-update of {SIZE} entitlements, {rounds} rounds, {len(groups)} different sets; medians")
        connection = Connection(server.port)
        ratios = {}
        for name, values in PATCHES.items():
            ratios[f"bulk-update {name}"] = _measure(store, recorded, server, connection, groups, name, values, rounds)
        connection.close()
        return ratios
    finally:
        server.stop()
        recorded.close()
        store.close()


def _measure(
    store: Store,
    recorded: Store,
    server: Server,
    connection: Connection,
    groups: list[list[str]],
    name: str,
    values: tuple[dict[str, Any], ...],
    rounds: int,
) -> float:
    found: list[tuple[float, float, float]] = []
    for round_ in range(rounds + 2):
        ids = groups[round_ % len(groups)]
        wanted = values[(round_ // len(groups) + round_) % 2]
        body = {
            "entitlementIds": ids,
            "jsonPatch": [{"op": "replace", "path": f"/{member}", "value": value} for member, value in wanted.items()],
        }
        ours = _exchange(connection, request(PATH, server.token, json.dumps(body).encode()), 204)
        nothing = _exchange(connection, request("/v2026/entitlements?limit=0", server.token), 200)
        bare = _bare(store, _record(recorded, ids, wanted))
        if round_ > 1:
            found.append((ours, bare, nothing))
    ours, bare, nothing = (statistics.median(column) * 1e3 for column in zip(*found, strict=True))
    ratio = statistics.median(a / (b + c) for a, b, c in found)
    print(
        f"   {name:12} ours {ours:6.2f} ms; bare transaction {bare:6.2f} ms + request {nothing:5.2f} ms;"
        f" ratio {ratio:.2f} (bar: 2)"
    )
    return ratio


def _exchange(connection: Connection, data: bytes, wanted: int) -> float:
    began = time.perf_counter()
    ((status, answer),) = connection.exchange(data)
    took = time.perf_counter() - began
    assert status == wanted, answer
    return took


def _groups(store: Store) -> list[list[str]]:
    """Ids of entitlements in sets of 50, each set spread over the whole."""
    sql = "SELECT id FROM object WHERE tenant = 1 AND kind = ? ORDER BY id"
    rows = store.read().execute(sql, (int(Kind.ENTITLEMENT),))
    ids = [id for (id,) in rows]
    count = max(1, min(40, len(ids) // SIZE))
    return [ids[start::count][:SIZE] for start in range(count)]


def _record(store: Store, ids: list[str], values: dict[str, Any]) -> Log:
    """The statements of the change and of the job that records it; both are made."""
    tenant = store.need_tenant("default")
    log: Log = []
    with store.write() as session:
        stored = tenant.objects.by_ids(session, Kind.ENTITLEMENT, ids).values()
        pairs = [(one, entitlements.complete(one.document())) for one in stored]
        changes = [(one, before, entitlements.patched(before, values, None, "admin")) for one, before in pairs]
        now = time.time_ns() // 1_000_000
        recorder = _Recorder(session, log)
        entitlement_patches.carry_out(recorder, tenant, changes, now)
        items = entitlement_patches.items(changes)
        counts = Counter(item.outcome for item in items)
        job = jobs.add_done(recorder, tenant.number, _job(values), counts, now)
        outcomes.add(recorder, job, items)
        job_events.add(recorder, job, Happened.FINISHED, now, {"status": job.status})
    return log


def _job(values: dict[str, Any]) -> NewJob:
    return NewJob(
        id=str(uuid4()),
        type=entitlement_patches.TYPE,
        operation=entitlement_patches.NAME,
        spec=json.dumps(values),
        selector="{}",
        client="0" * 32,
        submitter="0" * 32,
        created=time.time_ns() // 1_000,
    )


def _bare(store: Store, log: Log) -> float:
    """Seconds of the bare transaction."""
    began = time.perf_counter()
    with store.write() as session:
        for sql, rows in log:
            session.connection.executemany(sql, rows)
    return time.perf_counter() - began


class _Recorder(Session):
    """Runs statements, and remembers those that write."""

    def __init__(self, session: Session, log: Log) -> None:
        super().__init__(session.connection)
        self._log = log

    def many(self, name: str, rows: Sequence[Sequence[Any]] | Iterator[Sequence[Any]]) -> None:
        kept = list(rows)
        self._log.append((STATEMENTS[name], kept))
        super().many(name, kept)

    def execute(self, sql: str, params: Params = None) -> Iterator[Row]:
        if sql.startswith(("INSERT", "UPDATE", "DELETE")):
            self._log.append((sql, [params or ()]))
        return super().execute(sql, params)
