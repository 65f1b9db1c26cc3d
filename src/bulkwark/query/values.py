"""Checked leaves: what one written piece means on one field, by the field's kind.

Every function answers a node, or None when the text holds no token and the clause disappears; a `ValueError`
says that the field cannot hold such a value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from bulkwark.query import ast
from bulkwark.query.analysis import fold, tokens
from bulkwark.query.ast import Wild
from bulkwark.query.dateformat import to_iso
from bulkwark.query.datemath import looks_like_date, parse_zone, resolve
from bulkwark.query.fields import Field, Kind
from bulkwark.query.names import STRINGS, Target
from bulkwark.query.regexp import parse as parse_regexp

_NUMBER = re.compile(r"[+-]?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_LARGEST_INTEGER = 2**63 - 1  # what a number field holds
_UUID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Values:
    """What stays the same for all leaves of one query."""

    now_ms: int
    zone: tzinfo = UTC
    word_split: str = "phrase"
    strict: bool = False  # for a bulk change: what would be cut is refused
    plain: bool = False  # as Elasticsearch does it, where we do it otherwise
    operator: str = "or"  # between the words of one unquoted text, where they are split

    def text(self, target: Target, raw: ast.Text) -> ast.Node | None:
        """A word or a quoted text."""
        field = target.field
        if field.kind is Kind.DATE:
            return self.day(field, raw.text, raw.span)
        if field.kind not in STRINGS:
            return self.scalar(field, raw.text, raw.span)
        if target.exact:
            return ast.Exact(field=field, values=(raw.text,), span=raw.span)
        if field.kind is Kind.KEYWORD:
            whole = spellings(field, fold(raw.text))
            return ast.disj(*(ast.Phrase(field=field, tokens=(w,), span=raw.span) for w in whole), span=raw.span)
        return self.phrase(field, raw)

    def scalar(self, field: Field, text: str, span: ast.Span) -> ast.Node:
        """A number, true or false."""
        if self.plain and field.kind is Kind.BOOL and text not in {"true", "false"}:
            raise ValueError(f"{field.path} is true or false, not {text[:60]!r}")
        return ast.Is(field=field, value=scalar(field, text), span=span)

    def phrase(self, field: Field | None, raw: ast.Text) -> ast.Node | None:
        """Analysed text; several tokens of one unquoted word are a phrase or an OR, as `word_split` says."""
        words = tokens(raw.text)
        if not words:
            return None
        if len(words) > 1 and not raw.quoted and (raw.run or self.word_split == "or"):
            each = [ast.Phrase(field=field, tokens=(w,), span=raw.span) for w in words]
            return (ast.conj if self.operator == "and" else ast.disj)(*each, span=raw.span)
        return ast.Phrase(field=field, tokens=tuple(words), slop=raw.slop if len(words) > 1 else 0, span=raw.span)

    def day(self, field: Field, text: str, span: ast.Span) -> ast.Node:
        """A date: a partial one means its whole unit."""
        low, high = self._instant(text, up=False), self._instant(text, up=True)
        return ast.Between(field=field, low=low, high=high, span=span)

    def like(self, target: Target, raw: ast.Like) -> ast.Node:
        """A pattern; it is not analysed, only folded."""
        field = strings_only(target.field, "a wildcard")
        if target.exact and raw.case == "any":
            return ast.ExactLike(field=field, pattern=folded(raw.pattern), folded=True, span=raw.span)
        if target.exact:
            return ast.ExactLike(field=field, pattern=raw.pattern, span=raw.span)
        if raw.case == "exact" and field.kind is Kind.TEXT and folded(raw.pattern) != raw.pattern:
            self._never(f"a capital letter in this pattern fits no word of {field.path}, which are in small letters")
            return ast.Nothing(span=raw.span)
        return ast.TokenLike(field=field, pattern=folded(raw.pattern), span=raw.span)

    def fuzzy(self, target: Target, raw: ast.Fuzzy) -> ast.Node:
        """An inexact word; without edits left it is a plain one."""
        field = strings_only(target.field, "a fuzzy term")
        if not target.exact:
            if raw.case == "exact" and field.kind is Kind.TEXT:
                return fuzzy_token(field, raw, raw.text, cut=not self.strict)
            return fuzzy_token(field, raw, cut=not self.strict)
        if edits(raw) == 0:
            return ast.Exact(field=field, values=(raw.text,), span=raw.span)
        return ast.ExactFuzzy(
            field=field,
            value=raw.text,
            distance=edits(raw),
            prefix_length=min(raw.prefix_length, len(raw.text)),
            transpositions=raw.transpositions,
            most=raw.most,
            cut=not self.strict,
            span=raw.span,
        )

    def regex(self, target: Target, raw: ast.Regex) -> ast.Node:
        """A regular expression, read here only to refuse a malformed one."""
        if self.plain and raw.case == "field" and target.field.kind not in STRINGS:
            return ast.Nothing(span=raw.span)
        field = strings_only(target.field, "a regular expression")
        lax = raw.case == "any" or (not target.exact and (raw.case == "field" or field.kind is Kind.KEYWORD))
        parse_regexp(raw.pattern, lax, raw.flags)
        if target.exact:
            return ast.ExactRegex(field=field, pattern=raw.pattern, flags=raw.flags, folded=lax, span=raw.span)
        return ast.TokenRegex(field=field, pattern=raw.pattern, flags=raw.flags, folded=lax, span=raw.span)

    def _never(self, reason: str) -> None:
        """Under `strict`, what can match nothing is refused: under NOT it would be everything."""
        if self.strict:
            raise ValueError(reason)

    def range(self, target: Target, raw: ast.Range) -> ast.Node:
        """A range; both ends open means only that there is a value."""
        field, low, high = target.field, raw.low, raw.high
        if low is None and high is None:
            # A text without any word has a value, and no token that could lie in a range.
            worded = field.kind is Kind.TEXT and not target.exact
            return (
                ast.TokenLike(field=field, pattern=(Wild.ANY,), span=raw.span)
                if worded
                else ast.Has(field=field, span=raw.span)
            )
        if field.kind is Kind.BOOL and self.plain:
            return self._booleans(field, raw)
        if field.kind is Kind.BOOL:
            raise ValueError("true and false have no order")
        if raw.format or raw.zone:
            return self._reformatted(target, raw)
        dated = target.open_map and not target.exact and self._dated(low, high)
        bottom: int | float | str | None = None
        top: int | float | str | None = None
        if low:
            bottom = self._bound(target, low.text, up=not low.inclusive, dated=dated)
        if high:
            top = self._bound(target, high.text, up=high.inclusive, dated=dated)
        return ast.Between(
            field=field,
            low=bottom,
            low_inclusive=low.inclusive if low else True,
            high=top,
            high_inclusive=high.inclusive if high else True,
            exact=target.exact or dated,
            span=raw.span,
        )

    def _booleans(self, field: Field, raw: ast.Range) -> ast.Node:
        """A range of truth: false comes before true."""
        low = scalar(field, raw.low.text) if raw.low else False
        high = scalar(field, raw.high.text) if raw.high else True
        above = raw.low is not None and not raw.low.inclusive
        below = raw.high is not None and not raw.high.inclusive
        inside = [
            v for v in (False, True) if low <= v <= high and not (above and v == low) and not (below and v == high)
        ]
        return ast.disj(*(ast.Is(field=field, value=v, span=raw.span) for v in inside), span=raw.span)

    def _reformatted(self, target: Target, raw: ast.Range) -> ast.Node:
        """A range whose dates are written in a form of their own, or mean another zone."""
        low, high = raw.low, raw.high
        if target.field.kind is Kind.DATE and raw.format:
            low = low and replace(low, text=to_iso(low.text, raw.format))
            high = high and replace(high, text=to_iso(high.text, raw.format))
        values = replace(self, zone=parse_zone(raw.zone)) if raw.zone else self
        return values.range(target, replace(raw, low=low, high=high, format="", zone=None))

    def _bound(self, target: Target, text: str, *, up: bool, dated: bool) -> int | float | str:
        field = target.field
        if field.kind is Kind.DATE:
            return self._instant(text, up=up)
        if field.kind is Kind.NUMBER:
            return scalar(field, text)
        if dated:
            return iso(self._instant(text, up=up), short=not up)
        return text if target.exact else fold(text)

    def _dated(self, low: ast.Bound | None, high: ast.Bound | None) -> bool:
        """Whether an open map's text is compared as ISO dates: both bounds must be dates.

        Whole ISO texts sort like the times they mean, which tokens (`2024`, `01`, `31`) do not.
        """
        if not all(looks_like_date(b.text) for b in (low, high) if b):
            return False
        try:
            return bool([self._instant(b.text, up=False) for b in (low, high) if b])
        except ValueError:
            return False

    def _instant(self, text: str, *, up: bool) -> int:
        return resolve(text, now_ms=self.now_ms, zone=self.zone, round_up=up, plain=self.plain)


def spellings(field: Field | None, text: str) -> tuple[str, ...]:
    """The forms in which a folded whole value may be stored: an id given as a UUID also stands without hyphens.

    Both are looked for, because not every id is of one form: objects have plain ids, but ids of segments, governance
    groups and jobs keep their hyphens. No two objects differ by hyphens alone. `field` None means any field.

    >>> spellings(None, "00000000-0000-0000-0000-00000000000a")
    ('00000000-0000-0000-0000-00000000000a', '0000000000000000000000000000000a')
    """
    is_id = field is None or (field.kind is Kind.KEYWORD and field.path.rpartition(".")[2] == "id")
    return (text, text.replace("-", "")) if is_id and _UUID.fullmatch(text) else (text,)


def strings_only(field: Field, what: str) -> Field:
    """The field, unless it is no string field."""
    if field.kind not in STRINGS:
        raise ValueError(f"{what} works on text, and {field.path} is a {field.kind.value} field")
    return field


def scalar(field: Field, text: str) -> bool | int | float:
    """The value that the text means on a BOOL or NUMBER field."""
    if field.kind is Kind.BOOL:
        if text.lower() not in {"true", "false"}:
            raise ValueError(f"{field.path} is true or false, not {text[:60]!r}")
        return text.lower() == "true"
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{field.path} is a number, not {text[:60]!r}")
    if text.lstrip("+-").isdigit() and abs(int(text)) <= _LARGEST_INTEGER:
        return int(text)
    number = float(text)
    if abs(number) > _LARGEST_INTEGER:
        raise ValueError(f"{text[:60]!r} is too large a number")
    return number


def folded(pattern: ast.Pattern) -> ast.Pattern:
    """The pattern with its literal parts folded."""
    return tuple(fold(part) if isinstance(part, str) else part for part in pattern)


def edits(raw: ast.Fuzzy) -> int:
    """The distance that a fuzzy term allows, AUTO resolved by its length in characters."""
    if raw.distance is not None:
        return raw.distance
    low, high = raw.auto
    return 0 if len(raw.text) < low else 1 if len(raw.text) < high else 2


def fuzzy_token(field: Field | None, raw: ast.Fuzzy, text: str | None = None, *, cut: bool = True) -> ast.Node:
    """A fuzzy term against tokens; it is folded (unless the `text` to look for is given) but not analysed."""
    found: list[ast.Node] = []
    for token in spellings(field, fold(raw.text) if text is None else text):
        if edits(raw) == 0:
            found.append(ast.Phrase(field=field, tokens=(token,), span=raw.span))
        else:
            found.append(
                ast.TokenFuzzy(
                    field=field,
                    token=token,
                    distance=edits(raw),
                    prefix_length=min(raw.prefix_length, len(token)),
                    transpositions=raw.transpositions,
                    most=raw.most,
                    cut=cut,
                    span=raw.span,
                )
            )
    return ast.disj(*found, span=raw.span)


def iso(ms: int, *, short: bool) -> str:
    """The instant as ISO text; `short` drops a time of midnight, to sort before every text of that day."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    text = moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    return text.removesuffix("T00:00:00.000Z") if short else text
