"""Search: counts of every class of query, all ids handed to a job, large pages, relevance and aggregations.

python -m benchmarks search                       # ours alone, and pages against the same stored bytes
python -m benchmarks search --against opensearch  # the same questions to a real node (benchmarks/opensearch.py)
"""

from __future__ import annotations

import json
import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import apsw

from benchmarks.company import company, copy
from benchmarks.load import Connection, latencies, request
from benchmarks.server import Server, bare_server

BULK = "/v2025/roles/access-model-metadata/bulk-update"
WINDOW = 10_000
COUNT_MS = 150  # the bar for a count at 1,000,000 roles
# One query for each class; the same texts are asked of both sides.
CLASSES: dict[str, str] = {
    "everything": "*",
    "one word": "name:Finance",
    "a rare word": "name:0777",
    "bare word": "finance",
    "bare words": "sales OR specialist",
    "phrase": 'name:"Finance Controlling"',
    "boolean": "name:Finance AND enabled:true AND NOT requestable:true",
    "half of all": "requestable:true",
    "prefix": "name:fin*",
    "wildcard": "name:*ntrol*",
    "fuzzy": "name:finanse~",
    "regular expression": "name:/fin[a-z]+e/",
    "proximity": 'description:"access department"~5',
    "whole value": 'name.exact:"Finance Controlling Director \u2013 DACH 0001"',
    "whole pattern": "name.exact:Finance*Director*",
    "id": "id:0000*",
    "number range": "entitlementCount:[2 TO 4]",
    "date range": "created:[2024-01-01 TO 2024-06-30]",
    "presence": "NOT _exists_:description",
    "nested": "@entitlements(source.name:SAP AND privileged:true)",
    "not nested": "NOT @entitlements(source.name:SAP)",
    "through the root": "entitlements.source.name:SAP",
    "metadata": "@accessModelMetadata(key:classification AND value:secret)",
}
AGGREGATIONS: dict[str, dict[str, Any]] = {
    "terms": {"terms": {"field": "owner.name"}},
    "terms, many": {"terms": {"field": "name"}},
    "terms and avg": {
        "terms": {"field": "owner.name"},
        "aggs": {"n": {"avg": {"field": "entitlementCount"}}},
    },
    "months": {"date_histogram": {"field": "created", "calendar_interval": "month"}},
    "percentiles": {"percentiles": {"field": "created"}},
    "nested terms": {
        "nested": {"path": "entitlements"},
        "aggs": {"s": {"terms": {"field": "entitlements.source.name"}}},
    },
    "metadata": {
        "nested": {"path": "accessModelMetadata"},
        "aggs": {"k": {"terms": {"field": "accessModelMetadata.key"}}},
    },
}


class Side:
    """Our server. Every method answers (seconds, how many)."""

    def __init__(self, data_dir: Path) -> None:
        self.server = Server(data_dir)
        self._operation = "REMOVE"  # of the last job

    def stop(self) -> None:
        self.server.stop()

    def post(self, path: str, body: Any) -> tuple[float, bytes]:
        data = request(path, self.server.token, json.dumps(body).encode())
        connection = Connection(self.server.port)
        began = time.perf_counter()
        ((status, answer),) = connection.exchange(data)
        took = time.perf_counter() - began
        connection.close()
        assert status in (200, 202, 204), (status, answer[:500])
        return took, answer

    def count(self, text: str) -> tuple[float, int]:
        took, _ = self.post("/v2025/search/count", asked(text))
        total = self.server.total("/v2025/search/count", asked(text))
        return took, total

    def page(self, text: str, size: int = WINDOW) -> tuple[float, int]:
        """One page of documents, sorted by id."""
        took, answer = self.post(f"/v2025/search?limit={size}", asked(text) | {"sort": ["id"]})
        return took, len(json.loads(answer))

    def ids(self, text: str) -> tuple[float, int]:
        """All ids of what matches, written down as the targets of a job: from the POST until they all stand."""
        took, number, _ = self.job(text)
        return took, number

    def job(self, text: str) -> tuple[float, int, float]:
        """A job on all that matches: (seconds until its targets stand, how many, their share of the job's time).

        The targets stand when the job's event `selected` is written; it comes in the transaction of the last of them.
        """
        self._operation = "REMOVE" if self._operation == "ADD" else "ADD"
        change = {"operation": self._operation, "values": [{"attributeKey": "regulation", "attributeValue": ["sox"]}]}
        began = time.time()
        _, answer = self.post(f"{BULK}/query", {"query": asked(text), **change})
        id = json.loads(answer)["id"]
        while self.server.call("GET", f"{BULK}/{id}")["status"] != "COMPLETED":
            time.sleep(0.1)
        job = self.server.call("GET", f"/bulkwark/v1/jobs/{id}")
        plain = {"Accept": "application/json"}
        events = self.server.call("GET", f"/bulkwark/v1/jobs/{id}/events?limit=10", headers=plain)
        (selected,) = (moment(one["at"]) for one in events if one["event"] == "selected")
        created, finished = moment(job["created"]), moment(job["finished"])
        return selected - began, int(job["total"]), (selected - created) / (finished - created)


