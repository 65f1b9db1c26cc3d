"""Bare SQL: what the database itself needs for a metadata job that hits every role.

The same rows go into the same tables and indexes with the same durability as in Bulkwark, in chunks of
20,000; there is no HTTP, no progress, no rule beside what the statement says. Because every role is hit,
old index rows are deleted by ranges, the fastest way there is.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import apsw

CHUNK = 20_000
ROLE = 1


class Bare:
    """One database file and its statements."""

    def __init__(self, data_dir: Path) -> None:
        self.db = apsw.Connection(str(data_dir / "bulkwark.db"))
        for name, value in (
            ("journal_mode", "wal"),
            ("synchronous", "full"),
            ("cache_size", -65_536),
            ("temp_store", "memory"),
            ("wal_autocheckpoint", 4_000),
        ):
            self.db.pragma(name, value)
        ((self.tenant,),) = self.db.execute("SELECT tenant FROM tenant WHERE name = 'default'")
        # Numbers far above those that the loader or a server gave out.
        self.job = 1_000_000

    def pairs(self, key: str) -> dict[str, int]:
        """Value → pair of one attribute."""
        sql = (
            "SELECT v.value, v.pair FROM md_value v JOIN md_attribute a USING (tenant, attribute) "
            "WHERE v.tenant = ? AND a.key = ?"
        )
        return {str(value): int(str(pair)) for value, pair in self.db.execute(sql, (self.tenant, key))}

    def every_pair(self) -> list[int]:
        return [pair for (pair,) in self.db.execute("SELECT pair FROM md_value WHERE tenant = ?", (self.tenant,))]

    def add(self, pairs: Sequence[int]) -> float:
        """ADD: pairs that a role lacks are appended."""
        after = "s.md"
        for pair in pairs:
            after = (
                f"iif(instr(',' || {after} || ',', ',{pair},'), {after}, "
                f"iif({after} = '', '{pair}', {after} || ',{pair}'))"
            )
        return self._run(after, gains=pairs, losses=())

    def remove(self, pairs: Sequence[int]) -> float:
        """REMOVE: the named pairs go."""
        return self._run(_taken_out(pairs), gains=(), losses=pairs)

    def replace_attribute(self, new: Sequence[int], attribute: Sequence[int]) -> float:
        """REPLACE/ATTRIBUTE: all pairs of the attribute go, the new ones are appended."""
        rest, added = _taken_out(attribute), ",".join(map(str, new))
        after = f"iif({rest} = '', '{added}', {rest} || ',{added}')"
        return self._run(after, gains=new, losses=[p for p in attribute if p not in new])

    def replace_all(self, new: Sequence[int]) -> float:
        """REPLACE/ALL: only the new pairs stay."""
        after = f"'{','.join(map(str, new))}'"
        return self._run(after, gains=new, losses=[p for p in self.every_pair() if p not in new])

    def _run(self, after: str, gains: Sequence[int], losses: Sequence[int]) -> float:
        """Select all roles, then change them chunk by chunk. Answers the seconds it took."""
        self.job += 1
        began = time.perf_counter()
        self._do(
            "INSERT INTO job_target (tenant, job, rid) SELECT tenant, ?, rid FROM state WHERE tenant = ? AND kind = ? "
            "ORDER BY rid",
            (self.job, self.tenant, ROLE),
        )
        cursor = 0
        while True:
            ((last,),) = self.db.execute(
                "SELECT max(rid) FROM (SELECT rid FROM job_target WHERE tenant = ? AND job = ? AND rid > ? "
                "ORDER BY rid LIMIT ?)",
                (self.tenant, self.job, cursor, CHUNK),
            )
            if last is None:
                return time.perf_counter() - began
            self._chunk(after, gains, losses, cursor, last)
            cursor = last

    def _chunk(self, after: str, gains: Sequence[int], losses: Sequence[int], cursor: int, last: int) -> None:
        span = (self.tenant, self.job, cursor, last)
        self._do("BEGIN IMMEDIATE")
        self._do(
            "INSERT INTO job_item (tenant, job, rid, outcome, reason, before, after) "
            "SELECT tenant, job, rid, iif(before = after, 2, 1), NULL, before, iif(before = after, NULL, after) FROM ("
            f"SELECT t.tenant, t.job, t.rid, s.md AS before, {after} AS after FROM job_target t "
            "CROSS JOIN state s ON s.rid = t.rid WHERE t.tenant = ? AND t.job = ? AND t.rid > ? AND t.rid <= ?)",
            span,
        )
        for pair in losses:
            self._do(
                "DELETE FROM md_inv WHERE tenant = ? AND pair = ? AND rid > ? AND rid <= ?",
                (self.tenant, pair, cursor, last),
            )
        for pair in gains:
            self._do(
                f"INSERT OR IGNORE INTO md_inv (tenant, pair, rid) SELECT tenant, {pair}, rid FROM job_item "
                "WHERE tenant = ? AND job = ? AND rid > ? AND rid <= ? AND outcome = 1",
                span,
            )
        self._do(
            "UPDATE state SET md = i.after, modified = ?5 FROM job_item i WHERE i.tenant = ?1 AND i.job = ?2 "
            "AND i.rid > ?3 AND i.rid <= ?4 AND i.outcome = 1 AND state.rid = i.rid",
            (*span, time.time_ns() // 1_000_000),
        )
        self._do("COMMIT")

    def _do(self, sql: str, params: Sequence[object] = ()) -> None:
        for _ in self.db.execute(sql, params):
            pass


def _taken_out(pairs: Sequence[int]) -> str:
    """`s.md` without the pairs. Commas are doubled meanwhile, so that neighbours do not share one."""
    text = "',' || replace(s.md, ',', ',,') || ','"
    for pair in pairs:
        text = f"replace({text}, ',{pair},', '')"
    return f"trim(replace({text}, ',,', ','), ',')"
