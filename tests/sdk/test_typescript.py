"""The official TypeScript SDK, unmodified, against a running server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.process.server import Server
from tests.sdk.environments import node_modules_or_skip
from tests.sdk.playing import UNFINISHED, Outcomes, Play, played, player

HERE = Path(__file__).parent / "typescript"
SCENARIOS = ("roles", "bulk", "search", "families")


@pytest.fixture(scope="session")
def modules() -> Path:
    return node_modules_or_skip(HERE / "package.json")


@pytest.fixture(scope="session")
def outcomes(modules: Path, company: Server) -> Outcomes:
    """All scenarios, played once by node."""
    return played(["node", str(HERE / "play.js"), *SCENARIOS], company, {"NODE_PATH": str(modules)})


@pytest.fixture
def play(outcomes: Outcomes) -> Play:
    return player(outcomes)


def test_roles_are_created_listed_paginated_patched_and_deleted(play: Play) -> None:
    found = play("roles")
    assert found["made"] == [[f"Ts Role {letter}", True, "IDENTITY"] for letter in "CAB"]
    assert found["listed"] == ["3", ["Ts Role C", "Ts Role B"]]
    assert found["paginated"] == [150, 150]
    assert found["got"] == ["Ts Role C", "made by a scenario"]
    assert found["patched"] == ["changed by a scenario", True]
    assert found["task"] == "TASK_RESULT"
    assert found["gone"] == [404] * 3


def test_the_main_job_runs_by_ids_by_filter_and_by_query_and_is_read_back(play: Play) -> None:
    found = play("bulk")
    steps = found["steps"]
    assert list(steps) == ["ids", "filter", "query"]
    for name, step in steps.items():
        same, kind, status = step["job"]
        assert (step["accepted"], same, kind.upper(), status) == (202, True, "ROLE", "COMPLETED"), name
    assert steps["ids"]["read"] == [["dach", "emea"]] * 2 + [None] * 2
    assert steps["filter"]["read"] == [["apac", "dach", "emea"]] * 2 + [["apac"]] * 2
    assert steps["query"]["read"] == [["apac", "dach"]] * 2 + [["apac"]] * 2


def test_a_running_job_is_in_the_list_of_unfinished_ones_and_a_finished_one_is_not(play: Play) -> None:
    seen = play("bulk")["unfinished"]
    assert seen["type"].upper() == "ROLE"
    assert seen["status"] in UNFINISHED
    assert seen["after"] is False


def test_the_search_paginator_walks_all_pages_in_both_directions(play: Play) -> None:
    found = play("search")
    assert found["count"] == [204, True]
    assert found["pages"] > 2
    assert found["sorted"] is True
    assert found["down"] is True
    assert found["limited"] == 750
    assert found["type"] == ["role"]


def test_sources_are_created_listed_and_deleted(play: Play) -> None:
    found = play("families")["sources"]
    assert found["made"] == ["Ts Source", "DelimitedFile"]
    assert found["listed"] == [True]
    assert found["got"] == "Ts Source"
    assert (found["deleted"], found["gone"]) == (202, 404)


def test_entitlements_are_listed_and_changed_in_bulk(play: Play) -> None:
    found = play("families")["entitlements"]
    assert found == {"listed": [2, True], "updated": 204, "read": [[False, True]] * 2}


def test_access_profiles_are_created_patched_changed_in_bulk_and_deleted(play: Play) -> None:
    found = play("families")["accessProfiles"]
    assert found["listed"] == ["Ts Profile B", "Ts Profile A"]
    assert found["patched"] == "changed by a scenario"
    assert found["updated"] == [207, ["201", "201"]]
    assert found["read"] == [False, False]
    assert found["gone"] == 404


def test_common_access_is_added_confirmed_and_denied_in_bulk(play: Play) -> None:
    found = play("families")["commonAccess"]
    assert found["before"] == [[f"Ts Shared {number}", "CONFIRMED", False] for number in (0, 1)]
    assert found["updated"] == 202
    assert found["after"] == [["Ts Shared 0", "CONFIRMED", True], ["Ts Shared 1", "DENIED", True]]


def test_contractors_are_made_asked_for_approved_and_exported(play: Play) -> None:
    found = play("families")["nonEmployees"]
    assert found == {
        "template": "accountName,firstName,lastName,phone,email,manager,startDate,endDate",
        "record": ["ts.direct", "2020-03-24T05:00:00.000Z"],
        "approved": "APPROVED",
        "listed": ["2", ["ts.asked", "ts.direct"]],
        "exported": ["accountName", "ts.asked", "ts.direct"],
        "deleted": 204,
        "gone": 404,
    }


def test_spreadsheets_of_contractors_are_uploaded_and_a_request_is_approved(play: Play) -> None:
    assert play("families")["uploads"] == {
        "before": True,
        "good": ["PENDING", True, "COMPLETED"],
        "bad": ["PENDING", True, "ERROR"],
        "exported": ["accountName", "ann", "bob", "cem"],
        "approved": ["APPROVED", ["ann", "asked.smith", "bob", "cem"]],
    }
