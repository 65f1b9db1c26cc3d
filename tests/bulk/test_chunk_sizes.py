"""How much a job does at once: as much as a single edit of somebody else can wait for."""

from __future__ import annotations

import time

from bulkwark.bulk import engine as engines
from bulkwark.bulk.metadata import NAME
from bulkwark.bulk.solitude import ALONE_AFTER
from tests.bulk.watched import EVERY, Watched, frozen, submit
from tests.house import House


def test_a_job_takes_longer_chunks_while_it_has_the_writer_for_itself(idle_house: House) -> None:
    watched = Watched(idle_house)
    engine = idle_house.engine
    assert engines._longer(engine.operations[NAME]) == engines.ALONE_SECONDS / engines.CHUNK_SECONDS

    engine._solitude.begins()
    engine._solitude._shared = time.monotonic() - ALONE_AFTER - 1
    assert engine._solitude.holds(1)
    with idle_house.store.write():
        pass
    job = frozen(idle_house, submit(idle_house, **EVERY))
    engine._step(idle_house.tenant.number, idle_house.job(job).number)

    assert watched.turns == [job]
    assert not engine._solitude.holds(1)
