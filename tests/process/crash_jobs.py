"""The kinds of jobs that the crash test plays, each with a model of what it must have done."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.process.crash_ledger import CHANGED, UNCHANGED, Governed, ItemRow, JobRow, Spaces

Metadata = frozenset[tuple[int, ...]]  # pairs, of each attribute in the order of its values
Wanted = str | None | Metadata | tuple[str, ...]  # the exact text; metadata; what a text begins with
Send = Callable[[Mapping[str, str]], httpx.Response]  # with headers that say how the job runs


def held_by(text: str | None, attributes: Mapping[int, str]) -> dict[str, list[int]]:
    """Attribute → its pairs in order. Attributes have no order among themselves."""
    held: dict[str, list[int]] = {}
    for pair in (text or "").split(","):
        if pair:
            held.setdefault(attributes[int(pair)], []).append(int(pair))
    return held


def metadata(held: Mapping[str, list[int]]) -> Metadata:
    return frozenset(tuple(pairs) for pairs in held.values() if pairs)


@dataclass
class Task:
    """One job: how it is sent, and what must have become of each of its targets."""

    name: str
    send: Send
    space: str
    wanted: dict[int, Wanted]
    preview: bool = False
    at_once: bool = False  # done by the call that brings it
    always: bool = False  # every target counts as changed, also one that keeps its status
    headers: dict[str, str] = field(default_factory=dict)
    attributes: Mapping[int, str] = field(default_factory=dict)  # of each pair, for metadata
    apart: Mapping[int, int] = field(default_factory=dict)  # targets that stay as they are, with their outcome
    again: dict[int, Wanted] = field(default_factory=dict)  # what a re-run makes of those

    @property
    def size(self) -> int:
        return len(self.wanted)

    def fits(self, wanted: Wanted, text: str | None) -> bool:
        if isinstance(wanted, frozenset):
            return metadata(held_by(text, self.attributes)) == wanted
        if isinstance(wanted, tuple):
            return (text or "").startswith(wanted)
        return text == wanted

    def touched(self, before: Governed) -> set[int]:
        held = before.spaces[self.space]
        return {target for target, wanted in self.wanted.items() if self.always or not self.fits(wanted, held[target])}

    def faults(self, before: Governed, after: Governed, job: JobRow, rows: list[ItemRow]) -> list[str]:
        """What contradicts the model; nothing: every target has been dealt with exactly once."""
        held, now = before.spaces[self.space], after.spaces[self.space]
        touched = self.touched(before)
        found, by_target = self._items(rows), {row.target: row for row in rows}
        counts = (job.status, job.total, job.done, job.changed, job.unchanged)
        same = self.size - len(touched) - len(self.apart)
        if counts != ("COMPLETED", self.size, self.size, len(touched), same):
            found.append(f"{job} for {self.size} targets and {len(touched)} changes")
        wrong = dict[str, list[int]]()
        expected = dict(held)
        for target, wanted in self.wanted.items():
            row = by_target.get(target)
            if row is None:
                continue
            if row.outcome != self.apart.get(target, CHANGED if target in touched else UNCHANGED):
                wrong.setdefault("with a wrong outcome", []).append(target)
            if self.text(row.before) != held[target]:
                wrong.setdefault("wrong before", []).append(target)
            if target in touched:
                if not self.fits(wanted, self.text(row.after)):
                    wrong.setdefault("wrong after", []).append(target)
                if not self.preview:
                    expected[target] = self.text(row.after)
        found += [f"{len(targets)} {what} in the item log, as {targets[0]}" for what, targets in wrong.items()]
        found += unlike(before, after, {self.space: expected}, set() if self.preview else touched, before.records)
        found += after.faults
        return found if now.keys() == held.keys() else [*found, "targets came or went"]

    def _items(self, rows: list[ItemRow]) -> list[str]:
        logged = Counter(row.target for row in rows)
        faults = {
            "lost": [target for target in self.wanted if target not in logged],
            "doubled": [target for target, times in logged.items() if times > 1],
            "not selected": [target for target in logged if target not in self.wanted],
        }
        return [f"{len(targets)} {what} in the item log" for what, targets in faults.items() if targets]

    def text(self, text: str | None) -> str | None:
        """What of an item stands in the space: of a patch an item has the members that differ, as JSON."""
        if self.space != "description" or text is None:
            return text
        found: str | None = json.loads(text).get("description")
        return found


@dataclass
class UploadTask(Task):
    """A file of non-employees, or its undo: a target is a line of the file."""

    accounts: frozenset[str] = frozenset()
    undo: bool = False

    @property
    def size(self) -> int:
        return len(self.accounts)

    def faults(self, before: Governed, after: Governed, job: JobRow, rows: list[ItemRow]) -> list[str]:
        records = before.records
        if not self.preview:
            records = records - self.accounts if self.undo else records | self.accounts
        found = unlike(before, after, {}, set(), records) + after.faults
        lines = {row.target for row in rows}
        if len(lines) != len(rows) or len(rows) != self.size:
            found.append(f"{len(rows)} items of {len(lines)} lines for {self.size} rows")
        if wrong := [row.target for row in rows if row.outcome != CHANGED]:
            found.append(f"{len(wrong)} with a wrong outcome in the item log, as line {wrong[0]}")
        if (job.status, job.total, job.changed) != ("COMPLETED", self.size, self.size):
            found.append(f"{job} for {self.size} rows")
        return found


def unlike(before: Governed, after: Governed, spaces: Spaces, touched: set[int], records: frozenset[str]) -> list[str]:
    """How the governed things differ from what is expected: those spaces, else as before; `modified` of the touched."""
    found = []
    for name, held in before.spaces.items():
        expected, shown = spaces.get(name, held), after.spaces[name]
        wrong = [target for target in expected if shown.get(target) != expected[target]]
        if wrong or shown.keys() != expected.keys():
            first = f", as {wrong[0]}: {shown.get(wrong[0])!r}, not {expected[wrong[0]]!r}" if wrong else ""
            found.append(f"{name} of {len(wrong)} objects is not as expected{first}")
    moved = {rid for rid, moment in after.modified.items() if before.modified.get(rid) != moment}
    if moved != {rid for rid in touched if rid in before.modified}:
        found.append(f"`modified` moved on {len(moved)} objects, {len(touched)} changed")
    if after.records != records:
        lost, more = len(records - after.records), len(after.records - records)
        found.append(f"{lost} non-employee records are missing and {more} too many")
    return found


@dataclass(frozen=True, slots=True)
class Change:
    """What a metadata job asks for."""

    operation: str
    scope: str | None
    attribute: str
    values: tuple[str, ...]

    def body(self) -> dict[str, Any]:
        values = [{"attribute": self.attribute, "values": list(self.values)}]
        scope = {"replaceScope": self.scope} if self.scope else {}
        return {"operation": self.operation, "values": values} | scope

    def apply(self, text: str | None, pairs: Mapping[tuple[str, str], int]) -> Metadata:
        held = held_by(text, {pair: key for (key, _), pair in pairs.items()})
        given = [pairs[self.attribute, value] for value in self.values]
        had = held.get(self.attribute, [])
        if self.operation == "ADD":
            now = had + [pair for pair in given if pair not in had]
        elif self.operation == "REMOVE":
            now = [pair for pair in had if pair not in given]
        else:
            now = given
        return metadata({} if self.scope == "ALL" else held) - {tuple(had)} | metadata({self.attribute: now})


COLOURS, SHAPES, CROWD = "crashColour", "crashShape", "crashCrowd"
VALUES = {COLOURS: ("red", "green", "blue", "black"), SHAPES: ("round", "square", "oval")}
VALUES[CROWD] = tuple(f"v{number:02}" for number in range(25))  # as many as an object may hold


def draw_change(dice: random.Random) -> Change:
    """Any operation on any of the values."""
    attribute = dice.choice((COLOURS, SHAPES))
    values = tuple(dice.sample(VALUES[attribute], dice.randint(1, 2)))
    operation, scope = dice.choice((("ADD", None), ("REMOVE", None), ("REPLACE", "ATTRIBUTE"), ("REPLACE", "ALL")))
    return Change(operation, scope, attribute, values)
