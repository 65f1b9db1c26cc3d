"""DSL leaves on one field: analysed text (`match…`), values as they are indexed (`term`), texts inside values (TEXT).

As in `values`, a `ValueError` says that the field cannot hold such a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bulkwark.query import ast, minimum
from bulkwark.query.analysis import fold, tokens
from bulkwark.query.ast import Wild
from bulkwark.query.fields import Kind
from bulkwark.query.names import STRINGS, Target
from bulkwark.query.values import Values, edits, scalar, spellings


class Wordless(ValueError):
    """The text has no word that could be looked for."""


def match(values: Values, target: Target, raw: ast.Match) -> ast.Node | None:
    """Analysed text on one field. Without a word in it: by `zero_terms`; `none` raises `Wordless`, `drop` is None."""
    field = target.field
    if field.kind not in STRINGS:
        if raw.kind in {"phrase_prefix", "bool_prefix"} or (raw.fuzzy and not raw.lenient):
            raise ValueError(f"a prefix or a fuzzy word needs text, and {field.path} is a {field.kind.value} field")
        text = ast.Text(field=field.path, text=raw.text, quoted=True, span=raw.span)
        return values.text(target, text) or ast.Nothing(span=raw.span)
    if target.exact or raw.keyword or field.kind is Kind.KEYWORD:
        return _whole(values, target, raw)
    words = tokens(raw.text)
    if not words:
        if raw.zero_terms == "all":
            return ast.All(span=raw.span)
        if raw.zero_terms == "drop":
            return None
        raise Wordless(f"nothing in {raw.text[:60]!r} can be searched: it has no letters or digits")
    if raw.kind in {"phrase", "phrase_prefix"}:
        return ast.Phrase(
            field=field,
            tokens=tuple(words),
            slop=raw.slop if len(words) > 1 else 0,
            prefix=raw.kind == "phrase_prefix",
            most=raw.most if raw.kind == "phrase_prefix" else None,
            cut=not values.strict,
            span=raw.span,
        )
    return joined([word(values, target, raw, one, last=at == len(words) - 1) for at, one in enumerate(words)], raw)


def word(values: Values, target: Target, raw: ast.Match, token: str, *, last: bool) -> ast.Node:
    """One word of the text."""
    if last and raw.kind == "bool_prefix":
        return ast.TokenLike(field=target.field, pattern=(token, Wild.ANY), span=raw.span)
    if raw.fuzzy:
        fuzzy = replace(raw.fuzzy, text=token)
        if edits(fuzzy):
            return ast.TokenFuzzy(
                field=target.field,
                token=token,
                distance=edits(fuzzy),
                prefix_length=min(fuzzy.prefix_length, len(token)),
                transpositions=fuzzy.transpositions,
                most=fuzzy.most,
                cut=not values.strict,
                span=raw.span,
            )
    return ast.Phrase(field=target.field, tokens=(token,), span=raw.span)


def joined(nodes: Sequence[ast.Node], raw: ast.Match) -> ast.Node:
    """The words by the operator; one word is itself, whatever the minimum."""
    if len(nodes) == 1:
        return nodes[0]
    if raw.operator == "and":
        least = minimum.resolve(raw.minimum, 0) if raw.minimum else None
        return ast.Bool(must=tuple(nodes), minimum=least or None, span=raw.span)
    least = minimum.resolve(raw.minimum, len(nodes)) if raw.minimum else None
    return ast.Bool(should=tuple(nodes), minimum=least or None, span=raw.span)


def _whole(values: Values, target: Target, raw: ast.Match) -> ast.Node:
    """The text as one token, on a field of whole values (or with the analyzer `keyword`)."""
    field = target.field
    if raw.kind == "phrase_prefix":
        raise ValueError(f"match_phrase_prefix needs analysed text, and {field.path} is compared whole")
    if raw.kind == "bool_prefix":
        return values.like(target, ast.Like(field=field.path, pattern=(raw.text, Wild.ANY), span=raw.span))
    if raw.fuzzy:
        return values.fuzzy(target, replace(raw.fuzzy, field=field.path, text=raw.text, span=raw.span))
    return term(values, target, ast.Term(field=field.path, values=(raw.text,), case="exact", span=raw.span))


def term(values: Values, target: Target, raw: ast.Term) -> ast.Node:
    """One of the values as it is indexed: on text a single word in small letters, else the whole value."""
    field = target.field
    if field.kind is Kind.DATE:
        return ast.disj(*(values.day(field, one, raw.span) for one in raw.values), span=raw.span)
    if field.kind not in STRINGS:
        return ast.disj(*(values.scalar(field, v, raw.span) for v in raw.values), span=raw.span)
    if field.kind is Kind.KEYWORD:
        forms = tuple(dict.fromkeys(form for one in raw.values for form in spellings(field, fold(one))))
        return ast.Folded(field=field, op="in", values=forms, span=raw.span)
    if target.exact:
        if raw.case != "any":
            return ast.Exact(field=field, values=raw.values, span=raw.span)
        each = [ast.ExactLike(field=field, pattern=(fold(v),), folded=True, span=raw.span) for v in raw.values]
        return ast.disj(*each, span=raw.span)
    words: list[ast.Node] = []
    for one in raw.values:
        text = fold(one) if raw.case == "any" else one
        if tokens(text) == [text]:
            words.append(ast.Phrase(field=field, tokens=(text,), span=raw.span))
        elif values.strict:
            raise ValueError(
                f"{one[:60]!r} is no single word in small letters, with which a term is compared on {field.path}: "
                f"ask {field.path}.exact, or use match"
            )
    return ast.disj(*words, span=raw.span)


def holds(target: Target, raw: ast.Holds) -> ast.Node:
    """A value that begins with the text or has it anywhere; on numbers and booleans one that is equal."""
    field = target.field
    if field.kind in {Kind.NUMBER, Kind.BOOL}:
        return ast.Is(field=field, value=scalar(field, raw.text), span=raw.span)
    text = fold(raw.text)
    pattern = (Wild.ANY, text, Wild.ANY) if raw.anywhere else (text, Wild.ANY)
    if field.kind is Kind.KEYWORD:
        likes: list[ast.Node] = [
            ast.TokenLike(field=field, pattern=tuple(one if part == text else part for part in pattern), span=raw.span)
            for one in spellings(field, text)
        ]
        return ast.disj(*likes, span=raw.span)
    return ast.ExactLike(field=field, pattern=pattern, folded=True, span=raw.span)