def moment(text: str) -> float:
    """Seconds since 1970 of an ISO-8601 moment."""
    return datetime.fromisoformat(text).timestamp()


def asked(text: str) -> dict[str, Any]:
    return {"indices": ["roles"], "query": {"query": text}}


def run(roles: int, rounds: int, against: str = "") -> dict[str, float]:
    """Print the tables; answers the ratios."""
    side = Side(copy(company(roles), "search"))
    other = import_module(f"benchmarks.{against}").Side(roles) if against else None
    try:
        print(f"\n== search on {roles:,} roles, {rounds} rounds")
        ratios = _counts(side, other, roles, rounds)
        _aggregations(side, rounds)
        ratios |= _pages(side, rounds) | _beside(side) | _ids(side, other, rounds)
        print(f"   server memory, peak: {side.server.peak_mib():.0f} MiB")
        return ratios
    finally:
        side.stop()
        if other is not None:
            other.stop()


def median(ask: Callable[[], tuple[float, int]], rounds: int) -> tuple[float, int]:
    """The median of some rounds behind one that warms up, and the number that all must answer."""
    found = [ask() for _ in range(rounds + 1)][1:]
    assert len({number for _, number in found}) == 1, found
    return statistics.median(took for took, _ in found), found[0][1]


def _counts(side: Side, other: Any, roles: int, rounds: int) -> dict[str, float]:
    slowest = 0.0
    for name, text in CLASSES.items():
        took, number = median(lambda text=text: side.count(text), rounds)  # type: ignore[misc]
        slowest = max(slowest, took)
        line = f"   count, {name:20}{took * 1e3:9.1f} ms{number:>12,}"
        if other is not None:
            theirs, found = median(lambda text=text: other.count(text), rounds)  # type: ignore[misc]
            line += f"   OpenSearch {theirs * 1e3:9.1f} ms, ratio {took / theirs:.2f}"
            line += "" if found == number else f"  DIFFERS: {found:,}"
        print(line)
    each = f"{slowest * 1e6 / roles:.2f} µs a role"
    print(f"   slowest count {slowest * 1e3:.0f} ms, {each}; bar {COUNT_MS} ms at 1,000,000")
    return {"slowest count, ms": slowest * 1e3}


def _aggregations(side: Side, rounds: int) -> None:
    for text in ("*", "name:Finance"):
        for name, one in AGGREGATIONS.items():
            body = asked(text) | {"aggregationsDsl": {"a": one}}
            took, _ = median(lambda body=body: (side.post("/v2025/search/aggregate?limit=0", body)[0], 0), rounds)  # type: ignore[misc]
            print(f"   aggregate, {name:16}{took * 1e3:9.1f} ms over {text}")


