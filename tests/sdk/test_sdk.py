"""The official Python SDKs, unmodified, against a running server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.process.api import Api
from tests.process.server import Server
from tests.sdk.environments import interpreter_or_skip
from tests.sdk.playing import UNFINISHED, Outcomes, Play, played, player

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

#: In this order: search counts the roles, so it comes behind those that make some.
SCENARIOS = (
    *("catalog", "roles", "bulk", "access_profiles", "entitlements", "sources"),
    *("common_access", "tasks", "dimensions", "non_employees", "uploads", "search", "errors"),
)


@pytest.fixture(scope="session", params=["2", "1"], ids=["sailpoint-2.x", "sailpoint-1.4.2"])
def generation(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def python(generation: str) -> Path:
    return interpreter_or_skip(HERE / f"requirements-{generation}.txt")


@pytest.fixture(scope="session")
def outcomes(generation: str, python: Path, company: Server) -> Outcomes:
    """All scenarios, played once under the SDK's interpreter."""
    command = [str(python), "-m", "tests.sdk.scenarios", *SCENARIOS]
    return played(command, company, {"SCENARIO_GENERATION": generation}, ROOT)


@pytest.fixture
def play(outcomes: Outcomes) -> Play:
    return player(outcomes)


def test_attributes_and_values_are_created_listed_and_patched(play: Play, generation: str) -> None:
    found = play("catalog")
    key = f"sdkCatalog{generation}"
    made = found["made"]
    assert (made["key"], made["name"], made["multiselect"]) == (key, f"{key} name", True)
    assert (made["status"], made["type"], made["objectTypes"]) == ("active", "custom", ["all"])
    assert found["listed"] == [key]
    assert found["values"] == [["low", "low name", "active"], ["high", "high name", "active"]]
    assert found["renamed"] == "Renamed"
    assert found["got"] == [key, "Renamed", True, "custom", ["high", "low"]]


def test_roles_are_created_listed_read_patched_and_deleted(play: Play, generation: str) -> None:
    found = play("roles")
    names = [f"Sdk{generation} Role {letter}" for letter in "CAB"]
    assert found["made"] == [[name, True, "IDENTITY", True] for name in names]
    assert found["listed"] == [names[0], names[2]]
    assert found["paginated"] == [150, 150]
    assert found["got"] == [names[0], "made by a scenario"]
    assert found["patched"] == ["changed by a scenario", True, True]
    assert found["task"] == "TASK_RESULT"
    assert found["gone"] == ["NotFoundException"] * 3


def test_the_main_job_runs_by_ids_by_filter_and_by_query_and_is_read_back(play: Play, generation: str) -> None:
    found = play("bulk")
    attribute, other = f"sdkBulk{generation}", f"sdkOther{generation}"
    steps = found["steps"]
    for name in ("ids REPLACE ATTRIBUTE", "filter ADD", "query ADD", "query REMOVE"):
        job = steps[name]["job"]
        assert job["answered"] == job["asked"], name
        assert job["states"][-1] == "COMPLETED", name
        assert job["type"].upper() == "ROLE"
    assert values(steps["ids REPLACE ATTRIBUTE"], attribute) == [["one", "two"]] * 4 + [None] * 2
    assert values(steps["filter ADD"], attribute) == [["one", "two", "three"]] * 4 + [["three"]] * 2
    assert values(steps["query ADD"], attribute) == [["one", "two", "three", "four"]] * 4 + [["three", "four"]] * 2
    assert values(steps["query REMOVE"], attribute) == [["two", "four"]] * 4 + [["four"]] * 2
    assert all(step["metadata"][0].get(other) == ["kept"] for name, step in steps.items() if name != "single removed")
    assert steps["single removed"] == {attribute: ["two", "four"]}
    if generation == "2":
        assert found["filtered"] == [f"Quokka2 {number}" for number in range(4)]
    assert found["unfinished"]["status"] in UNFINISHED
    assert found["unfinished"]["listed after"] is False


def values(step: dict[str, Any], attribute: str) -> list[list[str] | None]:
    return [held.get(attribute) for held in step["metadata"]]


def test_the_search_paginator_walks_all_pages_in_both_directions(play: Play, company: Server) -> None:
    found = play("search")
    with Api(company.url, company.token()) as api:
        enabled = sum(bool(role["enabled"]) for role in api.roles())
    assert found["pages"] > 2
    assert found["count"] == [204, enabled]
    assert found["up"] == [enabled, True]
    assert found["down"] is True
    assert found["limited"] == 750
    assert found["document"] == {"id": "str", "name": "str", "_type": "str", "owner": "dict", "enabled": "bool"}
    assert found["type"] == ["role"]


