"""What a check knows of the text that it reads: places of faults, measures, and how conditions are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from bulkwark.errors import Invalid, QueryError
from bulkwark.query import ast, written
from bulkwark.query.names import Names

Leaf = ast.Text | ast.Like | ast.Fuzzy | ast.Regex | ast.Range | ast.Term | ast.Holds
# Conditions after fields were filled in; more is too much for any store.
MAX_LEAVES = 30_000
_BESIDE_REGEX = frozenset(" \t\n\r\u3000():+-!^")


@dataclass(slots=True)
class Shared:
    """What the texts of one query have in common, one inside the other."""

    names: Names
    strict: bool
    elsewhere: frozenset[str]
    scans: int = 0
    leaves: int = 0


class SourceCheck:
    """The part of a check that looks at how a source is written."""

    def __init__(self, shared: Shared, source: ast.Source) -> None:
        self.shared = shared
        self.names = shared.names
        self.strict = shared.strict
        self.source = source
        self.text = source.text

    def count(self, more: int, raw: ast.Node) -> None:
        """Take note of so many conditions more."""
        self.shared.leaves += more
        if self.shared.leaves > MAX_LEAVES:
            hint = "ask fewer fields, or split it into several requests"
            self.fail(f"the query becomes more than {MAX_LEAVES:,} conditions", raw.span, hint)

    def check_written(self, raw: Leaf) -> None:
        """Under `strict`: typing faults in a query string that quietly mean something else."""
        if not self.strict or self.source.places:
            return
        if raw.field:
            self.false_quote(raw.field, raw)
        if isinstance(raw, ast.Text) and not raw.quoted and written.small_operator(self.text, raw):
            hint = f'write {raw.text.upper()} in capitals to join conditions, or "{raw.text}" for the word itself'
            self.fail(f"{raw.text!r} is searched as a word here, it is no operator", raw.span, hint)
        if isinstance(raw, ast.Fuzzy) or (isinstance(raw, ast.Text) and not raw.quoted):
            self.false_quote(raw.text, raw)
        elif isinstance(raw, ast.Like):
            self.false_quote("".join(part if isinstance(part, str) else part.value for part in raw.pattern), raw)
        elif isinstance(raw, ast.Range):
            for bound in (raw.low, raw.high):
                self.false_quote(bound.text if bound else "", raw)
        elif isinstance(raw, ast.Regex):
            beside = self.text[max(0, raw.span[0] - 1) : raw.span[0]] + self.text[raw.span[1] : raw.span[1] + 1]
            if not _BESIDE_REGEX.issuperset(beside):
                hint = "write \\/ for a slash inside a value, or put the value in double quotes"
                self.fail("a regular expression between slashes stands right beside a word", raw.span, hint)

    def check_measure(self, raw: ast.Node) -> None:
        """What would be too much work for any store."""
        fault = written.unmeasured(raw)
        if fault:
            self.fail(fault, raw.span)
        self.scan(written.scans(raw), raw)

    def scan(self, cost: int, raw: ast.Node) -> None:
        self.shared.scans += cost
        if self.shared.scans > written.MAX_SCANS:
            detail = (
                f"more than {written.MAX_SCANS} patterns or fuzzy words in one query (without a field each counts 5)"
            )
            self.fail(detail, raw.span, "name the field and begin with letters, as in name:sales*")

    def false_quote(self, word: str, raw: ast.Raw) -> None:
        fault = written.false_quote(word) if self.strict and not self.source.places else ""
        if fault:
            self.fail(fault, raw.span, 'use the straight double quote ", or put the whole text in such quotes')

    def fail(self, detail: str, span: ast.Span, hint: str = "") -> NoReturn:
        """Raise the error at the span's beginning."""
        hint = hint or "leave it out, or ask a field that can hold it"
        if self.source.places:
            raise Invalid(detail, where=self.source.places[span[0]], hint=hint)
        raise QueryError(detail, text=self.text, position=span[0], hint=hint, where=self.source.where)
