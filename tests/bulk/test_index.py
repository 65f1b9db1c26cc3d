"""The metadata index is kept in six ways, whichever costs least for a chunk; each must come to the same."""

from __future__ import annotations

from collections import defaultdict
from random import Random
from typing import Any

import pytest

from bulkwark.bulk import engine as engines
from bulkwark.domain.metadata import parse
from bulkwark.store.sqlite.engine import Session
from tests.bulk.watched import EVERY
from tests.house import BULK, House

VALUES = [f"v{n:02}" for n in range(1, 6)]
OTHER = {"attribute": "many", "values": ["v09"]}
WAYS = {f"chunks.{way}" for way in ("gain", "gain_all", "lose", "lose_all", "keep", "give_back_kept")}


@pytest.mark.parametrize("seed", range(3))
def test_the_metadata_index_tells_what_each_role_holds(
    house: House, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    for name in ("FIRST_CHUNK", "LEAST_CHUNK", "MOST_CHUNK"):
        monkeypatch.setattr(engines, name, 40)
    used: set[str] = set()
    run = Session.run

    def watched(self: Session, name: str, params: Any = None) -> int:
        used.add(name)
        return run(self, name, params)

    monkeypatch.setattr(Session, "run", watched)
    random = Random(seed)
    roles = [role["id"] for role in house.admin.get("/v2025/roles?limit=50").ok()]
    roles += [role["id"] for role in house.admin.get("/v2025/roles?limit=50&offset=50").ok()]
    for _ in range(40):
        values = [{"attribute": "many", "values": random.sample(VALUES, random.randint(1, 3))}]
        body: dict[str, Any] = {"operation": random.choice(("ADD", "REMOVE", "REPLACE")), "values": values}
        if random.random() < 0.5:
            job = house.admin.post(f"{BULK}/query", body | EVERY).ok(202)
        else:
            some = random.sample(roles, random.choice((5, 30, 60, 90)))
            job = house.admin.post(f"{BULK}/ids", body | {"roles": some}).ok(202)
        house.wait(job["id"])
        _same(house)
        if random.random() < 0.5:
            if random.random() < 0.5:  # conflicts keep what the others lose
                edit = {"operation": "ADD", "roles": random.sample(roles, 5), "values": [OTHER]}
                house.wait(house.admin.post(f"{BULK}/ids", edit).ok(202)["id"])
            undo = house.admin.post(f"/bulkwark/v1/jobs/{job['id']}/undo", {}).ok(202)
            house.wait(undo["id"])
            _same(house)

    assert used >= WAYS, WAYS - used


def _same(house: House) -> None:
    told, held = defaultdict[int, set[int]](set), defaultdict[int, set[int]](set)
    session = house.store.read()
    for rid, md in session.execute("SELECT rid, md FROM state"):
        for pair in parse(md):
            held[pair].add(rid)
    for pair, rid in session.execute("SELECT pair, rid FROM md_inv"):
        told[pair].add(rid)
    assert told == held
