"""One chunk of a metadata job: a handful of set statements on the targets between two rids.

The rule itself runs once for each *distinct* metadata text of a chunk (objects share few of them), in
Python, where it is tested; the database then joins its answers to the objects. A job that recalls another one
(an undo, a preview that is run) takes the texts from the items of that one instead of from a rule.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from bulkwark.domain import metadata, reasons
from bulkwark.domain.jobs import Job, Outcome, Relation
from bulkwark.domain.metadata import Pairs
from bulkwark.errors import Invalid
from bulkwark.store.dialect import Session, Sql
from bulkwark.store.outcomes import NewItem

MAX_TRANSFORMS = 50_000  # distinct texts kept between chunks; bounds memory

Rule = Callable[[Pairs], Pairs]
Span = tuple[int, int, int, int]  # tenant, job, the targets in (cursor, last]


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


class MetadataChunks:
    """Records and carries out one job's changes, chunk after chunk. The work tables belong to one job at a time."""

    def __init__(self) -> None:
        self._owner: tuple[int, int, int] | None = None
        self._size = 0

    def forget(self) -> None:
        """The work tables cannot be trusted any more: a transaction was rolled back."""
        self._owner = None

    def record(self, session: Session, job: Job, last: int, rule: Rule, version: int) -> None:
        """Write an item for each target in (cursor, last]: what the rule makes of it. `version`: of the catalogue."""
        span = (job.tenant, job.number, job.cursor, last)
        self._own(session, job, version)
        self._learn(session, span, rule)
        session.run("chunks.record", span)

    def recall(
        self, session: Session, job: Job, last: int, gone: Callable[[int], str | None] | None, version: int
    ) -> None:
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
            session.run("chunks.record_undo", (*span, job.origin, job.options.force))
        else:
            session.run("chunks.record_run", (*span, job.origin))

    def effect(self, session: Session, job: Job, last: int, now: int) -> None:
        """Carry out what was recorded of the targets in (cursor, last]. `now` in ms."""
        span = (job.tenant, job.number, job.cursor, last)
        if job.relation in (Relation.UNDO, Relation.RUN):
            self._moves(session, list(session.rows("chunks.unknown_moves", span)))
        session.run("chunks.gain", span)
        for pair, lost, held in list(session.rows("chunks.lost", span)):
            if 2 * lost < held:
                session.run("chunks.lose", (*span, pair))
                continue
            # Most go: their range is emptied, which is faster than row by row, and the few who keep it are put back.
            if lost < held:
                session.run("chunks.keep", (*span, pair))
            session.run("chunks.lose_all", (job.tenant, pair, job.cursor, last))
            if lost < held:
                session.run("chunks.give_back", (job.tenant, pair))
                session.run("chunks.forget_kept")
        session.run("chunks.effect", (*span, now))

    def _own(self, session: Session, job: Job, version: int) -> None:
        owner = (job.tenant, job.number, version)
        if self._owner != owner or self._size > MAX_TRANSFORMS:
            for table in ("transforms", "moves", "gains", "losses"):
                session.run(f"chunks.forget_{table}")
            self._owner, self._size = owner, 0

    def _learn(self, session: Session, span: Span, rule: Rule) -> None:
        """Ask the rule what becomes of each text of the chunk that it was not asked about yet."""
        found = [judge(rule, md) for (md,) in list(session.rows("chunks.unknown_md", span))]
        self._size += len(found)
        session.many("chunks.add_transform", found)
        self._moves(session, [(one.md, one.after) for one in found if one.after is not None])

    def _moves(self, session: Session, moves: list[tuple[str, str]]) -> None:
        """Work out which pairs each change of text gains and loses."""
        self._size += len(moves)
        gains: list[tuple[str, str, int]] = []
        losses: list[tuple[str, str, int]] = []
        for before, after in moves:
            had, has = metadata.parse(before), metadata.parse(after)
            gains.extend((before, after, pair) for pair in has if pair not in had)
            losses.extend((before, after, pair) for pair in had if pair not in has)
        session.many("chunks.add_move", moves)
        session.many("chunks.add_gain", gains)
        session.many("chunks.add_loss", losses)


def _refusal(md: str, gone: Callable[[int], str | None]) -> str | None:
    """Why a text must not come back."""
    for pair in metadata.parse(md):
        if (name := gone(pair)) is not None:
            return reasons.written(reasons.VALUE_DELETED, f"the metadata value {name} was deleted")
    return None
