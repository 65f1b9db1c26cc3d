"""Kill -9 at random moments of bulk jobs, restart, and prove that every role changed exactly once.

    python -m tests.process.kill --rounds 50 --roles 20000

Each round submits one job by query, ends the server with SIGKILL somewhere in it, reads from the database where
it fell, restarts the server and only waits. Then what the API shows of every role, and the item log, are compared
with a model computed from the roles as they were read before the job.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.process.api import BULK, Api, metadata
from tests.process.ledger import JobRow, Metadata, items, newest_job, reading
from tests.process.server import Server

INSIDE = ("PRE_PROCESS", "CHUNK_PENDING", "CHUNK_PROCESSING")  # the states that count as inside a job
SHARE = 0.8  # of the kills must fall there
COLOURS, SHAPES = "killColour", "killShape"
VALUES = {COLOURS: ("red", "green", "blue", "black"), SHAPES: ("round", "square", "oval")}
RESUME_SECONDS = 300.0
PRE_PROCESS_PART = 0.2  # kills in this part of all rounds aim at the selection, the others at the chunks
OVERSHOOT = 6_000  # roles that a fast server deals with between the look and the kill
CHUNK_SECONDS = 0.020  # about what one chunk takes: a kill may come anywhere in it
PRE_PROCESS_SECONDS = 0.003

Model = Callable[[Metadata], Metadata]


@dataclass(frozen=True, slots=True)
class Change:
    """What a job does to one role: the request, and the same in plain Python."""

    operation: str
    scope: str | None
    attribute: str
    values: tuple[str, ...]

    def body(self, query: str) -> dict[str, Any]:
        search = {"indices": ["roles"], "queryType": "SAILPOINT", "query": {"query": query}}
        values = [{"attribute": self.attribute, "values": list(self.values)}]
        body: dict[str, Any] = {"query": search, "operation": self.operation, "values": values}
        return body | ({"replaceScope": self.scope} if self.scope else {})

    def apply(self, before: Metadata) -> Metadata:
        held = set(before.get(self.attribute, ()))
        if self.operation == "ADD":
            held |= set(self.values)
        elif self.operation == "REMOVE":
            held -= set(self.values)
        else:
            held = set(self.values)
        rest = {} if self.scope == "ALL" else {key: had for key, had in before.items() if key != self.attribute}
        return rest | ({self.attribute: tuple(sorted(held))} if held else {})


CHANGES = (
    Change("ADD", None, COLOURS, ("red", "green")),
    Change("REPLACE", "ATTRIBUTE", COLOURS, ("blue",)),
    Change("ADD", None, SHAPES, ("round",)),
    Change("REMOVE", None, COLOURS, ("blue", "red")),
    Change("REPLACE", "ALL", SHAPES, ("square", "oval")),
)

#: Queries, and which role documents they select.
QUERIES: tuple[tuple[str, Callable[[dict[str, Any]], bool]], ...] = (
    ("*", lambda role: True),
    ("enabled:true", lambda role: bool(role["enabled"])),
    ("NOT requestable:true", lambda role: not role["requestable"]),
)


@dataclass
class Round:
    number: int
    change: Change
    query: str
    after: float = 0.0  # seconds from the request to the kill
    fell: str = ""
    done: int = 0
    total: int | None = None
    selected: int = 0
    changed: int = 0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        what = f"{self.change.operation}{'/' + self.change.scope if self.change.scope else ''}"
        where = f"{self.fell} at {self.done:,} of {self.total or 0:,}"
        verdict = "; ".join(self.faults) or f"{self.selected:,} selected, {self.changed:,} changed, each once"
        return f"{self.number:3}  {what:17} {self.query:21} {self.after * 1000:7.1f} ms  {where:44} {verdict}"


class KillTest:
    """The rounds of one run, on one data directory."""

    def __init__(self, data_dir: Path, roles: int, seed: int, say: Callable[[str], None] = print) -> None:
        self.server = Server(data_dir)
        self.dice = random.Random(seed)
        self.say = say
        say(f"seed {seed}; a company of {roles:,} roles in {data_dir}")
        self.server.load_synthetic(roles)
        self.server.start()
        self.credential = self.server.token()
        with self.api() as api:
            for key, values in VALUES.items():
                api.make_attribute(key, values)
            self.roles = {role["id"]: role for role in api.roles()}

    def api(self) -> Api:
        return Api(self.server.url, self.credential)

    def play(self, number: int) -> Round:
        change = CHANGES[number % len(CHANGES)]
        query, selects = QUERIES[self.dice.randrange(len(QUERIES))]
        selected = {role for role, document in self.roles.items() if selects(document)}
        aim = self.dice.uniform(-PRE_PROCESS_PART * len(selected), len(selected) - OVERSHOOT)
        played = Round(number, change, query)
        previous = self.newest_id()
        with self.api() as api:
            submission = Submission(api, change.body(query))
            self.wait_until(aim, previous, submission)
            self.server.kill9()
            played.after = submission.age()
            submission.join()
        job = self.where_it_fell(played, previous)
        self.server.start()
        if job is None:
            if submission.answer:
                played.faults.append(f"the server answered 202 for job {submission.answer['id']} and then lost it")
            expected = {role: metadata(document) for role, document in self.roles.items()}
            self.compare(played, expected, set())
            return played
        if submission.answer and submission.answer["id"] != job.id:
            played.faults.append(f"answered job {submission.answer['id']}, stored job {job.id}")
        with self.api() as api:
            api.wait_for_job(job.id, RESUME_SECONDS)
        self.verify(played, job.id, selected)
        return played

    def wait_until(self, aim: float, previous: str | None, submission: Submission) -> None:
        """Until the new job has dealt with `aim` roles (below 0: has begun to select), and a random moment longer.

        The moment is chosen by progress, not by the clock: how long a job takes varies with what else the machine does.
        """
        with reading(self.server.data_dir) as database:
            while submission.age() < RESUME_SECONDS:
                job = newest_job(database)
                if job is not None and job.id != previous and (job.done >= aim or job.status == "COMPLETED"):
                    break
                time.sleep(0.0005)
        time.sleep(self.dice.uniform(0, CHUNK_SECONDS if aim >= 0 else PRE_PROCESS_SECONDS))

    def newest_id(self) -> str | None:
        with reading(self.server.data_dir) as database:
            job = newest_job(database)
        return job.id if job else None

    def where_it_fell(self, played: Round, previous: str | None) -> JobRow | None:
        with reading(self.server.data_dir) as database:
            job = newest_job(database)
        if job is None or job.id == previous:
            played.fell = "(no job)"
            return None
        played.fell, played.done, played.total = job.status, job.done, job.total
        return job

    def verify(self, played: Round, job: str, selected: set[str]) -> None:
        """Compare the item log and the API with the model."""
        before = {role: metadata(document) for role, document in self.roles.items()}
        expected = {role: played.change.apply(held) if role in selected else held for role, held in before.items()}
        with reading(self.server.data_dir) as database:
            log, row = items(database, job), newest_job(database)
        logged = Counter(item.role for item in log)
        touched = {role for role in selected if expected[role] != before[role]}
        played.selected, played.changed = len(selected), len(touched)
        faults = {
            "lost": [role for role in selected if role not in logged],
            "doubled": [role for role, times in logged.items() if times > 1],
            "not selected": [role for role in logged if role not in selected],
            "wrong before": [item.role for item in log if item.before != before.get(item.role)],
            "with a wrong outcome": [item.role for item in log if item.changed != (item.role in touched)],
            "wrong after": [item.role for item in log if item.after != expected.get(item.role)],
        }
        played.faults += [
            f"{len(roles)} {name} in the item log, as {roles[0]}" for name, roles in faults.items() if roles
        ]
        if row is None or (row.status, row.done, row.changed) != ("COMPLETED", len(selected), len(touched)):
            played.faults.append(f"{row} for {len(selected)} selected and {len(touched)} changed")
        self.compare(played, expected, touched)
        self.compare_index(played, expected)

    def compare_index(self, played: Round, expected: dict[str, Metadata]) -> None:
        """The metadata index must have moved with the roles: count by query who holds each value."""
        with self.api() as api:
            for key, values in VALUES.items():
                for value in values:
                    held = sum(value in one.get(key, ()) for one in expected.values())
                    text = f"@accessModelMetadata(key:{key} AND value:{value})"
                    search = {"indices": ["roles"], "queryType": "SAILPOINT", "query": {"query": text}}
                    answer = api.http.post("/v2025/search/count", json=search)
                    if answer.headers.get("X-Total-Count") != str(held):
                        shown = answer.headers.get("X-Total-Count", answer.text)
                        played.faults.append(f"{text} counts {shown}, {held} roles hold it")

    def compare(self, played: Round, expected: dict[str, Metadata], touched: set[str]) -> None:
        """Compare what the API shows of every role with the model, and keep it as the truth before the next round."""
        with self.api() as api:
            found = list(api.roles())
        after = {role["id"]: role for role in found}
        if len(after) != len(found) or after.keys() != self.roles.keys():
            played.faults.append(f"{len(found)} roles shown, {len(after)} different, {len(self.roles)} before")
        wrong = [role for role, document in after.items() if metadata(document) != expected.get(role)]
        if wrong:
            shown = metadata(after[wrong[0]])
            played.faults.append(f"{len(wrong)} roles differ, as {wrong[0]}: {shown}, not {expected.get(wrong[0])}")
        moved = {role for role, document in after.items() if document["modified"] != self.roles[role]["modified"]}
        if moved != touched:
            played.faults.append(f"`modified` moved on {len(moved)} roles, {len(touched)} changed")
        self.roles = after


class Submission:
    """The request on its way in a thread of its own, so that a kill can come before its answer."""

    def __init__(self, api: Api, body: dict[str, Any]) -> None:
        self.answer: dict[str, Any] | None = None
        self.failure: str | None = None
        self._thread = threading.Thread(target=self._send, args=(api, body))
        self._sent = time.perf_counter()
        self._thread.start()

    def _send(self, api: Api, body: dict[str, Any]) -> None:
        try:
            answer = api.http.post(f"{BULK}/query", json=body)
        except httpx.HTTPError as killed:
            self.failure = repr(killed)
        else:
            if answer.status_code == 202:
                self.answer = answer.json()
            else:
                self.failure = f"{answer.status_code} {answer.text[:500]}"

    def age(self) -> float:
        return time.perf_counter() - self._sent

    def join(self) -> None:
        self._thread.join()


def run(data_dir: Path, rounds: int, roles: int, seed: int, say: Callable[[str], None] = print) -> list[Round]:
    test = KillTest(data_dir, roles, seed, say)
    played = []
    try:
        for number in range(1, rounds + 1):
            played.append(test.play(number))
            say(str(played[-1]))
    finally:
        test.server.stop()
    return played


def share_inside(played: Sequence[Round]) -> float:
    return sum(one.fell in INSIDE for one in played) / len(played)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--roles", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        played = run(Path(temporary) / "data", options.rounds, options.roles, options.seed)
    faulty = [one for one in played if one.faults]
    places = ", ".join(f"{state} {times}" for state, times in Counter(one.fell for one in played).most_common())
    print(
        f"{len(played)} kills: {places}; {share_inside(played):.0%} inside PRE_PROCESS or CHUNK_*; {len(faulty)} faulty"
    )
    return 1 if faulty or share_inside(played) < SHARE else 0


if __name__ == "__main__":
    sys.exit(main())
