"""An upload of a CSV file to its COMPLETED against the raw load, the memory it takes, and what others wait meanwhile.

The raw load: the standard library's csv reader over the same file, and the bare insert of the same rows into the same
tables and indexes, full text included, in transactions of 20,000 that fold the write-ahead log in as SQLite does by
itself, in the commit; spelling the rows is not timed. Both sides start from copies of one data directory.
"""

from __future__ import annotations

import csv
import http.client
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.company import CACHE, copy
from benchmarks.load import Connection, request
from benchmarks.server import Server, status_kib
from bulkwark.domain.kinds import Kind, new_id, ordered_id
from bulkwark.domain.non_employee_rows import Checker
from bulkwark.domain.non_employees import DAY, Attribute
from bulkwark.domain.times import iso_ms
from bulkwark.store import non_employee_records, non_employee_sources
from bulkwark.store.dialect import Session
from bulkwark.store.non_employee_spelling import Spelling, insert, numbers
from bulkwark.store.objects import New
from bulkwark.store.sqlite.engine import WAL_PAGES
from bulkwark.store.tenants import Store, open_store

COLUMNS = ("accountName", "firstName", "lastName", "phone", "email", "manager", "startDate", "endDate", "description")
MANAGERS = 5_000
BATCH = 20_000
IDLE_SECONDS = 15.0
SETTLE_SECONDS = 3.0  # behind a sync, before anything is measured that should find the disk at rest
COUNTING = "import os\nos.nice(19)\nwhile True:\n    pass"
POLL_SECONDS = 0.1  # between two looks at the status, before and during the upload
PAUSE_SECONDS = 0.02
BOUNDARY = "bench-boundary"
Log = list[tuple[str, list[Sequence[Any]]]]


def run(rows: int, rounds: int, side: str = "") -> dict[str, float]:
    """Print the table; answers name → median ratio. `side`: only "raw" or "ours", when both take too long at once."""
    source, file = _prepare(rows)
    print(
        f"\n== upload of {rows:,} rows of {len(COLUMNS)} columns ({file.stat().st_size / 1e6:.0f} MB), {rounds} rounds"
    )
    ratios, waits = [], []
    for round_ in range(rounds):
        if side:
            made = copy(source, f"uploads-{side}")
            spent = _raw(made, file) if side == "raw" else _upload(made, file)
            print(f"   round {round_ + 1}: {side} {spent[0]:.1f} s; of processors {spent[-1]:.1f} s", flush=True)
            continue
        bare, bare_used = _raw(copy(source, "uploads-bare"), file)
        ours, wait, used = _upload(copy(source, "uploads-bulkwark"), file)
        ratios.append(ours / bare)
        waits.append(wait)
        print(
            f"   round {round_ + 1}: ours {ours:.1f} s, raw {bare:.1f} s, ratio {ours / bare:.2f} (bar: 2);"
            f" of processors ours {used:.1f} s, raw {bare_used:.1f} s",
            flush=True,
        )
    if side:
        return {}
    return {"upload": statistics.median(ratios), "p99 beside an upload": statistics.median(waits)}


