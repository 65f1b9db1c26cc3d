"""One chunk of a metadata job: a handful of set statements on the targets between two rids.

The rule itself runs once for each *distinct* metadata text of a chunk (objects share few of them), in
Python, where it is tested; the database then joins its answers to the objects.
"""

from __future__ import annotations

from collections.abc import Callable

from bulkwark.domain import metadata
from bulkwark.domain.jobs import Job, Outcome
from bulkwark.domain.metadata import Pairs
from bulkwark.errors import Invalid
from bulkwark.store.dialect import Session

MAX_TRANSFORMS = 50_000  # distinct texts kept between chunks; bounds memory


class MetadataChunks:
    """Applies one job's rule, chunk after chunk. The work tables belong to one job at a time."""

    def __init__(self) -> None:
        self._owner: tuple[int, int, int] | None = None
        self._size = 0

    def forget(self) -> None:
        """The work tables cannot be trusted any more: a transaction was rolled back."""
        self._owner = None

    def apply(
        self, session: Session, job: Job, last: int, rule: Callable[[Pairs], Pairs], version: int, now: int
    ) -> None:
        """Record and carry out the rule on the targets in (cursor, last]. `version`: of the catalogue."""
        span = (job.tenant, job.number, job.cursor, last)
        owner = (job.tenant, job.number, version)
        if self._owner != owner or self._size > MAX_TRANSFORMS:
            for statement in ("chunks.forget_transforms", "chunks.forget_gains", "chunks.forget_losses"):
                session.run(statement)
            self._owner, self._size = owner, 0
        self._learn(session, span, rule)
        session.run("chunks.record", span)
        session.run("chunks.gain", span)
        session.run("chunks.lose", span)
        session.run("chunks.effect", (*span, now))

    def _learn(self, session: Session, span: tuple[int, int, int, int], rule: Callable[[Pairs], Pairs]) -> None:
        texts = [md for (md,) in session.rows("chunks.unknown_md", span)]
        self._size += len(texts)
        transforms: list[tuple[str, Outcome, str | None, str | None]] = []
        gains: list[tuple[str, int]] = []
        losses: list[tuple[str, int]] = []
        for md in texts:
            before = metadata.parse(md)
            try:
                after = rule(before)
            except Invalid as fault:
                transforms.append((md, Outcome.FAILED, fault.sentence(), None))
                continue
            if after == before:
                transforms.append((md, Outcome.UNCHANGED, None, None))
                continue
            transforms.append((md, Outcome.CHANGED, None, metadata.text(after)))
            gains.extend((md, pair) for pair in after if pair not in before)
            losses.extend((md, pair) for pair in before if pair not in after)
        session.many("chunks.add_transform", transforms)
        session.many("chunks.add_gain", gains)
        session.many("chunks.add_loss", losses)