def _pages(side: Side, rounds: int) -> dict[str, float]:
    """A page of 10,000 documents against the same bytes out of a table, joined and sent."""
    body = asked("*") | {"sort": ["id"]}
    _, whole = side.post(f"/v2025/search?limit={WINDOW}", body)
    database = _stored(whole)
    data = request(f"/v2025/search?limit={WINDOW}", side.server.token, json.dumps(body).encode())
    pairs = []
    with bare_server(database) as port:
        for round_ in range(rounds + 1):
            times = []
            for at, sent in ((side.server.port, data), (port, request("/stored", "", b"{}"))):
                connection = Connection(at)  # a server closes one that was idle for some seconds
                began = time.perf_counter()
                ((status, answer),) = connection.exchange(sent)
                times.append(time.perf_counter() - began)
                connection.close()
                assert (status, len(answer)) == (200, len(whole)), (status, len(answer), len(whole))
            if round_:
                pairs.append(times)
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    size = len(whole) / 2**20
    sides = f"{ours * 1e3:.0f} ms; stored bytes: {theirs * 1e3:.0f} ms; ratio {ratio:.2f}"
    print(f"   page of {WINDOW:,}, {size:.1f} MiB: {sides}")
    for name, text in (("by relevance", "name:Finance OR description:access"), ("by id", "requestable:true")):
        took, _ = median(lambda text=text: (side.post("/v2025/search?limit=250", asked(text))[0], 0), rounds)  # type: ignore[misc]
        print(f"   page of 250, {name:14}{took * 1e3:9.1f} ms, {side.count(text)[1]:,} hits")
    return {"page of 10,000/stored": ratio}


def _stored(whole: bytes) -> Path:
    """The documents of the page in a table of their own."""
    database = company(1_000).parent / "search-page.db"
    database.unlink(missing_ok=True)
    db = apsw.Connection(str(database))
    db.execute("CREATE TABLE page (id TEXT PRIMARY KEY, doc BLOB NOT NULL) WITHOUT ROWID")
    texts = [json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode() for one in json.loads(whole)]
    ids = [one["id"] for one in json.loads(whole)]
    with db:
        db.executemany("INSERT INTO page VALUES (?, ?)", zip(ids, texts, strict=True))
    db.close()
    return database


def _beside(side: Side, seconds: float = 3.0) -> dict[str, float]:
    """Small GETs alone, and while large pages are streamed to somebody else, who is a process of his own."""
    (first,) = json.loads(side.post("/v2025/search?limit=1", asked("*"))[1])
    gets = [request(f"/v2025/roles/{first['id']}", side.server.token)]
    idle = _p99(latencies(side.server.port, gets, seconds))
    body = json.dumps(asked("*") | {"sort": ["id"]}).encode()
    page = request(f"/v2025/search?limit={WINDOW}", side.server.token, body)
    reader = multiprocessing.get_context("spawn").Process(target=_read_pages, args=(side.server.port, page))
    reader.start()
    try:
        time.sleep(1.0)
        busy = _p99(latencies(side.server.port, gets, seconds))
        assert reader.is_alive()
    finally:
        reader.terminate()
        reader.join()
    both = f"{busy * 1e3:.2f} ms beside pages of {WINDOW:,}, {idle * 1e3:.2f} ms alone; ratio {busy / idle:.2f}"
    print(f"   GET of one role, p99: {both}")
    return {"get p99 beside pages": busy / idle}


def _read_pages(port: int, page: bytes) -> None:
    """Read pages until somebody ends this process."""
    connection = Connection(port)
    while True:
        ((status, _),) = connection.exchange(page)
        assert status == 200, status


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[len(values) * 99 // 100]


def _ids(side: Side, other: Any, rounds: int) -> dict[str, float]:
    text = CLASSES["half of all"]
    found = [side.job(text) for _ in range(rounds + 1)][1:]
    took, share = (statistics.median(column) for column in ([one[0] for one in found], [one[2] for one in found]))
    number = found[0][1]
    print(f"   all ids of {number:,} hits made the targets of a job: {took * 1e3:.0f} ms")
    print(f"   selection: {share:.1%} of the time of a job that changes what it can of {number:,} roles (bar: 10%)")
    if other is None:
        return {"selection/job": share}
    theirs, _ = median(lambda: other.ids(text), rounds)
    print(f"   OpenSearch, point in time and search_after: {theirs * 1e3:.0f} ms; ratio {theirs / took:.1f} (bar: 10)")
    return {"all ids, OpenSearch/ours": theirs / took, "selection/job": share}
