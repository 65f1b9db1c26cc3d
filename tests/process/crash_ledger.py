"""What an independent reader sees of everything that jobs govern, and of jobs themselves.

Beside `ledger.py` the only place of these tests that knows names of tables and columns.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

KINDS = {"ROLE": 1, "ACCESS_PROFILE": 2, "ENTITLEMENT": 3}
IDENTITY = 4
CHANGED, UNCHANGED, FAILED, CONFLICTED = 1, 2, 4, 5  # `job_item.outcome`
PROGRESS = ("selected", "counted", "chunk", "finished")  # `job_event.kind`

JOB = """
SELECT job, id, status, mode, total, changed + unchanged + skipped + failed + conflicted, changed, unchanged, error
FROM job WHERE job > ? ORDER BY job LIMIT 1
"""
EVENT = f"""
SELECT at FROM job_event WHERE job = ? AND seq > ? AND kind IN ({", ".join(f"'{kind}'" for kind in PROGRESS)})
ORDER BY seq LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class JobRow:
    number: int
    id: str
    status: str
    mode: str
    total: int | None
    done: int
    changed: int
    unchanged: int
    error: str | None

    @property
    def finished(self) -> bool:
        return self.status in ("COMPLETED", "FAILED", "CANCELLED", "STOPPED")


@dataclass(frozen=True, slots=True)
class ItemRow:
    target: int
    outcome: int
    before: str | None
    after: str | None


Spaces = dict[str, dict[int, str | None]]


@dataclass(frozen=True, slots=True)
class Governed:
    """All that jobs may change. `spaces`: target → text as items have it: metadata pairs, the state of a common access,
    the description of an entitlement."""

    spaces: Spaces
    modified: dict[int, int]
    records: frozenset[str]  # account names of non-employees
    faults: list[str]  # where the database contradicts itself


def job_after(connection: sqlite3.Connection, number: int) -> JobRow | None:
    """The job that came next after the one with that number."""
    row = connection.execute(JOB, (number,)).fetchone()
    return None if row is None else JobRow(*row)


def last_number(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT ifnull(max(job), 0) FROM job").fetchone()[0])


def last_event(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT ifnull(max(seq), 0) FROM job_event").fetchone()[0])


def progress_after(connection: sqlite3.Connection, job: int, event: int) -> float | None:
    """When the job went on after an event, in seconds since 1970; None: it has not."""
    row = connection.execute(EVENT, (job, event)).fetchone()
    return None if row is None else row[0] / 1000


def items(connection: sqlite3.Connection, job: int) -> list[ItemRow]:
    rows = connection.execute("SELECT rid, outcome, before, after FROM job_item WHERE job = ?", (job,))
    return [ItemRow(*row) for row in rows]


def documents(connection: sqlite3.Connection, kind: str) -> dict[int, dict[str, Any]]:
    rows = connection.execute("SELECT rid, head FROM object WHERE kind = ?", (KINDS[kind],))
    return {rid: json.loads(head + "}") for rid, head in rows}


def pairs(connection: sqlite3.Connection) -> dict[tuple[str, str], int]:
    """(attribute key, value) → number of the pair."""
    rows = connection.execute("SELECT key, value, pair FROM md_value JOIN md_attribute USING (tenant, attribute)")
    return {(key, value): pair for key, value, pair in rows}


def common_ids(connection: sqlite3.Connection) -> dict[int, str]:
    return dict(connection.execute("SELECT item, id FROM common_access"))


def governed(connection: sqlite3.Connection) -> Governed:
    """Everything, from one state of the data."""
    connection.execute("BEGIN")
    try:
        return _governed(connection)
    finally:
        connection.execute("ROLLBACK")


def _governed(connection: sqlite3.Connection) -> Governed:
    held, modified = dict[int, str | None](), dict[int, int]()
    for rid, md, moment in connection.execute("SELECT rid, md, modified FROM state WHERE kind <= 3"):
        held[rid], modified[rid] = md, moment
    states = connection.execute("SELECT item, status || ',' || reviewed || ',' || ifnull(last, '') FROM common_access")
    texts = connection.execute("SELECT rid, (head || '}') ->> 'description' FROM object WHERE kind = 3")
    spaces = {"md": held, "common": dict(states), "description": dict(texts)}
    accounts = [account for (account,) in connection.execute("SELECT account FROM ne_record")]
    return Governed(spaces, modified, frozenset(accounts), _contradictions(connection, held, accounts))


def _contradictions(connection: sqlite3.Connection, held: dict[int, str | None], accounts: list[str]) -> list[str]:
    index = set(connection.execute("SELECT pair, rid FROM md_inv"))
    expected = {(int(pair), rid) for rid, text in held.items() if text for pair in text.split(",")}
    found = []
    if index != expected:
        found.append(
            f"{len(index - expected)} pairs too many and {len(expected - index)} too few in the metadata index"
        )
    if len(set(accounts)) != len(accounts):
        found.append(f"{len(accounts) - len(set(accounts))} account names stand twice")
    counted = "SELECT count(*) FROM ne_record r LEFT JOIN object o ON o.rid = r.rid AND o.kind = ? WHERE o.rid IS NULL"
    (orphans,) = connection.execute(counted, (IDENTITY,)).fetchone()
    if orphans:
        found.append(f"{orphans} non-employee records without an identity")
    return found
