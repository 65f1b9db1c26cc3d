"""Files as people send them, each with the report that it must get: `cases/<name>.csv` and `cases/<name>.toml`.

`refused`: the lines of the 400; else `good`: accounts that stand in the source afterwards, and `faults` of the rows;
`records`: what some of the accounts must hold.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.uploads.world import World, add_source

CASES = Path(__file__).parent / "cases"
NAMES = sorted(path.stem for path in CASES.glob("*.csv"))


def upload(world: World, name: str) -> dict[str, Any]:
    """What the file of a case comes to, in the shape of its report."""
    expected = tomllib.loads((CASES / f"{name}.toml").read_text("utf-8"))
    found = World(world.house, add_source(world.house, name))
    found.add_attribute("description", "Description")
    found.add_attribute("badge", "Cost Centre", required=expected.get("badge_required", False))
    found.settle()
    before = found.house.digest()
    answer = found.send((CASES / f"{name}.csv").read_bytes())
    if answer.status == 400:
        assert found.house.digest() == before, "a refused file leaves nothing behind"
        assert found.status() is None
        return {"refused": answer.json()["causes"][0]["text"].split("\n")}
    id = answer.ok(202)["id"]
    status = found.wait()
    faults = [
        {"line": row["line"], **{name: text for name, text in fault.items() if text or name == "column"}}
        for row in found.report(id)
        for fault in row["faults"]
    ]
    assert status == ("ERROR" if faults else "COMPLETED")
    job = found.house.job(id)
    assert (job.changed, job.failed) == (len(found.records()), len({fault["line"] for fault in faults}))
    records = found.records()
    for account, members in expected.get("records", {}).items():
        assert {name: records[account][name] for name in members} == members
    return {"good": sorted(records), "faults": faults}


def test_there_are_cases_enough() -> None:
    assert len(NAMES) >= 60
    assert sorted(path.stem for path in CASES.glob("*.toml")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_file_gets_its_report(module_world: World, name: str) -> None:
    expected = tomllib.loads((CASES / f"{name}.toml").read_text("utf-8"))
    found = upload(module_world, name)
    if "refused" in expected:
        assert found == {"refused": expected["refused"]}
    else:
        assert found == {"good": expected["good"], "faults": expected.get("faults", [])}
