"""Staging files: what a loader process has read of an uploaded file, ready to be applied in chunks by set statements.

A staging file is a SQLite database of its own. The loader writes it with a write-ahead log, some rows in a transaction;
meanwhile it is attached, for reading, to the connection that writes, which so sees whole batches in the order of the
file. It can always be made again from the uploaded file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import apsw

from bulkwark.store.sqlite.engine import ASIDE_STEPS, Params, Session, driver_errors
from bulkwark.store.sqlite.named import STATEMENTS

FORMAT = 4  # of the tables below, and of what stands in them
CACHE_KIB = 16_384
CLAIMS_KIB = 32_768
READER_KIB = 16_384  # of the connection that it is attached to: some chunks' rows, which several statements look at
LOG_PAGES = 2_000  # of 8 KiB: how long the log may grow between two looks whether it can be folded in
RESTART_COMMITS = 4  # how often the log is to begin anew: its reader stands in the way most of the time
RESTART_MS = 400
MOST_ATTACHED = 8  # SQLite allows 10; one more comes before the oldest goes
_SLOW_STEPS = frozenset({"uploads.new_tokens"})  # some 60 steps make a whole row of the full text, in 60 µs
FTS_STEPS = 300
_OWN = frozenset({"main", "temp"})
AT_ONCE = 100  # rows that are written without a look whether others want the processor
COMPANIONS = ("-wal", "-shm")
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
-- list of some rows that follow each other, in the order of the index: so nothing is sorted later. Words stand there
-- once with the lines that have them: one number, or JSON.
CREATE TABLE text (n INTEGER PRIMARY KEY, value TEXT NOT NULL, line INTEGER NOT NULL) STRICT;
CREATE TABLE word (n INTEGER PRIMARY KEY, value TEXT NOT NULL, many INTEGER NOT NULL, lines ANY NOT NULL) STRICT;
CREATE TABLE segment (
    last INTEGER NOT NULL, list INTEGER NOT NULL, first INTEGER NOT NULL, rows INTEGER NOT NULL,
    start INTEGER NOT NULL, stop INTEGER NOT NULL, PRIMARY KEY (last, list)
) WITHOUT ROWID, STRICT;
CREATE TABLE field_of (
    list INTEGER NOT NULL, words INTEGER NOT NULL, field INTEGER NOT NULL, PRIMARY KEY (list, field)
) WITHOUT ROWID, STRICT;
-- What all rows of a sort have in common.
CREATE TABLE sort_val (sort INTEGER NOT NULL, field INTEGER NOT NULL, value ANY NOT NULL) STRICT;
CREATE TABLE sort_term (sort INTEGER NOT NULL, field INTEGER NOT NULL, term TEXT NOT NULL) STRICT;
-- Rows that cannot.
CREATE TABLE bad (line INTEGER PRIMARY KEY, cells TEXT NOT NULL, faults TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
-- Written last: a file without it is not whole.
CREATE TABLE whole (good INTEGER NOT NULL, bad INTEGER NOT NULL) STRICT;
"""
_ADD = {
    "row": f"INSERT INTO row VALUES ({', '.join('?' * 21)})",
    "text": "INSERT INTO text (value, line) VALUES (?, ?)",
    "word": "INSERT INTO word (value, many, lines) VALUES (?, ?, ?)",
    "segment": "INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?)",
    "field_of": "INSERT INTO field_of VALUES (?, ?, ?)",
    "sort_val": "INSERT INTO sort_val VALUES (?, ?, ?)",
    "sort_term": "INSERT INTO sort_term VALUES (?, ?, ?)",
    "bad": "INSERT INTO bad VALUES (?, ?, ?, ?)",
}
# The first good row of each account. Only the loader asks for it, and its pages change all the time: so it is no part
# of what others read.
_CLAIMS = "CREATE TABLE claim (key TEXT PRIMARY KEY, line INTEGER NOT NULL) WITHOUT ROWID, STRICT"
_CLAIM = "INSERT OR IGNORE INTO claim VALUES (?, ?)"
_CLAIMED = "SELECT line FROM claim WHERE key = ?"


