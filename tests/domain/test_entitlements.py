"""Entitlements: which patches can be, what they come to, and what a row of a file makes of them."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from bulkwark.domain import entitlements
from bulkwark.domain.entitlement_rows import Fault, Row, merged, read
from bulkwark.domain.entitlements import NEVER_SET, UNTOUCHED, complete, overridden, patched, require_values, view
from bulkwark.errors import Invalid

DOCUMENT = {"id": "e" * 32, "name": "Ledger", "attribute": "memberOf", "value": "CN=Ledger", "created": "then"}
SOURCE = {"id": "5" * 32, "type": "SOURCE", "name": "SAP"}


def replace(path: str, value: Any) -> list[dict[str, Any]]:
    return [{"op": "replace", "path": path, "value": value}]


# --- documents -----------------------------------------------------------------------------------------


def test_a_complete_document_is_null_only_where_every_version_allows_it() -> None:
    found = complete(DOCUMENT)

    assert {name for name, value in found.items() if value is None} == {
        "description",
        "owner",
        "additionalOwners",
        "segments",
        "tags",
    }
    assert found["privilegeLevel"]["direct"] == found["privilegeLevel"]["effective"] == "NONE"
    assert "source" not in found
    assert complete(found) == found


@pytest.mark.parametrize("member", ["attribute", "value", "sourceSchemaObjectType"])
def test_a_text_that_may_not_be_null_becomes_empty(member: str) -> None:
    assert complete(DOCUMENT | {member: None})[member] == ""


def test_a_nameless_entitlement_is_called_by_its_value() -> None:
    assert complete(DOCUMENT | {"name": None})["name"] == "CN=Ledger"


# --- what a patch may say ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "level", "flags"),
    [("beta", False, True), ("v2024", False, True), ("v2025", False, True), ("v2026", True, True), ("v1", True, True)],
)
def test_a_version_patches_what_its_document_names(version: str, level: bool, flags: bool) -> None:
    allowed = entitlements.patchable(version)

    assert ("/privilegeOverride/level" in allowed) == level
    assert ({"/privileged", "/requestable"} <= set(allowed)) == flags
    assert entitlements.bulk_patchable(version) == allowed


def test_the_unversioned_bulk_patch_knows_two_members() -> None:
    assert set(entitlements.bulk_patchable("")) == {"/privileged", "/requestable"}


@pytest.mark.parametrize("path", ["/privileged", "/requestable"])
@pytest.mark.parametrize("value", ["true", "false", "", None, 0, 1, [], {}, 1.0])
def test_a_flag_is_a_json_boolean(path: str, value: Any) -> None:
    with pytest.raises(Invalid, match="true or false is expected") as refused:
        require_values(replace(path, value))

    assert refused.value.where == "/0/value"


@pytest.mark.parametrize("value", ["high", "", "Medium", 1, True, ["HIGH"]])
def test_a_level_is_one_of_the_documented_words(value: Any) -> None:
    with pytest.raises(Invalid, match="HIGH, MEDIUM, LOW, NONE or null is expected"):
        require_values(replace("/privilegeOverride/level", value))


@pytest.mark.parametrize("op", ["remove", "move", "copy"])
def test_what_takes_away_or_moves_is_refused(op: str) -> None:
    with pytest.raises(Invalid, match="is not possible here") as refused:
        require_values([*replace("/name", "x"), {"op": op, "path": "/name", "from": "/value"}])

    assert refused.value.where == "/1/op"


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("/name", " ", "/0/value"),
        ("/name", None, "/0/value"),
        ("/description", 3, "/0/value"),
        ("/owner", "someone", "/0/value"),
        ("/owner", {"type": "GOVERNANCE_GROUP", "id": "x"}, "/0/value/type"),
        ("/owner", {"type": "IDENTITY"}, "/0/value/id"),
        ("/owner", {"id": "x", "name": 3}, "/0/value/name"),
        ("/segments", "s", "/0/value"),
        ("/segments", ["s", ""], "/0/value/1"),
        ("/segments/-", None, "/0/value"),
        ("/manuallyUpdatedFields", {"DISPLAY_NAME": True}, "/0/value"),
        ("/manuallyUpdatedFields", {"DISPLAY_NAME": True, "DESCRIPTION": "no"}, "/0/value/DESCRIPTION"),
    ],
)
def test_a_refusal_points_to_the_value(path: str, value: Any, where: str) -> None:
    with pytest.raises(Invalid) as refused:
        require_values(replace(path, value))

    assert refused.value.where == where


# --- what a patch comes to -----------------------------------------------------------------------------


def test_a_patch_looks_at_the_members_it_names_only() -> None:
    found = view(complete(DOCUMENT), [*replace("/name", "x"), *replace("/segments/-", "s")])

    assert found == {"name": "Ledger", "segments": []}


def test_a_new_name_is_marked_as_written_by_hand() -> None:
    before = complete(DOCUMENT)

    renamed = patched(before, {"name": "Other"}, None, "ada")

    assert renamed["manuallyUpdatedFields"] == {"DISPLAY_NAME": True, "DESCRIPTION": False}
    assert patched(before, {"name": "Ledger"}, None, "ada") == before
    told = patched(before, {"name": "Other", "manuallyUpdatedFields": UNTOUCHED}, None, "ada")
    assert told["manuallyUpdatedFields"] == UNTOUCHED


def test_an_override_says_who_has_set_it_and_goes_without_a_trace() -> None:
    high = overridden(NEVER_SET, "HIGH", "ada")

    assert high == {
        "direct": "HIGH",
        "setBy": "ada",
        "setByType": "OVERRIDE",
        "inherited": None,
        "effective": "HIGH",
    }
    assert overridden(high, "HIGH", "bob") is high
    assert overridden(high, None, "bob") == NEVER_SET
    assert overridden(NEVER_SET, None, "bob") is NEVER_SET


def test_below_an_override_what_criteria_have_set_is_kept() -> None:
    by_source = {"direct": "MEDIUM", "setBy": "SAP", "setByType": "CONNECTOR_CRITERIA", "inherited": "LOW"}
    by_source["effective"] = "MEDIUM"

    low = overridden(by_source, "NONE", "ada")

    assert (low["direct"], low["effective"]) == ("NONE", "LOW")
    assert overridden(overridden(low, "HIGH", "ada"), None, "ada") == by_source


# --- rows ----------------------------------------------------------------------------------------------


def rows(text: str | bytes) -> list[Row | Fault]:
    return list(read(BytesIO(text if isinstance(text, bytes) else text.encode())))


def test_columns_come_in_any_order_and_spelling() -> None:
    (row,) = rows("Value,DISPLAY NAME,owner_id,attribute,Cost Centre\r\nv1,One,ada,memberOf,4711\r\n")

    assert row == Row(
        2, {"value": "v1", "displayName": "One", "owner": "ada", "attribute": "memberOf"}, {"Cost Centre": "4711"}
    )


def test_a_byte_order_mark_quotes_and_blank_lines_are_nothing_special() -> None:
    found = rows(b'\xef\xbb\xbfattribute,value\n\n"memberOf","CN=a,OU=b\nc"\nmemberOf, d \n')

    assert [(row.line, row.cells["value"]) for row in found if isinstance(row, Row)] == [
        (3, "CN=a,OU=b\nc"),
        (5, "d"),
    ]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("memberOf", "it has 1 cells, the header has 3"),
        ("memberOf,a,b,c", "it has 4 cells, the header has 3"),
        (",a,", "column attribute: it is empty"),
        ("memberOf, ,", "column value: it is empty"),
        ("memberOf,a,maybe", "column privileged: 'maybe' is neither true nor false"),
        ("memberOf,a\0,", "column value: it holds U+0000"),
        ('memberOf,"a"b,', "it is no CSV: ',' expected after '\"'"),
    ],
)
def test_a_bad_line_is_told_and_the_next_one_read(line: str, text: str) -> None:
    fault, good = rows(f"attribute,value,privileged\n{line}\nmemberOf,good,\n")

    assert fault == Fault(2, text)
    assert isinstance(good, Row)


def test_bytes_that_are_no_utf8_spoil_their_own_line() -> None:
    fault, good = rows(b"attribute,value\nmemberOf,caf\xe9\nmemberOf,caf\xc3\xa9\n")

    assert str(fault) == "line 2: column value: it is not UTF-8"
    assert isinstance(good, Row)
    assert good.cells["value"] == "café"


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("", "the column 'attribute' is missing"),
        ("name,value\n", "the column 'attribute' is missing"),
        ("attribute,name\n", "the column 'value' is missing"),
        ("attribute,value,,\n", "a column is called ''"),
        ("attribute,value,Value\n", "the column 'value' stands twice"),
        ("attribute,value,schema,type\n", "the column 'schema' stands twice"),
    ],
)
def test_a_header_that_cannot_be_used_is_refused_at_once(text: str, detail: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(BytesIO(text.encode()))

    assert (refused.value.detail, refused.value.where) == (detail, "line 1")


def test_a_new_row_becomes_a_complete_entitlement() -> None:
    cells = {"attribute": "memberOf", "value": "CN=a", "description": "", "privileged": "YES", "tags": "A| B"}

    found = merged(Row(2, cells, {"memberOf": "CN=x|CN=y", "site": "Oslo", "none": ""}), None, "i", "now", SOURCE, None)

    assert found["name"] == found["value"] == "CN=a"
    assert (found["privileged"], found["requestable"], found["tags"]) == (True, False, ["A", "B"])
    assert found["attributes"] == {"memberOf": ["CN=x", "CN=y"], "site": "Oslo"}
    assert found["source"] == SOURCE
    assert complete(found) == found


def test_a_row_leaves_alone_what_it_does_not_name_and_what_people_have_written() -> None:
    before = complete(
        DOCUMENT
        | {
            "source": SOURCE,
            "description": "by hand",
            "requestable": True,
            "attributes": {"site": "Oslo", "old": "x"},
            "manuallyUpdatedFields": {"DISPLAY_NAME": False, "DESCRIPTION": True},
        }
    )
    cells = {"attribute": "memberOf", "value": "CN=Ledger", "name": "New", "description": "aggregated"}

    found = merged(Row(2, cells, {"old": ""}), before, "i", "now", SOURCE, None)

    assert found == before | {"name": "New", "attributes": {"site": "Oslo"}}
