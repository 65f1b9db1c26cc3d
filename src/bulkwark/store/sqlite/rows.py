"""Checked filters on the rows of one plain table: what has no search index and is not read into memory.

A column is an SQL expression that gives the compared form of a value: folded text for strings, 0 or 1 for BOOL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bulkwark.query import ast
from bulkwark.query.ast import Node
from bulkwark.store.sqlite.sets import Sql

LAST = "\U0010ffff"
_SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
Columns = Mapping[str, Sequence[str]]  # path → expressions, of which one must match


def condition(node: Node, columns: Columns) -> Sql:
    """The condition of a WHERE for a checked filter (`query/check_filters.py`); NULL stands for false in it."""
    match node:
        case ast.All():
            return Sql("1")
        case ast.Bool():
            parts = [condition(n, columns) for n in node.must]
            if node.should and not node.must:
                parts.append(_joined("OR", [condition(n, columns) for n in node.should]))
            nots = [condition(n, columns) for n in node.must_not]
            # A missing value is NULL: `not (x eq …)` holds for it.
            parts += [Sql(f"NOT ifnull({n.text}, 0)", n.params) for n in nots]
            return _joined("AND", parts)
        case ast.Has(field=field) if field is not None:
            return _joined("OR", [Sql(f"{column} IS NOT NULL") for column in columns[field.path]])
        case ast.Is(field=field, value=value):
            # Written out, not bound: partial indexes are only found so.
            return _joined("OR", [Sql(f"{column} = {int(value)}") for column in columns[field.path]])
        case ast.Folded(field=field, op=op, values=values):
            return _joined("OR", [_folded(column, op, values) for column in columns[field.path]])
    raise TypeError(f"{type(node).__name__} is no condition on a row")


def _folded(column: str, op: str, values: tuple[str, ...]) -> Sql:
    match op:
        case "eq" | "in":
            return Sql(f"{column} IN ({', '.join('?' * len(values))})", values)
        case "sw":
            return Sql(f"({column} >= ? AND {column} < ?)", (values[0], values[0] + LAST))
        case "co":
            return Sql(f"instr({column}, ?) > 0", values)
        case "gt" | "ge" | "lt" | "le":
            return Sql(f"{column} {_SIGNS[op]} ?", values)
    raise AssertionError(op)


def _joined(word: str, parts: Sequence[Sql]) -> Sql:
    if not parts:
        return Sql("1")
    text = f" {word} ".join(part.text for part in parts)
    return Sql(text if len(parts) == 1 else f"({text})", tuple(v for part in parts for v in part.params))
