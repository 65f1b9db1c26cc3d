"""Limits that keep one request from standing in the way of others, and pages over missing values."""

from __future__ import annotations

from typing import Any

import pytest

from bulkwark.domain.kinds import Kind
from bulkwark.errors import Invalid
from bulkwark.store.dialect import Patience
from tests.company import load, role
from tests.house import House

BULK = "/v2025/roles/access-model-metadata/bulk-update"
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"


def test_a_read_that_takes_too_long_is_given_up(house: House) -> None:
    session = house.services.store.read()
    session.patience = Patience(0.05)

    with pytest.raises(Invalid, match="took too long"):
        list(session.execute(ENDLESS))


def test_a_read_for_which_nobody_waits_is_given_up(house: House) -> None:
    session = house.services.store.read()
    session.patience = Patience(3600)
    session.patience.stopped = True

    with pytest.raises(Invalid, match="given up"):
        list(session.execute(ENDLESS))


def test_the_next_reader_of_a_thread_starts_with_fresh_patience(house: House) -> None:
    house.services.store.read().patience = Patience(-1)

    assert house.services.store.read().patience is None


def test_pages_go_on_past_hits_that_lack_the_sort_value(house: House) -> None:
    everything = {"indices": ["roles"], "query": {"query": "*"}, "sort": ["description", "id"]}
    seen: list[str] = []
    after: list[Any] = []
    while page := house.admin.post("/v2025/search", {**everything, "searchAfter": after}, params={"limit": 7}).ok():
        seen += [one["id"] for one in page]
        after = [page[-1].get("description"), page[-1]["id"]]

    total = house.admin.post("/v2025/search", everything, params={"limit": 10_000}).ok()
    assert any("description" not in one for one in total)
    assert seen == [one["id"] for one in total]


def test_a_job_never_moves_modified_backwards(house: House) -> None:
    id, later = "e" * 32, "2099-01-01T00:00:00.000Z"
    owner = house.admin.identity
    load(house.services.store, house.tenant, Kind.ROLE, [role("From the future", owner, id=id, modified=later)])

    job = house.admin.post(
        f"{BULK}/ids",
        {"roles": [id], "operation": "ADD", "values": [{"attribute": "classification", "values": ["secret"]}]},
    ).ok(202)

    assert house.wait(job["id"]).changed == 1
    assert house.admin.get(f"/v2025/roles/{id}").ok()["modified"] == later
