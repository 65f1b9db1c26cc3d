"""The filter language's check: which field takes which operator, and what the values mean by the field's kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NoReturn, TypeVar

from bulkwark.errors import QueryError
from bulkwark.query import ast
from bulkwark.query.analysis import fold
from bulkwark.query.fields import Field, Kind, Schema
from bulkwark.query.filters import LIKE
from bulkwark.query.names import STRINGS, Names, Target
from bulkwark.query.values import Values, scalar, spellings

_T = TypeVar("_T")
Allowed = Mapping[str, frozenset[str]]

_SECONDS = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(Z|[+-][\d:]+)?", re.ASCII)
_ORDER = frozenset({"gt", "ge", "lt", "le"})
_BY_KIND = {
    Kind.KEYWORD: frozenset({"eq", "ne", "in", "sw", "co", "ca"}) | _ORDER,
    Kind.TEXT: frozenset({"eq", "ne", "in", "sw", "co", "ca"}) | _ORDER,
    Kind.DATE: frozenset({"eq", "ne", "in"}) | _ORDER,
    Kind.NUMBER: frozenset({"eq", "ne", "in", "ca"}) | _ORDER,
    Kind.BOOL: frozenset({"eq", "ne", "in"}),
}


def check_filter(node: ast.Node, schema: Schema, allowed: Allowed, *, now_ms: int, text: str) -> ast.Checked:
    """Check a filter: `allowed` maps each usable field to its operators (`ne`, `pr`, `isnull` by their own names).

    Strings compare as whole values without regard to case. A partial date means its whole unit, as in queries:
    `eq 2024-01-31` that day, `gt` after it, `le` to its end. A time with seconds is that very instant, so that
    `modified gt <the last one seen>` loses nothing within the second. Raises `QueryError`; a field that is allowed
    but not declared in the schema is a `LookupError`, since no caller can cause it.
    """
    checker = _FilterChecker(Names(schema), allowed, Values(now_ms), text)
    return ast.Checked(schema.index, checker.node(node))


def rename(node: ast.Node, allowed: Allowed, paths: Mapping[str, str], text: str) -> ast.Node:
    """A parsed filter whose names on the wire became fields of the index, where `paths` says that they differ.

    Raises `QueryError` for a name that is not allowed: the field's own name is none.
    """

    def one(leaf: ast.Node) -> ast.Node:
        if not isinstance(leaf, ast.Compare | ast.Exists) or not paths:
            return leaf
        if leaf.field not in allowed:
            hint = f"allowed fields: {', '.join(sorted(allowed))}"
            detail = f"field {leaf.field!r} cannot be filtered on"
            raise QueryError(detail, text=text, position=leaf.field_span[0], hint=hint)
        return replace(leaf, field=paths.get(leaf.field, leaf.field))

    return ast.rewrite(node, one)


class _FilterChecker:
    def __init__(self, names: Names, allowed: Allowed, values: Values, text: str) -> None:
        self.names = names
        self.allowed = allowed
        self.values = values
        self.text = text

    def node(self, node: ast.Node) -> ast.Node:
        """The checked node."""
        if isinstance(node, ast.Bool):
            return ast.Bool(
                must=tuple(self.node(n) for n in node.must),
                should=tuple(self.node(n) for n in node.should),
                must_not=tuple(self.node(n) for n in node.must_not),
                span=node.span,
            )
        if isinstance(node, ast.Exists):
            return self._exists(node)
        if isinstance(node, ast.Compare):
            return self._compare(node)
        raise TypeError(f"{type(node).__name__} is no node of a filter")

    def _exists(self, raw: ast.Exists) -> ast.Node:
        self._permit(raw.field, raw.written or "pr", raw)
        path = self.names.object(raw.field)
        if path:
            return ast.Has(field=None, prefix=path, span=raw.span)
        return ast.Has(field=self._field(raw.field), span=raw.span)

    def _compare(self, raw: ast.Compare) -> ast.Node:
        self._permit(raw.field, raw.written or raw.op, raw)
        field = self._field(raw.field)
        if raw.op not in _BY_KIND[field.kind]:
            hint = f"it takes {', '.join(sorted(_BY_KIND[field.kind]))}"
            self._fail(f"{raw.op!r} does not fit {raw.field}, a {field.kind.value} field", raw.field_span, hint)
        if field.kind in STRINGS:
            return self._folded(field, raw)
        if raw.op in _ORDER:
            value = _instant(raw.values[0]) if field.kind is Kind.DATE else raw.values[0]
            bound = ast.Bound(text=value, inclusive=raw.op in {"ge", "le"})
            low, high = (bound, None) if raw.op in {"gt", "ge"} else (None, bound)
            between = ast.Range(field=raw.field, low=low, high=high, span=raw.span)
            return self._typed(raw, lambda: self.values.range(Target(field), between))
        each = self._typed(raw, lambda: [self._equals(field, value, raw.span) for value in raw.values])
        return ast.conj(*each, span=raw.span) if raw.op == "ca" else ast.disj(*each, span=raw.span)

    def _folded(self, field: Field, raw: ast.Compare) -> ast.Node:
        if raw.op in {"sw", "co"} and not raw.values[0]:
            hint = f"write the text to look for; {raw.field} pr asks for any value"
            self._fail(f"{raw.op!r} with an empty text fits every value", raw.span, hint)
        values = [fold(value) for value in raw.values]
        forms = [spellings(field, value) for value in values]
        if raw.op in _ORDER or all(len(some) == 1 for some in forms):
            return ast.Folded(field=field, op=raw.op, values=tuple(values), span=raw.span)
        if raw.op in {"eq", "in"}:
            return ast.Folded(field=field, op="in", values=tuple(v for some in forms for v in some), span=raw.span)
        op = "eq" if raw.op == "ca" else raw.op
        each = [
            ast.disj(*(ast.Folded(field=field, op=op, values=(v,), span=raw.span) for v in some), span=raw.span)
            for some in forms
        ]
        return ast.conj(*each, span=raw.span)

    def _equals(self, field: Field, value: str, span: ast.Span) -> ast.Node:
        if field.kind is Kind.DATE:
            return self.values.day(field, _instant(value), span)
        return ast.Is(field=field, value=scalar(field, value), span=span)

    def _typed(self, raw: ast.Compare, make: Callable[[], _T]) -> _T:
        try:
            return make()
        except ValueError as fault:
            self._fail(str(fault), raw.span)

    def _permit(self, name: str, op: str, raw: ast.Raw) -> None:
        if name not in self.allowed:
            known = ", ".join(sorted(self.allowed)) or "none"
            self._fail(f"field {name!r} cannot be filtered on", raw.field_span, f"allowed fields: {known}")
        if op not in self.allowed[name]:
            known = ", ".join(sorted(self.allowed[name]))
            self._fail(f"operator {op!r} is not supported for {name!r}", raw.field_span, f"allowed for {name}: {known}")

    def _field(self, name: str) -> Field:
        field = self.names.schema.find(name)
        if field is None:
            raise LookupError(f"the table of filters names {name}, which {self.names.schema.index} do not declare")
        return field

    def _fail(self, detail: str, span: ast.Span, hint: str = "") -> NoReturn:
        raise QueryError(detail, text=self.text, position=span[0], hint=hint or LIKE)


def _instant(text: str) -> str:
    """The date with its milliseconds written out when the seconds are given."""
    match = _SECONDS.fullmatch(text.strip())
    return f"{match[1]}.000{match[2] or ''}" if match else text
