from __future__ import annotations

from pathlib import Path

from tests.process.kill import CHANGES, INSIDE, Change, run

ROUNDS = 5
ROLES = 20_000
SEED = 20_251_121


def test_the_model_of_the_kill_test_adds_removes_and_replaces() -> None:
    before = {"a": ("x", "y"), "b": ("z",)}
    assert Change("ADD", None, "a", ("w", "x")).apply(before) == {"a": ("w", "x", "y"), "b": ("z",)}
    assert Change("REMOVE", None, "b", ("z",)).apply(before) == {"a": ("x", "y")}
    assert Change("REPLACE", "ATTRIBUTE", "a", ("w",)).apply(before) == {"a": ("w",), "b": ("z",)}
    assert Change("REPLACE", "ALL", "a", ("w",)).apply(before) == {"a": ("w",)}


def test_a_job_killed_at_random_moments_completes_by_itself_and_changes_every_role_exactly_once(tmp_path: Path) -> None:
    """The short version; `make soak` plays 50 rounds and holds the share of kills that fall inside the work."""
    assert len(CHANGES) == ROUNDS  # one round of every kind of change
    played = run(tmp_path / "data", ROUNDS, ROLES, SEED)
    assert [str(one) for one in played if one.faults] == []
    inside = [one for one in played if one.fell in INSIDE]
    assert len(inside) >= 3, "too few kills fell inside the work:\n" + "\n".join(map(str, played))
