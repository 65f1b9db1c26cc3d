"""The loader: documents in the shape of the GET answers become objects of the store, upserted by id.

Rows are written in batches of one transaction each, sized by time, so that a server on the same data is not
starved. An interrupted load is simply run again: what stands there already is found unchanged.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bulkwark.bulk.batch import ATTRIBUTE, KINDS, Batch, Counts, Row, name_of
from bulkwark.domain.kinds import Kind
from bulkwark.errors import BulkwarkError, Invalid
from bulkwark.store.tenants import Store, Tenant

BATCH_SECONDS = 0.150  # what one transaction should take: the longest a server's writer waits for the load
FIRST_BATCH, LEAST_BATCH, MOST_BATCH = 200, 20, 5_000
KEPT_FAULTS = 1_000  # faults remembered with their text; the others are only counted

_ALIASES = {
    "attribute": ATTRIBUTE,
    "accessmodelmetadata": ATTRIBUTE,
    "accessmodelmetadataattribute": ATTRIBUTE,
    "accessprofile": "access-profile",
    "metadataattribute": ATTRIBUTE,
    "identitie": "identity",
}


def kind_named(word: str) -> str | None:
    """The loader's name of a kind, from any usual spelling; None when it is none.

    >>> kind_named("accessProfiles"), kind_named("identities"), kind_named("workgroups")
    ('access-profile', 'identity', None)
    """
    plain = "".join(c for c in word.lower() if c.isalnum()).removesuffix("s")
    found = _ALIASES.get(plain, plain)
    return found if found in KINDS else None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row was not loaded."""

    file: str
    line: int
    pointer: str
    sentence: str
    kind: str = ""  # '': it is not even known what it was to be

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.sentence}" if self.line else self.sentence


@dataclass(slots=True)
class Report:
    """What a load did."""

    kinds: dict[str, Counts] = field(default_factory=lambda: {kind: Counts() for kind in KINDS})
    unread: int = 0  # rows of no known kind
    faults: list[Fault] = field(default_factory=list)  # the first of them

    @property
    def failed(self) -> int:
        return self.unread + sum(counts.failed for counts in self.kinds.values())

    @property
    def written(self) -> int:
        return sum(counts.added + counts.changed for counts in self.kinds.values())


Progress = Callable[[str, int], None]  # (kind, rows done since the last call)


class Loader:
    """Loads rows into one tenant. `report` grows while it works."""

    def __init__(
        self,
        store: Store,
        tenant: Tenant,
        *,
        now: int,
        strict: bool = False,
        progress: Progress | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._store = store
        self._tenant = tenant
        self._now = now
        self._strict = strict
        self._progress = progress
        self._clock = clock
        self._size = FIRST_BATCH
        self._unfilled: set[tuple[Kind, str]] = set()
        self.report = Report()

    def load(self, rows: Iterable[Row | Fault]) -> Report:
        """Load all rows; a `Fault` among them stands for one that could not even be read.

        Raises Invalid at the first fault when strict; earlier batches stay loaded.
        """
        batch: dict[tuple[str, str], Row] = {}
        for row in rows:
            if isinstance(row, Fault):
                self._refuse(row)
                continue
            key = row.kind, str(row.document.get("key" if row.kind == ATTRIBUTE else "id"))
            if key in batch or len(batch) >= self._size:
                self._write(list(batch.values()))
                batch.clear()
            batch[key] = row
        self._write(list(batch.values()))
        return self.report

    def _write(self, rows: list[Row]) -> None:
        """One batch in one transaction; if it breaks, its halves, to find the row that broke it."""
        if not rows:
            return
        began = self._clock()
        batch = Batch(self._tenant, self._now, rows)
        try:
            with self._store.write() as session:
                batch.run(session)
                if self._strict and batch.faults:
                    raise Invalid(str(_fault(*batch.faults[0])), hint="stopped there; earlier rows are loaded")
        except (BulkwarkError, NameError, AssertionError):
            raise
        except Exception as error:
            # A document may hold what no check foresees (a number of 100 digits): it must not take others along.
            if len(rows) > 1:
                middle = len(rows) // 2
                self._write(rows[:middle])
                self._write(rows[middle:])
            else:
                self._refuse(_fault(rows[0], Invalid(f"it cannot be stored: {type(error).__name__}: {error}")))
            return
        self._adapt(len(rows), self._clock() - began)
        self._record(batch)

    def _adapt(self, rows: int, took: float) -> None:
        """The size of the next batch; half way towards the ideal, as one slow batch may be a checkpoint."""
        if rows == self._size:
            ideal = rows * BATCH_SECONDS / max(took, 0.001)
            self._size = int(min(MOST_BATCH, max(LEAST_BATCH, min((rows + ideal) / 2, rows * 4))))

    def _record(self, batch: Batch) -> None:
        for kind, counts in batch.counts.items():
            self.report.kinds[kind].add(counts)
        for kind_, id in batch.placeholders:
            self._unfilled.add((kind_, id))
            self.report.kinds[name_of(kind_)].placeholders += 1
        for filled in self._unfilled & batch.filled:
            self._unfilled.remove(filled)
            self.report.kinds[name_of(filled[0])].placeholders -= 1
        for row, reason in batch.faults:
            self._keep(_fault(row, reason))
        if self._progress:
            for kind, counts in batch.counts.items():
                self._progress(kind, counts.rows)

    def _refuse(self, fault: Fault) -> None:
        """Count a row that never reached a batch's end."""
        if self._strict:
            raise Invalid(str(fault), hint="stopped there; earlier rows are loaded")
        if fault.kind:
            self.report.kinds[fault.kind].failed += 1
            if self._progress:
                self._progress(fault.kind, 1)
        else:
            self.report.unread += 1
        self._keep(fault)

    def _keep(self, fault: Fault) -> None:
        if len(self.report.faults) < KEPT_FAULTS:
            self.report.faults.append(fault)


def _fault(row: Row, reason: BulkwarkError) -> Fault:
    return Fault(row.file, row.line, reason.where, reason.sentence(), row.kind)