def test_refusals_arrive_as_the_exceptions_and_envelopes_that_the_sdk_knows(play: Play) -> None:
    found = play("errors")
    expected = {
        "unknown role": ("NotFoundException", 404),
        "unknown attribute": ("NotFoundException", 404),
        "unknown id": ("BadRequestException", 400),
        "unknown value": ("BadRequestException", 400),
        "broken query": ("BadRequestException", 400),
        "forged token": ("UnauthorizedException", 401),
    }
    assert {name: (one["exception"], one["status"]) for name, one in found.items()} == expected
    for name in ("unknown attribute", "unknown id", "unknown value", "broken query"):
        envelope = found[name]["envelope"]
        assert envelope["detailCode"], name
        assert envelope["trackingId"], name
        assert envelope["locales"][0][0] == "en-US", name
        assert envelope["causes"], name


def test_access_profiles_are_created_listed_patched_and_changed_in_bulk(play: Play, generation: str) -> None:
    found = play("access_profiles")
    names = [f"Sdk{generation} Profile {letter}" for letter in "CAB"]
    assert found["made"] == [[name, True, True] for name in names]
    assert found["listed"] == [names[0], names[2]]
    assert found["patched"] == "changed by a scenario"
    assert found["updated"] == [[True, False, "201"], [True, False, "201"], [False, False, "404"]]
    assert found["read"] == [
        ["changed by a scenario", False],
        ["made by a scenario", False],
        ["made by a scenario", True],
    ]
    assert found["held"] is True
    assert found["metadata"] == (None if generation == "1" else [{"sdkProfiles2": ["high"]}] * 2)
    assert found["deleted"] == [2, []]
    assert found["left"] == 0


def test_entitlements_are_listed_patched_and_changed_in_bulk(play: Play, generation: str) -> None:
    found = play("entitlements")
    assert found["listed"] == [[True, True, True]] * 3
    assert found["got"] == [True, True]
    before, after = found["patched"]
    assert after is not before
    assert found["read"] == [[False, "HIGH" if generation == "2" else True]] * 2
    assert found["listed again"] is True


def test_sources_are_created_listed_patched_and_deleted_by_the_people_that_are_listed(
    play: Play, generation: str
) -> None:
    found = play("sources")
    assert found["people"] == [5, True]
    assert found["chosen"] is True
    assert found["made"] == [f"Sdk{generation} Source", "DelimitedFile", True]
    assert found["listed"] is True
    assert found["got"] == [f"Sdk{generation} Source", ["account", "group"]]
    assert found["patched"] == "changed by a scenario"
    assert found["task"][1] is True
    assert found["gone"] == "NotFoundException"


def test_common_access_is_added_confirmed_and_denied_in_bulk(play: Play, generation: str) -> None:
    found = play("common_access")
    names = [f"Sdk{generation} Shared {number}" for number in range(3)]
    assert found["made"] == [True, "CONFIRMED", False]
    assert found["before"] == [[name, "CONFIRMED", False] for name in names]
    verdicts = ["CONFIRMED", "DENIED", "DENIED"]
    assert found["after"] == [[name, verdict, True] for name, verdict in zip(names, verdicts, strict=True)]


def test_a_bulk_job_is_a_task_under_its_own_id(play: Play) -> None:
    found = play("tasks")
    assert found["task"] == [True, "QUEUED_TASK", "SUCCESS", 100]
    assert found["attributes"] == {"kind": "ROLE", "total": 1, "changed": 1}
    assert found["listed"] == [True]
    assert found["newest"] is True


def test_dimensions_are_created_listed_patched_and_deleted(play: Play) -> None:
    found = play("dimensions")
    assert found["made"] == ["Germany", True]
    assert found["listed"] is True
    assert found["got"] == [True, "Germany"]
    assert found["patched"] == "changed by a scenario"
    assert found["held"] is True
    assert found["left"] == []


def test_contractors_are_made_asked_for_approved_extended_and_exported(play: Play, generation: str) -> None:
    found = play("non_employees")
    columns = ["accountName", "firstName", "lastName", "phone", "email", "manager", "startDate", "endDate", "team"]
    assert found["made"] == [f"Sdk{generation} Contractors", [True]]
    assert found["listed"] == [[f"Sdk{generation} Contractors", 0]]
    assert found["schema"] == [["endDate", True], ["team", False]]
    assert found["template"] == [",".join(columns)]
    assert found["record"] == ["direct.smith", {"team": "Quokka"}, "2020-03-24T05:00:00+00:00"]
    assert found["request"] == ["PENDING", ["PENDING"]]
    assert found["detail"] == ["asked.smith", "Smith"]
    assert found["approved"] == ["APPROVED", "welcome", "APPROVED"]
    assert found["summary"] is True
    assert found["extended"] == "2098-08-23T18:40:35.772000+00:00"
    assert found["records"] == ["direct.smith", "asked.smith"]
    assert found["exported"] == ["accountName", "asked.smith", "direct.smith"]
    assert found["left"] == ["asked.smith"]


def test_spreadsheets_of_contractors_are_uploaded_and_a_request_is_approved(play: Play) -> None:
    assert play("uploads") == {
        "before": None,
        "good": ["PENDING", True, True, "COMPLETED"],
        "bad": ["PENDING", True, True, "ERROR"],
        "exported": ["accountName", "ann", "bob", "cem"],
        "approved": ["APPROVED", ["ann", "asked.smith", "bob", "cem"]],
    }
