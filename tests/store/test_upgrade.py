"""A data directory of an earlier version: it is copied aside, brought up to date, and its unfinished jobs go on."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from bulkwark.bulk.metadata import NAME, Spec
from bulkwark.bulk.selection import Selector
from bulkwark.domain import metadata
from bulkwark.domain.jobs import Status
from bulkwark.domain.kinds import Kind
from bulkwark.store.sqlite import migrate
from bulkwark.store.tenants import FILE, open_store
from tests.company import build
from tests.house import close_house, open_house

ID = "11111111-1111-4111-8111-111111111111"
JOB = """
INSERT INTO job (tenant, job, id, type, operation, status, spec, selector, client, submitter, created, started, cursor,
                 total, changed)
VALUES (1, 1, ?, 'ROLE', ?, ?, ?, ?, 'client', 'submitter', 1, 1, ?, ?, ?)
"""
DONE = 5  # items that the earlier version had dealt with


@pytest.mark.parametrize("status", [Status.CREATED, Status.PRE_PROCESS_COMPLETED, Status.CHUNK_PROCESSING])
def test_a_job_of_the_first_version_is_finished_by_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: Status
) -> None:
    known = migrate.migrations()
    monkeypatch.setattr(migrate, "migrations", lambda: known[:3])
    store = open_store(tmp_path / "data")
    build(store)
    with store.write() as session:
        rids = [rid for (rid,) in session.execute("SELECT rid FROM state WHERE tenant = 1 AND kind = 1 ORDER BY rid")]
        frozen = status is not Status.CREATED
        done = DONE if status is Status.CHUNK_PROCESSING else 0
        encode = msgspec.json.encode
        spec = encode(Spec(metadata.Operation.ADD, metadata.Scope.ATTRIBUTE, [("many", ["v29"])], Kind.ROLE)).decode()
        selector = encode(Selector("query", 1, Kind.ROLE, queries=[{"query": {"query": "*"}}])).decode()
        cursor, total = (rids[done - 1] if done else 0), (len(rids) if frozen else None)
        list(session.execute(JOB, (ID, NAME, status, spec, selector, cursor, total, done)))
        list(session.execute("INSERT INTO counter (tenant, name, value) VALUES (1, 'job', 1)"))
        if frozen:
            for rid in rids:
                list(session.execute("INSERT INTO job_target (tenant, job, rid) VALUES (1, 1, ?)", (rid,)))
        for rid in rids[:done]:
            list(session.execute("INSERT INTO job_item VALUES (1, 1, ?, 2, 'a sentence', NULL, NULL)", (rid,)))
    store.close()
    monkeypatch.undo()

    house = open_house(tmp_path / "data")
    try:
        job = house.wait(ID)
        assert (job.status, job.total, job.done) == (Status.COMPLETED, len(rids), len(rids))
        assert len(house.outcomes(ID)) == len(rids)
        shown = house.admin.get(f"/bulkwark/v1/jobs/{ID}/items?limit=1").ok()[0]
        assert shown["reason"] == ("refused" if done else None)
        undone = house.wait(house.admin.post(f"/bulkwark/v1/jobs/{ID}/undo").ok(202)["id"])
        assert undone.changed == job.changed - done
    finally:
        close_house(house)
    assert list(tmp_path.glob(f"data/{FILE}.before-0004-*"))
