"""Reader of the query DSL: one clause object, `{"bool": {…}}`, to the tree.

Here stand the clauses that hold other clauses; `dsl_terms` reads values as they are indexed, `dsl_text` analysed texts.
Nothing is ignored: an unknown clause or member is refused with its JSON pointer. A node's span is `(n, n)`, where the
n-th of the source's `places` is the pointer of its clause. Source: Elasticsearch's Query DSL pages, version 7.10.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bulkwark.errors import Invalid
from bulkwark.query import ast, minimum
from bulkwark.query.ast import Node, Span
from bulkwark.query.clause_members import Members, pointed

MAX_DEPTH = 100  # clauses inside clauses
MAX_CLAUSES = 10_000  # clauses in one query; values of a `terms` count too

Read = Callable[["Reader", Any, str], Node]


def parse(value: Any, where: str, *, strict: bool = False) -> ast.Source:
    """The tree of a DSL query at the JSON pointer `where`. Raises Invalid or QueryError.

    `strict` is for bulk changes: what is empty is refused, because it means everything or, under `must_not`, nothing.
    """
    reader = Reader(strict=strict)
    child = reader.clause(value, where)
    return ast.Source(child=child, places=tuple(reader.places), where=where)


class Reader:
    """Reads one query; the clauses' own readers are handed it."""

    def __init__(self, *, strict: bool = False) -> None:
        self.strict = strict
        self.places: list[str] = []
        self.depth = 0
        self.leaves = 0

    def clause(self, value: Any, where: str) -> Node:
        """One clause: an object with one member, its name."""
        if not isinstance(value, dict):
            raise Invalid('a clause is an object, such as {"match": {"name": "sales"}}', where=where)
        if len(value) != 1:
            names = ", ".join(sorted(value)[:5]) or "none"
            hint = 'join several in {"bool": {"must": [ … ]}}'
            raise Invalid(f"a clause has one name, and here are: {names[:120]}", where=where, hint=hint)
        name, body = next(iter(value.items()))
        read = clauses().get(name)
        if read is None:
            hint = f"served are {', '.join(sorted(clauses()))}"
            raise Invalid(f"the clause {name[:60]!r} is not served", where=f"{where}/{pointed(name)}", hint=hint)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Invalid(f"more than {MAX_DEPTH} clauses inside each other", where=where)
        self.count(1, where)
        node = read(self, body, f"{where}/{name}")
        self.depth -= 1
        return node

    def count(self, more: int, where: str) -> None:
        """Take note of so many clauses or values more."""
        self.leaves += more
        if self.leaves > MAX_CLAUSES:
            hint = "split it into several requests"
            raise Invalid(f"more than {MAX_CLAUSES:,} clauses and values in one query", where=where, hint=hint)

    def place(self, where: str) -> Span:
        """The span that stands for a JSON pointer."""
        self.places.append(where)
        return (len(self.places) - 1, len(self.places) - 1)

    def refuse_empty(self, empty: bool, detail: str, where: str, hint: str) -> None:
        """Under `strict`: refuse a list that a program left empty, a range without ends, a text of nothing."""
        if self.strict and empty:
            raise Invalid(detail, where=where, hint=hint)

    def several(self, members: Members, name: str) -> tuple[Node, ...]:
        """The clauses of a member: a list of them, or one."""
        given = members.take(name)
        if given is None:
            return ()
        if not isinstance(given, list):
            return (self.clause(given, members.at(name)),)
        return tuple(self.clause(one, f"{members.at(name)}/{position}") for position, one in enumerate(given))

    def boosted(self, node: Node, members: Members) -> Node:
        """The node with the clause's own boost; the last thing that a clause asks for."""
        members.ignore("_name")
        factor = members.number("boost", 1.0)
        members.done()
        return node if factor == 1.0 else ast.Boost(child=node, factor=factor, span=node.span)


def clauses() -> dict[str, Read]:
    """Every clause that is served."""
    if not _CLAUSES:
        from bulkwark.query import dsl_terms, dsl_text

        _CLAUSES.update(_COMPOUND | dsl_terms.CLAUSES | dsl_text.CLAUSES)
    return _CLAUSES


