"""Reader of `simple_query_string`: a language in which nothing is an error, after Lucene's SimpleQueryParser.

    +  and    |  or    -  not    "…"  phrase    "…"~n  near    word*  prefix    word~n  fuzzy    ( )  groups

Signs where they mean nothing are left out, as there. Operators are applied from left to right: `a | b + c` means
`(a | b) + c`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bulkwark.errors import Invalid
from bulkwark.query import ast, minimum
from bulkwark.query.ast import Node, Span, Wild
from bulkwark.query.clause_members import Members

FLAGS = ("AND", "NOT", "OR", "PREFIX", "PHRASE", "PRECEDENCE", "ESCAPE", "WHITESPACE", "FUZZY", "NEAR", "SLOP")
_BLANKS = " \t\n\r"
MAX_DEPTH = 50
MAX_EDITS = 2
MAX_WORDS = 2_000
MAX_LENGTH = 100_000  # characters


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for the whole text."""

    fields: tuple[str, ...]
    operator: str
    flags: frozenset[str]
    suffix: str
    keyword: bool
    lenient: bool
    prefix_length: int
    transpositions: bool
    most: int | None
    span: Span
    where: str = ""


def everywhere(rules: Rules) -> Rules:
    """The rules without fields: all that a bare word looks into."""
    return replace(rules, fields=(), lenient=True)


def flags(text: str, members: Members) -> frozenset[str]:
    """Which operators are on: ALL, NONE, or names joined by `|`."""
    names = [name.strip().upper() for name in text.split("|")]
    unknown = [name for name in names if name not in {*FLAGS, "ALL", "NONE"}]
    if unknown:
        hint = f"ALL, NONE, {', '.join(FLAGS)}"
        raise Invalid(f"there is no flag {unknown[0][:60]!r}", where=members.at("flags"), hint=hint)
    found = set(FLAGS) if "ALL" in names else set(names) - {"NONE"}
    return frozenset(found | ({"NEAR"} if "SLOP" in found else set()))


def parse(text: str, rules: Rules, least: str) -> tuple[Node, int]:
    """The tree, and how many words it has; a text without any matches nothing."""
    reader = _Reader(text, rules)
    tree = reader.part(0, len(text), 0)
    if tree is None:
        return ast.Nothing(span=rules.span), reader.words
    if least and isinstance(tree, ast.Bool):
        tree = replace(tree, minimum=minimum.resolve(least, len(tree.should)) or None)
    return tree, reader.words


@dataclass(slots=True)
class _State:
    """One level of parentheses."""

    at: int
    end: int
    top: Node | None = None
    current: str = ""
    previous: str = ""
    negated: bool = False