def _prepare(rows: int) -> tuple[Path, Path]:
    """A data directory with managers and a source, and the file."""
    target = CACHE / f"uploads-{rows}"
    file = CACHE / f"uploads-{rows}.csv"
    if not (target / "complete").exists():
        target.mkdir(parents=True, exist_ok=True)
        store = open_store(target)
        _fill(store)
        store.close()
        with open(file, "w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow(COLUMNS)
            writer.writerows(_row(number) for number in range(rows))
        (target / "complete").touch()
    return target, file


def _fill(store: Store) -> None:
    tenant, now = store.need_tenant("default"), time.time_ns() // 1_000_000
    with store.write() as session:
        people = [
            {"id": new_id(), "name": f"Manager {n}", "alias": f"manager.{n}", "created": iso_ms(now), "attributes": {}}
            for n in range(MANAGERS)
        ]
        tenant.objects.add(session, Kind.IDENTITY, [New(person, now) for person in people])
        body = {"id": new_id(), "name": "Contractors", "type": "DelimitedFile", "created": iso_ms(now), "owner": None}
        (rid,) = tenant.objects.add(session, Kind.SOURCE, [New(body, now)])
        made = non_employee_sources.add(session, tenant.number, rid, approvers=[], managers=[], workgroup=None, now=now)
        own = Attribute(9, new_id(), False, "TEXT", "description", "Description")
        non_employee_sources.add_attributes(session, tenant.number, made.number, [own])


def _row(number: int) -> tuple[str, ...]:
    account = f"contractor.{number}"
    month, day = number % 12 + 1, number % 28 + 1
    return (
        account,
        f"First{number % 997}",
        f"Last{number % 7_919}",
        f"+1 555 {number:07}",
        f"{account}@example.com",
        f"manager.{number % MANAGERS}",
        f"2024-{month:02}-{day:02}T08:00:00-10:00",
        f"2036-{month:02}-{day:02}T19:00:00-10:00",
        f"Works on project {number % 333}",
    )


# --- the raw side ----------------------------------------------------------------------------------------


def _raw(data_dir: Path, file: Path) -> tuple[float, float]:
    """Seconds of the reader and the bare inserts, and what they took of a processor."""
    store = open_store(data_dir)
    tenant = store.need_tenant("default")
    source = non_employee_sources.by_number(store.read(), tenant.number, 1)
    assert source is not None
    with store.write() as session:
        known = numbers(session, tenant, ["description"])
    spelling = Spelling(source.document, tenant.name, known)
    checker = Checker(non_employee_sources.attributes(store.read(), tenant.number, 1), columns=COLUMNS)
    # The house's own thread would fold the log in while rows are spelled, which is not timed. This takes its place.
    store.database._writer.connection.wal_autocheckpoint(WAL_PAGES)
    now, spent = time.time_ns() // 1_000_000, 0.0
    used = 0.0
    with open(file, newline="", encoding="utf-8") as text:
        reader = csv.reader(text)
        next(reader)
        while True:
            began, used_before = time.perf_counter(), time.process_time()
            batch = list(islice(reader, BATCH))
            spent += time.perf_counter() - began
            used += time.process_time() - used_before
            if not batch:
                break
            spelled = spelling.spell(list(_cells(store, tenant, checker, batch)), now=now, warning=30 * DAY)
            with store.write() as session:
                log: Log = []
                insert(_Recorder(session, log), tenant.number, 1, spelled, now)
            began, used_before = time.perf_counter(), time.process_time()
            with store.write() as session:
                for name, rows in log:
                    session.many(name, rows)
            spent += time.perf_counter() - began
            used += time.process_time() - used_before
    store.close()
    return spent, used


def _cells(store: Store, tenant: Any, checker: Checker, batch: list[list[str]]) -> Iterator[Any]:
    found = [checker.row(row) for row in batch]
    people = non_employee_records.managers(store.read(), tenant, [cells.manager for cells in found])  # type: ignore[union-attr]
    for cells in found:
        yield ordered_id(time.time_ns() // 1_000_000), cells, people[cells.manager]  # type: ignore[union-attr]


class _Recorder(Session):
    """Remembers the rows of statements instead of running them."""

    def __init__(self, session: Session, log: Log) -> None:
        super().__init__(session.connection)
        self._log = log

    def many(self, name: str, rows: Sequence[Sequence[Any]] | Iterator[Sequence[Any]]) -> None:
        self._log.append((name, list(rows)))


# --- ours ------------------------------------------------------------------------------------------------


def _upload(data_dir: Path, file: Path) -> tuple[float, float, float]:
    """Seconds from the first byte sent to COMPLETED; how much longer others' slowest 1 % wait than when idle; and
    what server and loader took of processors."""
    server = Server(data_dir)
    try:
        source = server.call("GET", "/v2025/non-employee-sources?limit=1")[0]["id"]
        person = server.call("GET", "/v2025/public-identities?limit=1")[0]["id"]
        asked = request(f"/v2025/public-identities?filters=id+eq+%22{person}%22", server.token)
        path = f"/v2025/non-employee-sources/{source}/non-employee-bulk-upload"
        idle = _idle(server, asked, f"{path}/status")
        with _asking(server.port, asked) as busy:
            loader = 0.0
            used = _processor(server.process.pid)
            began = time.perf_counter()
            accepted = _send(server, path, file)
            answered = time.perf_counter() - began
            while (status := server.call("GET", f"{path}/status")["status"]) in ("PENDING", "IN_PROGRESS"):
                loader = max(loader, *(_mib(pid) for pid in _children(server.process.pid)), 0.0)
                time.sleep(POLL_SECONDS)
            took = time.perf_counter() - began
            used = _processor(server.process.pid) - used
        assert status == "COMPLETED", (accepted, status)
        peak = server.peak_mib()
        counting = _beside_counting(server, asked)
        later = _idle(server, asked, f"{path}/status")
        ratio = _p99(busy) / _p99([*idle, *later])
        print(
            f"   202 after {answered:.1f} s; server {peak:.0f} MiB (bar: 250), loader {loader:.0f} MiB (bar: 150)\n"
            f"   others, p50 and p99 in ms: beside the upload {_told(busy)}; idle before {_told(idle)}, after"
            f" {_told(later)}; ratio of the p99 {ratio:.1f} (bar: 2); beside two processes that count {_told(counting)}"
        )
        return took, ratio, used
    finally:
        server.stop()


def _told(found: Sequence[float]) -> str:
    return f"{statistics.median(found) * 1e3:.1f} / {_p99(found) * 1e3:.1f}"


def _idle(server: Server, asked: bytes, status: str) -> list[float]:
    """The same waits without an upload, while its client asks for the status as it will beside it."""
    os.sync()
    time.sleep(SETTLE_SECONDS)
    with _asking(server.port, asked) as found:
        until = time.perf_counter() + IDLE_SECONDS
        while time.perf_counter() < until:
            server.call("GET", status)
            _children(server.process.pid)
            time.sleep(POLL_SECONDS)
    return found


def _beside_counting(server: Server, asked: bytes) -> list[float]:
    """The same waits beside two processes that do nothing but count, behind everybody else: what this machine gives."""
    os.sync()
    time.sleep(SETTLE_SECONDS)
    counting = [subprocess.Popen([sys.executable, "-c", COUNTING]) for _ in range(2)]
    try:
        with _asking(server.port, asked) as found:
            time.sleep(IDLE_SECONDS)
    finally:
        for process in counting:
            process.kill()
            process.wait()
    return found


@contextmanager
def _asking(port: int, asked: bytes) -> Iterator[list[float]]:
    """Ask meanwhile, from a process of its own, so that no thread waits for another's interpreter; the list of seconds
    is filled at the end."""
    context = multiprocessing.get_context("spawn")
    ended, (answers, told) = context.Event(), context.Pipe(duplex=False)
    process = context.Process(target=_waits, args=(port, asked, ended, told))
    process.start()
    told.close()  # so that its death is the end of the answers
    found: list[float] = []
    try:
        yield found
    finally:
        ended.set()
        found.extend(answers.recv())
        process.join()


def _waits(port: int, asked: bytes, ended: Any, told: Any) -> None:
    """Seconds of single requests, some dozens a second, so that asking takes no processor away from the upload."""
    connection, found = Connection(port), []
    while not ended.wait(PAUSE_SECONDS):
        began = time.perf_counter()
        ((status, _),) = connection.exchange(asked)
        found.append(time.perf_counter() - began)
        assert status == 200, status
    connection.close()
    told.send(found)


def _send(server: Server, path: str, file: Path) -> Any:
    """Stream the file as the part `data`."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="data"; filename="rows.csv"\r\n\r\n'.encode()
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    connection.putrequest("POST", path)
    connection.putheader("Authorization", f"Bearer {server.token}")
    connection.putheader("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
    connection.putheader("Content-Length", str(len(head) + file.stat().st_size + len(tail)))
    connection.endheaders()
    connection.send(head)
    with open(file, "rb") as content:
        while piece := content.read(1 << 18):
            connection.send(piece)
    connection.send(tail)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 202, body
    connection.close()
    return json.loads(body)


def _p99(found: Sequence[float]) -> float:
    return sorted(found)[int(len(found) * 0.99)]


def _processor(pid: int) -> float:
    """Seconds that a process and its ended children have taken of processors."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found.extend(int(child) for child in task.read_text().split())
        except OSError:
            continue  # that thread has ended
    return found


def _mib(pid: int) -> float:
    try:
        return status_kib(pid, "VmHWM") / 1024
    except OSError:
        return 0.0  # it has ended
