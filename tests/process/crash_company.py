"""The company of the crash test: made once, copied as often as needed; and the jobs that can be sent to it."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.process.api import Api
from tests.process.crash_jobs import COLOURS, CROWD, VALUES, Change, Task, UploadTask, Wanted, draw_change
from tests.process.crash_ledger import CHANGED, CONFLICTED, FAILED, Governed, ItemRow, common_ids, documents, pairs
from tests.process.ledger import reading
from tests.process.server import Credential, Server

COMMON, PATCHED, ROWS = 600, 50, 300
TOKEN_SECONDS = 300.0
BULK = "access-model-metadata/bulk-update"
PATHS = {"ROLE": "/v2025/roles", "ACCESS_PROFILE": "/access-profiles/v1", "ENTITLEMENT": "/entitlements/v1"}
NAMES = {"ROLE": "roles", "ACCESS_PROFILE": "accessProfiles", "ENTITLEMENT": "entitlements"}
INDICES = {"ROLE": "roles", "ACCESS_PROFILE": "accessprofiles", "ENTITLEMENT": "entitlements"}
MOST_IDS = 400
OURS = "/bulkwark/v1/jobs"
SPEED = "X-Bulkwark-Speed"
PREVIEW = {"X-Bulkwark-Preview": "true"}
QUIET_SECONDS = 60.0
COLUMNS = "accountName,firstName,lastName,phone,email,manager,startDate,endDate"
MULTIPART = "data"


def build(data_dir: Path, roles: int) -> tuple[Credential, str]:
    """Make the company; a credential, and the id of its non-employee source."""
    server = Server(data_dir)
    server.load_synthetic(roles)
    credential = server.token()
    server.start()
    try:
        with Api(server.url, credential) as api:
            for key, values in VALUES.items():
                api.make_attribute(key, values)
            with reading(data_dir) as database:
                ids = [document["id"] for document in documents(database, "ROLE").values()][:COMMON]
            for id in ids:
                api.ok("POST", "/common-access/v1", 202, json={"access": {"id": id, "type": "ROLE"}})
            (admin,) = api.ok("GET", "/v2025/public-identities", params={"filters": 'alias eq "admin"'})
            source = {"name": "Crashed", "description": "of the crash test", "owner": {"id": admin["id"]}}
            made = api.ok("POST", "/v2025/non-employee-sources", json=source)
    finally:
        server.stop()
    return credential, str(made["id"])


class Client:
    """Calls over all restarts: one connection pool, and a token as long as it is good."""

    def __init__(self, server: Server, credential: Credential) -> None:
        self._server, self._credential = server, credential
        self._http = httpx.Client(timeout=60)
        self._until = 0.0
        self._token = ""

    def call(self, method: str, path: str, headers: Mapping[str, str] | None = None, **options: Any) -> httpx.Response:
        sent = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        return self._http.request(method, self._server.url + path, headers=sent, **options)

    def sign_in(self) -> None:
        """Get a token, when the last one may be at its end; the server must be there."""
        if time.monotonic() > self._until:
            form = {"grant_type": "client_credentials", "client_id": self._credential.id}
            form |= {"client_secret": self._credential.secret}
            answer = self._http.post(f"{self._server.url}/oauth/token", data=form)
            assert answer.status_code == 200, answer.text
            self._token = answer.json()["access_token"]
            self._until = time.monotonic() + TOKEN_SECONDS

    def close(self) -> None:
        self._http.close()


class Company:
    """What can be asked of the company. `number` keeps what rounds make apart."""

    def __init__(self, client: Client, data_dir: Path, source: str, dice: random.Random) -> None:
        self._client, self._source, self._dice = client, source, dice
        with reading(data_dir) as database:
            self._documents = {kind: documents(database, kind) for kind in PATHS}
            self._pairs, self._common = pairs(database), common_ids(database)
        self._attributes = {pair: key for (key, _), pair in self._pairs.items()}
        self._unique = {kind: unique(known) for kind, known in self._documents.items()}
        self._number = 0

    def _post(self, path: str, headers: Mapping[str, str], body: Any) -> httpx.Response:
        return self._client.call("POST", path, headers, json=body)

    # --- what is made ready, without a round ---------------------------------------------------------

    def prepare(self, name: str, task: Task | None, rows: list[ItemRow]) -> None:
        """What has to be so before a job of that name can show what it is for; `task` and `rows`: of the job before."""
        roles = self._documents["ROLE"]
        if name == "refused":  # half of the roles can take no value more
            crowded = self._dice.sample(list(roles), len(roles) // 2)
            self._quiet(Change("REPLACE", "ALL", CROWD, VALUES[CROWD]), crowded)
        elif name == "rerun" and task is not None:  # now they can
            self._quiet(Change("REMOVE", None, CROWD, VALUES[CROWD]), list(task.again))
        elif name == "contested":  # somebody else has been there since
            changed = [row.target for row in rows if row.outcome == CHANGED]
            one = VALUES[CROWD][self._number % len(VALUES[CROWD])]
            self._number += 1
            self._quiet(Change("REPLACE", "ALL", CROWD, (one,)), self._dice.sample(changed, len(changed) // 2))

    def _quiet(self, change: Change, roles: list[int]) -> None:
        ids = [self._documents["ROLE"][rid]["id"] for rid in roles]
        self._client.sign_in()
        made = self._post(OURS, {}, {"type": "ROLE", "select": {"ids": ids}} | change.body())
        assert made.status_code == 202, made.text
        until = time.monotonic() + QUIET_SECONDS
        while self._client.call("GET", f"{OURS}/{made.json()['id']}").json()["status"] != "COMPLETED":
            assert time.monotonic() < until, "a job without a round does not end"
            time.sleep(0.02)

    # --- jobs of their own ---------------------------------------------------------------------------

    def metadata(self, kind: str, before: Governed, *, preview: bool = False) -> Task:
        """Metadata on many, by query, filter, ids or a list of names; a change that moves at least half of them."""
        known = self._documents[kind]
        by = self._dice.choice(("query", "filter", "ids", "names"))
        targets = list(known)
        if by in ("ids", "names"):
            targets = self._dice.sample([rid for rid in targets if rid in self._unique[kind]], MOST_IDS)
        elif by == "filter":
            targets = [rid for rid in targets if known[rid]["requestable"]]
        while True:
            change = draw_change(self._dice)
            wanted: dict[int, Wanted] = {r: change.apply(before.spaces["md"][r], self._pairs) for r in targets}
            task = Task(
                f"{'preview: ' if preview else ''}{kind.lower()} {change.operation} by {by}",
                self._submission(kind, by, targets, change),
                "md",
                wanted,
                preview=preview,
                headers=PREVIEW if preview else {},
                attributes=self._attributes,
            )
            if len(task.touched(before)) * 2 >= len(targets):
                return task

    def _submission(self, kind: str, by: str, targets: list[int], change: Change) -> Callable[..., httpx.Response]:
        known = self._documents[kind]
        if by == "names":
            names = [known[rid]["name"] for rid in targets]
            self._dice.shuffle(names)
            return self._own({"type": kind, "select": {"names": names}} | change.body())
        selector: dict[str, Any] = {"filters": "requestable eq true"}
        if by == "ids":
            selector = {NAMES[kind]: [known[rid]["id"] for rid in targets]}
        elif by == "query":
            selector = {"query": {"indices": [INDICES[kind]], "queryType": "SAILPOINT", "query": {"query": "*"}}}
        return self._sender(f"{PATHS[kind]}/{BULK}/{by}", selector | change.body())

    def _sender(self, path: str, body: Any) -> Callable[[Mapping[str, str]], httpx.Response]:
        return lambda headers: self._post(path, headers, body)

    def _own(self, body: dict[str, Any]) -> Callable[[Mapping[str, str]], httpx.Response]:
        """Our own submit: it takes its options in the body."""

        def send(headers: Mapping[str, str]) -> httpx.Response:
            options = {"speed": int(headers[SPEED])} if SPEED in headers else {}
            left = {name: text for name, text in headers.items() if name != SPEED}
            return self._post(OURS, left, body | {"options": options})

        return send

    def refused(self, before: Governed) -> Task:
        """A value more on every role: those that hold as many as they may are refused."""
        change = Change("ADD", None, COLOURS, (self._dice.choice(VALUES[COLOURS]),))
        held = before.spaces["md"]
        crowded = {rid for rid in self._documents["ROLE"] if len((held[rid] or "").split(",")) >= len(VALUES[CROWD])}
        wanted: dict[int, Wanted] = {
            rid: held[rid] if rid in crowded else change.apply(held[rid], self._pairs)
            for rid in self._documents["ROLE"]
        }
        body = {"type": "ROLE", "select": {"query": {"query": {"query": "*"}}}} | change.body()
        again: dict[int, Wanted] = dict.fromkeys(crowded, change.apply("", self._pairs))
        apart = dict.fromkeys(crowded, FAILED)
        name = "role ADD, some refused"
        return Task(name, self._own(body), "md", wanted, attributes=self._attributes, apart=apart, again=again)

    def common(self) -> Task:
        confirmed = {item for item in self._common if self._dice.random() < 0.5}
        body = {"confirmedIds": [self._common[item] for item in confirmed]}
        body["deniedIds"] = [id for item, id in self._common.items() if item not in confirmed]
        wanted: dict[int, Wanted] = {
            item: ("confirmed,1," if item in confirmed else "denied,1,",) for item in self._common
        }
        send = self._sender("/common-access/v1/update-status", [body])
        return Task("common access", send, "common", wanted, always=True)

    def patch(self) -> Task:
        """One patch on 50 entitlements, done by the call itself."""
        self._number += 1
        known = self._documents["ENTITLEMENT"]
        targets = self._dice.sample(list(known), PATCHED)
        text = f"patched by round {self._number}, {self._dice.random()}"
        body = {"entitlementIds": [known[rid]["id"] for rid in targets]}
        body["jsonPatch"] = [{"op": "replace", "path": "/description", "value": text}]
        send = self._sender("/v2026/entitlements/bulk-update", body)
        return Task("entitlement patch", send, "description", dict.fromkeys(targets, text), at_once=True)

    def upload(self, *, preview: bool = False) -> Task:
        self._number += 1
        accounts = [f"r{self._number}.{line}" for line in range(ROWS)]
        cells = "Jon,Smith,555-555-5555,jon@example.com,admin,2024-04-05,2036-04-05"
        file = "\r\n".join([COLUMNS, *(f"{account},{cells}" for account in accounts), ""]).encode()
        path = f"/v2025/non-employee-sources/{self._source}/non-employee-bulk-upload"

        def send(headers: Mapping[str, str]) -> httpx.Response:
            return self._client.call("POST", path, headers, files={MULTIPART: ("rows.csv", file)})

        name, headers = ("preview: upload", PREVIEW) if preview else ("upload", {})
        return UploadTask(name, send, "", {}, preview=preview, headers=headers, accounts=frozenset(accounts))

    # --- jobs made of others -------------------------------------------------------------------------

    def undo(self, task: Task, id: str, rows: list[ItemRow], *, preview: bool = False) -> Task:
        send = self._sender(f"{OURS}/{id}/undo", {})
        name, headers = (f"preview: undo: {task.name}", PREVIEW) if preview else (f"undo: {task.name}", {})
        if isinstance(task, UploadTask):
            return UploadTask(name, send, "", {}, preview, headers=headers, accounts=task.accounts, undo=True)
        wanted: dict[int, Wanted] = {row.target: task.text(row.before) for row in rows if row.outcome == CHANGED}
        return Task(name, send, task.space, wanted, preview, headers=headers)

    def contested(self, task: Task, id: str, rows: list[ItemRow], before: Governed) -> Task:
        """An undo of what somebody has changed since, in part."""
        held = before.spaces[task.space]
        changed = {row.target: row for row in rows if row.outcome == CHANGED}
        apart = {r: CONFLICTED for r, row in changed.items() if held[r] not in (row.before, row.after)}
        wanted: dict[int, Wanted] = {r: held[r] if r in apart else row.before for r, row in changed.items()}
        again: dict[int, Wanted] = {rid: changed[rid].before for rid in apart}
        send = self._sender(f"{OURS}/{id}/undo", {})
        return Task(f"contested undo: {task.name}", send, task.space, wanted, apart=apart, again=again)

    def rerun(self, task: Task, id: str) -> Task:
        """Once more what was refused, which can be done now."""
        send = self._sender(f"{OURS}/{id}/rerun", {})
        return Task(f"re-run: {task.name}", send, task.space, task.again, attributes=task.attributes)

    def forced(self, task: Task, id: str) -> Task:
        """Once more what an undo left alone, whoever has been there since."""
        send = self._sender(f"{OURS}/{id}/rerun", {"outcomes": ["conflicted"], "force": True})
        return Task(f"forced re-run: {task.name}", send, task.space, task.again)

    def run(self, task: Task, id: str, rows: list[ItemRow]) -> Task:
        """Exactly what the preview has recorded."""
        send, name = self._sender(f"/bulkwark/v1/previews/{id}/run", {}), f"run of {task.name}"
        if isinstance(task, UploadTask):
            return UploadTask(name, send, "", {}, accounts=task.accounts, undo=task.undo)
        wanted: dict[int, Wanted] = {
            row.target: task.text(row.after if row.outcome == CHANGED else row.before) for row in rows
        }
        return Task(name, send, task.space, wanted)


def unique(known: Mapping[int, Mapping[str, Any]]) -> set[int]:
    """Those of the objects that alone are called so."""
    times = Counter(document["name"].casefold() for document in known.values())
    return {rid for rid, document in known.items() if times[document["name"].casefold()] == 1}


#: What follows what, over and over: a name of a method of Company and the kind, or what is done to the job before.
ORDER: tuple[tuple[str, str], ...] = (
    ("metadata", "ROLE"),
    ("undo", ""),
    ("undo", ""),
    ("refused", "ROLE"),
    ("rerun", ""),
    ("undo", ""),
    ("metadata", "ACCESS_PROFILE"),
    ("preview", "ROLE"),
    ("run", ""),
    ("preview undo", ""),
    ("run", ""),
    ("common", ""),
    ("undo", ""),
    ("preview undo", ""),
    ("run", ""),
    ("metadata", "ENTITLEMENT"),
    ("undo", ""),
    ("upload", ""),
    ("undo", ""),
    ("metadata", "ROLE"),
    ("contested", ""),
    ("forced", ""),
    ("preview", "ENTITLEMENT"),
    ("run", ""),
    ("preview upload", ""),
    ("run", ""),
    ("preview undo", ""),
    ("run", ""),
    ("patch", ""),
    ("undo", ""),
    ("preview undo", ""),
    ("run", ""),
)
#: Those that are made of the job before.
DERIVED = frozenset({"undo", "preview undo", "contested", "rerun", "forced", "run"})


def order() -> Iterator[tuple[str, str]]:
    while True:
        yield from ORDER
