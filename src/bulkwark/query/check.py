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
from typing import NoReturn

from bulkwark.errors import Invalid, QueryError
from bulkwark.query import ast, written
from bulkwark.query.analysis import fold
from bulkwark.query.check_filters import check_filter
from bulkwark.query.datemath import parse_zone
from bulkwark.query.fields import Kind, Schema
from bulkwark.query.names import Names, Target
from bulkwark.query.regexp import RegexpError
from bulkwark.query.regexp import parse as parse_regexp
from bulkwark.query.values import Values, folded, fuzzy_token, spellings

__all__ = ["check", "check_filter"]

WORD_SPLITS = ("phrase", "or")
_BESIDE_REGEX = frozenset(" \t\n\r\u3000():+-!^")


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
    elsewhere: Collection[str] = (),
) -> ast.Checked:
    """Check a search query against one index.

    `fields` are the fields for bare terms (patterns with `*` and `^boost` allowed); `text` is the source, for
    error places; `elsewhere` are nested types of other searched indices, which match nothing here instead of
    being refused. `strict` is for bulk changes. Raises `QueryError`, or `Invalid` for the zone.
    """
    if word_split not in WORD_SPLITS:
        raise Invalid(f"unknown word_split {word_split!r}", hint=f"one of {', '.join(WORD_SPLITS)}")
    try:
        values = Values(now_ms, parse_zone(zone or "UTC"), word_split)
    except ValueError as fault:
        raise Invalid(str(fault), where="timeZone") from None
    checker = _Checker(Names(schema), values, strict, text, frozenset(elsewhere))
    unseen = written.unseen(text) if strict else None
    if unseen:
        checker.fail(unseen.detail, (unseen.position, unseen.position + 1), unseen.hint)
    checker.set_default_fields(fields)
    root = checker.node(node, "")
    return ast.Checked(schema.index, ast.Nothing(span=node.span) if root is None else root)


