"""Cells of CSV files: nothing begins a formula, and what is read again is what was written."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkwark.domain.spreadsheets import line, neutral, restore

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "\u00a0=1",
    "\u3000@x",
    "\n-2",
    "'=1",
    "''  +1",
    "-",
    "＝1",
]
PLAIN = ["", "Ann", "O'Brien", "'quoted'", "'", "a=b", "1-2", "李", "'\u0661", "ann@example.com", "   "]


@pytest.mark.parametrize("value", FORMULAS)
def test_what_would_be_a_formula_begins_with_an_apostrophe(value: str) -> None:
    cell = neutral(value)
    assert cell == "'" + value
    assert restore(cell) == value


@pytest.mark.parametrize("value", PLAIN)
def test_other_values_stay_as_they_are(value: str) -> None:
    assert neutral(value) == value
    assert restore(value) == value


@given(st.text(alphabet="'=+-@\t\r\n ab\"\u00a0,;"))
def test_every_value_comes_back(value: str) -> None:
    assert restore(neutral(value)) == value


@given(st.text(alphabet="'=+-@\t\r\n ab\"\u00a0,;"))
def test_no_cell_begins_a_formula(value: str) -> None:
    assert not neutral(value).strip().startswith(("=", "+", "-", "@"))
    assert not neutral(value).startswith(("\t", "\r"))


@given(st.lists(st.text(alphabet="'=+-@\t\r\n ab\",;é"), min_size=2, max_size=5))
def test_a_line_is_read_back_as_it_was_written(values: list[str]) -> None:
    (row,) = csv.reader(io.StringIO(line(values), newline=""))
    assert [restore(cell) for cell in row] == values
