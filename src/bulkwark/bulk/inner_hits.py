"""`innerHit`: the elements of a nested array, in place of the objects that they stand in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bulkwark.errors import Invalid
from bulkwark.query import ast, lucene
from bulkwark.query.ast import Node
from bulkwark.query.check import check
from bulkwark.query.members import Members
from bulkwark.query.requests import DEFAULT, Options
from bulkwark.store.indexes import INDEXES


@dataclass(frozen=True, slots=True)
class InnerHit:
    """Path of the nested array, and for each searched index what one of its elements must fulfil."""

    path: str
    nested: Mapping[str, Node]

    def required(self, index: str) -> Node:
        """What an object of the index must fulfil: to have such an element."""
        return self.nested[index]


def inner_hit(
    query: Mapping[str, Any] | None,
    indices: Sequence[str],
    now: int,
    *,
    where: str,
    strict: bool = False,
    options: Options = DEFAULT,
) -> InnerHit | None:
    """The inner hit of a Query object; None when it asks for none. Raises Invalid or QueryError."""
    given = (query or {}).get("innerHit")
    if not given:
        return None
    spec = Members(given, f"{where}/innerHit", "innerHit")
    path, text = spec.text("type").removeprefix("@"), spec.text("query")
    spec.done()
    if not any(path in INDEXES[name].schema.nested for name in indices):
        known = sorted({known for name in indices for known in INDEXES[name].schema.nested})
        raise Invalid(f"there is no nested array {path!r}", where=spec.at("type"), hint=", ".join(known))
    zone = (query or {}).get("timeZone")
    nested: dict[str, Node] = {}
    for name in indices:
        schema = INDEXES[name].schema
        if path not in schema.nested or not text.strip():
            nested[name] = ast.Nothing()
            continue
        try:
            tree = ast.Nested(path=path, child=_read(text, options))
            nested[name] = check(
                tree,
                schema,
                now_ms=now,
                strict=strict,
                zone=zone if isinstance(zone, str) and zone else None,
                text=text,
                word_split=options.split,
                plain=options.plain,
            ).root
        except Invalid as error:
            error.where = error.where or spec.at("query")
            raise
    return InnerHit(path, nested)


def _read(text: str, options: Options) -> Node:
    return lucene.parse(text, strict_precedence=options.precedence == "strict", runs=options.plain)