class _Checker:
    """Walks one tree; None for a node means that it disappears."""

    def __init__(self, names: Names, values: Values, strict: bool, text: str, elsewhere: frozenset[str]) -> None:
        self.names = names
        self.values = values
        self.strict = strict
        self.text = text
        self.elsewhere = elsewhere
        self.default: tuple[tuple[Target, float | None], ...] | None = None
        self.scans = 0

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
                raise QueryError(detail, text=entry, position=len(name), where="fields") from None
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
        if isinstance(node, ast.Nested):
            return self._nested(node, within)
        if isinstance(node, ast.Exists):
            return self._exists(node, within)
        if isinstance(node, ast.Text | ast.Like | ast.Fuzzy | ast.Regex | ast.Range):
            return self._leaf(node, within)
        if isinstance(node, ast.All | ast.Nothing):
            return node
        raise TypeError(f"{type(node).__name__} is no node of a search query")

    def _bool(self, node: ast.Bool, within: str) -> ast.Node | None:
        kept: dict[str, tuple[ast.Node, ...]] = {}
        lost: ast.Node | None = None
        for occur in ("must", "should", "must_not"):
            nodes: list[ast.Node] = []
            for child in getattr(node, occur):
                checked = self.node(child, within)
                if checked is not None:
                    nodes.append(checked)
                elif occur != "should":
                    lost = lost or child
            kept[occur] = tuple(nodes)
        if not any(kept.values()):
            return None
        if lost and self.strict:
            self.fail("nothing in this text can be searched", lost.span, "it has no letters or digits: leave it out")
        if len(kept["must"]) + len(kept["should"]) == 1 and not kept["must_not"]:
            return (kept["must"] + kept["should"])[0]
        return ast.Bool(must=kept["must"], should=kept["should"], must_not=kept["must_not"], span=node.span)

    def _nested(self, node: ast.Nested, within: str) -> ast.Node | None:
        path = self.names.nested(node.path, within)
        if not path:
            if not within and node.path in self.elsewhere:
                return ast.Nothing(span=node.span)
            known = [p for p in self.names.schema.nested if p.startswith(within)]
            place = f"inside @{within}" if within else f"in {self.names.schema.index}"
            hint = f"known: {', '.join('@' + p for p in known if p != within)}" if known else ""
            self.fail(f"unknown nested type '@{node.path}' {place}", node.span, hint)
        child = self.node(node.child, path)
        return child and ast.Nested(path=path, child=child, span=node.span)

    def _exists(self, raw: ast.Exists, within: str) -> ast.Node:
        targets, path = self.names.targets(raw.field, within), self.names.object(raw.field, within)
        self._false_quote(raw.field, raw)
        if targets:
            return ast.disj(*(has(t, raw.span) for t in targets), span=raw.span)
        if path and path == within:
            return ast.All(span=raw.span)
        if path:
            return ast.Has(field=None, prefix=path, span=raw.span)
        return self._nowhere(raw.field, within, raw)

    def _leaf(self, raw: ast.Text | ast.Like | ast.Fuzzy | ast.Regex | ast.Range, within: str) -> ast.Node | None:
        self._check_written(raw)
        self._check_measure(raw)
        if raw.field is not None:
            targets = self.names.targets(raw.field, within)
            if not targets:
                return self._nowhere(raw.field, within, raw)
            return self._over([(t, None) for t in targets], raw, lenient="*" in raw.field)
        if within:
            return self._over([(t, None) for t in self.names.strings(within)], raw, lenient=True)
        if self.default is not None:
            return self._over(self.default, raw, lenient=True)
        return self._bare(raw)

    def _bare(self, raw: ast.Text | ast.Like | ast.Fuzzy | ast.Regex | ast.Range) -> ast.Node | None:
        if isinstance(raw, ast.Text):
            node = self.values.phrase(None, raw)
            if not node or not any(f.kind is Kind.KEYWORD for f in self.names.schema.fields.values()):
                return node
            forms = spellings(None, fold(raw.text))
            whole = [ast.Phrase(field=None, tokens=(form,), span=raw.span) for form in forms]
            return ast.disj(node, *(w for w in whole if w != node), span=raw.span)
        if isinstance(raw, ast.Like):
            return ast.TokenLike(field=None, pattern=folded(raw.pattern), span=raw.span)
        if isinstance(raw, ast.Fuzzy):
            return fuzzy_token(None, raw)
        if isinstance(raw, ast.Regex):
            self._guard(raw, lambda: parse_regexp(raw.pattern, folded=True))
            return ast.TokenRegex(field=None, pattern=raw.pattern, span=raw.span)
        return self._over([(t, None) for t in self.names.strings("")], raw, lenient=True)

    def _over(
        self,
        targets: Sequence[tuple[Target, float | None]],
        raw: ast.Text | ast.Like | ast.Fuzzy | ast.Regex | ast.Range,
        *,
        lenient: bool,
    ) -> ast.Node | None:
        """One leaf for each field; `lenient` skips fields that cannot hold the value, but under `strict` not all."""
        found: list[ast.Node] = []
        wordless, only_words, reason = False, True, ""
        for target, boost in targets:
            try:
                node = self._build(target, raw)
            except RegexpError as fault:
                self._refuse(fault, raw)
            except ValueError as fault:
                if not lenient:
                    self._refuse(fault, raw)
                reason = str(fault)
                continue
            if node is None:
                wordless = True
            else:
                only_words &= isinstance(node, ast.Phrase)
                found.append(node if boost is None else ast.Boost(child=node, factor=boost, span=raw.span))
        if wordless and only_words:
            return None
        if self.strict and not found:
            self.fail("no field that is searched here can hold this value", raw.span, reason)
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
        assert isinstance(raw, ast.Range)
        return self.values.range(target, raw)

    def _guard(self, raw: ast.Raw, attempt: Callable[[], object]) -> None:
        try:
            attempt()
        except ValueError as fault:
            self._refuse(fault, raw)

    def _refuse(self, fault: ValueError, raw: ast.Raw) -> NoReturn:
        start = raw.span[0] + 1 + fault.position if isinstance(fault, RegexpError) else raw.span[0]
        self.fail(str(fault), (start, raw.span[1]))

    def _nowhere(self, name: str, within: str, raw: ast.Raw) -> ast.Node:
        if self.strict:
            self._unknown(name, within, self.text, raw.field_span[0])
        return ast.Nothing(span=raw.span)

    def _unknown(self, name: str, within: str, text: str, position: int, where: str = "") -> NoReturn:
        place = f"@{within}" if within else self.names.schema.index
        hint = self.names.hint(name, within)
        raise QueryError(f"unknown field {name!r} in {place}", text=text, position=position, hint=hint, where=where)

    def _check_written(self, raw: ast.Text | ast.Like | ast.Fuzzy | ast.Regex | ast.Range) -> None:
        """Under `strict`: typing faults that quietly mean something else."""
        if not self.strict:
            return
        if raw.field:
            self._false_quote(raw.field, raw)
        if isinstance(raw, ast.Text) and not raw.quoted and written.small_operator(self.text, raw):
            hint = f'write {raw.text.upper()} in capitals to join conditions, or "{raw.text}" for the word itself'
            self.fail(f"{raw.text!r} is searched as a word here, it is no operator", raw.span, hint)
        if isinstance(raw, ast.Fuzzy) or (isinstance(raw, ast.Text) and not raw.quoted):
            self._false_quote(raw.text, raw)
        elif isinstance(raw, ast.Like):
            self._false_quote("".join(part if isinstance(part, str) else part.value for part in raw.pattern), raw)
        elif isinstance(raw, ast.Range):
            for bound in (raw.low, raw.high):
                self._false_quote(bound.text if bound else "", raw)
        elif isinstance(raw, ast.Regex):
            beside = self.text[max(0, raw.span[0] - 1) : raw.span[0]] + self.text[raw.span[1] : raw.span[1] + 1]
            if not _BESIDE_REGEX.issuperset(beside):
                hint = "write \\/ for a slash inside a value, or put the value in double quotes"
                self.fail("a regular expression between slashes stands right beside a word", raw.span, hint)

    def _check_measure(self, raw: ast.Node) -> None:
        """What would be too much work for any store."""
        fault = written.unmeasured(raw)
        if fault:
            self.fail(fault, raw.span)
        self.scans += written.scans(raw)
        if self.scans > written.MAX_SCANS:
            detail = f"more than {written.MAX_SCANS} patterns in one query begin with a wildcard or name no field"
            self.fail(detail, raw.span, "name the field and begin with letters, as in name:sales*")

    def _false_quote(self, word: str, raw: ast.Raw) -> None:
        fault = written.false_quote(word) if self.strict else ""
        if fault:
            self.fail(fault, raw.span, 'use the straight double quote ", or put the whole text in such quotes')

    def fail(self, detail: str, span: ast.Span, hint: str = "") -> NoReturn:
        """Raise the error at the span's beginning."""
        raise QueryError(detail, text=self.text, position=span[0], hint=hint)


def has(target: Target, span: ast.Span) -> ast.Node:
    """Presence of a field; of a whole open map by its prefix."""
    prefix, _, rest = target.field.path.rpartition(".")
    if rest == "*" and "*" not in prefix:
        return ast.Has(field=None, prefix=prefix, span=span)
    return ast.Has(field=target.field, span=span)
