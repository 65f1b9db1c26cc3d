"""The opened store, and what belongs to one tenant of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Lock

from bulkwark.domain.kinds import new_id
from bulkwark.errors import Invalid, Unavailable
from bulkwark.query.ast import Checked
from bulkwark.store import catching_up, counters, fields
from bulkwark.store.dialect import Database, Selector, Session, Sql, Statistics, Turn, migrate
from bulkwark.store.fields import FieldNumbers
from bulkwark.store.indexes import kind_called
from bulkwark.store.metadata import Metadata, Wire
from bulkwark.store.objects import Objects

FILE = "bulkwark.db"
MAX_TENANTS = 1 << 15
ELSEWHERE = 0.5  # seconds until the metadata catalogue is looked at again when this process has not written


class Tenant:
    """One company: its objects, metadata and indexes. Shared by all threads."""

    def __init__(self, number: int, name: str, id: str, database: Database) -> None:
        self.number = number
        self.name = name
        self.id = id
        self.numbers = FieldNumbers(number)
        self.objects = Objects(number, name, self.numbers)
        self.metadata = Metadata(number)
        self.statistics: dict[tuple[int, str], Statistics] = {}  # of text fields, for relevance
        self._database = database
        self._wire: Wire | None = None
        self._wire_commits = -1
        self._wire_until = 0.0
        database.after_rollback.append(self._forget)

    def _forget(self) -> None:
        """A transaction was rolled back: its numbers and its version of the catalogue may come again, for others."""
        self.numbers.forget()
        self.metadata.forget()
        self._wire = None

    def wire(self, session: Session) -> Wire:
        """How metadata stands on the wire now; what another process changed shows within `ELSEWHERE` seconds."""
        known, commits, now = self._wire, self._database.commits, time.monotonic()
        if known is not None and commits == self._wire_commits and now < self._wire_until:
            return known
        catalogue = self.metadata.catalogue(session)
        if known is None or known.version != catalogue.version:
            known = self._wire = Wire(catalogue)
        self._wire_commits, self._wire_until = commits, now + ELSEWHERE
        return known

    def select(self, session: Session, checked: Checked) -> Sql:
        """The SELECT of the rids that a checked query matches."""
        kind = kind_called(checked.index)
        if kind is None:
            return Sql("SELECT NULL AS rid WHERE 0")
        return self._selector(session).select(kind, checked.root)

    def count(self, session: Session, checked: Checked) -> int:
        """How many objects a checked query matches."""
        kind = kind_called(checked.index)
        return 0 if kind is None else self._selector(session).count(kind, checked.root)

    def _selector(self, session: Session) -> Selector:
        return Selector(session, self.number, self.numbers, self.metadata.catalogue(session))


class Store:
    """One data directory. `open_store` makes it; importing this module opens nothing."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._tenants: dict[str, Tenant] = {}
        self._guard = Lock()

    def read(self) -> Session:
        """This thread's reader."""
        return self.database.read()

    def write(self, *, patient: bool = False) -> AbstractContextManager[Session]:
        """One write transaction: committed at the end, rolled back on any error. `patient`: no long chunk of a job is
        broken off for it."""
        return self.database.write(patient=patient)

    def turn(self) -> AbstractContextManager[Turn]:
        """The writer for several transactions that nothing can come between."""
        return self.database.turn()

    def snapshot(self) -> AbstractContextManager[Session]:
        """A reader on which all statements see one state."""
        return self.database.snapshot()

    def tenant(self, name: str) -> Tenant | None:
        """The tenant of that name."""
        known = self._tenants.get(name)
        if known is None:
            row = self.read().one("tenants.by_name", (name,))
            known = self._remember(row[0], row[1], row[2]) if row else None
        return known

    def tenant_by_number(self, number: int) -> Tenant:
        for tenant in list(self._tenants.values()):
            if tenant.number == number:
                return tenant
        row = self.read().one("tenants.by_number", (number,))
        assert row is not None, f"tenant {number} is gone"
        return self._remember(*row)

    def need_tenant(self, name: str) -> Tenant:
        """The tenant of that name, made when missing."""
        found = self.tenant(name)
        if found is not None:
            return found
        if not name or len(name) > 64 or not all(c.isalnum() or c in "-_." for c in name):
            raise Invalid(f"{name!r} is no name for a tenant", hint="letters, digits, '-', '_' and '.', at most 64")
        with self.write() as session:
            if session.one("tenants.by_name", (name,)) is None:
                number = counters.take(session, counters.SERVER, "tenant")
                if number >= MAX_TENANTS:
                    raise Unavailable(f"a data directory holds at most {MAX_TENANTS - 1} tenants")
                session.run("tenants.add", (number, name, new_id(), time.time_ns() // 1_000_000))
                fields.declare(session, number)
                catching_up.is_done(session, number)
        found = self.tenant(name)
        assert found is not None
        return found

    def tenants(self) -> Iterator[Tenant]:
        for number, name, id in list(self.read().rows("tenants.all")):
            yield self._remember(number, name, id)

    def _remember(self, number: int, name: str, id: str) -> Tenant:
        with self._guard:
            if name not in self._tenants:
                self._tenants[name] = Tenant(number, name, id, self.database)
            return self._tenants[name]

    def close(self) -> None:
        self.database.close()


def open_store(data_dir: Path, *, read_only: bool = False) -> Store:
    """Open (or make) the store in a data directory and bring it to this program's schema.

    Raises Unavailable when the file cannot be used or is newer than the program. Other files in the
    directory are left alone. With `read_only` the file must exist and stays as it is.
    """
    try:
        if not read_only:
            data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"the data directory {data_dir} cannot be made: {error.strerror}") from error
    database = Database(data_dir / FILE, read_only=read_only)
    try:
        migrate(database)
        store = Store(database)
        if not read_only:
            _catch_up(store)
    except BaseException:
        database.close()
        raise
    return store


def _catch_up(store: Store) -> None:
    """Numbers and entries for what this program indexes and the one that made a tenant did not."""
    for tenant in store.tenants():
        if fields.undeclared(store.read(), tenant.number):
            with store.write() as session:
                fields.declare(session, tenant.number)
        if catching_up.is_behind(store.read(), tenant.number):
            for rids in catching_up.pieces(catching_up.stale(store.read(), tenant.objects)):
                with store.write() as session:
                    catching_up.index_anew(session, tenant.objects, rids)
            with store.write() as session:
                catching_up.is_done(session, tenant.number)
