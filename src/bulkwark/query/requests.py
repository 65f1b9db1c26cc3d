"""The query part of a Search object, in every query type: SAILPOINT, DSL, TEXT, TYPEAHEAD.

`read_query` answers one raw tree, a `Source`; `check` does the rest. The member that counts is the one that
`queryType` names; the others are not looked at, except that a bulk change refuses them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from bulkwark.errors import Invalid, QueryError, hinted
from bulkwark.query import ast, dsl, lucene, written
from bulkwark.query.clause_members import Members, pointed
from bulkwark.query.typeahead import Typeahead

QUERY_TYPES = ("SAILPOINT", "DSL", "TEXT", "TYPEAHEAD")
MEMBERS = {"SAILPOINT": "query", "DSL": "queryDsl", "TEXT": "textQuery", "TYPEAHEAD": "typeAheadQuery"}
# What helps where nothing better is known.
HINTS = {
    "SAILPOINT": "put a value in double quotes, or a backslash before a sign that is text",
    "DSL": 'a clause looks like {"match": {"name": "sales"}}',
    "TEXT": '{"terms": ["sales"], "fields": ["name"], "matchAny": false, "contains": true}',
    "TYPEAHEAD": '{"query": "Jo", "field": "name", "maxExpansions": 10, "size": 100}',
}
MODES = ("default", "elasticsearch")
WORD_SPLITS = ("phrase", "or")
PRECEDENCES = ("lucene", "strict")
_SURROGATE = re.compile("[\ud800-\udfff]")
MAX_TERMS = 1_000  # terms and fields of a TEXT query, multiplied


@dataclass(frozen=True, slots=True)
class Options:
    """How a server reads queries; see the settings. Stored with a job, whose query must keep its meaning."""

    mode: str = "default"  # `elasticsearch`: plain Elasticsearch behaviour wherever we differ
    word_split: str = ""  # foo-bar: a `phrase`, or as in Elasticsearch an `or`; '': as the mode has it
    precedence: str = "lucene"  # AND beside OR without parentheses: as Lucene reads it, or `strict`: refused

    @property
    def plain(self) -> bool:
        return self.mode == "elasticsearch"

    @property
    def split(self) -> str:
        """`word_split` where it is decided."""
        return self.word_split or ("or" if self.plain else "phrase")


DEFAULT = Options()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a Search object asks for. `blank`: a query string without text."""

    query: ast.Source
    typeahead: Typeahead | None = None
    blank: bool = False


def query_type(search: Mapping[str, Any], where: str = "") -> str:
    """The query type of a Search object; SAILPOINT when it names none. Raises Invalid."""
    given = search.get("queryType")
    if given is not None and not isinstance(given, str):
        raise Invalid("queryType is a string", where=f"{where}/queryType", hint=", ".join(QUERY_TYPES))
    found = (given or "SAILPOINT").upper()
    if found not in QUERY_TYPES:
        raise Invalid(f"there is no query type {found[:60]}", where=f"{where}/queryType", hint=", ".join(QUERY_TYPES))
    return found


def read_query(
    search: Mapping[str, Any],
    where: str = "",
    *,
    strict: bool = False,
    options: Options = DEFAULT,
    nested: Collection[str] = (),
) -> Reading:
    """Read the query part of a Search object that stands at the JSON pointer `where`.

    `strict` is for bulk changes: nothing is ignored and nothing may match everything by mistake. `nested` are known
    nested types. Raises Invalid or QueryError.
    """
    kind = query_type(search, where)
    with hinted(HINTS[kind]):
        return _read(search, where, kind, strict=strict, options=options, nested=nested)


def _read(
    search: Mapping[str, Any], where: str, kind: str, *, strict: bool, options: Options, nested: Collection[str]
) -> Reading:
    name = MEMBERS[kind]
    place = f"{where}/{name}"
    if strict:
        others = [other for other in MEMBERS.values() if other != name and search.get(other)]
        if others:
            hint = f"queryType {kind} takes {name}"
            raise Invalid(f"{others[0]} has no meaning here", where=f"{where}/{others[0]}", hint=hint)
    body = search.get(name)
    if body is None or body == {}:
        hints = {"SAILPOINT": '{"query":{"query":"name:Finance"}}', "DSL": '{"queryDsl":{"match":{"name":"Finance"}}}'}
        missing = "the query is missing" if kind == "SAILPOINT" else f"{name} is missing"
        raise Invalid(missing, where=f"{place}/query" if kind == "SAILPOINT" else place, hint=hints.get(kind, ""))
    _refuse_characters(body, place, strict=strict and kind != "SAILPOINT")
    if kind == "DSL":
        return Reading(dsl.parse(body, place, strict=strict))
    members = Members(body, place, name)
    if kind == "SAILPOINT":
        return _sailpoint(members, strict=strict, options=options, nested=nested)
    reading = _text(members, strict=strict) if kind == "TEXT" else _typeahead(members, strict=strict)
    if strict:
        members.done()
    return reading


