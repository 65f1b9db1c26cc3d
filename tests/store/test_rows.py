"""Rows that become values by position: their columns stand in the order of the members."""

from __future__ import annotations

import dataclasses
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from bulkwark.domain.jobs import Job
from bulkwark.store.sqlite.named import STATEMENTS
from bulkwark.store.tenants import FILE, open_store
from bulkwark.store.uploads import Upload

JOBS = [name for name, text in STATEMENTS.items() if "job_row" in text]
UPLOADS = [name for name, text in STATEMENTS.items() if "FROM ne_upload " in text and "header" in text]
# Where a column is called otherwise than the member: the number of the row, and a word that SQL knows.
COLUMNS = {("Job", "number"): "job", ("Upload", "number"): "upload", ("Upload", "titles"): "header"}


def columns(database: sqlite3.Connection, text: str) -> list[str]:
    """The names of what a statement answers, whatever it is asked."""
    for many in range(10):
        with suppress(sqlite3.ProgrammingError):  # so many values are not what it wants
            return [name for name, *_ in database.execute(text, [0] * many).description]
    raise AssertionError(text)


@pytest.mark.parametrize(("type", "names"), [(Job, JOBS), (Upload, UPLOADS)], ids=["jobs", "uploads"])
def test_the_columns_of_a_row_are_the_members_in_their_order(tmp_path: Path, type: type, names: list[str]) -> None:
    open_store(tmp_path).close()
    members = [COLUMNS.get((type.__name__, one.name), one.name) for one in dataclasses.fields(type)]
    database = sqlite3.connect(tmp_path / FILE)

    assert len(names) >= 4
    for name in names:
        assert columns(database, STATEMENTS[name]) == members, name
    database.close()
