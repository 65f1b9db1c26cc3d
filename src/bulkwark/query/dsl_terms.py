"""DSL clauses that compare values as they are indexed: term(s), ids, range, exists, prefix, wildcard, regexp, fuzzy."""

from __future__ import annotations

import re
from typing import Any

from bulkwark.errors import Invalid
from bulkwark.query import ast
from bulkwark.query.ast import Node, Wild
from bulkwark.query.clause_members import Members, pointed, scalar
from bulkwark.query.dsl import Read, Reader

_AUTO = re.compile(r"AUTO(?::(\d{1,3}),(\d{1,3}))?", re.IGNORECASE | re.ASCII)
_EDITS = re.compile(r"\d(?:\.\d+)?", re.ASCII)


def field_of(body: Any, where: str, what: str, value: str) -> tuple[str, Members]:
    """The one field of a leaf clause and what is said of it; a plain value stands for `{value: …}`."""
    if not isinstance(body, dict):
        raise Invalid(f'{what} takes an object, such as {{"name": "sales"}}', where=where)
    own = {name: one for name, one in body.items() if name not in {"boost", "_name"} or isinstance(one, dict)}
    if len(own) != 1:
        names = ", ".join(sorted(own)[:5])[:120] or "none"
        raise Invalid(f"{what} takes one field, and here are: {names}", where=where)
    name, inner = next(iter(own.items()))
    if not name:
        raise Invalid(f"{what} takes a field with a name", where=where)
    place = f"{where}/{pointed(name)}"
    if not isinstance(inner, dict):
        inner = {value: inner}
        if own[name] is None:
            raise Invalid(f"{what} needs a value", where=place)
    else:
        inner = {**inner}
    for outer in ("boost", "_name"):
        if outer in body and outer not in own:
            inner.setdefault(outer, body[outer])
    return name, Members(inner, place, what)


def case_of(members: Members) -> str:
    """How letters compare: as they are indexed, or without regard to case."""
    return "any" if members.flag("case_insensitive") else "exact"


def fuzziness(members: Members, reader: Reader, where: str, *, default: str = "") -> ast.Fuzzy | None:
    """The edits that a clause allows; None when it allows none."""
    given = members.take("fuzziness", default or None)
    length = members.count("prefix_length", 0) or 0
    most = members.count("max_expansions", None, least=1)
    swaps = members.flag("transpositions", members.flag("fuzzy_transpositions", True))
    members.ignore("fuzzy_rewrite")
    if given is None:
        return None
    text = scalar(given, members.at("fuzziness"))
    auto = _AUTO.fullmatch(text)
    if not auto and (not _EDITS.fullmatch(text) or float(text) > 2):
        members.wrong("fuzziness", "0, 1, 2, AUTO or AUTO:3,6")
    low, high = (int(auto[1]), int(auto[2])) if auto and auto[1] else (3, 6)
    if low > high:
        members.wrong("fuzziness", "AUTO with the smaller length first")
    return ast.Fuzzy(
        field=None,
        text="",
        distance=None if auto else int(float(text)),
        auto=(low, high),
        prefix_length=length,
        transpositions=swaps,
        most=most,
        span=reader.place(where),
    )


def _term(reader: Reader, body: Any, where: str) -> Node:
    name, members = field_of(body, where, "term", "value")
    node = ast.Term(
        field=name, values=(members.scalar("value"),), case=case_of(members), span=reader.place(members.where)
    )
    return reader.boosted(node, members)


def _terms(reader: Reader, body: Any, where: str) -> Node:
    name, members = field_of(body, where, "terms", "values")
    if isinstance(body[name], dict):
        raise Invalid("terms takes a list of values: a lookup in another document is not served", where=members.where)
    given = members.need("values")
    if not isinstance(given, list):
        raise Invalid("terms takes a list of values", where=members.where)
    reader.refuse_empty(not given, "an empty list of terms matches nothing", members.where, "leave the clause out")
    reader.count(len(given), members.where)
    values = tuple(scalar(one, f"{members.where}/{position}") for position, one in enumerate(given))
    span = reader.place(members.where)
    node = ast.Term(field=name, values=values, span=span) if values else ast.Nothing(span=span)
    return reader.boosted(node, members)


def _ids(reader: Reader, body: Any, where: str) -> Node:
    members = Members(body, where, "ids")
    given = members.need("values")
    values = given if isinstance(given, list) else [given]
    reader.refuse_empty(not values, "an empty list of ids matches nothing", where, "leave the clause out")
    reader.count(len(values), where)
    texts = tuple(scalar(one, f"{members.at('values')}/{position}") for position, one in enumerate(values))
    span = reader.place(members.at("values"))
    return reader.boosted(ast.Term(field="id", values=texts, span=span) if texts else ast.Nothing(span=span), members)


