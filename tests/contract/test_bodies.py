"""What the contract run puts in the place of generated data: right parts real, wrong parts left wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.bodies import alone, path_values, plain
from tests.contract.fills import FILLS, filled

BULK = "/roles/access-model-metadata/bulk-update"


@pytest.fixture
def seeds() -> dict[str, Any]:
    return {
        "soon": "2030-01-01T00:00:00Z",
        "owner": {"type": "IDENTITY", "id": "owner", "name": "Owner"},
        "roles": ["r1", "r2"],
        "attribute": "real",
        "values": ["one", "two"],
        "tokens": ["t1"],
        "clients": ["c1"],
        "entitlements": ["e1"],
        "access-profiles": ["a1"],
        "sources": ["s1"],
        "common access": ["x1", "x2"],
        "ne home": "n0",
        "caller": "me",
        "ne records": ["n1", "n2"],
        "disposable": {"roles": ["d1", "d2"], "tokens": ["dt"], "clients": ["dc"]},
    }


@pytest.mark.parametrize("throw", range(8))
def test_the_wrong_part_of_a_bulk_body_stands_alone(seeds: dict[str, Any], throw: int) -> None:
    body = {"roles": ["x"], "operation": "WRONG", "values": [{"attribute": "y", "values": ["z"]}]}
    made = alone(f"{BULK}/ids", body, seeds, throw)
    assert made["operation"] == "WRONG"
    assert set(made["roles"]) <= set(seeds["roles"])
    assert made["values"][0]["attribute"] == "real"
    assert made["values"][0]["values"][0] in seeds["values"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("ids", {"roles": "x", "operation": "ADD", "values": [{"attribute": "y", "values": ["z"]}]}),
        ("ids", {"roles": [1], "operation": "ADD", "values": [{"attribute": "y", "values": ["z"]}]}),
        ("ids", {"roles": ["x"], "values": [{"attribute": "y", "values": ["z"]}]}),
        ("ids", {"roles": ["x"], "operation": "ADD", "values": None}),
        ("ids", {"roles": ["x"], "operation": "ADD", "values": [7]}),
        ("ids", {"roles": ["x"], "operation": "ADD", "values": [{"attribute": 1, "values": ["z"]}]}),
        ("ids", {"roles": ["x"], "operation": "ADD", "values": [{"attribute": "y", "values": [1]}]}),
        ("ids", {"roles": ["x"], "operation": "ADD", "values": [{"attribute": "y"}]}),
        ("filter", {"filters": 1, "operation": "ADD", "values": [{"attribute": "y", "values": ["z"]}]}),
        ("filter", {"filters": "f", "operation": "ADD", "replaceScope": None, "values": []}),
        ("query", {"query": [], "operation": "ADD", "values": [{"attribute": "y", "values": ["z"]}]}),
        ("query", None),
        ("query", [1]),
    ],
)
def test_what_is_wrong_stays_as_it_was(seeds: dict[str, Any], path: str, body: Any) -> None:
    made = alone(f"{BULK}/{path}", body, seeds, 3)
    kept = {"operation", "replaceScope"}
    if not isinstance(body, dict):
        assert made == body
        return
    assert made.keys() == body.keys()
    assert {name: made[name] for name in kept & body.keys()} == {name: body[name] for name in kept & body.keys()}
    wrong = {"roles": "x", "filters": 1, "query": []}
    assert all(made[name] == value for name, value in wrong.items() if body.get(name) == value)
    if body.get("roles") == [1]:
        assert made["roles"] == [1]
    for before, after in zip(body["values"] or [], made["values"] or [], strict=True):
        if not isinstance(before, dict):
            assert after == before
        else:
            assert after.keys() == before.keys()
            assert before["attribute"] != 1 or after["attribute"] == 1
            assert before.get("values") != [1] or after["values"] == [1]


def test_another_spelling_of_the_attribute_is_not_made_real(seeds: dict[str, Any]) -> None:
    body = {"filters": "f", "operation": "ADD", "values": [{"attributeKey": "unknown", "values": ["z"]}]}
    made = alone(f"{BULK}/filter", body, seeds, 1)
    assert made["values"][0]["attributeKey"] == "unknown"


def test_a_delete_takes_what_was_made_for_it_and_nothing_else(seeds: dict[str, Any]) -> None:
    assert path_values("/roles/{id}", "DELETE", seeds, 1) == {"id": "d2"}
    assert path_values("/personal-access-tokens/{id}", "DELETE", seeds, 1) == {"id": "dt"}
    assert path_values("/personal-access-tokens/{id}", "DELETE", seeds, 1) == {}
    assert path_values("/oauth-clients/{id}", "PATCH", seeds, 5) == {"id": "c1"}
    held = path_values("/roles/{id}/access-model-metadata/{attributeKey}/values/{attributeValue}", "DELETE", seeds, 0)
    assert held == {"id": "r1", "attributeKey": "real", "attributeValue": "one"}


def test_v1_paths_are_known_by_their_plain_form() -> None:
    assert plain("/roles/v1") == plain("/roles") == "/roles"
    assert plain("/search/v1/count") == "/search/count"
    assert plain("/roles/v1/{id}") == "/roles/{id}"


@pytest.mark.parametrize(("method", "path"), sorted(FILLS))
def test_every_fill_makes_a_body_from_nothing(seeds: dict[str, Any], method: str, path: str) -> None:
    for throw in range(0, 2048, 37):
        assert filled(path, method, None, seeds, throw) is not None