def minimum_of(members: Members, name: str = "minimum_should_match") -> str:
    """A `minimum_should_match` as text; '' when there is none."""
    given = members.take(name)
    if given is None:
        return ""
    if isinstance(given, bool) or not isinstance(given, str | int) or not minimum.valid(str(given)):
        members.wrong(name, "a number, a percentage or conditions such as 3<90%")
    return str(given)


def _match_all(reader: Reader, body: Any, where: str) -> Node:
    return reader.boosted(ast.All(span=reader.place(where)), Members(body, where, "match_all"))


def _match_none(reader: Reader, body: Any, where: str) -> Node:
    return reader.boosted(ast.Nothing(span=reader.place(where)), Members(body, where, "match_none"))


def _bool(reader: Reader, body: Any, where: str) -> Node:
    members = Members(body, where, "bool")
    span = reader.place(where)
    must = reader.several(members, "must")
    filters = tuple(ast.Constant(child=n, score=0.0, span=n.span) for n in reader.several(members, "filter"))
    should, must_not = reader.several(members, "should"), reader.several(members, "must_not")
    if members.has("mustNot"):
        raise Invalid("bool has no member 'mustNot'", where=members.at("mustNot"), hint="must_not")
    spec = minimum_of(members)
    if not members.flag("adjust_pure_negative", True):
        raise Invalid("adjust_pure_negative false is not served", where=members.at("adjust_pure_negative"))
    if not must + filters + should + must_not:
        everything = reader.boosted(ast.All(span=span), members)
        reader.refuse_empty(True, "an empty bool matches everything", where, 'write {"match_all": {}} for that')
        return everything
    least = minimum.resolve(spec, len(should)) if spec else None
    node = ast.Bool(must=must + filters, should=should, must_not=must_not, minimum=least or None, span=span)
    return reader.boosted(node, members)


def _constant_score(reader: Reader, body: Any, where: str) -> Node:
    members = Members(body, where, "constant_score")
    child = reader.clause(members.need("filter"), members.at("filter"))
    score = members.number("boost", 1.0)
    members.ignore("_name")
    members.done()
    return ast.Constant(child=child, score=score, span=reader.place(where))


def _boosting(reader: Reader, body: Any, where: str) -> Node:
    members = Members(body, where, "boosting")
    child = reader.clause(members.need("positive"), members.at("positive"))
    negative = reader.clause(members.need("negative"), members.at("negative"))
    members.need("negative_boost")
    factor = members.number("negative_boost", 1.0)
    node = ast.Demote(child=child, negative=negative, factor=factor, span=reader.place(where))
    return reader.boosted(node, members)


def _dis_max(reader: Reader, body: Any, where: str) -> Node:
    members = Members(body, where, "dis_max")
    members.need("queries")
    found = reader.several(members, "queries")
    if not found:
        raise Invalid("dis_max has no queries", where=members.at("queries"))
    node = ast.Best(nodes=found, tie=members.number("tie_breaker", 0.0), span=reader.place(where))
    return reader.boosted(node, members)


def _nested(reader: Reader, body: Any, where: str) -> Node:
    members = Members(body, where, "nested")
    members.need("path")
    path = members.text("path")
    child = reader.clause(members.need("query"), members.at("query"))
    members.choice("score_mode", ("avg", "max", "min", "none", "sum"), "avg")
    lax = members.flag("ignore_unmapped")
    if members.has("inner_hits"):
        raise Invalid("inner_hits is not served", where=members.at("inner_hits"), hint="use innerHit of SAILPOINT")
    node = ast.Nested(path=path, child=child, lax=lax, span=reader.place(members.at("path")))
    return reader.boosted(node, members)


_COMPOUND: dict[str, Read] = {
    "match_all": _match_all,
    "match_none": _match_none,
    "bool": _bool,
    "constant_score": _constant_score,
    "boosting": _boosting,
    "dis_max": _dis_max,
    "nested": _nested,
}
_CLAUSES: dict[str, Read] = {}
