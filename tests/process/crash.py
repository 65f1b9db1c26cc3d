"""Kill -9, SIGTERM and a full disk at random moments of every kind of job: nothing is lost, nothing is done twice.

    python -m tests.process.crash --rounds 1000

A round ends the server, or lets its disk be full, somewhere in a job. Then the server is started again (or the disk has
space again) and left alone; when the job has completed, an independent reader compares everything that jobs govern, and
the item log, with a model. A job may be met by several rounds before it completes.
"""

from __future__ import annotations

import argparse
import random
import resource
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.process.crash_company import Client, Company, build, order
from tests.process.crash_jobs import Task
from tests.process.crash_ledger import (
    Governed,
    JobRow,
    governed,
    items,
    job_after,
    last_event,
    last_number,
    progress_after,
)
from tests.process.ledger import reading
from tests.process.server import Credential, Server

INSIDE = ("PRE_PROCESS", "CHUNK_PENDING", "CHUNK_PROCESSING")
SHARE, RESUME = 0.8, 2.0  # the bars: of the rounds inside, seconds from GET /health to the job's next progress
KILL, TERM, FULL = "kill -9", "SIGTERM", "disk full"
ENDS, WEIGHTS = (KILL, TERM, FULL), (0.45, 0.25, 0.30)
PRE_PROCESS_PART = 0.12  # rounds that aim at the selection, the others at the chunks
AGAIN = 0.35  # how often a job that has gone on is met by another round
PACE = 0.25  # seconds: what a speed lets through in so long is one chunk (bulk/engine.py)
JOB_SECONDS = (0.6, 1.4)  # what a job's speed makes it last
SLOW_PART = 0.85  # jobs with a speed; the others run as fast as they can
CALL_SECONDS = 0.03  # within which a patch is done
SECONDS = 60.0
COPY_AFTER = 100  # jobs on one copy of the company
COMPLAINTS = ("waits:", "put off", "will be tried again", "cannot even end")  # what a log says of a full disk


@dataclass
class Round:
    number: int
    job: str
    end: str
    fell: str = ""
    done: int = 0
    total: int | None = None
    healthy: float | None = None  # seconds from GET /health (a full disk: from new space) to the next progress
    started: float | None = None  # the same from the start of the process
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        where = f"{self.fell} at {self.done} of {self.total if self.total is not None else '?'}"
        times = "" if self.healthy is None else f"on after {self.healthy * 1000:.0f} ms"
        if self.started is not None:
            times += f" ({self.started * 1000:.0f} ms from the start of the process)"
        return f"{self.number:4}  {self.end:9} {self.job:44} {where:36} {'; '.join(self.faults) or times}"


class Submission:
    """The request on its way in a thread of its own."""

    def __init__(self, task: Task, headers: dict[str, str]) -> None:
        self.answer: httpx.Response | None = None
        self._task, self._headers = task, {**task.headers, **headers}
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def _send(self) -> None:
        try:
            self.answer = self._task.send(self._headers)
        except httpx.HTTPError:
            self.answer = None

    def join(self) -> httpx.Response | None:
        self._thread.join()
        return self.answer


