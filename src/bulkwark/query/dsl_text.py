"""DSL clauses that analyse their text: match and its kin, multi_match, query_string, simple_query_string."""

from __future__ import annotations

from typing import Any

from bulkwark.errors import Invalid, QueryError
from bulkwark.query import ast, lucene, simple
from bulkwark.query.ast import Node
from bulkwark.query.clause_members import Members
from bulkwark.query.datemath import parse_zone
from bulkwark.query.dsl import Read, Reader, minimum_of
from bulkwark.query.dsl_terms import field_of, fuzziness

EXPANSIONS = 50  # of the last word of a phrase prefix, as in Elasticsearch
_OPERATORS = ("or", "and")
_TYPES = {
    "best_fields": ("words", "each"),
    "most_fields": ("words", "each"),
    "cross_fields": ("words", "cross"),
    "phrase": ("phrase", "each"),
    "phrase_prefix": ("phrase_prefix", "each"),
    "bool_prefix": ("bool_prefix", "each"),
}


def _analyzer(members: Members) -> bool:
    """Whether the whole text is one token; only the two analyzers that there are can be named."""
    name = members.text("analyzer", "standard")
    if name not in {"standard", "keyword"}:
        raise Invalid(f"there is no analyzer {name[:60]!r}", where=members.at("analyzer"), hint="standard, keyword")
    return name == "keyword"


def _scored_only(members: Members) -> None:
    """Members that change scores or costs at most."""
    members.flag("auto_generate_synonyms_phrase_query", True)
    members.number("cutoff_frequency", 0.0)


def _match(reader: Reader, body: Any, where: str) -> Node:
    name, members = field_of(body, where, "match", "query")
    node = ast.Match(
        fields=(name,),
        text=members.scalar("query"),
        operator=members.choice("operator", _OPERATORS, "or"),
        minimum=minimum_of(members),
        fuzzy=fuzziness(members, reader, members.where),
        zero_terms=members.choice("zero_terms_query", ("none", "all"), "none"),
        keyword=_analyzer(members),
        lenient=members.flag("lenient"),
        span=reader.place(members.where),
    )
    _scored_only(members)
    return reader.boosted(node, members)


def _match_phrase(reader: Reader, body: Any, where: str) -> Node:
    name, members = field_of(body, where, "match_phrase", "query")
    node = ast.Match(
        fields=(name,),
        text=members.scalar("query"),
        kind="phrase",
        slop=members.count("slop", 0) or 0,
        zero_terms=members.choice("zero_terms_query", ("none", "all"), "none"),
        keyword=_analyzer(members),
        span=reader.place(members.where),
    )
    return reader.boosted(node, members)


def _match_phrase_prefix(reader: Reader, body: Any, where: str) -> Node:
    name, members = field_of(body, where, "match_phrase_prefix", "query")
    node = ast.Match(
        fields=(name,),
        text=members.scalar("query"),
        kind="phrase_prefix",
        slop=members.count("slop", 0) or 0,
        most=members.count("max_expansions", EXPANSIONS, least=1),
        zero_terms=members.choice("zero_terms_query", ("none", "all"), "none"),
        keyword=_analyzer(members),
        span=reader.place(members.where),
    )
    return reader.boosted(node, members)


def _match_bool_prefix(reader: Reader, body: Any, where: str) -> Node:
    name, members = field_of(body, where, "match_bool_prefix", "query")
    node = ast.Match(
        fields=(name,),
        text=members.scalar("query"),
        kind="bool_prefix",
        operator=members.choice("operator", _OPERATORS, "or"),
        minimum=minimum_of(members),
        fuzzy=fuzziness(members, reader, members.where),
        keyword=_analyzer(members),
        span=reader.place(members.where),
    )
    return reader.boosted(node, members)


def fields_of(members: Members, name: str = "fields") -> tuple[str, ...]:
    """Names of fields with their boosts. A boost that is no number is refused here."""
    given = members.take(name)
    if given is None:
        return ()
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list) or not all(isinstance(one, str) and one.strip() for one in names):
        members.wrong(name, "a list of names")
    for position, one in enumerate(names):
        _, sign, factor = one.partition("^")
        try:
            if sign and not 0 <= float(factor) < 3.4e38:
                raise ValueError
        except ValueError:
            raise Invalid(f"{one[:60]!r} has no number as its boost", where=f"{members.at(name)}/{position}") from None
    return tuple(one.strip() for one in names)


def _multi_match(reader: Reader, body: Any, where: str) -> Node:
    members = Members(body, where, "multi_match")
    named = members.choice("type", tuple(_TYPES), "best_fields")
    kind, spread = _TYPES[named]
    if named not in {"best_fields", "most_fields", "bool_prefix"} and members.has("fuzziness"):
        raise Invalid(f"fuzziness is not for the type {named}", where=members.at("fuzziness"))
    fuzzy = fuzziness(members, reader, where)
    node = ast.Match(
        fields=fields_of(members),
        text=members.scalar("query"),
        kind=kind,
        spread=spread,
        operator=members.choice("operator", _OPERATORS, "or"),
        minimum=minimum_of(members),
        slop=members.count("slop", 0) or 0,
        fuzzy=fuzzy,
        most=members.count("max_expansions", EXPANSIONS if kind == "phrase_prefix" else None, least=1),
        zero_terms=members.choice("zero_terms_query", ("none", "all"), "none"),
        keyword=_analyzer(members),
        lenient=members.flag("lenient"),
        tie=members.number("tie_breaker", 1.0 if named in {"most_fields", "bool_prefix"} else 0.0),
        span=reader.place(where),
    )
    _scored_only(members)
    return reader.boosted(node, members)


