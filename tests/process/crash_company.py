"""The company of the crash test: made once, copied as often as needed; and the jobs that can be sent to it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.process.api import Api
from tests.process.crash_jobs import VALUES, Task, UploadTask, Wanted, draw_change
from tests.process.crash_ledger import CHANGED, Governed, ItemRow, common_ids, documents, pairs
from tests.process.ledger import reading
from tests.process.server import Credential, Server

COMMON, PATCHED, ROWS = 600, 50, 300
TOKEN_SECONDS = 300.0
BULK = "access-model-metadata/bulk-update"
PATHS = {"ROLE": "/v2025/roles", "ACCESS_PROFILE": "/access-profiles/v1", "ENTITLEMENT": "/entitlements/v1"}
NAMES = {"ROLE": "roles", "ACCESS_PROFILE": "accessProfiles", "ENTITLEMENT": "entitlements"}
INDICES = {"ROLE": "roles", "ACCESS_PROFILE": "accessprofiles", "ENTITLEMENT": "entitlements"}
MOST_IDS = 400
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
        self._number = 0

    def _post(self, path: str, headers: Mapping[str, str], body: Any) -> httpx.Response:
        return self._client.call("POST", path, headers, json=body)

    # --- jobs of their own ---------------------------------------------------------------------------

    def metadata(self, kind: str, before: Governed, *, preview: bool = False) -> Task:
        """Metadata on many, by query, filter or ids; a change that moves at least half of them."""
        known = self._documents[kind]
        by = self._dice.choice(("query", "filter", "ids"))
        targets, selector = list(known), dict[str, Any]()
        if by == "ids":
            targets = self._dice.sample(targets, MOST_IDS)
            selector = {NAMES[kind]: [known[rid]["id"] for rid in targets]}
        elif by == "filter":
            targets = [rid for rid in targets if known[rid]["requestable"]]
            selector = {"filters": "requestable eq true"}
        else:
            search = {"indices": [INDICES[kind]], "queryType": "SAILPOINT", "query": {"query": "*"}}
            selector = {"query": search}
        while True:
            change = draw_change(self._dice)
            wanted: dict[int, Wanted] = {r: change.apply(before.spaces["md"][r], self._pairs) for r in targets}
            path, body = f"{PATHS[kind]}/{BULK}/{by}", selector | change.body()
            name = f"{'preview: ' if preview else ''}{kind.lower()} {change.operation} by {by}"
            extra = {"X-Bulkwark-Preview": "true"} if preview else {}
            task = Task(
                name,
                self._sender(path, body),
                "md",
                wanted,
                preview=preview,
                headers=extra,
                attributes=self._attributes,
            )
            if len(task.touched(before)) * 2 >= len(targets):
                return task

    def _sender(self, path: str, body: Any) -> Callable[[Mapping[str, str]], httpx.Response]:
        return lambda headers: self._post(path, headers, body)

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

    def upload(self) -> Task:
        self._number += 1
        accounts = [f"r{self._number}.{line}" for line in range(ROWS)]
        cells = "Jon,Smith,555-555-5555,jon@example.com,admin,2024-04-05,2036-04-05"
        file = "\r\n".join([COLUMNS, *(f"{account},{cells}" for account in accounts), ""]).encode()
        path = f"/v2025/non-employee-sources/{self._source}/non-employee-bulk-upload"

        def send(headers: Mapping[str, str]) -> httpx.Response:
            return self._client.call("POST", path, headers, files={MULTIPART: ("rows.csv", file)})

        return UploadTask("upload", send, "", {}, accounts=frozenset(accounts))

    # --- jobs made of others -------------------------------------------------------------------------

    def undo(self, task: Task, id: str, rows: list[ItemRow]) -> Task:
        send = self._sender(f"/bulkwark/v1/jobs/{id}/undo", {})
        if isinstance(task, UploadTask):
            return UploadTask(f"undo: {task.name}", send, "", {}, accounts=task.accounts, undo=True)
        wanted: dict[int, Wanted] = {row.target: task.text(row.before) for row in rows if row.outcome == CHANGED}
        return Task(f"undo: {task.name}", send, task.space, wanted)

    def run(self, task: Task, id: str, rows: list[ItemRow]) -> Task:
        """Exactly what the preview has recorded."""
        wanted: dict[int, Wanted] = {row.target: row.after if row.outcome == CHANGED else row.before for row in rows}
        send = self._sender(f"/bulkwark/v1/previews/{id}/run", {})
        return Task(f"run of {task.name}", send, task.space, wanted)


#: What follows what, over and over: a name of a method of Company and the kind, or what is done to the job before.
ORDER: tuple[tuple[str, str], ...] = (
    ("metadata", "ROLE"),
    ("undo", ""),
    ("undo", ""),
    ("metadata", "ACCESS_PROFILE"),
    ("preview", "ROLE"),
    ("run", ""),
    ("undo", ""),
    ("common", ""),
    ("undo", ""),
    ("metadata", "ENTITLEMENT"),
    ("undo", ""),
    ("upload", ""),
    ("undo", ""),
    ("preview", "ENTITLEMENT"),
    ("run", ""),
    ("patch", ""),
    ("undo", ""),
)


def order() -> Iterator[tuple[str, str]]:
    while True:
        yield from ORDER