class Crash:
    """The rounds of one run."""

    def __init__(self, folder: Path, roles: int, seed: int, say: Callable[[str], None]) -> None:
        self.folder, self.say, self.dice = folder, say, random.Random(seed)
        self.rounds: list[Round] = []
        self.jobs = 0
        self.credential, self.source = build(folder / "company", roles)
        self.server: Server | None = None
        self.client: Client | None = None

    # --- the company ---------------------------------------------------------------------------------

    def play(self, rounds: int, seconds: float | None = None) -> list[Round]:
        until = time.monotonic() + (seconds or float("inf"))
        kinds, origin = order(), None
        try:
            while len(self.rounds) < rounds and time.monotonic() < until:
                name, kind = next(kinds)
                if self.jobs % COPY_AFTER == 0 or self.server is None:
                    if name in ("undo", "run"):  # of a job in the copy before
                        continue
                    self._copy()
                with reading(self._server.data_dir) as database:
                    before = governed(database)
                task = self._task(name, kind, before, origin)
                job = self._job(task, before)
                origin = (task, *job)
                self.jobs += 1
        finally:
            self.close()
        return self.rounds

    def _task(self, name: str, kind: str, before: Governed, origin: tuple[Task, JobRow, list[object]] | None) -> Task:
        if name in ("metadata", "preview"):
            return self.company.metadata(kind, before, preview=name == "preview")
        if name in ("undo", "run"):
            assert origin is not None
            task, job, rows = origin
            found: Task = getattr(self.company, name)(task, job.id, rows)
            return found
        made: Task = getattr(self.company, name)()
        return made

    @property
    def _server(self) -> Server:
        assert self.server is not None
        return self.server

    @property
    def _client(self) -> Client:
        assert self.client is not None
        return self.client

    def _copy(self) -> None:
        self.close()
        target = self.folder / "copy"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.folder / "company", target)
        self.server = Server(target)
        self.server.start()
        self.client = Client(self.server, Credential(self.credential.id, self.credential.secret))
        self.client.sign_in()
        self.company = Company(self.client, target, self.source, self.dice)

    def close(self) -> None:
        if self.server is not None and self.server.process is not None:
            space(self.server, None)
            self.server.stop()
        if self.client is not None:
            self.client.close()
        self.server = self.client = None

    # --- one job -------------------------------------------------------------------------------------

    def _job(self, task: Task, before: Governed) -> tuple[JobRow, list[object]]:
        """Send a job, meet it with rounds, wait for its end, and compare. Hands back the job and its items."""
        with reading(self._server.data_dir) as database:
            previous = last_number(database)
        met = 0
        while True:
            self._client.sign_in()
            speed = self._speed(task)
            headers = {} if speed is None or task.at_once else {"X-Bulkwark-Speed": str(speed)}
            # A call whose job fell before it was stored is sent again, and then left alone.
            submission = Submission(task, headers)
            if met == 0:
                played = self._round(task, previous, submission, first=True)
                met += 1
            answer = submission.join()
            job = self._stored(previous)
            if job is not None:
                break
            if met and answer is not None and answer.status_code < 300:
                played.faults.append(f"the server answered {answer.status_code} and then lost the job")
            if met == 0 or (answer is not None and answer.status_code not in (503, 202, 200, 204)):
                played.faults.append(f"{answer and answer.status_code} {answer and answer.text[:300]}")
            with reading(self._server.data_dir) as database:
                now = governed(database)
            if now != before:
                played.faults.append("a call that was not accepted has changed something")
            self._client.sign_in()
            again = Submission(task, headers).join()
            if again is None or again.status_code >= 300:
                played.faults.append(f"sent again: {again and again.status_code} {again and again.text[:300]}")
            job = self._wait_stored(previous)
            break
        while not job.finished and self.dice.random() < AGAIN and not task.at_once:
            played = self._round(task, previous, None, first=False)
            found = self._stored(previous)
            assert found is not None, "a job is gone"
            job = found
        job = self._finish(task, previous)
        with reading(self._server.data_dir) as database:
            rows, after = items(database, job.number), governed(database)
            more = last_number(database) - job.number
        played.faults += task.faults(before, after, job, rows)
        if more:
            played.faults.append(f"{more} jobs more than were asked for")
        if task.preview:
            shown = self._client.call("GET", f"/bulkwark/v1/previews/{job.id}").json()
            if (shown.get("changed"), shown.get("unchanged")) != (job.changed, job.unchanged):
                played.faults.append(f"the preview shows {shown}")
        if played.faults:
            self.say(f"FAULT {played}")
        return job, list(rows)

    def _speed(self, task: Task) -> int | None:
        if task.size > 1000 and self.dice.random() > SLOW_PART:
            return None
        return max(1, int(task.size / self.dice.uniform(*JOB_SECONDS)))

    def _stored(self, previous: int) -> JobRow | None:
        with reading(self._server.data_dir) as database:
            return job_after(database, previous)

    def _wait_stored(self, previous: int) -> JobRow:
        until = time.monotonic() + SECONDS
        while (job := self._stored(previous)) is None:
            assert time.monotonic() < until, "the job never came"
            time.sleep(0.01)
        return job

    def _finish(self, task: Task, previous: int) -> JobRow:
        """Let the job run as fast as it can, to its end."""
        job = self._wait_stored(previous)
        if not job.finished and not task.preview:
            self._client.sign_in()
            self._client.call("PATCH", f"/bulkwark/v1/jobs/{job.id}", json={"speed": None})
        until = time.monotonic() + SECONDS
        with reading(self._server.data_dir) as database:
            while (found := job_after(database, previous)) is None or not found.finished:
                if time.monotonic() > until:
                    self.rounds[-1].faults.append(f"the job does not end: {found}")
                    return job
                time.sleep(0.005)
        return found

    # --- one round -----------------------------------------------------------------------------------

    def _round(self, task: Task, previous: int, submission: Submission | None, *, first: bool) -> Round:
        (end,) = self.dice.choices(ENDS, WEIGHTS)
        played = Round(len(self.rounds) + 1, task.name, end)
        self.rounds.append(played)
        with reading(self._server.data_dir) as database:
            self._aim(task, previous, submission, first, database)
            met = job_after(database, previous)
        if end == FULL:
            self._full(played, previous, met)
        else:
            self._end(played, previous, met, end)
        self.say(str(played))
        return played

    def _aim(
        self, task: Task, previous: int, submission: Submission | None, first: bool, database: object
    ) -> None:
        """Wait for the moment: told by what the job has done, and then by chance."""
        if task.at_once:
            time.sleep(self.dice.uniform(0, CALL_SECONDS))
            return
        selecting = first and self.dice.random() < PRE_PROCESS_PART and not task.name.startswith("upload")
        until = time.monotonic() + SECONDS
        with reading(self._server.data_dir) as connection:
            start = job_after(connection, previous)
            aim = -1 if selecting else (start.done if start else 0) + self.dice.uniform(0, 0.5) * task.size
            while time.monotonic() < until:
                job = job_after(connection, previous)
                if job is not None and (job.done > aim or job.finished or (not first and job.done > 0)):
                    break
                answer = submission.answer if submission else None
                if job is None and answer is not None and answer.status_code >= 300:
                    break
                time.sleep(0.0003)
        time.sleep(self.dice.uniform(0, 0.003 if selecting else self.dice.choice((0.02, PACE))))

    def _saw(self, played: Round, job: JobRow | None) -> None:
        played.fell = job.status if job else "(no job)"
        played.done, played.total = (job.done, job.total) if job else (0, None)

    def _end(self, played: Round, previous: int, met: JobRow | None, end: str) -> None:
        """Kill -9: where it fell is what it left behind. SIGTERM: what it met; the running chunk still ends."""
        server = self._server
        mark = server.log.stat().st_size
        if end == TERM:
            status = server.stop()
            said = tail_from(server.log, mark)
            if status != 0 or "Traceback" in said:
                played.faults.append(f"SIGTERM ended it with {status}: {said[-500:]}")
        else:
            server.kill9()
        with reading(server.data_dir) as database:
            left, event = job_after(database, previous), last_event(database)
        self._saw(played, met if end == TERM else left)
        spawned = time.time()
        server.start()
        self._went_on(played, left, event, since=time.time(), spawned=spawned)

    def _full(self, played: Round, previous: int, met: JobRow | None) -> None:
        """No file may grow beyond a random size for a while. Then there is space again, or the server is ended as well."""
        server = self._server
        mark = server.log.stat().st_size
        space(server, mark + self.dice.choice((4_096, 65_536, 400_000)))
        time.sleep(self.dice.uniform(0.15, 0.9))
        if not server.healthy():
            played.faults.append("GET /health does not answer 200 while the disk is full")
        with reading(server.data_dir) as database:
            left, event = job_after(database, previous), last_event(database)
        hit = any(word in tail_from(server.log, mark) for word in COMPLAINTS)
        self._saw(played, met if met is not None else left)
        if not hit:
            played.fell = f"({played.fell}: nothing was written)"
        spawned, how = None, self.dice.random()
        if how < 0.3:
            if how < 0.15:
                server.kill9()
            else:
                server.stop()
            spawned = time.time()
            with reading(server.data_dir) as database:
                left, event = job_after(database, previous), last_event(database)
            server.start()
        else:
            space(server, None)
        self._went_on(played, left, event, since=time.time(), spawned=spawned)

    def _went_on(
        self, played: Round, left: JobRow | None, event: int, *, since: float, spawned: float | None
    ) -> None:
        """How long it took until the job that was left unfinished made progress."""
        if left is None or left.finished:
            return
        until = time.monotonic() + SECONDS
        with reading(self._server.data_dir) as database:
            while (moment := progress_after(database, left.number, event)) is None:
                if time.monotonic() > until:
                    played.faults.append(f"{left} does not go on")
                    return
                time.sleep(0.005)
        played.healthy = max(0.0, moment - since)
        played.started = None if spawned is None else moment - spawned