def _query_string(reader: Reader, body: Any, where: str) -> Node:
    members = Members(body, where, "query_string")
    members.need("query")
    text, place = members.text("query"), members.at("query")
    reader.refuse_empty(not text.strip(), "the query text is blank", place, "leave the clause out")
    operator = members.choice("default_operator", _OPERATORS, "or")
    fields = fields_of(members) or fields_of(members, "default_field")
    if members.has("fields") and members.has("default_field"):
        raise Invalid("query_string takes fields or default_field", where=members.at("default_field"))
    if fields == ("*",):
        fields = ()
    zone = members.text("time_zone") or None
    if members.flag("analyze_wildcard"):
        raise Invalid("analyze_wildcard is not served", where=members.at("analyze_wildcard"))
    if not members.flag("allow_leading_wildcard", True):
        raise Invalid("allow_leading_wildcard false is not served", where=members.at("allow_leading_wildcard"))
    members.choice("type", ("best_fields", "most_fields"), "best_fields")
    members.number("tie_breaker", 0.0)
    slop = members.count("phrase_slop", 0) or 0
    fuzzy = fuzziness(_renamed(members), reader, where, default="AUTO")
    members.ignore("rewrite", "enable_position_increments", "max_determinized_states")
    _scored_only(members)
    try:
        if zone:
            parse_zone(zone)
        tree = lucene.parse(text, operator=operator, runs=True)
    except QueryError as error:
        error.where = error.where or place
        raise
    except ValueError as fault:
        raise Invalid(str(fault), where=members.at("time_zone")) from None
    node: Node = ast.Source(
        child=_with_defaults(tree, slop, fuzzy),
        text=text,
        where=place,
        fields=fields,
        zone=zone,
        operator=operator,
        word_split="or",
        lenient=members.flag("lenient"),
        minimum=minimum_of(members),
        exact_quotes=members.text("quote_field_suffix"),
        span=reader.place(where),
    )
    return reader.boosted(node, members)


def _renamed(members: Members) -> Members:
    """The fuzzy members of query_string under the names that the other clauses have for them."""
    names = {"fuzzy_prefix_length": "prefix_length", "fuzzy_max_expansions": "max_expansions"}
    members.ignore(*names, "fuzziness", "fuzzy_transpositions", "fuzzy_rewrite")
    chosen = {names.get(name, name): value for name, value in members.value.items() if name not in names.values()}
    return Members(chosen, members.where, members.what)


def _with_defaults(tree: Node, slop: int, fuzzy: ast.Fuzzy | None) -> Node:
    """What holds for every quoted text and every `word~` of a query_string."""

    def one(node: Node) -> Node:
        match node:
            case ast.Text(quoted=True, slop=0) if slop:
                return ast.Text(
                    field=node.field, text=node.text, quoted=True, slop=slop, span=node.span, field_span=node.field_span
                )
            case ast.Fuzzy() if fuzzy:
                return ast.Fuzzy(
                    field=node.field,
                    text=node.text,
                    distance=fuzzy.distance if node.distance is None else node.distance,
                    auto=fuzzy.auto,
                    prefix_length=fuzzy.prefix_length,
                    transpositions=fuzzy.transpositions,
                    most=fuzzy.most,
                    span=node.span,
                    field_span=node.field_span,
                )
        return node

    return ast.rewrite(tree, one)


def _simple_query_string(reader: Reader, body: Any, where: str) -> Node:
    members = Members(body, where, "simple_query_string")
    members.need("query")
    text = members.text("query")
    if len(text) > simple.MAX_LENGTH:
        raise Invalid(f"the query has more than {simple.MAX_LENGTH:,} characters", where=members.at("query"))
    if members.flag("analyze_wildcard"):
        raise Invalid("analyze_wildcard is not served", where=members.at("analyze_wildcard"))
    rules = simple.Rules(
        fields=fields_of(members),
        operator=members.choice("default_operator", _OPERATORS, "or"),
        flags=simple.flags(
            members.text("flags", "ALL") if not isinstance(members.take("flags"), int) else "ALL", members
        ),
        suffix=members.text("quote_field_suffix"),
        keyword=_analyzer(members),
        lenient=members.flag("lenient"),
        prefix_length=members.count("fuzzy_prefix_length", 0) or 0,
        transpositions=members.flag("fuzzy_transpositions", True),
        most=members.count("fuzzy_max_expansions", None, least=1),
        span=reader.place(members.at("query")),
        where=members.at("query"),
    )
    if rules.fields == ("*",):
        rules = simple.everywhere(rules)
    members.flag("auto_generate_synonyms_phrase_query", True)
    node, count = simple.parse(text, rules, minimum_of(members))
    reader.refuse_empty(not count, "the query text has no word", rules.where, "leave the clause out")
    reader.count(count, members.at("query"))
    return reader.boosted(node, members)


CLAUSES: dict[str, Read] = {
    "match": _match,
    "match_phrase": _match_phrase,
    "match_phrase_prefix": _match_phrase_prefix,
    "match_bool_prefix": _match_bool_prefix,
    "multi_match": _multi_match,
    "query_string": _query_string,
    "simple_query_string": _simple_query_string,
}
