"""Connections to one SQLite file: a pool of readers, one writer behind a fair queue.

SQLite's own busy handler lets one eager writer starve the others (probes: 1.3 s p99 for a single edit
beside a job), so within the process writers take turns in the order in which they came.
"""

from __future__ import annotations

import logging
import threading
import time
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from bulkwark.errors import DiskFull, Invalid, Unavailable
from bulkwark.store.sqlite.checkpoints import Checkpoints
from bulkwark.store.sqlite.functions import install
from bulkwark.store.sqlite.leisure import Leisure, Traffic
from bulkwark.store.sqlite.named import STATEMENTS
from bulkwark.store.sqlite.waiting import FairLock, GaveWay, Patience, Way

log = logging.getLogger("bulkwark.store")

BUSY_MS = 20_000  # how long to wait for another process that writes (`bulkwark load` beside a server)
BUSY_STEP_MS = 2
SETTLE_SECONDS = 1.0
STEPS, ASIDE_STEPS = 50_000, 10_000  # of SQLite's machine, some 40 ns each, between two looks whether to go on
READER_CACHE_KIB = 4_096
LOOP_CACHE_KIB = 32_768
SNAPSHOT_CACHE_KIB = 2_048  # what is read once is only in the way: a cache of 16 MB makes large pages slower by a third
WRITER_CACHE_KIB = 65_536
WAL_PAGES = 4_000  # checkpoint after about 32 MB of log
LONG_WAL_PAGES = 16_000  # the same while much is written: a page that comes again and again goes to the file less often
LONG_CACHE_KIB = 98_304  # the same: a field's values of a million objects take 60 MB, and are written in several passes
BULK_CACHE_KIB = 262_144
BULK_WAL_PAGES = 32_000  # about 256 MB: a page that is written often goes to the file once

# What a chunk of a metadata job works with: text before → outcome and text after; and which pairs an object gains and
# loses when its text moves from one to another.
WORK_TABLES = """
CREATE TEMP TABLE transform (md TEXT PRIMARY KEY, outcome INTEGER, reason TEXT, after TEXT) WITHOUT ROWID;
CREATE TEMP TABLE gain (before TEXT, after TEXT, pair INTEGER, PRIMARY KEY (before, after, pair)) WITHOUT ROWID;
CREATE TEMP TABLE loss (before TEXT, after TEXT, pair INTEGER, PRIMARY KEY (before, after, pair)) WITHOUT ROWID;
CREATE TEMP TABLE kept (rid INTEGER PRIMARY KEY);
"""


def _wait_for_turn(asked: int) -> bool:
    """Look again soon while another process writes: SQLite's own handler soon sleeps 100 ms at a time, and misses
    the short moments between the batches of a load (a single edit then waited 2.6 s)."""
    time.sleep(BUSY_STEP_MS / 1000)
    return asked * BUSY_STEP_MS < BUSY_MS


# SQLite counts its memory under one lock for all threads; two that read beside each other then wait for each other.
apsw.shutdown()
apsw.config(apsw.SQLITE_CONFIG_MEMSTATUS, False)
apsw.initialize()

Params = Mapping[str, Any] | Sequence[Any] | None
Row = tuple[Any, ...]


class Session:
    """Statements on one connection. Not to be used by two threads at once."""

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self.patience: Patience | None = None
        self.aside: Callable[[], None] | None = None  # asked as often, while what runs steps aside for calls
        self.between: list[Callable[[], None]] = []  # what cannot be done within a transaction: before the next one
        self.ask_every(STEPS)

    def ask_every(self, steps: int) -> None:
        """Let SQLite ask every so many steps, from the next statement on, whether it is to go on."""
        self.connection.set_progress_handler(self._impatient, steps)

    def _impatient(self) -> bool:
        """Asked by SQLite every few milliseconds; True ends the running statement."""
        if self.aside is not None:
            self.aside()
        return self.patience is not None and self.patience.over

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

    def joined(self, name: str, params: Params = None) -> bytes:
        """The column `text` of all rows of the named statement, joined by commas inside SQLite, in their order."""
        for (text,) in self.execute(f"SELECT CAST(group_concat(text) AS BLOB) FROM ({STATEMENTS[name]})", params):
            return text or b""
        return b""

    def run(self, name: str, params: Params = None) -> int:
        """Execute the named statement and count the rows it changed."""
        return self.change(STATEMENTS[name], params)

    def change(self, sql: str, params: Params = None) -> int:
        """The same for a text built by this dialect's emitter."""
        before = self.connection.total_changes()
        for _ in self.execute(sql, params):
            pass
        return self.connection.total_changes() - before

    @staticmethod
    def integers(values: Sequence[int]) -> Any:
        """A list as a parameter of `FROM carray(?)`, which hands it over without making a row of each."""
        return apsw.carray(array("q", values))

    def many(self, name: str, rows: Sequence[Sequence[Any]] | Iterator[Sequence[Any]]) -> None:
        """Execute the named statement once for each row of values."""
        if self.patience is not None:
            self.patience.require()
        with driver_errors():
            self.connection.executemany(STATEMENTS[name], rows)

    def execute(self, sql: str, params: Params = None) -> Iterator[Row]:
        """Rows of a text built by this dialect's emitter; values are always bound, never in the text."""
        if self.patience is not None:
            self.patience.require()
        try:
            found = self.connection.execute(sql, params)
        except apsw.Error as error:
            raise translated(error) from error
        # Whoever has patience may lose it between two rows as well.
        return found if self.patience is None else _patiently(found)

    @contextmanager
    def one_state(self) -> Iterator[None]:
        """All statements in it see the same state of the data."""
        self.change("SAVEPOINT one_state")
        try:
            yield
        finally:
            if self.connection.in_transaction:
                self.change("RELEASE one_state")