class _Reader:
    def __init__(self, text: str, rules: Rules) -> None:
        self.text = text
        self.rules = rules
        self.words = 0
        self.closed = self._closings()

    def part(self, at: int, end: int, depth: int) -> Node | None:
        """The tree of a part of the text."""
        state = _State(at, end)
        while state.at < end:
            char = self.text[state.at]
            if char == "-" and "NOT" in self.rules.flags:
                state.negated = not state.negated
                state.at += 1
                continue
            if char == "(" and "PRECEDENCE" in self.rules.flags:
                self._group(state, depth)
            elif char == ")" and "PRECEDENCE" in self.rules.flags:
                state.at += 1
            elif char == '"' and "PHRASE" in self.rules.flags:
                self._phrase(state)
            elif (char == "+" and "AND" in self.rules.flags) or (char == "|" and "OR" in self.rules.flags):
                if not state.current and state.top is not None:
                    state.current = "and" if char == "+" else "or"
                state.at += 1
            elif char in _BLANKS and "WHITESPACE" in self.rules.flags:
                state.at += 1
            else:
                self._token(state)
            state.negated = False
        return state.top

    def _add(self, state: _State, branch: Node | None) -> None:
        if branch is not None:
            if state.negated:
                branch = ast.negate(branch, span=self.rules.span)
            if state.top is None:
                state.top = branch
            else:
                operator = state.current or self.rules.operator
                # Where the operator stays the same the level goes on; else what stood there becomes one part.
                flat = state.previous == operator and isinstance(state.top, ast.Bool)
                occur = "must" if operator == "and" else "should"
                parts = getattr(state.top, occur) if flat else (state.top,)
                nodes = (*parts, branch)
                must, should = (nodes, ()) if operator == "and" else ((), nodes)
                state.top = ast.Bool(must=must, should=should, span=self.rules.span)
                state.previous = operator
        state.current = ""

    def _group(self, state: _State, depth: int) -> None:
        start = state.at + 1
        close = self.closed.get(state.at, -1)
        if not 0 <= close < state.end or depth >= MAX_DEPTH:
            state.at = start
        elif close == start:
            state.current, state.at = "", start + 1
        else:
            self._add(state, self.part(start, close, depth + 1))
            state.at = close + 1

    def _closings(self) -> dict[int, int]:
        """Where each parenthesis that is closed is closed."""
        found: dict[int, int] = {}
        opened: list[int] = []
        at = 0
        while at < len(self.text):
            char = self.text[at]
            if char == "\\" and "ESCAPE" in self.rules.flags:
                at += 1
            elif char == "(":
                opened.append(at)
            elif char == ")" and opened:
                found[opened.pop()] = at
            at += 1
        return found

    def _phrase(self, state: _State) -> None:
        start = at = state.at + 1
        copied = ""
        while at < state.end and self.text[at] != '"':
            if self.text[at] == "\\" and "ESCAPE" in self.rules.flags and at + 1 < state.end:
                at += 1
            copied += self.text[at]
            at += 1
        if at >= state.end:
            state.at = start
            return
        state.at = at
        if at == start:
            state.current = ""
            state.at += 1
            return
        slop = 0
        if self.text[at + 1 : min(at + 2, state.end)] == "~" and "NEAR" in self.rules.flags:
            state.at = at + 1
            if at + 2 < state.end:
                slop = self._number(state)
        self._add(state, self._match(copied, kind="phrase", slop=slop))
        state.at += 1

    def _token(self, state: _State) -> None:
        copied, prefix, fuzzy = "", False, False
        while state.at < state.end:
            char = self.text[state.at]
            if char == "\\" and "ESCAPE" in self.rules.flags:
                prefix = False
                state.at += 1
                if state.at < state.end:
                    copied += self.text[state.at]
                    state.at += 1
                continue
            if self._ends(char):
                break
            if copied and char == "~" and "FUZZY" in self.rules.flags:
                fuzzy = True
                break
            prefix = bool(copied) and char == "*" and "PREFIX" in self.rules.flags
            copied += char
            state.at += 1
        if not copied:
            state.at += not fuzzy
            return
        if fuzzy:
            edits = min(self._number(state), MAX_EDITS)
            self._add(state, self._fuzzy(copied, edits) if edits else self._match(copied))
        elif prefix:
            self._add(state, self._prefix(copied[:-1]))
        else:
            self._add(state, self._match(copied))

    def _number(self, state: _State) -> int:
        """What stands after `~`: 2 when there is nothing, 0 when it is no number."""
        start = state.at + 1
        state.at = start
        while state.at < state.end and not self._ends(self.text[state.at]):
            state.at += 1
        digits = self.text[start : state.at]
        if not digits:
            return 2
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 7 else 0

    def _ends(self, char: str) -> bool:
        on = self.rules.flags
        return (
            (char == '"' and "PHRASE" in on)
            or (char == "|" and "OR" in on)
            or (char == "+" and "AND" in on)
            or (char in "()" and "PRECEDENCE" in on)
            or (char in _BLANKS and "WHITESPACE" in on)
        )

    # --- leaves --------------------------------------------------------------------------------------

    def _count(self) -> None:
        self.words += 1
        if self.words > MAX_WORDS:
            raise Invalid(f"more than {MAX_WORDS:,} words in one query", where=self.rules.where, hint="ask for less")

    def _match(self, text: str, *, kind: str = "words", slop: int = 0) -> Node:
        self._count()
        suffix = self.rules.suffix if kind == "phrase" else ""
        fields = tuple(
            f"{name}{suffix}{sign}{boost}" for name, sign, boost in (f.partition("^") for f in self.rules.fields)
        )
        return ast.Match(
            fields=fields,
            text=text,
            kind=kind,
            operator=self.rules.operator,
            slop=slop,
            zero_terms="drop",
            keyword=self.rules.keyword,
            lenient=self.rules.lenient,
            tie=1.0,
            span=self.rules.span,
        )

    def _fuzzy(self, text: str, distance: int) -> Node:
        rules = self.rules
        return self._each(
            lambda field: ast.Fuzzy(
                field=field,
                text=text,
                distance=distance,
                prefix_length=rules.prefix_length,
                transpositions=rules.transpositions,
                most=rules.most,
                span=rules.span,
            )
        )

    def _prefix(self, text: str) -> Node:
        return self._each(lambda field: ast.Like(field=field, pattern=(text, Wild.ANY), span=self.rules.span))

    def _each(self, leaf: Callable[[str | None], Node]) -> Node:
        self._count()
        if not self.rules.fields:
            return leaf(None)
        found: list[Node] = []
        for entry in self.rules.fields:
            name, _, factor = entry.partition("^")
            node = leaf(name)
            found.append(ast.Boost(child=node, factor=float(factor), span=node.span) if factor else node)
        return found[0] if len(found) == 1 else ast.Best(nodes=tuple(found), tie=1.0, span=self.rules.span)