class StagingFile:
    """A new staging file. It stands under its name from the beginning; `finish` says that it is whole."""

    def __init__(self, path: Path) -> None:
        remove(path)
        unfinished = path.with_suffix(".unfinished")
        remove(unfinished)
        self._path = path
        self._commits = 0
        with driver_errors():
            # Whoever finds the file finds its tables.
            made = apsw.Connection(str(unfinished))
            made.pragma("page_size", 8192)
            made.pragma("journal_mode", "wal")
            made.execute(SCHEMA)
            made.pragma("user_version", FORMAT)
            made.close()
            os.replace(unfinished, path)
            self._connection = _open(path, CACHE_KIB)
            self._connection.pragma("wal_autocheckpoint", LOG_PAGES)
            self._connection.set_busy_timeout(RESTART_MS)
            self._connection.execute("BEGIN")
            claims = path.with_suffix(".claims")
            remove(claims)
            self._claims = _open(claims, CLAIMS_KIB)
            self._claims.pragma("journal_mode", "off")
            self._claims.execute(_CLAIMS)
            self._claims.execute("BEGIN")
            claims.unlink()  # it goes with this process

    def claim(self, keys: Sequence[tuple[str, int]]) -> dict[int, int]:
        """Claim accounts (key, line) for lines; answers line → the line that was first, for those that came late."""
        before = self._claims.total_changes()
        with driver_errors():
            self._claims.executemany(_CLAIM, keys)
            if self._claims.total_changes() - before == len(keys):
                return {}
            first = {key: next(iter(self._claims.execute(_CLAIMED, (key,))))[0] for key, _ in keys}
        return {line: first[key] for key, line in keys if first[key] != line}

    def add(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows to a table; those of `text` and `word` are numbered from 1."""
        coming = iter(rows)
        with driver_errors():
            while some := list(islice(coming, AT_ONCE)):
                self._connection.executemany(_ADD[table], some)

    def commit(self) -> None:
        """Show what was added: all rows of the file up to some line."""
        with driver_errors():
            self._connection.execute("COMMIT")
            self._commits += 1
            if self._commits % RESTART_COMMITS == 0:
                with suppress(apsw.BusyError):
                    self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_RESTART)
            self._connection.execute("BEGIN")

    def finish(self) -> tuple[int, int]:
        """Write all down for good; answers how many rows are good and bad."""
        with driver_errors():
            self._connection.execute("INSERT INTO whole SELECT (SELECT count(*) FROM row), (SELECT count(*) FROM bad)")
            good, bad = next(iter(self._connection.execute("SELECT good, bad FROM whole")))
            self._connection.execute("COMMIT")
            self._connection.close()
            self._claims.close()
        # Its reader may keep the log from being folded in: it is a part of the file then.
        for part in (self._path, *_companions(self._path)):
            with suppress(FileNotFoundError), open(part, "rb+") as file:
                os.fsync(file.fileno())
        return good, bad


def _open(path: Path, cache_kib: int) -> apsw.Connection:
    connection = apsw.Connection(str(path))
    connection.pragma("page_size", 8192)
    connection.pragma("synchronous", "off")
    connection.pragma("cache_size", -cache_kib)
    return connection


def _companions(path: Path) -> list[Path]:
    return [path.with_name(path.name + ending) for ending in COMPANIONS]


def remove(path: Path) -> None:
    """Delete a staging file, if it is there. Nobody may have it open."""
    for part in (path, *_companions(path)):
        part.unlink(missing_ok=True)


def attach(session: Session, name: str, path: Path) -> bool:
    """Attach a staging file under a name; also within a transaction.

    Answers False when it is not there, or was written by a version of this program that did so otherwise.
    """
    attached = _attached(session)
    if name not in attached:
        if not path.exists():
            return False
        for other in attached[: len(attached) - MOST_ATTACHED + 1]:
            detach(session, other)  # the longest here; it comes again with the next chunk that needs it
        _attach(session, name, path)
    return list(session.execute(f"PRAGMA {name}.user_version")) == [(FORMAT,)]


def _attach(session: Session, name: str, path: Path) -> None:
    list(session.execute(f"ATTACH ? AS {name}", (f"{path.resolve().as_uri()}?mode=ro",)))
    list(session.execute(f"PRAGMA {name}.cache_size = -{READER_KIB}"))


def detach(session: Session, name: str, *forgotten: Path) -> None:
    """Let a staging file go, and delete some. A transaction holds all that is attached: then before the next one."""
    if session.connection.in_transaction:
        session.between.append(partial(detach, session, name, *forgotten))
        return
    if name in _attached(session):
        list(session.execute(f"DETACH {name}"))
    for path in forgotten:
        remove(path)


def _attached(session: Session) -> list[str]:
    """Names of staging files, in the order in which they came."""
    return [row[1] for row in session.execute("PRAGMA database_list") if row[1] not in _OWN]


def run(session: Session, statement: str, name: str, params: Params) -> int:
    """Execute a named statement on the staging file of that name; counts the rows it changed."""
    sql = STATEMENTS[statement].replace("staging.", f"{name}.")
    if session.aside is None or statement not in _SLOW_STEPS:
        return session.change(sql, params)
    session.ask_every(FTS_STEPS)
    try:
        return session.change(sql, params)
    finally:
        session.ask_every(ASIDE_STEPS)


def rows(session: Session, statement: str, name: str, params: Params) -> list[tuple[Any, ...]]:
    """The rows of such a statement."""
    return list(session.execute(STATEMENTS[statement].replace("staging.", f"{name}."), params))
