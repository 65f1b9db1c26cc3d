"""The other side of the search measurements: a real OpenSearch node with the same roles, over HTTP, its cache off.

    python -m benchmarks.opensearch --roles 50000

`Side` answers one measurement for each question; `benchmarks/search.py` asks both sides in turn. The node is the
referee of the tests (tests/referee): one shard, no replica, the mapping of tests/parity. Its data stays in the folder
of the benchmarks, so that a million roles are indexed once.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.parity import mapping, rewrite
from tests.referee.node import Node, start

from benchmarks.company import CACHE, company, copy
from benchmarks.search import CLASSES
from bulkwark.domain import metadata
from bulkwark.domain.kinds import Kind
from bulkwark.store import documents
from bulkwark.store.dialect import Session
from bulkwark.store.tenants import Store, Tenant, open_store

HEAP = "1500m"
STEP = 10_000  # hits of one answer while all ids are fetched
PART = 2_000  # roles read from our store at once
POLL = 0.05  # seconds between two looks at a running change
KEY, VALUE = "regulation", "benchmark"
SCRIPTS = {
    "ADD": "if (ctx._source.accessModelMetadata == null) { ctx._source.accessModelMetadata = []; } "
    "ctx._source.accessModelMetadata.add(['key': params.key, 'value': params.value]);",
    "REMOVE": "if (ctx._source.accessModelMetadata != null) { ctx._source.accessModelMetadata"
    ".removeIf(m -> m.key == params.key && m.value == params.value); }",
}


class Side:
    """An OpenSearch node that holds the roles of a company. Every method answers (seconds, how many)."""

    def __init__(self, roles: int, *, changes: bool = False) -> None:
        """`changes`: the index is written to, so it is a copy, without what earlier changes have left in it."""
        home = CACHE / f"opensearch-{company(roles).name}"
        done = home / "complete"
        if changes:
            if not done.exists():
                Side(roles).stop()
            home = copy(home, "opensearch-change")
            done = home / "complete"
        if not done.exists():
            shutil.rmtree(home, ignore_errors=True)
        self.node: Node = start(home.absolute(), heap=HEAP)
        try:
            if not done.exists():
                self._fill(company(roles), roles)
                done.touch()
            self.node.call("GET", "/_cluster/health?wait_for_status=yellow&timeout=120s")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        self.node.stop()

    def count(self, text: str) -> tuple[float, int]:
        """How many roles match."""
        body = {"query": rewrite.query("roles", text)}
        began = time.perf_counter()
        found = self.node.call("POST", "/roles/_count", body)
        return time.perf_counter() - began, int(found["count"])

    def ids(self, text: str) -> tuple[float, int]:
        """All ids of what matches: point in time, search_after, no source, in index order (the fastest there is)."""
        query = rewrite.query("roles", text)
        began = time.perf_counter()
        point = self.node.call("POST", "/roles/_search/point_in_time?keep_alive=5m")["pit_id"]
        ids: list[str] = []
        body: dict[str, Any] = {
            "size": STEP,
            "query": query,
            "_source": False,
            "track_total_hits": False,
            "sort": ["_doc"],
            "pit": {"id": point, "keep_alive": "5m"},
        }
        while hits := self.node.call("POST", "/_search?request_cache=false", body)["hits"]["hits"]:
            ids += [hit["_id"] for hit in hits]
            body["search_after"] = hits[-1]["sort"]
        took = time.perf_counter() - began
        self.node.call("DELETE", "/_search/point_in_time", {"pit_id": [point]})
        assert len(ids) == len(set(ids))
        return took, len(ids)

    def page(self, text: str, size: int = 10_000) -> tuple[float, int]:
        """One page of documents, sorted by id."""
        body = {"query": rewrite.query("roles", text), "size": size, "sort": ["id"], "track_total_hits": False}
        began = time.perf_counter()
        found = self.node.call("POST", "/roles/_search?request_cache=false", body)
        return time.perf_counter() - began, len(found["hits"]["hits"])

    def change(self, text: str, operation: str) -> tuple[float, int]:
        """ADD or REMOVE one metadata value of all that matches, by a script, until it can be searched."""
        params = {"key": KEY, "value": VALUE}
        script = {"lang": "painless", "source": SCRIPTS[operation], "params": params}
        body = {"query": rewrite.query("roles", text), "script": script}
        began = time.perf_counter()
        path = f"/roles/_update_by_query?refresh=true&scroll_size={STEP}&conflicts=abort&wait_for_completion=false"
        task = self.node.call("POST", path, body)["task"]
        while not (state := self.node.call("GET", f"/_tasks/{task}"))["completed"]:
            time.sleep(POLL)
        took = time.perf_counter() - began
        found = state.get("response")
        if not found or found["failures"] or found["timed_out"]:
            raise RuntimeError(f"the change went wrong: {state}")
        return took, int(found["updated"])

    def _fill(self, data_dir: Path, roles: int) -> None:
        print(f"indexing {roles:,} roles in OpenSearch …", flush=True)
        began = time.perf_counter()
        self.node.call("PUT", "/roles", _body())
        store = open_store(data_dir)
        try:
            count = self.node.index("roles", _documents(store))
        finally:
            store.close()
        assert count == roles, (count, roles)
        self.node.call("POST", "/roles/_forcemerge?max_num_segments=5")
        self.node.call("POST", "/roles/_flush")
        print(f"   took {time.perf_counter() - began:.0f} s", flush=True)


def _body() -> dict[str, Any]:
    """The mapping of the comparison; members that it does not know are only stored."""
    found = mapping.body("roles")
    found["mappings"]["dynamic"] = False
    for field in found["mappings"]["properties"].values():
        if "dynamic" in field:
            field["dynamic"] = False
    found["settings"]["index"] |= {"translog.durability": "async", "translog.flush_threshold_size": "1gb"}
    return found


def _documents(store: Store) -> Iterator[tuple[str, dict[str, Any]]]:
    """The search documents of all roles as `/search` answers them, with their metadata."""
    tenant = store.need_tenant("default")
    with store.snapshot() as session:
        pairs = tenant.metadata.catalogue(session).pairs
        for rids, metadata_texts in _parts(session, tenant):
            texts = documents.search_documents(session, rids, nested=True)
            for text, held in zip(texts, metadata_texts, strict=True):
                document = json.loads(text)
                document.pop("_version", None)
                found = [pairs[pair] for pair in metadata.parse(held)]
                document["accessModelMetadata"] = [{"key": a.key, "value": v.value} for a, v in found]
                yield document["id"], document


def _parts(session: Session, tenant: Tenant) -> Iterator[tuple[list[int], list[str]]]:
    after = 0
    sql = "SELECT rid, md FROM state WHERE tenant = ? AND kind = ? AND rid > ? ORDER BY rid LIMIT ?"
    while rows := list(session.execute(sql, (tenant.number, int(Kind.ROLE), after, PART))):
        yield [rid for rid, _ in rows], [md for _, md in rows]
        after = rows[-1][0]


def run(roles: int, rounds: int) -> None:
    """Print what this side alone needs; medians of the rounds after one that warms up."""
    side = Side(roles)
    try:
        print(f"\n== OpenSearch on {roles:,} roles, request cache off, {rounds} rounds")
        for name, text in CLASSES.items():
            found = [side.count(text) for _ in range(rounds + 1)][1:]
            print(f"   count, {name:20}{statistics.median(s for s, _ in found) * 1e3:10.1f} ms{found[0][1]:>12,}")
        for what, ask in (("all ids of half", side.ids), ("a page of 10,000", side.page)):
            found = [ask(CLASSES["half of all"]) for _ in range(rounds + 1)][1:]
            print(f"   {what:27}{statistics.median(s for s, _ in found) * 1e3:10.1f} ms{found[0][1]:>12,}")
        for operation in SCRIPTS:
            took, count = side.change(CLASSES["everything"], operation)
            print(f"   {operation:27}{took * 1e3:10.1f} ms{count:>12,}  {count / took:,.0f}/s")
    finally:
        side.stop()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--roles", type=int, default=50_000)
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    run(chosen.roles, chosen.rounds)


if __name__ == "__main__":
    main()
