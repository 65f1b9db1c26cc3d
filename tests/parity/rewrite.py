"""From a user's query string to the referee's DSL: its own text in `query_string`, except where it has no words for it.

OpenSearch's query_string knows no `@nested( … )`. A text that holds one is taken apart at that level by Lucene's own
rule of clauses; every piece without `@` goes on as it was written, and what stands inside `@nested( … )` becomes a
query_string in a nested query, with the names completed to full paths.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.parity.mapping import NESTED, strings

Dsl = dict[str, Any]
ALL_WORDS = 20_000  # a fuzzy word takes all words within its distance, and not the 50 nearest

_NESTED = re.compile(r"@(\w+)\(")
_FIELD = re.compile(r"(?:[A-Za-z_]|\\[*?])(?:[\w.]|\\[*?])*:")
_JOIN = re.compile(r"(AND|OR|&&|\|\|)(?=[\s()@\"+\-!]|$)")
_MODIFIER = re.compile(r"NOT(?=\s)\s*|!(?!\s)|[+-](?!\s)")
_BOOST = re.compile(r"\^[\d.]+")


def query(index: str, text: str, *, fields: Sequence[str] = (), zone: str | None = None) -> Dsl:
    """What the referee is asked for a query string. Raises ValueError where a nested text cannot be taken apart."""
    more: Dsl = {"fields": list(fields)} if fields else {}
    if "~" in text:
        more["fuzzy_max_expansions"] = ALL_WORDS
    if zone:
        more["time_zone"] = zone
    return _level(index, text, more)


def own_ids(dsl: Any) -> Any:
    """The DSL with `ids` clauses asking the field `id`: the referee's own `_id` is a number of ours."""
    if isinstance(dsl, dict):
        found = {name: own_ids(value) for name, value in dsl.items()}
        values = found["ids"].get("values") if isinstance(found.get("ids"), dict) else None
        return {"terms": {"id": values}} if isinstance(values, list) and len(found) == 1 else found
    return [own_ids(one) for one in dsl] if isinstance(dsl, list) else dsl


def _level(index: str, text: str, more: Dsl) -> Dsl:
    if not _holds_nested(text):
        return {"query_string": {"query": text, **more}}
    return join([(c.join, c.modifier, _clause(index, c.text, more)) for c in clauses(text)])


def _clause(index: str, text: str, more: Dsl) -> Dsl:
    nested = _NESTED.match(text)
    if nested:
        path = nested[1]
        inner, rest = _inside(text, nested.end() - 1)
        asked = {
            "query": prefixed(path, inner),
            **more,
            "fields": strings(index, path) if path in NESTED[index] else [],
        }
        return _boosted({"nested": {"path": path, "query": {"query_string": asked}}}, rest)
    if text.startswith("(") and _holds_nested(text):
        inner, rest = _inside(text, 0)
        return _boosted(_level(index, inner, more), rest)
    if _holds_nested(text):
        raise ValueError(f"a nested condition inside {text!r}")
    return {"query_string": {"query": text, **more}}


def _boosted(found: Dsl, rest: str) -> Dsl:
    if not rest:
        return found
    if not _BOOST.fullmatch(rest):
        raise ValueError(f"{rest!r} follows a closed parenthesis")
    return {"bool": {"must": [found], "boost": float(rest[1:])}}


def join(found: Sequence[tuple[str, str, Dsl]]) -> Dsl:
    """Lucene's rule (QueryParserBase.addClause): AND requires both its sides, OR nothing, NOT forbids."""
    occurs: list[str] = []
    for operator, modifier, _ in found:
        if operator in ("AND", "&&") and occurs and occurs[-1] != "must_not":
            occurs[-1] = "must"
        if modifier in ("NOT", "!", "-"):
            occurs.append("must_not")
        else:
            occurs.append("must" if modifier == "+" or operator in ("AND", "&&") else "should")
    kinds: dict[str, list[Dsl]] = {}
    for occur, (_, _, dsl) in zip(occurs, found, strict=True):
        kinds.setdefault(occur, []).append(dsl)
    return {"bool": kinds}


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of a level as it was written, and how it is joined to those before it."""

    join: str
    modifier: str
    text: str


def clauses(text: str) -> Iterator[Clause]:
    """The clauses of one level; parentheses, quotes, ranges and patterns stay whole."""
    at, operator = 0, ""
    while True:
        at += len(text[at:]) - len(text[at:].lstrip())
        if at >= len(text):
            return
        found = _JOIN.match(text, at)
        if found:
            operator, at = found[1], found.end()
            continue
        modifier = _MODIFIER.match(text, at)
        if modifier:
            at = modifier.end()
        end = at
        while end < len(text) and (not text[end].isspace() or text[at:end].endswith(":")):
            end = _past(text, end)
        yield Clause(operator, modifier[0].strip() if modifier else "", text[at:end])
        at, operator = end, ""


def prefixed(path: str, text: str) -> str:
    """The text with `path.` before every field name that does not begin with it already."""
    out: list[str] = []
    at, fresh = 0, True
    while at < len(text):
        found = _FIELD.match(text, at) if fresh else None
        if found and found[0] == "_exists_:":
            out.append(found[0])
            at = found.end()
            out.append("" if text.startswith(f"{path}.", at) else f"{path}.")
        elif found:
            out.append(found[0] if found[0].startswith(f"{path}.") else f"{path}.{found[0]}")
            at = found.end()
        if at >= len(text):
            break
        end = at + 1 if text[at] == "(" else _past(text, at)
        out.append(text[at:end])
        fresh = text[at] in "(+-!" or text[at].isspace()
        at = end
    return "".join(out)


def _holds_nested(text: str) -> bool:
    at = 0
    while at < len(text):
        if _NESTED.match(text, at):
            return True
        at = at + 1 if text[at] == "(" else _past(text, at)
    return False


def _inside(text: str, opened: int) -> tuple[str, str]:
    """What stands in the parentheses that open there, and what follows them. Raises ValueError."""
    end = _past(text, opened)
    if end > len(text) or not text[opened + 1 : end - 1].strip():
        raise ValueError(f"empty or open parentheses in {text!r}")
    return text[opened + 1 : end - 1], text[end:]


def _past(text: str, at: int) -> int:
    """The place after one character, or after the whole quote, range, pattern or group that begins there."""
    sign = text[at]
    if sign == "\\":
        return at + 2
    if sign == "(":
        at += 1
        while at < len(text) and text[at] != ")":
            at = _past(text, at)
        return at + 1
    closing = {'"': '"', "/": "/", "[": "]}", "{": "]}"}.get(sign)
    if closing is None:
        return at + 1
    at += 1
    while at < len(text) and text[at] not in closing:
        if text[at] == '"':
            at = _past(text, at)
        else:
            at += 2 if text[at] == "\\" and sign in '"/' else 1
    return at + 1