def space(server: Server, limit: int | None) -> None:
    """How large files of the server may become, as for a disk that is full; None: as large as they like."""
    infinite = resource.RLIM_INFINITY
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (infinite if limit is None else limit, infinite))


def tail_from(log: Path, mark: int) -> str:
    with log.open("rb") as file:
        file.seek(mark)
        return file.read().decode("utf-8", errors="replace")


def run(
    folder: Path, rounds: int, roles: int, seed: int, say: Callable[[str], None] = print, seconds: float | None = None
) -> list[Round]:
    say(f"seed {seed}; a company of {roles:,} roles in {folder}")
    return Crash(folder, roles, seed, say).play(rounds, seconds)


def share_inside(played: Sequence[Round]) -> float:
    return sum(one.fell in INSIDE for one in played) / len(played)


def summary(played: Sequence[Round]) -> str:
    """The lines that docs/benchmarks.md shows."""
    lines = [f"{len(played)} rounds: " + counted(one.end for one in played)]
    lines.append("fell in: " + counted(one.fell for one in played) + f"; {share_inside(played):.0%} inside")
    for name in ("healthy", "started"):
        found = sorted(value for one in played if (value := getattr(one, name)) is not None)
        if found:
            p99 = found[min(len(found) - 1, int(0.99 * len(found)))]
            what = "GET /health or new space" if name == "healthy" else "the start of the process"
            lines.append(f"on after, from {what}: p99 {p99:.2f} s, at most {found[-1]:.2f} s ({len(found)} times)")
    faulty = [one for one in played if one.faults]
    lines.append(f"{len(faulty)} faulty" + "".join(f"\n  {one}" for one in faulty))
    return "\n".join(lines)


def counted(words: object) -> str:
    return ", ".join(f"{word} {times}" for word, times in Counter(words).most_common())  # type: ignore[call-overload]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=1_000)
    parser.add_argument("--roles", type=int, default=3_000)
    parser.add_argument("--seconds", type=float, default=None, help="begin no job after so long")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()

    def say(text: str) -> None:
        print(text, flush=True)

    with tempfile.TemporaryDirectory() as temporary:
        played = run(Path(temporary), options.rounds, options.roles, options.seed, say, options.seconds)
    print(summary(played))
    slow = any(one.healthy is not None and one.healthy > RESUME for one in played)
    return 1 if slow or any(one.faults for one in played) or share_inside(played) < SHARE else 0


if __name__ == "__main__":
    sys.exit(main())
