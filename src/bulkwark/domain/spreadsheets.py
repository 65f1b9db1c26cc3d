"""Texts in CSV files that people open in a spreadsheet: no value may become a formula there.

A spreadsheet takes a cell for a formula when it begins with one of `= + - @` (of full width too), a tab or a line
end, some also behind blanks. Source: OWASP, "CSV Injection".
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# An apostrophe of the value's own gets one too, where taking one away would make it something else.
_FORMULA = re.compile(r"'*\s*[=+\-@\t\r\n＝＋－＠]").match
_MARK = "'"


def neutral(value: str) -> str:
    r"""The value as it may stand in a cell: what would begin a formula has an apostrophe before it.

    >>> neutral("=1+1"), neutral("  @SUM(A1)"), neutral("O'Brien"), neutral("'=1")
    ("'=1+1", "'  @SUM(A1)", "O'Brien", "''=1")
    """
    return _MARK + value if _FORMULA(value) else value


def restore(cell: str) -> str:
    r"""What stood there before `neutral`; every other cell is as it was.

    >>> restore("'=1+1"), restore("'quoted'"), restore("=1+1"), restore("''=1")
    ('=1+1', "'quoted'", '=1+1', "'=1")
    """
    return cell[1:] if cell.startswith(_MARK) and _FORMULA(cell) else cell


def line(values: Iterable[str]) -> str:
    r"""One row of a CSV file as RFC 4180 has it, with CRLF; every value neutral.

    >>> line(["a,b", "=1", 'he said "hi" to me', ""])
    '"a,b",\'=1,"he said ""hi"" to me",\r\n'
    """
    return cells(values) + "\r\n"


def cells(values: Iterable[str]) -> str:
    """A part of such a row."""
    return ",".join(map(_cell, values))


_QUOTED = re.compile(r'[,;"\r\n\t]|^\s|\s$').search


def _cell(value: str) -> str:
    safe = neutral(value)
    return '"' + safe.replace('"', '""') + '"' if _QUOTED(safe) else safe
