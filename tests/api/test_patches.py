"""JSON Patch: what a patch may do to a copy of a document, and what it never does."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from bulkwark.api.patches import apply, blame, require_valid
from bulkwark.errors import Invalid

DOCUMENT: dict[str, Any] = {"id": "x", "name": "a", "n": 1, "on": True, "list": ["p", "q"], "map": {"k/~": [1]}}
ALLOWED = ("/name", "/on", "/list", "/list/*", "/map/*")


@pytest.mark.parametrize(
    ("operations", "changes"),
    [
        ([], {}),
        ([{"op": "replace", "path": "/name", "value": None}], {"name": None}),
        ([{"op": "add", "path": "/name", "value": "b"}], {"name": "b"}),
        ([{"op": "add", "path": "/list/0", "value": "o"}], {"list": ["o", "p", "q"]}),
        ([{"op": "add", "path": "/list/-", "value": "r"}], {"list": ["p", "q", "r"]}),
        ([{"op": "remove", "path": "/list/0"}], {"list": ["q"]}),
        ([{"op": "move", "from": "/list/0", "path": "/name"}], {"name": "p", "list": ["q"]}),
        ([{"op": "copy", "from": "/id", "path": "/name"}], {"name": "x"}),
        ([{"op": "replace", "path": "/map/k~1~0/0", "value": 2}], {"map": {"k/~": [2]}}),
        ([{"op": "test", "path": "/n", "value": 1.0}, {"op": "replace", "path": "/on", "value": 0}], {"on": 0}),
        ([{"op": "test", "path": "", "value": DOCUMENT}], {}),
        ([{"op": "replace", "path": "/name", "value": "b", "comment": "ignored"}], {"name": "b"}),
    ],
)
def test_an_operation_has_its_effect_on_a_copy(operations: Any, changes: dict[str, Any]) -> None:
    before, sent = copy.deepcopy(DOCUMENT), copy.deepcopy(operations)

    assert apply(DOCUMENT, operations, ALLOWED) == DOCUMENT | changes

    assert before == DOCUMENT
    assert sent == operations


def test_later_operations_do_not_change_the_values_of_earlier_ones() -> None:
    operations: list[dict[str, Any]] = [
        {"op": "replace", "path": "/list", "value": ["new"]},
        {"op": "add", "path": "/list/-", "value": "more"},
    ]

    assert apply(DOCUMENT, operations, ALLOWED)["list"] == ["new", "more"]
    assert operations[0]["value"] == ["new"]


@pytest.mark.parametrize(
    ("operations", "where"),
    [
        (None, "body"),
        ({"op": "remove", "path": "/name"}, "body"),
        ([{"op": "remove", "path": "/name"}] * 1_001, "body"),
        (["remove"], "/0"),
        ([{"path": "/name"}], "/0/op"),
        ([{"op": ["add"], "path": "/name", "value": 1}], "/0/op"),
        ([{"op": "ADD", "path": "/name", "value": 1}], "/0/op"),
        ([{"op": "add", "path": "/name"}], "/0/value"),
        ([{"op": "test", "path": "/name"}], "/0/value"),
        ([{"op": "remove"}], "/0/path"),
        ([{"op": "remove", "path": None}], "/0/path"),
        ([{"op": "remove", "path": "/na~me"}], "/0/path"),
        ([{"op": "copy", "path": "/name"}], "/0/from"),
        ([{"op": "move", "path": "/name", "from": 3}], "/0/from"),
        ([{"op": "remove", "path": ""}], "/0/path"),
        ([{"op": "remove", "path": "/"}], "/0/path"),
        ([{"op": "remove", "path": "/names"}], "/0/path"),
        ([{"op": "remove", "path": "/name/0"}], "/0/path"),
        ([{"op": "remove", "path": "/map"}], "/0/path"),
        ([{"op": "move", "from": "/n", "path": "/name"}], "/0/from"),
        ([{"op": "copy", "from": "/name", "path": "/n"}], "/0/path"),
        ([{"op": "remove", "path": "/list/2"}], "/0/path"),
        ([{"op": "remove", "path": "/list/-"}], "/0/path"),
        ([{"op": "add", "path": "/list/3", "value": 1}], "/0/path"),
        ([{"op": "add", "path": "/list/01", "value": 1}], "/0/path"),
        ([{"op": "add", "path": "/list/x", "value": 1}], "/0/path"),
        ([{"op": "replace", "path": "/map/none", "value": 1}], "/0/path"),
        ([{"op": "replace", "path": "/map/none/deep", "value": 1}], "/0/path"),
        ([{"op": "move", "from": "/map/none", "path": "/name"}], "/0/from"),
        ([{"op": "move", "from": "/list", "path": "/list/0"}], "/0/path"),
        ([{"op": "test", "path": "/on", "value": 1}], "/0/value"),
        ([{"op": "test", "path": "/n", "value": True}], "/0/value"),
        ([{"op": "test", "path": "/nothing", "value": None}], "/0/value"),
        ([{"op": "test", "path": "/list", "value": ["q", "p"]}], "/0/value"),
        ([{"op": "remove", "path": "/name"}, {"op": "remove", "path": "/name"}], "/1/path"),
    ],
)
def test_a_patch_that_cannot_be_names_the_operation(operations: Any, where: str) -> None:
    before = copy.deepcopy(DOCUMENT)

    with pytest.raises(Invalid) as refused:
        apply(DOCUMENT, operations, ALLOWED)

    assert refused.value.where == where
    assert before == DOCUMENT


def test_copies_of_copies_cannot_fill_the_memory() -> None:
    with pytest.raises(Invalid, match="copies more than 1000000 bytes"):
        apply(DOCUMENT, [{"op": "copy", "from": "/list", "path": "/list/-"}] * 60, ALLOWED)


def test_a_bottomless_value_is_refused() -> None:
    value: Any = 1
    for _ in range(900):
        value = [value]

    with pytest.raises(Invalid, match="too deep"):
        apply(DOCUMENT, [{"op": "replace", "path": "/name", "value": value}], ALLOWED)


def test_the_places_are_checked_without_a_document() -> None:
    with pytest.raises(Invalid, match="'/id' cannot be changed"):
        require_valid([{"op": "remove", "path": "/id"}], ALLOWED)


def test_the_last_operation_that_touched_a_place_is_blamed() -> None:
    operations: list[dict[str, Any]] = [
        {"op": "replace", "path": "/list", "value": [1]},
        {"op": "replace", "path": "/list/0", "value": 2},
        {"op": "test", "path": "/list/0", "value": 2},
        {"op": "replace", "path": "/name", "value": 3},
    ]

    assert blame(operations, "/list/0") == "/1/value (/list/0)"
    assert blame(operations, "/list/1") == "/0/value (/list/1)"
    assert blame(operations, "/other") == ""
    assert blame(operations, "") == ""
