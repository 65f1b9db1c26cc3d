"""Kill -9, SIGTERM and a full disk at random moments of every kind of job: nothing is lost, nothing is done twice.

    python -m tests.process.crash --rounds 1000

A round ends the server, or lets its disk be full, somewhere in a job. Then the server is started again (or the disk has
space again) and left alone; when the job has completed, an independent reader compares everything that jobs govern, and
the item log, with a model. A job may be met by several rounds before it completes.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.process.crash_company import DERIVED, Client, Company, build, order
from tests.process.crash_jobs import Task, UploadTask
from tests.process.crash_ledger import (
    Governed,
    ItemRow,
    JobRow,
    governed,
    items,
    job_after,
    last_event,
    last_number,
    progress_after,
)
from tests.process.crash_rounds import RESUME, SHARE, Round, share_inside, summary
from tests.process.ledger import reading
from tests.process.server import Credential, Server

KILL, TERM, FULL = "kill -9", "SIGTERM", "disk full"
ENDS, WEIGHTS = (KILL, TERM, FULL), (0.45, 0.25, 0.30)
PRE_PROCESS_PART = 0.2  # rounds that aim at the selection, the others at the chunks
AGAIN = 0.35  # how often a job that has gone on is met by another round
PACE = 0.25  # seconds: what a speed lets through in so long is one chunk (bulk/engine.py)
JOB_SECONDS = (0.6, 1.4)  # what a job's speed makes it last
SLOW_PART = 0.85  # jobs with a speed; the others run as fast as they can
CALL_SECONDS = 0.03  # within which a patch is done
SECONDS = 60.0
LONGEST_FULL = 1.2
COPY_AFTER = 100  # jobs on one copy of the company
REFUSALS = ("the database cannot be used: disk I/O error", "page limit is full")  # what callers are told meanwhile
COMPLAINTS = ("waits:", "cannot be used", "put off", "will be tried again", "cannot even end")  # in its log


Origin = tuple[Task, JobRow, list[ItemRow]]  # the job before


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
        kinds = order()
        origin: Origin | None = None
        try:
            while len(self.rounds) < rounds and time.monotonic() < until:
                name, kind = next(kinds)
                if self.jobs % COPY_AFTER == 0 or self.server is None:
                    if name in DERIVED:  # of a job in the copy before
                        continue
                    self._copy()
                self.company.prepare(name, origin and origin[0], origin[2] if origin else [])
                with reading(self._server.data_dir) as database:
                    before = governed(database)
                task = self._task(name, kind, before, origin)
                job = self._job(task, before)
                origin = (task, *job)
                self.jobs += 1
        finally:
            self.close()
        return self.rounds

    def _task(self, name: str, kind: str, before: Governed, origin: Origin | None) -> Task:
        company = self.company
        if name in DERIVED:
            assert origin is not None
            task, job, rows = origin
            makers: dict[str, Callable[[], Task]] = {
                "undo": lambda: company.undo(task, job.id, rows),
                "preview undo": lambda: company.undo(task, job.id, rows, preview=True),
                "contested": lambda: company.contested(task, job.id, rows, before),
                "rerun": lambda: company.rerun(task, job.id),
                "forced": lambda: company.forced(task, job.id),
                "run": lambda: company.run(task, job.id, rows),
            }
        else:
            makers = {
                "metadata": lambda: company.metadata(kind, before),
                "preview": lambda: company.metadata(kind, before, preview=True),
                "refused": lambda: company.refused(before),
                "common": company.common,
                "patch": company.patch,
                "upload": company.upload,
                "preview upload": lambda: company.upload(preview=True),
            }
        return makers[name]()

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

    def _job(self, task: Task, before: Governed) -> tuple[JobRow, list[ItemRow]]:
        """Send a job, meet it with rounds, wait for its end, and compare. Hands back the job and its items."""
        with reading(self._server.data_dir) as database:
            previous = last_number(database)
        self._client.sign_in()
        speed = self._speed(task)
        headers = {} if speed is None or task.at_once else {"X-Bulkwark-Speed": str(speed)}
        submission = Submission(task, headers)
        played = self._round(task, previous, submission)
        answer = submission.join()
        job = self._stored(previous) or self._send_again(task, headers, previous, before, played, answer)
        while not job.finished and self.dice.random() < AGAIN and not task.at_once:
            played = self._round(task, previous, None)
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
        return job, rows

    def _send_again(
        self,
        task: Task,
        headers: dict[str, str],
        previous: int,
        before: Governed,
        played: Round,
        answer: httpx.Response | None,
    ) -> JobRow:
        """A call that fell before its job was stored must have done nothing; the job is then run without a round."""
        if answer is not None and not (answer.status_code == 500 and any(why in answer.text for why in REFUSALS)):
            played.faults.append(f"no job is stored for the answer {answer.status_code} {answer.text[:300]}")
        with reading(self._server.data_dir) as database:
            if governed(database) != before:
                played.faults.append("a call that was not accepted has changed something")
        self._client.sign_in()
        again = Submission(task, headers).join()
        if again is None or again.status_code >= 300:
            played.faults.append(f"sent again: {again and again.status_code} {again and again.text[:300]}")
        return self._wait_stored(previous)

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

    def _round(self, task: Task, previous: int, submission: Submission | None) -> Round:
        """`submission`: of a job that has just been sent; None: one that has gone on after a round."""
        (end,) = self.dice.choices(ENDS, WEIGHTS)
        played = Round(len(self.rounds) + 1, task.name, end)
        self.rounds.append(played)
        self._aim(task, previous, submission)
        met = self._stored(previous)
        if end == FULL:
            self._full(played, previous, met)
        else:
            self._end(played, previous, met, end)
        self.say(str(played))
        return played

    def _aim(self, task: Task, previous: int, submission: Submission | None) -> None:
        """Wait for the moment: told by what the job has done, and then by chance."""
        if task.at_once:
            time.sleep(self.dice.uniform(0, CALL_SECONDS))
            return
        selecting = (
            submission is not None and self.dice.random() < PRE_PROCESS_PART and not isinstance(task, UploadTask)
        )
        until = time.monotonic() + SECONDS
        with reading(self._server.data_dir) as connection:
            start = job_after(connection, previous)
            aim = -1 if selecting else (start.done if start else 0) + self.dice.uniform(0, 0.5) * task.size
            while time.monotonic() < until:
                job = job_after(connection, previous)
                if job is not None and (job.done > aim or job.finished or (submission is None and job.done > 0)):
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
        """No file may grow beyond some size for a while. Then there is space again, or the server is ended as well."""
        server = self._server
        os.truncate(server.log, 0)  # a long log would fill the disk before the database does
        space(server, self.dice.choice((4_096, 65_536, 200_000)))
        until = time.monotonic() + LONGEST_FULL
        time.sleep(self.dice.uniform(0.15, 0.9))
        while not (hit := any(word in tail_from(server.log, 0) for word in COMPLAINTS)) and time.monotonic() < until:
            time.sleep(0.02)
        if not server.healthy():
            played.faults.append("GET /health does not answer 200 while the disk is full")
        with reading(server.data_dir) as database:
            left, event = job_after(database, previous), last_event(database)
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

    def _went_on(self, played: Round, left: JobRow | None, event: int, *, since: float, spawned: float | None) -> None:
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=1_000)
    parser.add_argument("--roles", type=int, default=3_000)
    parser.add_argument("--seconds", type=float, default=None, help="begin no job after so long")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that whoever ends this ends its server too

    def say(text: str) -> None:
        print(text, flush=True)

    with tempfile.TemporaryDirectory() as temporary:
        played = run(Path(temporary), options.rounds, options.roles, options.seed, say, options.seconds)
    print(summary(played))
    slow = any(one.healthy is not None and one.healthy > RESUME for one in played)
    return 1 if slow or any(one.faults for one in played) or share_inside(played) < SHARE else 0


if __name__ == "__main__":
    sys.exit(main())
