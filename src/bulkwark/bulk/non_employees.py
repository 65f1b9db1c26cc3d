"""What happens to records of non-employees by itself, and what happens to many of them: in short transactions.

The life cycle: a record is upcoming, begins at its start, is announced some days before its end, and expires. `due` of
a record says when it moves next, so a look costs nothing where nothing is due.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from bulkwark.domain.kinds import KIND_BITS, NUMBER_BITS
from bulkwark.domain.non_employees import DAY, Attribute, Cells, Limits, Phase, Record, canonical, data_of, phase_at
from bulkwark.errors import BulkwarkError
from bulkwark.store import events, non_employee_records, non_employee_sources
from bulkwark.store.dialect import Session
from bulkwark.store.events import Event
from bulkwark.store.non_employee_sources import Source
from bulkwark.store.tenants import Store, Tenant

log = logging.getLogger("bulkwark.bulk")

PIECE = 100  # records of one transaction, about 40 ms: the longest that another writer waits for it
TICK_SECONDS = 60.0  # between two looks at what is due
TYPE = OBJECT = "NON_EMPLOYEE"


def event(operation: str, record: Record, source: Source, actor: str = events.SYSTEM, group: str = "") -> Event:
    """What happened to a record: CREATE, UPDATE, EXTEND, TERMINATE, DELETE, START, EXPIRE_SOON, EXPIRE."""
    told = {
        "accountName": record.cells.account,
        "sourceId": source.source_id,
        "sourceName": source.name,
        "startDate": events.moment(record.cells.starts),
        "endDate": events.moment(record.cells.ends),
    }
    return Event(TYPE, OBJECT, operation, record.cells.account, actor, group=group, attributes=told)


def operation(before: Cells, after: Cells, now: int) -> str:
    """What an event calls a change of a record."""
    if after.ends <= now < before.ends:
        return "TERMINATE"
    return "EXTEND" if after.ends > before.ends and after.having(ends=before.ends) == before else "UPDATE"


class LifeCycle:
    """Moves records on. `run` does it once; `start` begins to look every minute, in a thread of its own."""

    def __init__(self, store: Store, limits: Limits, clock: Callable[[], int]) -> None:
        self._store = store
        self._warning = limits.expiring_days * DAY
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="life cycle", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def run(self) -> int:
        """Move everything that is due now. Answers how many records moved."""
        now, moved = self._clock(), 0
        while not self._stopping.is_set():
            if not non_employee_records.due(self._store.read(), now, 1):
                return moved
            with self._store.write() as session:
                found = non_employee_records.due(session, now, PIECE)
                for number, source, records in _by_source(found):
                    self._move(session, self._store.tenant_by_number(number), source, records, now)
            moved += len(found)
        return moved

    def _move(self, session: Session, tenant: Tenant, number: int, records: Sequence[Record], now: int) -> None:
        source = non_employee_sources.by_number(session, tenant.number, number)
        assert source is not None, f"records of the source {number}, which is gone"
        non_employee_records.move(session, tenant, source, records, now, self._warning)
        told = [event(operation, record, source) for record in records for operation in self._operations(record, now)]
        events.append(session, tenant, told, now)

    def _operations(self, record: Record, now: int) -> list[str]:
        phase, _ = phase_at(record.cells.starts, record.cells.ends, now, self._warning)
        if phase is Phase.EXPIRED:
            return ["EXPIRE"]
        found = ["START"] if record.phase is Phase.UPCOMING and phase is not Phase.UPCOMING else []
        return [*found, "EXPIRE_SOON"] if phase is Phase.EXPIRING and record.phase is not phase else found

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                self.run()
            except BulkwarkError as error:
                log.warning("the life cycle of non-employees waits: %s", error.sentence())
            except Exception:
                log.exception("the life cycle of non-employees is interrupted")
            self._stopping.wait(TICK_SECONDS)


def _by_source(found: Sequence[Record]) -> list[tuple[int, int, list[Record]]]:
    """(tenant, source, its records)."""
    groups: dict[tuple[int, int], list[Record]] = {}
    for record in found:
        groups.setdefault((record.rid >> KIND_BITS + NUMBER_BITS, record.source), []).append(record)
    return [(tenant, source, records) for (tenant, source), records in groups.items()]


def empty(store: Store, tenant: Tenant, source: Source, clock: Callable[[], int]) -> int:
    """Delete all records of a source, in pieces; a break leaves the others. Answers how many there were."""
    deleted = 0
    while True:
        with store.write() as session:
            rids = non_employee_records.some(session, tenant.number, source.number, PIECE)
            if not rids:
                return deleted
            non_employee_records.delete(session, tenant, non_employee_records.by_rids(session, rids), clock())
        deleted += len(rids)


def forget_attribute(
    store: Store, tenant: Tenant, source: Source, attribute: Attribute, clock: Callable[[], int], warning: int
) -> None:
    """Take the values of a custom attribute out of all records of a source, in pieces."""
    while True:
        with store.write() as session:
            rids = non_employee_records.holding(session, tenant.number, source.number, attribute.name, PIECE)
            if not rids:
                return
            found = []
            for record in non_employee_records.by_rids(session, rids):
                data = data_of(record.cells.data)
                del data[attribute.name]
                found.append((record, record.cells.having(data=canonical(data)), None))
            non_employee_records.change(session, tenant, source, found, now=clock(), warning=warning)
