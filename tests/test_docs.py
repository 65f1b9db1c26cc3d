"""The pages of reference say what the tables of the program say."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from bulkwark.api import reference
from bulkwark.api.operations import OPERATIONS, VERSIONS
from bulkwark.settings import Settings
from bulkwark.store.indexes import INDEXES

PAGES = Path(__file__).parents[1] / "docs" / "reference"


@pytest.mark.parametrize(
    ("page", "made", "command"),
    [
        ("operations.md", reference.operations, "python -m bulkwark.api.reference"),
        ("fields.md", reference.fields, "python -m bulkwark.api.reference fields"),
    ],
)
def test_a_generated_page_is_the_one_that_the_program_makes(page: str, made: object, command: str) -> None:
    assert callable(made)

    text = (PAGES / page).read_text("utf-8")

    assert text == made(), f"make it again: {command} > docs/reference/{page}"
    assert f"`{command}`" in text


def test_the_page_of_operations_has_a_row_for_each_and_a_column_for_every_version() -> None:
    lines = reference.operations().splitlines()

    for operation in OPERATIONS:
        row = next(line for line in lines if line.startswith(f"| {operation.id} | `{operation.method} /"))
        marks = [cell.strip() for cell in row.split("|")[3 : 3 + len(VERSIONS)]]
        assert [bool(mark) for mark in marks] == [version in operation.versions for version in VERSIONS]


def test_the_page_of_fields_names_every_field_of_every_index() -> None:
    text = reference.fields()

    for index in INDEXES.values():
        section = text.partition(f"## {index.name}")[2].partition("\n## ")[0]
        missing = [path for path in index.schema.fields if f"`{path}`" not in section]
        assert not missing, (index.name, missing)


@pytest.mark.parametrize("setting", [setting.name for setting in fields(Settings)])
def test_the_page_of_the_command_names_every_setting(setting: str) -> None:
    text = (PAGES / "cli.md").read_text("utf-8")
    told = next(field for field in fields(Settings) if field.name == setting)

    assert f"--{setting.replace('_', '-')}" in text
    assert told.metadata["help"].rstrip(".") in " ".join(text.split())
