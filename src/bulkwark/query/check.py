"""From written names and texts to known fields and typed values; the only maker of a `Checked`.

`check` serves the search languages, `check_filter` (its own file) the filter language. Decisions where the
documents are silent:

* A bare term looks into all TEXT and KEYWORD fields of the root, nested ones included (leaf with field None). It
  does not look into numbers, booleans and dates; with `fields` given it does where the text is such a value.
  On KEYWORD fields the whole value counts, so a bare text of several tokens (a UUID) gets a second leaf with the
  whole folded text as its one token.
* Below `@type( … )` a bare term becomes a disjunction over the element's own string fields: there a leaf always
  has a field.
* A text without any token disappears like a stop word. Under `strict` it may not disappear from between other
  conditions by AND or NOT, because the selection would grow.
* Under `strict` a bare value that no searched field can hold is refused: NOT would turn "nothing" into everything.
* `strict` also refuses what a pasted query gets wrong: curly quotes at the edge of a word, characters that nobody
  sees, operators in small letters, and a regular expression glued to a word (`a/b/c`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import NoReturn

from bulkwark.errors import Invalid, QueryError
from bulkwark.query import ast, minimum, written
from bulkwark.query.analysis import fold, tokens
from bulkwark.query.check_filters import check_filter
from bulkwark.query.check_source import Leaf, Shared, SourceCheck
from bulkwark.query.datemath import parse_zone
from bulkwark.query.fields import Kind, Schema
from bulkwark.query.matching import Wordless, holds, joined, match, term, word
from bulkwark.query.names import Names, Target
from bulkwark.query.regexp import RegexpError
from bulkwark.query.regexp import parse as parse_regexp
from bulkwark.query.values import Values, folded, fuzzy_token, spellings

__all__ = ["check", "check_filter"]

WORD_SPLITS = ("phrase", "or")


def check(
    node: ast.Node,
    schema: Schema,
    *,
    now_ms: int,
    strict: bool,
    fields: Sequence[str] = (),
    zone: str | None = None,
    text: str = "",
    word_split: str = "phrase",
    plain: bool = False,
    elsewhere: Collection[str] = (),
) -> ast.Checked:
    """Check a search query against one index.

    What a `Source` at the root says of itself comes before the arguments. `plain`: as Elasticsearch does it, where we
    do it otherwise.

    `fields` are the fields for bare terms (patterns with `*` and `^boost` allowed); `text` is the source, for
    error places; `elsewhere` are nested types of other searched indices, which match nothing here instead of
    being refused. `strict` is for bulk changes. Raises `QueryError`, or `Invalid` for the zone.
    """
    if word_split not in WORD_SPLITS:
        raise Invalid(f"unknown word_split {word_split!r}", hint=f"one of {', '.join(WORD_SPLITS)}")
    try:
        values = Values(now_ms, parse_zone(zone or "UTC"), word_split, strict, plain)
    except ValueError as fault:
        raise Invalid(str(fault), where="timeZone") from None
    source = node if isinstance(node, ast.Source) else ast.Source(child=node, text=text, fields=tuple(fields))
    shared = Shared(Names(schema), strict, frozenset(elsewhere))
    root = _Checker(shared, values, source).whole("")
    return ast.Checked(schema.index, ast.Nothing(span=node.span) if root is None else root)


class _Checker(SourceCheck):
    """Walks the tree of one source; None for a node means that it disappears."""

    def __init__(self, shared: Shared, values: Values, source: ast.Source) -> None:
        super().__init__(shared, source)
        self.default: tuple[tuple[Target, float | None], ...] | None = None
        self.values = replace(values, operator=source.operator, word_split=source.word_split or values.word_split)
        if source.zone:
            try:
                self.values = replace(self.values, zone=parse_zone(source.zone))
            except ValueError as fault:
                where = f"{source.where.rpartition('/')[0]}/timeZone"
                raise Invalid(str(fault), where=where, hint="as in Europe/Berlin or +02:00") from None

    def whole(self, within: str) -> ast.Node | None:
        """The checked tree of the source."""
        unseen = written.unseen(self.text) if self.strict else None
        if unseen:
            self.fail(unseen.detail, (unseen.position, unseen.position + 1), unseen.hint)
        self.set_default_fields(self.source.fields)
        root = self.node(self.source.child, within)
        if self.source.minimum and isinstance(root, ast.Bool):
            least = minimum.resolve(self.source.minimum, len(root.should))
            return replace(root, minimum=least or None)
        return root

    def set_default_fields(self, fields: Sequence[str]) -> None:
        """Bare terms go to these fields only."""
        if not fields:
            return
        found: list[tuple[Target, float | None]] = []
        for entry in fields:
            name, _, factor = entry.strip().partition("^")
            try:
                boost = float(factor) if factor else None
            except ValueError:
                detail = f"the boost of field {entry!r} is no number"
                raise QueryError(detail, text=entry, position=len(name), where="fields", hint="as in name^2") from None
            if not 0 <= (boost or 0) < float("inf"):
                raise QueryError(
                    f"{entry!r} has no boost from 0",
                    text=entry,
                    position=len(name),
                    where="fields",
                    hint="as in name^2",
                )
            targets = self.names.targets(name)
            if not targets and self.strict:
                self._unknown(name, "", entry, 0, where="fields")
            found += [(target, boost) for target in targets]
        self.default = tuple(found)

    def node(self, node: ast.Node, within: str) -> ast.Node | None:
        """The checked node."""
        if isinstance(node, ast.Bool):
            return self._bool(node, within)
        if isinstance(node, ast.Boost):
            child = self.node(node.child, within)
            return child and ast.Boost(child=child, factor=node.factor, span=node.span)
        if isinstance(node, ast.Source):
            return _Checker(self.shared, self.values, node).whole(within)
        if isinstance(node, ast.Constant):
            child = self.node(node.child, within)
            return child and ast.Constant(child=child, score=node.score, span=node.span)
        if isinstance(node, ast.Best):
            found = [one for one in (self.node(n, within) for n in node.nodes) if one is not None]
            return ast.Best(nodes=tuple(found), tie=node.tie, span=node.span) if found else None
        if isinstance(node, ast.Demote):
            return self._demote(node, within)
        if isinstance(node, ast.Nested):
            return self._nested(node, within)
        if isinstance(node, ast.Match):
            return self._match(node, within)
        if isinstance(node, ast.Exists):
            return self._exists(node, within)
        if isinstance(node, ast.Text | ast.Like | ast.Fuzzy | ast.Regex | ast.Range | ast.Term | ast.Holds):
            return self._leaf(node, within)
        if isinstance(node, ast.All | ast.Nothing):
            return node
        raise TypeError(f"{type(node).__name__} is no node of a search query")

    def _bool(self, node: ast.Bool, within: str) -> ast.Node | None:
        kept: dict[str, tuple[ast.Node, ...]] = {}
        lost: ast.Node | None = None
        optional = lost
        for occur in ("must", "should", "must_not"):
            nodes: list[ast.Node] = []
            for child in getattr(node, occur):
                checked = self.node(child, within)
                if occur != "should" and (checked is None or _wordless(child)):
                    lost = lost or child
                if checked is not None:
                    nodes.append(checked)
                else:
                    optional = optional or child
            kept[occur] = tuple(nodes)
        if not any(kept.values()):
            return None
        if kept["must_not"] and not kept["must"] and not kept["should"]:
            lost = lost or optional  # what it leaves is everything but the rest
        if lost and self.strict:
            self.fail("nothing in this text can be searched", lost.span, "it has no letters or digits: leave it out")
        if len(kept["must"]) + len(kept["should"]) == 1 and not kept["must_not"] and node.minimum is None:
            return (kept["must"] + kept["should"])[0]
        return replace(node, must=kept["must"], should=kept["should"], must_not=kept["must_not"])

    def _demote(self, node: ast.Demote, within: str) -> ast.Node | None:
        child, negative = self.node(node.child, within), self.node(node.negative, within)
        if child is None or negative is None:
            return child
        return replace(node, child=child, negative=negative)

    def _nested(self, node: ast.Nested, within: str) -> ast.Node | None:
        path = self.names.nested(node.path, within)
        if not path:
            if (not within and node.path in self.shared.elsewhere) or (node.lax and not self.strict):
                return ast.Nothing(span=node.span)
            known = [p for p in self.names.schema.nested if p.startswith(within)]
            place = f"inside @{within}" if within else f"in {self.names.schema.index}"
            hint = f"known: {', '.join('@' + p for p in known if p != within)}" if known else "it has none"
            self.fail(f"unknown nested type '@{node.path}' {place}", node.span, hint)
        child = self.node(node.child, path)
        return child and ast.Nested(path=path, child=child, span=node.span)

    def _exists(self, raw: ast.Exists, within: str) -> ast.Node:
        targets, path = self.names.targets(raw.field, within), self.names.object(raw.field, within)
        self.false_quote(raw.field, raw)
        if targets:
            return ast.disj(*(has(t, raw.span) for t in targets), span=raw.span)
        if path and path == within:
            return ast.All(span=raw.span)
        if path:
            return ast.Has(field=None, prefix=path, span=raw.span)
        return self._nowhere(raw.field, within, raw)

    def _leaf(self, raw: Leaf, within: str) -> ast.Node | None:
        self.check_written(raw)
        self.check_measure(raw)
        if raw.field is not None:
            targets = self._targets(raw.field, within, raw)
            if not targets:
                return self._nowhere(raw.field, within, raw)
            return self._over([(t, None) for t in targets], raw, lenient="*" in raw.field and not self.values.plain)
        if within:
            return self._over([(t, None) for t in self.names.strings(within)], raw, lenient=True)
        if self.default is not None:
            return self._over(self.default, raw, lenient=True)
        return self._bare(raw)

    def _targets(self, name: str, within: str, raw: ast.Node) -> Sequence[Target]:
        """The fields of the name; quoted texts may have fields of their own."""
        suffix = self.source.exact_quotes
        if suffix and isinstance(raw, ast.Text) and raw.quoted:
            found = self.names.targets(name + suffix, within)
            if found:
                return found
        return self.names.targets(name, within)

    def _match(self, raw: ast.Match, within: str) -> ast.Node | None:
        """Analysed text over its fields: each by itself, or word by word over all."""
        fault = written.unmeasured(ast.Text(field=None, text=raw.text))
        if fault:
            self.fail(fault, raw.span)
        targets, lenient = self._match_targets(raw, within)
        if not targets:
            return ast.Nothing(span=raw.span)
        if raw.fuzzy:
            self.scan(len(tokens(raw.text)) * len(targets), raw)
        elif raw.slop:
            self.scan(len(targets), raw)
        if raw.spread == "cross":
            plain = [(t, b) for t, b in targets if t.field.kind is Kind.TEXT and not t.exact]
            words = tokens(raw.text) if plain and not raw.keyword else []
            parts = [
                [self._scored(word(self.values, t, raw, one, last=False), b, raw) for t, b in plain] for one in words
            ]
            crossed = (
                joined([ast.Best(nodes=tuple(p), tie=raw.tie, span=raw.span) for p in parts], raw) if parts else None
            )
            rest = [pair for pair in targets if pair not in plain]
            each = self._over(rest, raw, lenient=True) if rest else None
            found = [node for node in (crossed, each) if node is not None and not isinstance(node, ast.Nothing)]
            self.count(len(words) * len(plain), raw)
        else:
            node = self._over(targets, raw, lenient=lenient)
            found = [] if node is None else [node]
        return (
            ast.Best(nodes=tuple(found), tie=raw.tie, span=raw.span)
            if len(found) > 1
            else ast.disj(*found, span=raw.span)
        )

    def _match_targets(self, raw: ast.Match, within: str) -> tuple[list[tuple[Target, float | None]], bool]:
        if not raw.fields:
            return [(t, None) for t in self.names.strings(within)], True
        found: list[tuple[Target, float | None]] = []
        lenient = raw.lenient
        for entry in raw.fields:
            name, _, factor = entry.partition("^")
            targets = self.names.targets(name, within)
            lenient = lenient or "*" in name
            if not targets:
                self._nowhere(name, within, raw)
            found += [(target, float(factor) if factor else None) for target in targets]
        return found, lenient

    def _scored(self, node: ast.Node, boost: float | None, raw: ast.Node) -> ast.Node:
        return node if boost is None else ast.Boost(child=node, factor=boost, span=raw.span)

    def _bare(self, raw: Leaf) -> ast.Node | None:
        if isinstance(raw, ast.Text):
            node = self.values.phrase(None, raw)
            if not any(f.kind is Kind.KEYWORD for f in self.names.schema.fields.values()):
                return node
            forms = spellings(None, fold(raw.text))
            whole = [ast.Phrase(field=None, tokens=(form,), span=raw.span) for form in forms]  # may be a keyword's
            return ast.disj(*([node] if node else []), *(w for w in whole if w != node), span=raw.span)
        if isinstance(raw, ast.Like):
            return ast.TokenLike(field=None, pattern=folded(raw.pattern), span=raw.span)
        if isinstance(raw, ast.Fuzzy):
            return fuzzy_token(None, raw, cut=not self.strict)
        if isinstance(raw, ast.Regex):
            self._guard(raw, lambda: parse_regexp(raw.pattern, True, raw.flags))
            return ast.TokenRegex(field=None, pattern=raw.pattern, flags=raw.flags, span=raw.span)
        return self._over([(t, None) for t in self.names.strings("")], raw, lenient=True)

    def _over(
        self,
        targets: Sequence[tuple[Target, float | None]],
        raw: Leaf | ast.Match,
        *,
        lenient: bool,
    ) -> ast.Node | None:
        """One leaf for each field; `lenient` skips fields that cannot hold the value, but under `strict` not all."""
        found: list[ast.Node] = []
        lenient = lenient or self.source.lenient
        self.count(len(targets), raw)
        wordless, only_words, reason = False, True, ""
        for target, boost in targets:
            try:
                node = self._build(target, raw)
            except RegexpError as fault:
                self._refuse(fault, raw)
            except Wordless as fault:
                if self.strict:
                    self._refuse(fault, raw)
                continue
            except ValueError as fault:
                if not lenient:
                    self._refuse(fault, raw)
                reason = str(fault)
                continue
            if node is None:
                wordless = True
            else:
                only_words &= isinstance(node, ast.Phrase)
                found.append(self._scored(node, boost, raw))
        if wordless and (not found or (only_words and isinstance(raw, ast.Match))):
            return None
        if self.strict and not found:
            self.fail("no field that is searched here can hold this value", raw.span, reason)
        if len(found) > 1 and isinstance(raw, ast.Match):
            return ast.Best(nodes=tuple(found), tie=raw.tie, span=raw.span)
        return ast.disj(*found, span=raw.span)

    def _build(self, target: Target, raw: ast.Node) -> ast.Node | None:
        if isinstance(raw, ast.Text):
            return self.values.text(target, raw)
        if isinstance(raw, ast.Like):
            return self.values.like(target, raw)
        if isinstance(raw, ast.Fuzzy):
            return self.values.fuzzy(target, raw)
        if isinstance(raw, ast.Regex):
            return self.values.regex(target, raw)
        if isinstance(raw, ast.Match):
            return match(self.values, target, raw)
        if isinstance(raw, ast.Term):
            return term(self.values, target, raw)
        if isinstance(raw, ast.Holds):
            return holds(target, raw)
        assert isinstance(raw, ast.Range)
        return self.values.range(target, raw)

    def _guard(self, raw: ast.Raw, attempt: Callable[[], object]) -> None:
        try:
            attempt()
        except ValueError as fault:
            self._refuse(fault, raw)

    def _refuse(self, fault: ValueError, raw: ast.Raw) -> NoReturn:
        inside = isinstance(fault, RegexpError) and not self.source.places
        start = raw.span[0] + 1 + fault.position if inside and isinstance(fault, RegexpError) else raw.span[0]
        self.fail(str(fault), (start, raw.span[1]))

    def _nowhere(self, name: str, within: str, raw: ast.Raw) -> ast.Node:
        if self.strict and self.source.places:
            place = f"@{within}" if within else self.names.schema.index
            self.fail(f"unknown field {name!r} in {place}", raw.span, self.names.hint(name, within))
        if self.strict:
            self._unknown(name, within, self.text, raw.field_span[0])
        return ast.Nothing(span=raw.span)

    def _unknown(self, name: str, within: str, text: str, position: int, where: str = "") -> NoReturn:
        place = f"@{within}" if within else self.names.schema.index
        hint = self.names.hint(name, within)
        where = where or self.source.where
        raise QueryError(f"unknown field {name!r} in {place}", text=text, position=position, hint=hint, where=where)


def has(target: Target, span: ast.Span) -> ast.Node:
    """Presence of a field; of a whole open map by its prefix."""
    prefix, _, rest = target.field.path.rpartition(".")
    if rest == "*" and "*" not in prefix:
        return ast.Has(field=None, prefix=prefix, span=span)
    return ast.Has(field=target.field, span=span)


def _wordless(raw: ast.Node) -> bool:
    """Whether texts for no field in particular are all there is, without a word: it finds nothing, under NOT all."""
    if isinstance(raw, ast.Boost | ast.Nested):
        return _wordless(raw.child)
    if isinstance(raw, ast.Bool):
        return all(map(_wordless, (*raw.must, *raw.should, *raw.must_not)))
    return isinstance(raw, ast.Text) and raw.field is None and not tokens(raw.text)