def _range(reader: Reader, body: Any, where: str) -> Node:
    name, members = field_of(body, where, "range", "")
    bounds: dict[str, ast.Bound | None] = {"g": None, "l": None}
    for sign in ("gt", "gte", "lt", "lte"):
        if not members.has(sign):
            members.ignore(sign)
            continue
        if bounds[sign[0]]:
            raise Invalid(f"range has {sign[0]}t and {sign[0]}te at once", where=members.at(sign))
        bounds[sign[0]] = ast.Bound(text=members.scalar(sign), inclusive=sign.endswith("e"))
    if members.has("from") or members.has("to"):
        raise Invalid("range takes gt, gte, lt and lte", where=members.where)
    unbound = bounds["g"] is None and bounds["l"] is None
    reader.refuse_empty(unbound, "a range without ends matches every value", members.where, "exists asks for that")
    members.choice("relation", ("intersects",), "intersects")
    node = ast.Range(
        field=name,
        low=bounds["g"],
        high=bounds["l"],
        format=members.text("format"),
        zone=members.text("time_zone") or None,
        span=reader.place(members.where),
    )
    return reader.boosted(node, members)


def _exists(reader: Reader, body: Any, where: str) -> Node:
    members = Members(body, where, "exists")
    members.need("field")
    return reader.boosted(ast.Exists(field=members.text("field"), span=reader.place(members.at("field"))), members)


def _prefix(reader: Reader, body: Any, where: str) -> Node:
    name, members = field_of(body, where, "prefix", "value")
    text, case = members.scalar("value"), case_of(members)
    members.ignore("rewrite")
    reader.refuse_empty(not text, "every value begins with an empty text", members.where, "exists asks for that")
    pattern: ast.Pattern = (text, Wild.ANY) if text else (Wild.ANY,)
    return reader.boosted(ast.Like(field=name, pattern=pattern, case=case, span=reader.place(members.where)), members)


def _wildcard(reader: Reader, body: Any, where: str) -> Node:
    name, members = field_of(body, where, "wildcard", "value")
    text = members.scalar("wildcard" if members.has("wildcard") else "value")
    case = case_of(members)
    members.ignore("rewrite")
    pattern = wildcards(text)
    span = reader.place(members.where)
    if not pattern:
        return reader.boosted(ast.Term(field=name, values=("",), case=case, span=span), members)
    return reader.boosted(ast.Like(field=name, pattern=pattern, case=case, span=span), members)


def wildcards(text: str) -> ast.Pattern:
    """`*`, `?` and `\\` of a wildcard clause; a backslash at the end is itself."""
    parts: list[str | Wild] = []
    literal = ""
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\" and at + 1 < len(text):
            literal, at = literal + text[at + 1], at + 2
            continue
        at += 1
        if char not in "*?":
            literal += char
            continue
        if literal:
            parts.append(literal)
            literal = ""
        if char == "?" or not parts or parts[-1] is not Wild.ANY:
            parts.append(Wild(char))
    return (*parts, literal) if literal else tuple(parts)


def _regexp(reader: Reader, body: Any, where: str) -> Node:
    name, members = field_of(body, where, "regexp", "value")
    text, case = members.scalar("value"), case_of(members)
    members.count("max_determinized_states", None)
    members.ignore("rewrite")
    node = ast.Regex(
        field=name,
        pattern=text,
        flags=members.text("flags", "ALL").upper(),
        case=case,
        span=reader.place(members.where),
    )
    return reader.boosted(node, members)


def _fuzzy(reader: Reader, body: Any, where: str) -> Node:
    name, members = field_of(body, where, "fuzzy", "value")
    text = members.scalar("value")
    members.ignore("rewrite")
    given = fuzziness(members, reader, members.where, default="AUTO")
    assert given is not None
    node = ast.Fuzzy(
        field=name,
        text=text,
        distance=given.distance,
        auto=given.auto,
        prefix_length=given.prefix_length,
        transpositions=given.transpositions,
        most=given.most,
        case="exact",
        span=given.span,
    )
    return reader.boosted(node, members)


CLAUSES: dict[str, Read] = {
    "term": _term,
    "terms": _terms,
    "ids": _ids,
    "range": _range,
    "exists": _exists,
    "prefix": _prefix,
    "wildcard": _wildcard,
    "regexp": _regexp,
    "fuzzy": _fuzzy,
}
