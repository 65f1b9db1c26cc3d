"""Staging files: what a loader process has read of an uploaded file, ready to be applied in chunks by set statements.

A staging file is a SQLite database of its own, written once by the loader without a journal and then attached, for
reading, to the connection that writes. It can always be made again from the uploaded file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import apsw

from bulkwark.store.sqlite.engine import STATEMENTS, Params, Session, driver_errors

CACHE_KIB = 32_768
SCHEMA = """
-- Rows that can be applied, and all that a new record of each writes: its identity, derived for the index.
CREATE TABLE row (
    line INTEGER PRIMARY KEY, person TEXT NOT NULL, id TEXT NOT NULL, head TEXT NOT NULL, face TEXT NOT NULL,
    tokens TEXT NOT NULL, sort INTEGER NOT NULL,
    key TEXT NOT NULL, account TEXT NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL, email TEXT NOT NULL,
    phone TEXT NOT NULL, manager TEXT NOT NULL, starts INTEGER NOT NULL, ends INTEGER NOT NULL, data TEXT NOT NULL,
    phase INTEGER NOT NULL, due INTEGER, created INTEGER NOT NULL, modified INTEGER NOT NULL
) STRICT;
-- What each adds to the index, in lists: whole texts, folded texts, or words, of one or several fields. A segment is a
-- list of some rows that follow each other, in the order of the index: so nothing is sorted later.
CREATE TABLE text (n INTEGER PRIMARY KEY, value TEXT NOT NULL, line INTEGER NOT NULL) STRICT;
CREATE TABLE segment (
    last INTEGER NOT NULL, list INTEGER NOT NULL, first INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL,
    PRIMARY KEY (last, list)
) WITHOUT ROWID, STRICT;
CREATE TABLE field_of (
    list INTEGER NOT NULL, words INTEGER NOT NULL, field INTEGER NOT NULL, PRIMARY KEY (list, field)
) WITHOUT ROWID, STRICT;
-- What all rows of a sort have in common.
CREATE TABLE sort_val (sort INTEGER NOT NULL, field INTEGER NOT NULL, value ANY NOT NULL) STRICT;
CREATE TABLE sort_term (sort INTEGER NOT NULL, field INTEGER NOT NULL, term TEXT NOT NULL) STRICT;
-- Rows that cannot.
CREATE TABLE bad (line INTEGER PRIMARY KEY, cells TEXT NOT NULL, faults TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
-- The first good row of each account.
CREATE TABLE claim (key TEXT PRIMARY KEY, line INTEGER NOT NULL) WITHOUT ROWID, STRICT;
-- Written last: a file without it is not whole.
CREATE TABLE whole (good INTEGER NOT NULL, bad INTEGER NOT NULL) STRICT;
"""
_ADD = {
    "row": f"INSERT INTO row VALUES ({', '.join('?' * 21)})",
    "text": "INSERT INTO text (value, line) VALUES (?, ?)",
    "segment": "INSERT INTO segment VALUES (?, ?, ?, ?, ?)",
    "field_of": "INSERT INTO field_of VALUES (?, ?, ?)",
    "sort_val": "INSERT INTO sort_val VALUES (?, ?, ?)",
    "sort_term": "INSERT INTO sort_term VALUES (?, ?, ?)",
    "bad": "INSERT INTO bad VALUES (?, ?, ?, ?)",
}
_CLAIM = "INSERT OR IGNORE INTO claim VALUES (?, ?)"
_CLAIMED = "SELECT line FROM claim WHERE key = ?"


class StagingFile:
    """A new staging file. Only when `finish` has returned does it stand under its name."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unfinished = path.with_suffix(".unfinished")
        self._unfinished.unlink(missing_ok=True)
        with driver_errors():
            self._connection = apsw.Connection(str(self._unfinished))
            self._connection.pragma("page_size", 8192)
            self._connection.pragma("journal_mode", "off")
            self._connection.pragma("synchronous", "off")
            self._connection.pragma("locking_mode", "exclusive")
            self._connection.pragma("cache_size", -CACHE_KIB)
            self._connection.execute(SCHEMA)
            self._connection.execute("BEGIN")

    def claim(self, keys: Sequence[tuple[str, int]]) -> dict[int, int]:
        """Claim accounts (key, line) for lines; answers line → the line that was first, for those that came late."""
        before = self._connection.total_changes()
        with driver_errors():
            self._connection.executemany(_CLAIM, keys)
            if self._connection.total_changes() - before == len(keys):
                return {}
            first = {key: next(iter(self._connection.execute(_CLAIMED, (key,))))[0] for key, _ in keys}
        return {line: first[key] for key, line in keys if first[key] != line}

    def add(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows to a table; those of `text` are numbered from 1."""
        with driver_errors():
            self._connection.executemany(_ADD[table], rows)

    def finish(self) -> tuple[int, int]:
        """Write all down for good; answers how many rows are good and bad."""
        with driver_errors():
            self._connection.execute("INSERT INTO whole SELECT (SELECT count(*) FROM row), (SELECT count(*) FROM bad)")
            good, bad = next(iter(self._connection.execute("SELECT good, bad FROM whole")))
            self._connection.execute("COMMIT")
            self._connection.close()
        with open(self._unfinished, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(self._unfinished, self._path)
        return good, bad


def attach(session: Session, name: str, path: Path) -> bool:
    """Attach a staging file under a name; also within a transaction. Answers False when it is not there."""
    if name in _attached(session):
        return True
    if not path.exists():
        return False
    list(session.execute(f"ATTACH ? AS {name}", (f"{path.resolve().as_uri()}?mode=ro",)))
    return True


def detach(session: Session, name: str) -> None:
    """Let a staging file go; outside of transactions only."""
    if name in _attached(session):
        list(session.execute(f"DETACH {name}"))


def _attached(session: Session) -> set[str]:
    return {row[1] for row in session.execute("PRAGMA database_list")}


def run(session: Session, statement: str, name: str, params: Params) -> int:
    """Execute a named statement on the staging file of that name; counts the rows it changed."""
    return session.change(STATEMENTS[statement].replace("staging.", f"{name}."), params)


def rows(session: Session, statement: str, name: str, params: Params) -> list[tuple[Any, ...]]:
    """The rows of such a statement."""
    return list(session.execute(STATEMENTS[statement].replace("staging.", f"{name}."), params))
