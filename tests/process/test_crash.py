from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from tests.process.crash import ENDS, run
from tests.process.crash_company import DERIVED, ORDER
from tests.process.crash_jobs import Change, Task, UploadTask
from tests.process.crash_ledger import FAILED, Governed, ItemRow, JobRow
from tests.process.crash_rounds import share_inside, summary

ROUNDS, ROLES, SEED = 24, 1_500, 20_251_122

PAIRS = {("a", "x"): 1, ("a", "y"): 2, ("b", "z"): 3}
BEFORE = Governed(
    {"md": {10: "1", 11: "2,1", 12: "", 13: "3"}, "common": {7: "denied,0,"}, "description": {11: "old"}},
    {10: 100, 11: 100, 12: 100, 13: 100},
    frozenset({"ann"}),
    [],
)
OF = {pair: key for (key, _), pair in PAIRS.items()}
TASK = Task(
    "ADD", lambda headers: NotImplemented, "md", {10: frozenset({(1, 2)}), 11: frozenset({(2, 1)})}, attributes=OF
)
ROWS = [ItemRow(10, 1, "1", "1,2"), ItemRow(11, 2, "2,1", None)]
JOB = JobRow(1, "id", "COMPLETED", "run", 2, 2, 1, 1, None)
UPLOADED = JobRow(1, "id", "COMPLETED", "run", 1, 1, 1, 0, None)


def after(md: dict[int, str] | None = None, moved: tuple[int, ...] = (10,)) -> Governed:
    held = BEFORE.spaces["md"] | ({10: "1,2"} if md is None else md)
    return replace(BEFORE, spaces=BEFORE.spaces | {"md": held}, modified=BEFORE.modified | dict.fromkeys(moved, 200))


def test_the_model_of_the_crash_test_adds_removes_and_replaces() -> None:
    assert Change("ADD", None, "a", ("y",)).apply("1,3", PAIRS) == {(1, 2), (3,)}
    assert Change("ADD", None, "a", ("x", "y")).apply("2,3", PAIRS) == {(2, 1), (3,)}
    assert Change("REMOVE", None, "b", ("z",)).apply("1,3", PAIRS) == {(1,)}
    assert Change("REPLACE", "ATTRIBUTE", "a", ("y",)).apply("1,3", PAIRS) == {(2,), (3,)}
    assert Change("REPLACE", "ATTRIBUTE", "a", ("y", "x")).apply("1,2", PAIRS) == {(2, 1)}
    assert Change("REPLACE", "ALL", "a", ("y",)).apply("1,3", PAIRS) == {(2,)}
    assert Change("REPLACE", "ALL", "a", ("y",)).apply(None, PAIRS) == {(2,)}


def test_a_job_as_it_should_be_has_no_faults() -> None:
    assert TASK.faults(BEFORE, after(), JOB, ROWS) == []


@pytest.mark.parametrize(
    ("what", "seen", "job", "rows"),
    [
        ("1 lost", after(), JOB, ROWS[:1]),
        ("1 doubled", after(), JOB, [*ROWS, ROWS[0]]),
        ("1 not selected", after(), JOB, [*ROWS, ItemRow(13, 2, "3", None)]),
        ("wrong outcome", after(), JOB, [ROWS[0], ItemRow(11, 1, "2,1", "2,1")]),
        ("wrong before", after(), JOB, [ItemRow(10, 1, "2", "1,2"), ROWS[1]]),
        ("wrong after", after({10: "1,3"}), JOB, [ItemRow(10, 1, "1", "1,3"), ROWS[1]]),
        ("md of 1 objects", after({}), JOB, ROWS),
        ("md of 1 objects", after({10: "1,2", 13: "1"}), JOB, ROWS),
        ("md of 1 objects", after({10: "2,1"}), JOB, ROWS),
        ("`modified` moved on 0", after(moved=()), JOB, ROWS),
        ("`modified` moved on 2", after(moved=(10, 11)), JOB, ROWS),
        ("FAILED", after(), replace(JOB, status="FAILED"), ROWS),
        ("changed=2", after(), replace(JOB, changed=2), ROWS),
        ("records are missing", replace(after(), records=frozenset()), JOB, ROWS),
        ("the index", replace(after(), faults=["the index"]), JOB, ROWS),
        ("common of 1", replace(after(), spaces=after().spaces | {"common": {7: "denied,1,5"}}), JOB, ROWS),
    ],
)
def test_what_contradicts_the_model_is_a_fault(what: str, seen: Governed, job: JobRow, rows: list[ItemRow]) -> None:
    assert what in "; ".join(TASK.faults(BEFORE, seen, job, rows))


def test_an_item_that_had_to_be_refused_and_was_not_is_a_fault() -> None:
    refused = replace(TASK, wanted={10: frozenset({(1, 2)}), 11: "2,1"}, apart={11: FAILED})
    job = replace(JOB, changed=1, unchanged=0)
    rows = [ROWS[0], ItemRow(11, FAILED, "2,1", None)]
    assert refused.faults(BEFORE, after(), job, rows) == []
    assert "wrong outcome" in "; ".join(refused.faults(BEFORE, after(), job, ROWS))
    assert refused.faults(BEFORE, after(), JOB, rows) != []
    assert refused.faults(BEFORE, after({10: "1,2", 11: "2,1,3"}), job, rows) != []


def test_every_step_made_of_another_one_follows_one_that_it_can_be_made_of() -> None:
    names = [name for name, _ in ORDER]
    assert set(names) > DERIVED
    for before, name in pairwise(names):
        if name == "run":
            assert before.startswith("preview"), before
        if name in ("rerun", "forced"):
            assert before == {"rerun": "refused", "forced": "contested"}[name]
        if name in DERIVED - {"run"}:
            assert not before.startswith("preview"), (before, name)


def test_a_preview_that_changes_something_is_a_fault() -> None:
    preview = replace(TASK, preview=True)
    assert preview.faults(BEFORE, BEFORE, JOB, ROWS) == []
    assert preview.faults(BEFORE, after(), JOB, ROWS) != []


@pytest.mark.parametrize(
    ("records", "rows", "fine"),
    [
        ({"ann", "bob"}, [ItemRow(2, 1, None, "{}")], True),
        ({"ann"}, [ItemRow(2, 1, None, "{}")], False),
        ({"ann", "bob", "cem"}, [ItemRow(2, 1, None, "{}")], False),
        ({"ann", "bob"}, [], False),
        ({"ann", "bob"}, [ItemRow(2, 4, None, None)], False),
    ],
)
def test_an_upload_makes_each_record_of_its_file_and_no_other(
    records: set[str], rows: list[ItemRow], fine: bool
) -> None:
    task = UploadTask("upload", lambda headers: NotImplemented, "", {}, accounts=frozenset({"bob"}))
    seen = replace(BEFORE, records=frozenset(records))
    assert (task.faults(BEFORE, seen, UPLOADED, rows) == []) is fine


@pytest.mark.slow
def test_whatever_ends_the_server_every_kind_of_job_completes_by_itself_and_does_everything_once(
    tmp_path: Path,
) -> None:
    """The short version; `make soak` plays 1,000 rounds and holds the bars of shares and times."""
    played = run(tmp_path, ROUNDS, ROLES, SEED)
    assert [str(one) for one in played if one.faults] == []
    assert {one.end for one in played} == set(ENDS)
    assert len({one.job for one in played}) >= ROUNDS // 2
    assert share_inside(played) >= 0.6, summary(played)
