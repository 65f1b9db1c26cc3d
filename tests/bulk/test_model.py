"""The engine against a model: overlapping jobs, previews, undos, storms of pause, resume and cancel, edits in between,
restarts, and a clock that jumps.

The model is the log itself, believed nothing: every item must begin where the object really was, and what all items and
edits come to must be what is stored, in the metadata index and in search.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from bulkwark.api import previews
from bulkwark.bulk import engine as engines
from bulkwark.bulk.engine import Engine
from bulkwark.domain.jobs import FINISHED, Job, Outcome, Relation, Status
from bulkwark.domain.kinds import Kind
from bulkwark.errors import Unavailable
from bulkwark.store import jobs, outcomes
from bulkwark.store.outcomes import Item
from bulkwark.store.tenants import FILE
from tests.house import BULK, House, close_house, open_house

ROLES = [f"{n:032x}" for n in range(1, 9)]
VALUES = ["v01", "v02", "v03"]
QUERIES = ["name:s*", "name:a* AND enabled:true", "name:zzz*"]
OUR = "/bulkwark/v1"
MEMORY = Path("/dev/shm")  # no disk is waited for
LEAST = 3  # items of a chunk

roles = st.lists(st.sampled_from(ROLES), min_size=1, unique=True)
values = st.lists(st.sampled_from(VALUES), min_size=1, unique=True)
picks = st.integers(0, 1_000)


class JobsModel(RuleBasedStateMachine):
    """Every rule is one request, one turn of the engine, or one mishap."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        (self.place / "data").mkdir()
        shutil.copyfile(self.template / FILE, self.place / "data" / FILE)
        self.now = engines.now_ms()
        self.house = self.opened()
        self.known: dict[int, str] = self.stored()
        self.moved: dict[int, int] = self.modified()
        self.ids: list[str] = []
        self.seen: dict[str, int] = {}
        self.ended: dict[str, Job] = {}

    def opened(self) -> House:
        house = open_house(self.place / "data", run=False)
        house.engine._clock = lambda: self.now
        for tenant, number in jobs.all_unfinished(house.store.read()):
            house.engine.call(tenant, number)
        return house

    def teardown(self) -> None:
        self.finish()
        close_house(self.house)
        shutil.rmtree(self.place)

    # --- what is asked -------------------------------------------------------------------------------

    @rule(roles=roles, values=values, operation=st.sampled_from(["ADD", "REMOVE", "REPLACE"]), preview=st.booleans())
    def submit(self, roles: list[str], values: list[str], operation: str, preview: bool) -> None:
        body = {"roles": roles, "operation": operation, "values": [{"attribute": "many", "values": values}]}
        self.ask(f"{BULK}/ids", body, preview)

    @rule(
        text=st.sampled_from(["name:s*", "name:a* AND enabled:true", "name:zzz*"]), values=values, preview=st.booleans()
    )
    def submit_by_query(self, text: str, values: list[str], preview: bool) -> None:
        body = {"query": {"query": {"query": text}}, "operation": "ADD"}
        self.ask(f"{BULK}/query", body | {"values": [{"attribute": "many", "values": values}]}, preview)

    @rule(pick=picks, preview=st.booleans(), force=st.booleans())
    def undo(self, pick: int, preview: bool, force: bool) -> None:
        if (job := self.pick(pick)) is not None:
            self.ask(f"{OUR}/jobs/{job}/undo", {"force": force}, preview)

    @rule(pick=picks, preview=st.booleans())
    def rerun(self, pick: int, preview: bool) -> None:
        if (job := self.pick(pick)) is not None:
            self.ask(f"{OUR}/jobs/{job}/rerun", {"outcomes": ["failed", "conflicted"]}, preview)

    @rule(pick=picks)
    def run_preview(self, pick: int) -> None:
        job = self.pick(pick)
        if job is not None and self.house.job(job).status is Status.COMPLETED:
            self.ask(f"{OUR}/previews/{job}/run", None, preview=False)

    @rule(pick=picks, word=st.sampled_from(["pause", "resume", "cancel", "pause", "resume"]))
    def control(self, pick: int, word: str) -> None:
        if (job := self.pick(pick)) is not None:
            assert self.house.admin.post(f"{OUR}/jobs/{job}/{word}").status in (200, 400, 404)

    @rule(pick=picks, priority=st.integers(1, 9))
    def hurry(self, pick: int, priority: int) -> None:
        if (job := self.pick(pick)) is not None:
            assert self.house.admin.patch(f"{OUR}/jobs/{job}", {"priority": priority}).status in (200, 400, 404)

    @rule(role=st.sampled_from(ROLES), value=st.sampled_from(VALUES), gone=st.booleans())
    def edit(self, role: str, value: str, gone: bool) -> None:
        """Somebody changes one role meanwhile."""
        self.read()
        method = "DELETE" if gone else "POST"
        self.house.admin(method, f"/v2025/roles/{role}/access-model-metadata/many/values/{value}")
        self.known = self.stored()

    @rule(role=st.sampled_from(ROLES[:2]))
    def delete(self, role: str) -> None:
        self.read()
        self.house.admin.delete(f"/v2025/roles/{role}")
        self.known = self.stored()

    # --- what happens --------------------------------------------------------------------------------

    @rule(turns=st.integers(1, 6))
    def work(self, turns: int) -> None:
        for _ in range(turns):
            if not self.turn():
                return

    @rule(jump=st.integers(-86_400_000, 86_400_000))
    def clock_jumps(self, jump: int) -> None:
        self.now = max(1, self.now + jump)

    @rule()
    def restart(self) -> None:
        """The process ends between two chunks; another one begins."""
        self.settle()
        close_house(self.house)
        known, self.house = self.house.clients, self.opened()
        self.house.clients = {key: replace(client, house=self.house) for key, client in known.items()}

    @precondition(lambda self: self.ids)
    @rule()
    def fault(self) -> None:
        """A chunk is rolled back after it did everything."""
        real, engine = jobs.progress, self.house.engine

        def broken(*_: Any) -> bool:
            raise Unavailable("the disk is full")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(jobs, "progress", broken)
            patch.setattr(engines, "RETRY_SECONDS", 0.0)
            self.turn()
        assert jobs.progress is real
        assert engine is self.house.engine

    # --- what must hold ------------------------------------------------------------------------------

    @invariant()
    def the_log_tells_what_is_stored(self) -> None:
        self.read()
        assert self.known == self.stored()
        moved = self.modified()
        assert all(moved[rid] >= self.moved[rid] for rid in moved)
        self.moved = moved

    @invariant()
    def jobs_count_what_they_did(self) -> None:
        for id in self.ids:
            job = self.house.job(id)
            assert job.done == self.count(job) <= (job.total or 0)
            if id in self.ended:
                assert job == self.ended[id]
            elif job.status in FINISHED:
                self.ended[id] = job
                assert job.status is not Status.COMPLETED or job.done == job.total

    def read(self) -> None:
        """Believe nothing of a new item that does not begin where its object was."""
        for id in self.ids:
            job = self.house.job(id)
            for item in outcomes.page(self.house.store.read(), job, self.seen.get(id, 0), 10_000):
                self.seen[id] = item.rid
                self.check(job, item)
                if item.outcome is Outcome.CHANGED and job.mode == "run":
                    assert item.after is not None
                    self.known[item.rid] = item.after

    def check(self, job: Job, item: Item) -> None:
        state = self.known.get(item.rid)
        assert item.before == state, (job, item, state)
        assert (item.outcome is Outcome.SKIPPED) == (state is None)
        if job.relation not in (Relation.RUN, Relation.UNDO) or state is None:
            return
        origin = jobs.by_number(self.house.store.read(), job.tenant, job.origin or 0)
        was = next(outcomes.page(self.house.store.read(), origin, item.rid - 1, 1))
        assert was.rid == item.rid
        if job.relation is Relation.UNDO:
            wanted, expected = was.before, was.after
            outcome = Outcome.CHANGED if state == expected or job.options.force else Outcome.CONFLICTED
            assert item.outcome is (Outcome.UNCHANGED if state == wanted else outcome)
            assert item.outcome is not Outcome.CHANGED or item.after == wanted
        else:
            same = state == was.before
            assert item.outcome is (was.outcome if same else Outcome.CONFLICTED)
            assert item.outcome is not Outcome.CHANGED or item.after == was.after

    def finish(self) -> None:
        """In the end every job ends, and index and search agree with the roles."""
        for id in self.ids:
            self.house.admin.post(f"{OUR}/jobs/{id}/resume")
        self.settle()
        until = time.monotonic() + 30
        while jobs.all_unfinished(self.house.store.read()):
            self.turn()
            self.the_log_tells_what_is_stored()
            assert time.monotonic() < until, jobs.all_unfinished(self.house.store.read())
        self.jobs_count_what_they_did()
        catalogue = self.house.tenant.metadata.catalogue(self.house.store.read())
        for value in VALUES:
            pair = str(catalogue.attributes["many"].values[value].pair)
            held = sum(pair in md.split(",") for md in self.known.values())
            text = f"@accessModelMetadata(key:many AND value:{value})"
            assert self.house.admin.post("/v2025/search/count", self.search(text)).total == held

    # --- helpers -------------------------------------------------------------------------------------

    def ask(self, path: str, body: Any, preview: bool) -> None:
        headers = {"X-Bulkwark-Preview": "true"} if preview else {}
        reply = self.house.admin.post(path, body, headers=headers)
        assert reply.status in (200, 202, 400, 404), reply.body
        if reply.status in (200, 202):
            self.ids.append(reply.json()["id"])
            self.settle()

    def settle(self) -> None:
        """Selections are made in threads of their own; the model wants them in order."""
        until = time.monotonic() + 10
        while any(self.house.job(id).status in (Status.CREATED, Status.PRE_PROCESS) for id in self.ids):
            assert time.monotonic() < until
            self.turn()
            time.sleep(0.001)

    def turn(self) -> bool:
        """One turn of the engine; False when nobody wants one."""
        engine: Engine = self.house.engine
        with engine._wake:
            key = engine._turns.next(time.monotonic())
            calls = 0 if key is None else engine._turns.calls(key)
        if key is not None:
            engine._turn(key, calls)
            self.read()
        return key is not None

    def pick(self, number: int) -> str | None:
        return self.ids[number % len(self.ids)] if self.ids else None

    def count(self, job: Job) -> int:
        sql = "SELECT count(*) FROM job_item WHERE tenant = ? AND job = ?"
        return int(next(iter(self.house.store.read().execute(sql, (job.tenant, job.number))))[0])

    def stored(self) -> dict[int, str]:
        sql = "SELECT rid, md FROM state WHERE kind = ?"
        return {int(rid): str(md) for rid, md in self.house.store.read().execute(sql, (int(Kind.ROLE),))}

    def modified(self) -> dict[int, int]:
        sql = "SELECT rid, modified FROM state WHERE kind = ?"
        return {int(rid): int(ms) for rid, ms in self.house.store.read().execute(sql, (int(Kind.ROLE),))}

    def search(self, text: str) -> dict[str, Any]:
        return {"indices": ["roles"], "query": {"query": text}}


def test_the_engine_does_what_the_model_says(template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_CHUNK", "LEAST_CHUNK", "MOST_CHUNK"):
        monkeypatch.setattr(engines, name, LEAST)
    # Nothing works unless a rule says so: a preview by ids would be waited for in vain.
    monkeypatch.setattr(previews, "WAIT_SECONDS", 0.02)
    monkeypatch.setattr(JobsModel, "template", template, raising=False)
    checks = list(HealthCheck)
    run_state_machine_as_test(
        JobsModel,
        settings=settings(max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=checks),
    )