def _sailpoint(members: Members, *, strict: bool, options: Options, nested: Collection[str]) -> Reading:
    text = members.take("query")
    if not isinstance(text, str) or (strict and not text.strip()):
        raise Invalid(
            "the query text is missing or blank", where=members.at("query"), hint='{"query":{"query":"name:Finance"}}'
        )
    zone = members.text("timeZone")
    source = ast.Source(
        child=_lucene(text, members.at("query"), options, nested),
        text=text,
        where=members.at("query"),
        fields=tuple(names(members.take("fields"), members.at("fields"))),
        zone=zone or None,
        word_split=options.split,
    )
    members.ignore("innerHit")  # read with the elements that it chooses
    if strict:
        members.done()
    return Reading(source, blank=not text.strip())


def _lucene(text: str, where: str, options: Options, nested: Collection[str]) -> ast.Node:
    try:
        return lucene.parse(text, strict_precedence=options.precedence == "strict", nested=nested, runs=options.plain)
    except QueryError as error:
        error.where = error.where or where
        raise


def names(value: Any, where: str) -> list[str]:
    """`fields`: a list of names, a comma-separated string, or a list whose items hold commas."""
    if value is None:
        return []
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise Invalid("fields are names", where=where)
    return [name.strip() for item in items for name in item.split(",") if name.strip()]


def _text(members: Members, *, strict: bool) -> Reading:
    terms, fields = _strings(members, "terms"), names(members.need("fields"), members.at("fields"))
    if not fields:
        raise Invalid("no field is named", where=members.at("fields"))
    if len(terms) * len(fields) > MAX_TERMS:
        raise Invalid(f"terms times fields are more than {MAX_TERMS:,}", where=members.at("terms"))
    match_any, anywhere = members.flag("matchAny"), members.flag("contains")
    places: list[str] = []
    found: list[ast.Node] = []
    for position, term in enumerate(terms):
        where = f"{members.at('terms')}/{position}"
        if not term and strict:
            raise Invalid("an empty term fits every value", where=where, hint="write what the value begins with")
        places.append(where)
        span = (position, position)
        each = [ast.Holds(field=field, text=term, anywhere=anywhere, span=span) for field in fields]
        found.append(ast.Best(nodes=tuple(each), span=span) if len(each) > 1 else each[0])
    tree = ast.disj(*found) if match_any else ast.conj(*found)
    return Reading(ast.Source(child=tree, places=tuple(places), where=members.where, lenient=not strict))


def _strings(members: Members, name: str) -> list[str]:
    given = members.need(name)
    items = [given] if isinstance(given, str) else given
    if not isinstance(items, list) or not items or not all(isinstance(item, str) for item in items):
        members.wrong(name, "a list of strings, one at least")
    return [str(item) for item in items]


def _typeahead(members: Members, *, strict: bool) -> Reading:
    members.need("query")
    members.need("field")
    text, field = members.text("query"), members.text("field").removesuffix(".exact")
    nested = members.text("nestedType").removeprefix("@")
    if nested:
        field = field if field.startswith(f"{nested}.") else f"{nested}.{field}"
    if strict and not text.strip():
        raise Invalid("the text is blank", where=members.at("query"), hint="write how the last word begins")
    most = members.count("maxExpansions", 10, least=1, most=1_000)
    size = members.count("size", 100, least=1, most=10_000) or 100
    order = members.choice("sort", ("asc", "desc"), "desc")
    places = (members.at("query"), members.at("nestedType"))
    node: ast.Node = ast.Match(fields=(field,), text=text, kind="phrase_prefix", most=most, span=(0, 0))
    if nested:
        node = ast.Nested(path=nested, child=node, span=(1, 1))
    listed = Typeahead(field, text, size, order == "asc", members.flag("sortByValue"))
    return Reading(ast.Source(child=node, places=places, where=members.where), typeahead=listed)


def _refuse_characters(value: Any, where: str, *, strict: bool) -> None:
    """Raise Invalid for half of a surrogate pair, which no store keeps.

    Under `strict` also for a character that nobody sees: what is looked for with it is never found, under NOT always.
    """
    if isinstance(value, dict):
        for name, inner in value.items():
            _refuse_characters(name, where, strict=strict)
            _refuse_characters(inner, f"{where}/{pointed(name)}", strict=strict)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            _refuse_characters(inner, f"{where}/{position}", strict=strict)
    elif isinstance(value, str) and not value.isascii():
        lone = _SURROGATE.search(value)
        if lone:
            detail = f"half of a surrogate pair is no character (character {lone.start()})"
            raise Invalid(detail, where=where, hint="remove it")
    if strict and isinstance(value, str):
        fault = written.unseen(value)
        if fault:
            raise Invalid(f"{fault.detail} (character {fault.position})", where=where, hint="remove it")
