"""Connections to one SQLite file: a pool of readers, one writer behind a fair queue.

SQLite's own busy handler lets one eager writer starve the others (probes: 1.3 s p99 for a single edit
beside a job), so within the process writers take turns in the order in which they came.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import apsw

from bulkwark.errors import Unavailable

BUSY_MS = 20_000  # how long to wait for another process that writes (`bulkwark load` beside a server)
READER_CACHE_KIB = 4_096
WRITER_CACHE_KIB = 65_536
WAL_PAGES = 4_000  # checkpoint after about 32 MB of log

# What a chunk of a metadata job works with: text before → outcome and text after, and the pairs that differ.
WORK_TABLES = """
CREATE TEMP TABLE transform (md TEXT PRIMARY KEY, outcome INTEGER, reason TEXT, after TEXT) WITHOUT ROWID;
CREATE TEMP TABLE gain (md TEXT, pair INTEGER, PRIMARY KEY (md, pair)) WITHOUT ROWID;
CREATE TEMP TABLE loss (md TEXT, pair INTEGER, PRIMARY KEY (md, pair)) WITHOUT ROWID;
"""

Params = Mapping[str, Any] | Sequence[Any] | None
Row = tuple[Any, ...]


def load_statements() -> dict[str, str]:
    """Name → SQL of every statement in `statements/*.sql`; a name is `<file>.<name>`.

    A statement starts at a line `-- name: purpose` and ends at the next one.
    """
    found: dict[str, str] = {}
    for file in sorted(resources.files(__package__).joinpath("statements").iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".sql"):
            continue
        noun, name = file.name.removesuffix(".sql"), ""
        for line in file.read_text("utf-8").splitlines():
            head = line.removeprefix("-- ").partition(":")[0]
            if line.startswith("-- ") and head.isidentifier():
                name = f"{noun}.{head}"
                assert name not in found, f"statement {name} is defined twice"
                found[name] = ""
            elif name and not line.startswith("--"):
                found[name] += line + "\n"
    return {name: text.strip().rstrip(";") for name, text in found.items()}


STATEMENTS = load_statements()


class FairLock:
    """A lock that is handed over in the order of the requests."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._busy = False
        self._queue: deque[threading.Lock] = deque()

    def acquire(self) -> None:
        with self._mutex:
            if not self._busy:
                self._busy = True
                return
            turn = threading.Lock()
            turn.acquire()
            self._queue.append(turn)
        turn.acquire()

    def release(self) -> None:
        with self._mutex:
            if self._queue:
                self._queue.popleft().release()
            else:
                self._busy = False

    @property
    def waiting(self) -> int:
        """How many writers stand in the queue."""
        return len(self._queue)


class Session:
    """Statements on one connection. Not to be used by two threads at once."""

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection

    def rows(self, name: str, params: Params = None) -> Iterator[Row]:
        """All rows of the named statement, lazily."""
        return self.execute(STATEMENTS[name], params)

    def one(self, name: str, params: Params = None) -> Row | None:
        """The first row, or None."""
        for row in self.execute(STATEMENTS[name], params):
            return row
        return None

    def value(self, name: str, params: Params = None) -> Any:
        """The first column of the first row, or None."""
        for row in self.execute(STATEMENTS[name], params):
            return row[0]
        return None

    def run(self, name: str, params: Params = None) -> int:
        """Execute the named statement and count the rows it changed."""
        before = self.connection.total_changes()
        for _ in self.execute(STATEMENTS[name], params):
            pass
        return self.connection.total_changes() - before

    def many(self, name: str, rows: Sequence[Sequence[Any]] | Iterator[Sequence[Any]]) -> None:
        """Execute the named statement once for each row of values."""
        with driver_errors():
            self.connection.executemany(STATEMENTS[name], rows)

    def execute(self, sql: str, params: Params = None) -> Iterator[Row]:
        """Rows of a text built by this dialect's emitter; values are always bound, never in the text."""
        with driver_errors():
            return self.connection.execute(sql, params)


