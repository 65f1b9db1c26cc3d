"""Filters and sorters of lists that stand in a plain table (tasks, common access)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from bulkwark.api import collections
from bulkwark.api.calls import Call
from bulkwark.errors import Invalid
from bulkwark.query import ast, filters
from bulkwark.query.ast import Node
from bulkwark.query.check import check_filter
from bulkwark.query.fields import Schema

Forms = Mapping[str, Callable[[str], str]]


def root(call: Call, schema: Schema, allowed: Mapping[str, frozenset[str]], *, forms: Forms | None = None) -> Node:
    """The checked root of `filters`; everything when there is none.

    `forms` brings the values of a field into the form in which they are stored: ids are taken in both.
    Raises Invalid or QueryError.
    """
    text = call.query.get("filters")
    if text is None or not text.strip():
        return ast.All()

    def one_form(leaf: Node) -> Node:
        if isinstance(leaf, ast.Compare) and forms and leaf.field in forms:
            return replace(leaf, values=tuple(map(forms[leaf.field], leaf.values)))
        return leaf

    try:
        tree = ast.rewrite(filters.parse(text), one_form)
        return check_filter(tree, schema, allowed, now_ms=call.now, text=text).root
    except Invalid as error:
        error.where = error.where or "query parameter filters"
        raise


def sorters(call: Call, allowed: Collection[str]) -> list[tuple[str, bool]]:
    """`sorters` as (name, descending)."""
    found = collections.sorters(call.query.get("sorters"), allowed)
    return [(one.path, one.descending) for one in found]