def _patiently(found: Iterator[Row]) -> Iterator[Row]:
    with driver_errors():
        yield from found


class Database:
    """One file, opened by this process; `read_only` for commands that must not change anything."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self._lock = FairLock()
        self.traffic = Traffic()  # told by whoever answers calls
        self._readers = threading.local()
        self._all: list[apsw.Connection] = []
        self._guard = threading.Lock()
        self.commits = 0  # of this process; what was read before the last one may be old
        self.after_rollback: list[Callable[[], None]] = []  # what was remembered from the transaction must go
        self._writer = Session(self._connect(WRITER_CACHE_KIB, writes=not read_only))
        self._checkpoints: Checkpoints | None = None
        self._much = False
        if not read_only:
            self._writer.connection.execute(WORK_TABLES)
            self._checkpoints = Checkpoints(
                self._writer.connection, lambda: self._connect(READER_CACHE_KIB, writes=True), self.turn, WAL_PAGES
            )

    def _connect(self, cache_kib: int, *, writes: bool = False) -> apsw.Connection:
        # Staging files are attached by URI, for reading only (staging.py).
        create = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
        with driver_errors():
            connection = apsw.Connection(str(self.path), flags=create if writes else apsw.SQLITE_OPEN_READONLY)
            connection.set_busy_timeout(BUSY_MS)
            if writes:
                connection.set_busy_handler(_wait_for_turn)
            # Plans must not depend on bound values: they are asserted in tests, and without the guarantee SQLite
            # compiles a statement anew at every call.
            connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
            if writes:
                connection.pragma("page_size", 8192)
                connection.pragma("journal_mode", "wal")
            # FULL costs under 5 % at the chunk sizes that jobs use (probes), and a finished job is then
            # finished after a power cut too.
            connection.pragma("synchronous", "full")
            connection.pragma("cache_size", -cache_kib)
            connection.pragma("temp_store", "memory")
            connection.pragma("wal_autocheckpoint", 0)
            connection.pragma("journal_size_limit", 64 * 1024 * 1024)
            # Read first: a file that is no database would else be called a lack of FTS5.
            connection.pragma("schema_version")
            install(connection)
        with self._guard:
            self._all.append(connection)
        return connection

    def read(self) -> Session:
        """This thread's reader. Each statement sees the last committed state."""
        session: Session | None = getattr(self._readers, "session", None)
        if session is None:
            # The event loop's point reads are the hot ones: the indexes that they go through fit its cache.
            on_loop = threading.current_thread() is threading.main_thread()
            connection = self._connect(LOOP_CACHE_KIB if on_loop else READER_CACHE_KIB)
            session = self._readers.session = Session(connection)
        session.patience = None  # whoever asks last decides how long he waits
        return session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A reader of its own on which all statements see one state."""
        connection = self._connect(SNAPSHOT_CACHE_KIB)
        try:
            connection.execute("BEGIN")
            yield Session(connection)
        finally:
            connection.close(True)
            with self._guard:
                self._all.remove(connection)

    @contextmanager
    def turn(self, *, patient: bool = False) -> Iterator[Turn]:
        """The writer's place for one or several transactions that nothing can come between. `patient`: a transaction
        that gives way does not do so for this one."""
        self._lock.acquire(patient=patient)
        try:
            yield Turn(self, self._writer)
        finally:
            self._lock.release()

    @contextmanager
    def write(self, *, patient: bool = False) -> Iterator[Session]:
        """One write transaction, in turn: committed at the end, rolled back on any error."""
        with self.turn(patient=patient) as turn, turn.transaction() as session:
            yield session

    @contextmanager
    def giving_way(self) -> Iterator[None]:
        """Within a write transaction, for what may take seconds: raises GaveWay as soon as somebody else wants to
        write, and the transaction is to be done again, with less in it."""
        writer = self._writer
        with self._lock.giving_way(writer.connection.interrupt):
            writer.patience = Way(self._lock)
            try:
                yield
            except (apsw.InterruptError, Invalid) as error:
                if not isinstance(error, Invalid) or isinstance(error.__cause__, apsw.InterruptError):
                    raise GaveWay from error
                raise
            finally:
                writer.patience = None

    @contextmanager
    def stepping_aside(self) -> Iterator[None]:
        """Within a write transaction, for what may take long: it leaves its processor to calls that are under way."""
        writer, leisure = self._writer, Leisure(self.traffic)
        writer.aside = lambda: leisure.look(hurried=self._lock.waiting > 0)
        writer.ask_every(ASIDE_STEPS)
        try:
            yield
        finally:
            writer.aside = None
            writer.ask_every(STEPS)

    def settle(self) -> None:
        """While calls come: wait until the log is folded in, so that one thread less wants a processor."""
        if self._checkpoints is not None and self.traffic.lately():
            self._checkpoints.wait(SETTLE_SECONDS)

    def hurry(self) -> None:
        """Break off a transaction that gives way."""
        self._lock.hurry()

    @contextmanager
    def bulk(self) -> Iterator[None]:
        """For a process that does nothing but load: more cache, and fewer checkpoints and waits for the disk.

        A power cut may then take the last transactions of a load, which is run again; never the file's soundness.
        """
        assert self._checkpoints is not None, "the database is open for reading only"
        connection = self._writer.connection
        connection.pragma("cache_size", -BULK_CACHE_KIB)
        self._checkpoints.pages = BULK_WAL_PAGES
        connection.pragma("synchronous", "normal")
        try:
            yield
        finally:
            connection.pragma("synchronous", "full")
            self._checkpoints.pages = WAL_PAGES
            connection.pragma("cache_size", -WRITER_CACHE_KIB)

    def expect_much(self, much: bool) -> None:
        """Whether hundreds of thousands of rows are written, now and in the next minutes."""
        if self._checkpoints is None or much == self._much:
            return
        self._much = much
        self._checkpoints.pages = LONG_WAL_PAGES if much else WAL_PAGES
        with self.turn(patient=True) as turn:
            turn.session.connection.pragma("cache_size", -(LONG_CACHE_KIB if much else WRITER_CACHE_KIB))

    @property
    def waiting(self) -> int:
        """How many writers wait for their turn and are not patient."""
        return self._lock.waiting

    def backup(self, target: Path) -> list[str]:
        """Copy the database while it serves (SQLite's online backup); answers what is wrong with the copy: [].

        The copy shows one moment: without the open transaction every write of others would start it anew.
        """
        with driver_errors(), self.snapshot() as source:
            source.value("upkeep.schema_version")
            copy = apsw.Connection(str(target))
            try:
                with copy.backup("main", source.connection, "main") as backup:
                    while not backup.done:
                        backup.step(2_000)
                copy.pragma("journal_mode", "delete")  # one file, without companions
                return [row[0] for row in copy.execute("PRAGMA quick_check(20)") if row[0] != "ok"]
            finally:
                copy.close()

    def close(self) -> None:
        """Close every connection; the write-ahead log is folded into the file."""
        if self._checkpoints is not None:
            self._checkpoints.stop()
        with self._guard:
            connections, self._all = self._all, []
        for connection in reversed(connections):
            connection.close(True)


class Turn:
    """A held place at the writer."""

    def __init__(self, database: Database, session: Session) -> None:
        self.session = session
        self._database = database

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        connection = self.session.connection
        with driver_errors():
            while self.session.between:
                self.session.between.pop()()
            connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.session
            with driver_errors():
                connection.execute("COMMIT")
            self._database.commits += 1
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            for forget in self._database.after_rollback:
                forget()
            raise


@contextmanager
def driver_errors() -> Iterator[None]:
    """The one gate through which the driver's exceptions become ours."""
    try:
        yield
    except apsw.Error as error:
        raise translated(error) from error


def translated(error: apsw.Error) -> Exception:
    """Our error for one of the driver's; faults of our own statements stay as they are."""
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return Unavailable("the database is locked by another process", hint="try again")
    if isinstance(error, apsw.InterruptError):
        return Invalid("the query took too long and was given up", hint="ask for less, or name the fields")
    # A limit on the size of files is told as a write that failed.
    if isinstance(error, apsw.FullError) or getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_WRITE:
        return DiskFull("the disk or the database's page limit is full", hint="free space, then retry")
    if isinstance(error, UNUSABLE):
        return Unavailable(f"the database cannot be used: {error}")
    return error


UNUSABLE = (apsw.CantOpenError, apsw.NotADBError, apsw.CorruptError, apsw.IOError, apsw.ReadOnlyError)
