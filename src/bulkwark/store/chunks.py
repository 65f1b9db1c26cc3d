"""One chunk of a metadata job: a handful of set statements on the targets between two rids.

The rule itself runs once for each *distinct* metadata text of a chunk (objects share few of them), in
Python, where it is tested; the database then joins its answers to the objects. A job that recalls another one
(an undo, a preview that is run) takes the texts from the items of that one instead of from a rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from bulkwark.domain import metadata, reasons
from bulkwark.domain.jobs import Job, Mode, Outcome, Relation
from bulkwark.domain.metadata import Pairs
from bulkwark.errors import Invalid
from bulkwark.store import jobs
from bulkwark.store.dialect import Session, Sql
from bulkwark.store.outcomes import NewItem

MAX_TRANSFORMS = 50_000  # distinct texts kept between chunks; bounds memory

Rule = Callable[[Pairs], Pairs]
Span = tuple[int, int, int, int]  # tenant, job, the targets in (cursor, last]
Move = tuple[str, str]  # a text before and after
_UNKNOWN = 0  # instead of an outcome: there is more to be asked about the item


class Judged(NamedTuple):
    """What a rule makes of one metadata text; `after` only where it changes."""

    md: str
    outcome: Outcome
    reason: str | None
    after: str | None

    def item(self, rid: int) -> NewItem:
        """The same as an item of an object that has this text."""
        return NewItem(rid, self.outcome, self.reason, self.md, self.after)


def judge(rule: Rule, md: str) -> Judged:
    """Ask the rule what becomes of a metadata text."""
    before = metadata.parse(md)
    try:
        after = rule(before)
    except Invalid as fault:
        return Judged(md, Outcome.FAILED, reasons.written(fault.reason or reasons.REFUSED, fault.sentence()), None)
    if after == before:
        return Judged(md, Outcome.UNCHANGED, None, None)
    return Judged(md, Outcome.CHANGED, None, metadata.text(after))


def texts(session: Session, selection: Sql) -> list[tuple[str, int, int]]:
    """The distinct metadata texts of a selection: (text, how many objects have it, the rid of one)."""
    joined = f"FROM ({selection.text}) t CROSS JOIN state s ON s.rid = t.rid"
    return list(session.execute(f"SELECT s.md, count(*), min(s.rid) {joined} GROUP BY s.md", selection.params))


class Ended(NamedTuple):
    """Items of a chunk that ended alike: how, with which text, and how many."""

    outcome: int
    before: str
    after: str
    number: int

    def had(self, pair: int) -> bool:
        return f",{pair}," in f",{self.before},"


class MetadataChunks:
    """Records and carries out one job's changes, chunk after chunk. The work tables belong to one job at a time."""

    def __init__(self) -> None:
        self._owner: tuple[int, int, int] | None = None
        self._size = 0
        self._differences: dict[Move, tuple[Pairs, Pairs]] = {}  # pairs that a change of text gains and loses
        self._ended: tuple[Span, list[Ended]] | None = None  # of the last recorded chunk

    def forget(self) -> None:
        """The work tables cannot be trusted any more: a transaction was rolled back."""
        self._owner = self._ended = None

    def record(self, session: Session, job: Job, last: int, rule: Rule, version: int) -> dict[Outcome, int]:
        """Write an item for each target in (cursor, last]: what the rule makes of it. `version`: of the catalogue.

        Answers how they ended. Nearly always every text of a chunk has been met before, so it is recorded at once; the
        rule is asked about the others afterwards, and their items are settled.
        """
        span = (job.tenant, job.number, job.cursor, last)
        self._own(session, job, version)
        session.run("chunks.record", span)
        counted = self._counted(session, job, span)
        if _UNKNOWN in counted:
            found = [judge(rule, md) for (md,) in list(session.rows("chunks.unknown_md", span))]
            self._size += len(found)
            session.many("chunks.add_transform", found)
            session.run("chunks.settle", span)
            counted = self._counted(session, job, span)
        return {Outcome(outcome): number for outcome, number in counted.items()}

    def recall(
        self, session: Session, job: Job, last: int, gone: Callable[[int], str | None] | None, version: int
    ) -> dict[Outcome, int]:
        """The same from the items of the job's origin. `gone`: what a pair was that no longer exists; None: all do."""
        span = (job.tenant, job.number, job.cursor, last)
        self._own(session, job, version)
        back = job.relation is Relation.UNDO
        if gone is not None:
            unknown = "chunks.unknown_before" if back else "chunks.unknown_after"
            texts = [md for (md,) in session.rows(unknown, (*span, job.origin)) if md is not None]
            self._size += len(texts)
            session.many("chunks.add_transform", [(md, None, _refusal(md, gone), None) for md in texts])
        if back:
            statement = "chunks.record_undo_all" if self._whole(session, job) else "chunks.record_undo"
            session.run(statement, (*span, job.origin, gone is not None))
        else:
            session.run("chunks.record_run", (*span, job.origin))
        counted = self._counted(session, job, span)
        if _UNKNOWN in counted:
            session.run("chunks.settle_undo", (*span, job.origin, job.options.force))
            counted = self._counted(session, job, span)
        return {Outcome(outcome): number for outcome, number in counted.items()}

    def effect(self, session: Session, job: Job, last: int, now: int) -> None:
        """Carry out what was recorded of the targets in (cursor, last]. `now` in ms."""
        span = (job.tenant, job.number, job.cursor, last)
        if self._ended is None or self._ended[0] != span:
            self._counted(session, job, span)
        assert self._ended is not None
        ended = self._ended[1]
        moves = {(one.before, one.after): one.number for one in ended if one.outcome == Outcome.CHANGED}
        if not moves:
            return
        self._learn(session, moves)
        gained, lost = Counter[int](), Counter[int]()
        for move, number in moves.items():
            gains, losses = self._differences[move]
            for pair in gains:
                gained[pair] += number
            for pair in losses:
                lost[pair] += number
        self._gain(session, span, gained, sum(moves.values()))
        for pair, number in lost.items():
            self._lose(session, span, pair, number, ended)
        session.run("chunks.effect", (*span, now))

    def _gain(self, session: Session, span: Span, gained: Counter[int], changed: int) -> None:
        if all(number == changed for number in gained.values()):
            for pair in sorted(gained):
                session.run("chunks.gain_all", (*span, pair))
        else:
            session.run("chunks.gain", span)

    def _lose(self, session: Session, span: Span, pair: int, lost: int, ended: list[Ended]) -> None:
        tenant, _, cursor, last = span
        held = session.value("chunks.held", (tenant, pair, cursor, last))
        if 2 * lost < held:
            session.run("chunks.lose", (*span, pair))
            return
        # Most go: their range is emptied, which is faster than row by row, and the few who keep it are put back.
        if lost == held:
            session.run("chunks.lose_all", (tenant, pair, cursor, last))
        elif held == sum(one.number for one in ended if one.had(pair)):
            session.run("chunks.lose_all", (tenant, pair, cursor, last))
            session.run("chunks.give_back_kept", (*span, pair))
        else:  # also by objects that are no targets
            session.run("chunks.keep", (*span, pair))
            session.run("chunks.lose_all", (tenant, pair, cursor, last))
            session.run("chunks.give_back", (tenant, pair))
            session.run("chunks.forget_kept")

    def _own(self, session: Session, job: Job, version: int) -> None:
        owner = (job.tenant, job.number, version)
        if self._owner != owner or self._size > MAX_TRANSFORMS:
            for table in ("transforms", "gains", "losses"):
                session.run(f"chunks.forget_{table}")
            self._differences.clear()
            self._owner, self._size = owner, 0

    def _counted(self, session: Session, job: Job, span: Span) -> dict[int, int]:
        """How the items of a chunk ended, as numbers; of those that change, what becomes of which text."""
        if job.mode is Mode.PREVIEW:
            return dict(session.rows("jobs.outcomes", span))
        ended = [Ended(*row) for row in session.rows("chunks.outcomes", span)]
        self._ended = span, ended
        counted = Counter[int]()
        for one in ended:
            counted[one.outcome] += one.number
        return dict(counted)

    def _whole(self, session: Session, job: Job) -> bool:
        """Whether all that the origin has changed are targets. (They are always some of it.)"""
        assert job.origin is not None
        return job.total == jobs.by_number(session, job.tenant, job.origin).changed

    def _learn(self, session: Session, moves: Iterable[Move]) -> None:
        """Work out which pairs each change of text gains and loses."""
        gains: list[tuple[str, str, int]] = []
        losses: list[tuple[str, str, int]] = []
        for move in moves:
            if move in self._differences:
                continue
            had, has = (metadata.parse(text) for text in move)
            gained, lost = (tuple(p for p in a if p not in b) for a, b in ((has, had), (had, has)))
            self._differences[move] = gained, lost
            gains.extend((*move, pair) for pair in gained)
            losses.extend((*move, pair) for pair in lost)
            self._size += 1
        session.many("chunks.add_gain", gains)
        session.many("chunks.add_loss", losses)


def _refusal(md: str, gone: Callable[[int], str | None]) -> str | None:
    """Why a text must not come back."""
    for pair in metadata.parse(md):
        if (name := gone(pair)) is not None:
            return reasons.written(reasons.VALUE_DELETED, f"the metadata value {name} was deleted")
    return None