class Database:
    """One file, opened by this process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FairLock()
        self._readers = threading.local()
        self._all: list[apsw.Connection] = []
        self._guard = threading.Lock()
        self.after_rollback: list[Callable[[], None]] = []  # what was remembered from the transaction must go
        self._writer = Session(self._connect(WRITER_CACHE_KIB, writes=True))
        self._writer.connection.execute(WORK_TABLES)

    def _connect(self, cache_kib: int, *, writes: bool = False) -> apsw.Connection:
        create = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        with driver_errors():
            connection = apsw.Connection(str(self.path), flags=create if writes else apsw.SQLITE_OPEN_READONLY)
            connection.set_busy_timeout(BUSY_MS)
            if writes:
                connection.pragma("page_size", 8192)
                connection.pragma("journal_mode", "wal")
            # FULL costs under 5 % at the chunk sizes that jobs use (probes), and a finished job is then
            # finished after a power cut too.
            connection.pragma("synchronous", "full")
            connection.pragma("cache_size", -cache_kib)
            connection.pragma("temp_store", "memory")
            connection.pragma("wal_autocheckpoint", WAL_PAGES)
            connection.pragma("journal_size_limit", 64 * 1024 * 1024)
        with self._guard:
            self._all.append(connection)
        return connection

    def read(self) -> Session:
        """This thread's reader. Each statement sees the last committed state."""
        session: Session | None = getattr(self._readers, "session", None)
        if session is None:
            connection = self._connect(READER_CACHE_KIB)
            session = self._readers.session = Session(connection)
        return session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A reader of its own on which all statements see the same state; for long streams."""
        connection = self._connect(READER_CACHE_KIB)
        try:
            connection.execute("BEGIN")
            yield Session(connection)
        finally:
            connection.close(True)
            with self._guard:
                self._all.remove(connection)

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """The writer's place for one or several transactions that nothing can come between."""
        self._lock.acquire()
        try:
            yield Turn(self._writer, self.after_rollback)
        finally:
            self._lock.release()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One write transaction, in turn: committed at the end, rolled back on any error."""
        with self.turn() as turn, turn.transaction() as session:
            yield session

    @property
    def waiting(self) -> int:
        """How many writers wait for their turn."""
        return self._lock.waiting

    def backup(self, target: Path) -> None:
        """Copy the database while it serves (SQLite's online backup)."""
        with driver_errors():
            copy = apsw.Connection(str(target))
            try:
                source = self._connect(READER_CACHE_KIB)
                with copy.backup("main", source, "main") as backup:
                    while not backup.done:
                        backup.step(2_000)
            finally:
                copy.close()

    def close(self) -> None:
        """Close every connection; the write-ahead log is folded into the file."""
        with self._guard:
            connections, self._all = self._all, []
        for connection in reversed(connections):
            connection.close(True)


class Turn:
    """A held place at the writer."""

    def __init__(self, session: Session, after_rollback: list[Callable[[], None]]) -> None:
        self.session = session
        self._after_rollback = after_rollback

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        connection = self.session.connection
        with driver_errors():
            connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.session
            with driver_errors():
                connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            for forget in self._after_rollback:
                forget()
            raise


@contextmanager
def driver_errors() -> Iterator[None]:
    """The one gate through which the driver's exceptions become ours."""
    try:
        yield
    except (apsw.BusyError, apsw.LockedError) as error:
        raise Unavailable("the database is locked by another process", hint="try again") from error
    except apsw.FullError as error:
        raise Unavailable("the disk or the database's page limit is full", hint="free space, then retry") from error
    except (apsw.CantOpenError, apsw.NotADBError, apsw.CorruptError, apsw.IOError, apsw.ReadOnlyError) as error:
        raise Unavailable(f"the database cannot be used: {error}") from error
