"""An independent reader of the server's database: what a job has written, seen with another driver than the server's.

The names of tables and columns stand here and nowhere else in these tests.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"SQLite format 3\x00"

JOB = """
SELECT id, status, total, changed + unchanged + skipped + failed + conflicted, changed
FROM job ORDER BY created DESC, job DESC LIMIT 1
"""
ITEMS = """
SELECT coalesce(object.id, 'rid ' || job_item.rid), job_item.outcome, job_item.before, job_item.after
FROM job_item JOIN job USING (tenant, job) LEFT JOIN object USING (tenant, rid) WHERE job.id = ?
"""
CHANGED = 1  # `job_item.outcome`; an item with another outcome leaves `after` empty
PAIRS = "SELECT pair, key, value FROM md_value JOIN md_attribute USING (tenant, attribute)"

Metadata = dict[str, tuple[str, ...]]  # attribute key → its values, sorted


@dataclass(frozen=True, slots=True)
class JobRow:
    id: str
    status: str
    total: int | None
    done: int
    changed: int


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the item log: a role, and its metadata before and after the job."""

    role: str
    changed: bool
    before: Metadata
    after: Metadata


def find_database(data_dir: Path) -> Path:
    found = [path for path in data_dir.iterdir() if path.is_file() and beginning(path) == MAGIC]
    assert len(found) == 1, f"one database expected in {data_dir}: {found}"
    return found[0]


def beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(MAGIC))


@contextmanager
def reading(data_dir: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection; it works beside the server and on what a killed server left behind."""
    connection = sqlite3.connect(f"file:{find_database(data_dir)}?mode=ro", uri=True, timeout=30)
    try:
        yield connection
    finally:
        connection.close()


def newest_job(connection: sqlite3.Connection) -> JobRow | None:
    row = connection.execute(JOB).fetchone()
    return None if row is None else JobRow(*row)


def items(connection: sqlite3.Connection, job: str) -> list[Item]:
    pairs = {number: (key, value) for number, key, value in connection.execute(PAIRS)}

    def decode(text: str | None) -> Metadata:
        held: dict[str, list[str]] = {}
        for number in (text or "").split(","):
            if number:
                key, value = pairs[int(number)]
                held.setdefault(key, []).append(value)
        return {key: tuple(sorted(values)) for key, values in held.items()}

    found = []
    for role, outcome, before, after in connection.execute(ITEMS, (job,)):
        changed = outcome == CHANGED
        found.append(Item(role, changed, decode(before), decode(after if changed else before)))
    return found
