"""The whole product in this process, on a data directory of its own: every layer on, no socket.

A pytest plugin: `house` (fresh for each test), `module_house` (shared by a file whose tests leave it as it was),
`idle_house` (jobs are accepted and frozen, but none runs before `run_jobs`). All start from one loaded company.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from bulkwark.api.services import Services
from bulkwark.app import App
from bulkwark.auth import credentials
from bulkwark.bulk.engine import Engine, now_ms
from bulkwark.domain.jobs import FINISHED, Job
from bulkwark.domain.kinds import Kind
from bulkwark.domain.metadata import parse
from bulkwark.settings import Settings
from bulkwark.store import jobs, outcomes
from bulkwark.store.tenants import FILE, Store, Tenant, open_store
from tests.company import build

DEADLINE = 20.0  # seconds until a job must have ended
BULK = "/v2025/roles/access-model-metadata/bulk-update"
# Tables that mere calling may touch, and what the engine sweeps away or renews in idle moments.
OUTSIDE = ("credential", "signing_key", "job_target", "document", "outdated")
JOBS = ("job", "job_item", "job_event", "counter")
Header = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it left the application."""

    status: int
    headers: dict[str, str]
    pieces: list[bytes]

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def total(self) -> int:
        """`X-Total-Count`."""
        return int(self.headers["x-total-count"])

    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    def ok(self, status: int = 200) -> Any:
        """The decoded body of an answer that must have this status."""
        assert self.status == status, (self.status, self.body[:2000])
        return self.json() if self.body else None


@dataclass(frozen=True, slots=True)
class Client:
    """One caller: a token, and the house that he calls."""

    house: House
    token: str
    id: str  # client id
    identity: str

    def __call__(
        self,
        method: str,
        target: str,
        json: Any = None,
        *,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
        params: dict[str, Any] | None = None,
        on_piece: Callable[[bytes], None] | None = None,
    ) -> Reply:
        """Send one request; `target` goes out exactly as it is written."""
        body = content if content is not None else b"" if json is None else msgspec.json.encode(json)
        sent = {"content-type": "application/json"} if body else {}
        if self.token:
            sent["authorization"] = f"Bearer {self.token}"
        sent |= {name.lower(): value for name, value in (headers or {}).items()}
        if params:
            target += ("&" if "?" in target else "?") + urlencode(params)
        return self.house.send(method, target, sent, body, on_piece)

    def get(self, target: str, **more: Any) -> Reply:
        return self("GET", target, **more)

    def post(self, target: str, json: Any = None, **more: Any) -> Reply:
        return self("POST", target, json, **more)

    def patch(self, target: str, json: Any = None, **more: Any) -> Reply:
        return self("PATCH", target, json, **more)

    def delete(self, target: str, **more: Any) -> Reply:
        return self("DELETE", target, **more)


@dataclass
class House:
    """A started application and handles on what is inside."""

    data_dir: Path
    app: App
    services: Services
    loop: asyncio.AbstractEventLoop
    clients: dict[Any, Client] = field(default_factory=dict)
    _digest: tuple[int, str] = (-1, "")

    # --- inside --------------------------------------------------------------------------------------

    @property
    def store(self) -> Store:
        return self.services.store

    @property
    def engine(self) -> Engine:
        return self.services.engine

    @property
    def tenant(self) -> Tenant:
        return self.store.need_tenant("default")

    def run_jobs(self) -> None:
        """Let an `idle_house` begin to work."""
        Engine.start(self.engine)

    def job(self, id: str, tenant: str = "default") -> Job:
        found = jobs.get(self.store.read(), self.store.need_tenant(tenant).number, id)
        assert found is not None, f"there is no job {id}"
        return found

    def wait(self, id: str, tenant: str = "default") -> Job:
        """The job when it has ended."""
        until = time.monotonic() + DEADLINE
        while (found := self.job(id, tenant)).status not in FINISHED:
            assert time.monotonic() < until, f"the job did not end: {found}"
            time.sleep(0.002)
        return found

    def outcomes(self, id: str) -> dict[str, str]:
        """Role id → outcome of every item of a job, each of which must stand there once."""
        found = list(outcomes.page(self.store.read(), self.job(id), 0, 100_000))
        assert len({item.rid for item in found}) == len(found)
        return {item.id or str(item.rid): item.outcome.name.lower() for item in found}

    def metadata(self, id: str, kind: Kind = Kind.ROLE) -> dict[str, list[str]]:
        """Attribute key → values, as stored."""
        stored = self.tenant.objects.get(self.store.read(), kind, id)
        assert stored is not None, f"there is no object {id}"
        catalogue = self.tenant.metadata.catalogue(self.store.read())
        found: dict[str, list[str]] = {}
        for pair in parse(stored.md):
            attribute, value = catalogue.pairs[pair]
            found.setdefault(attribute.key, []).append(value.value)
        return found

    def set_metadata(self, id: str, wanted: Sequence[tuple[str, str]], kind: Kind = Kind.ROLE) -> None:
        """Give an object exactly these (attribute, value) in this order, past all rules."""
        with self.store.write() as session:
            catalogue = self.tenant.metadata.catalogue(session)
            md = ",".join(str(catalogue.attributes[key].values[value].pair) for key, value in wanted)
            old = self.tenant.objects.get(session, kind, id)
            assert old is not None
            self.tenant.objects.set_metadata(session, old, md, modified=old.modified)

    def digest(self, but: Collection[str] = ()) -> str:
        """A fingerprint of everything stored, callers' own things and some tables left out."""
        session = self.store.read()
        version = session.connection.pragma("data_version")  # moves when another connection commits
        if version == self._digest[0] and not but:
            return self._digest[1]
        found = hashlib.sha256()
        names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
        for (name,) in list(session.execute(names)):
            if name not in OUTSIDE and name not in but and not name.startswith("fts_") and name != "fts":
                for row in session.execute(f"SELECT * FROM {name}"):
                    found.update(repr(row).encode())
        for row in session.execute("SELECT id, block FROM fts_data ORDER BY id"):
            found.update(repr(row).encode())
        if but:
            return found.hexdigest()
        self._digest = version, found.hexdigest()
        return self._digest[1]

    # --- callers -------------------------------------------------------------------------------------

    def as_(
        self,
        *levels: str,
        scopes: Collection[str] | None = None,
        alias: str = "admin",
        tenant: str = "default",
        name: str = "",
    ) -> Client:
        """A caller with a personal access token; the same for the same arguments. No level: an ordinary user."""
        key = (levels, None if scopes is None else tuple(scopes), alias, tenant, name)
        if key not in self.clients:
            made = credentials.create_token(
                self.store,
                self.store.need_tenant(tenant),
                name=f"test {len(self.clients)}",
                identity_alias=alias,
                levels=levels,
                scopes=None if scopes is None else list(scopes),
            )
            self.clients[key] = self.client(made.credential.id, made.secret, made.credential.identity)
        return self.clients[key]

    @property
    def admin(self) -> Client:
        return self.as_("ORG_ADMIN")

    @property
    def nobody(self) -> Client:
        """A caller without a token."""
        return Client(self, "", "", "")

    def application(self, scopes: Collection[str] = ("sp:scopes:all",)) -> Client:
        """A caller with the own token of an OAuth client."""
        key = ("application", tuple(scopes))
        if key not in self.clients:
            body = {
                "name": "an application",
                "description": "of a test",
                "accessTokenValiditySeconds": 750,
                "grantTypes": ["CLIENT_CREDENTIALS"],
                "accessType": "OFFLINE",
                "enabled": True,
                "scope": list(scopes),
            }
            made = self.admin.post("/v2025/oauth-clients", body).ok()
            self.clients[key] = self.client(made["id"], made["secret"], "")
        return self.clients[key]

    def client(self, id: str, secret: str, identity: str) -> Client:
        return Client(self, self.services.tokens.issue(id, secret)["access_token"], id, identity)

    # --- the wire ------------------------------------------------------------------------------------

    def send(
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        body: bytes,
        on_piece: Callable[[bytes], None] | None = None,
    ) -> Reply:
        """One request through the ASGI door, as uvicorn would hand it in."""
        return self.loop.run_until_complete(self._send(method, target, headers, body, on_piece))

    async def _send(
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        body: bytes,
        on_piece: Callable[[bytes], None] | None,
    ) -> Reply:
        raw, _, query = target.partition("?")
        pairs: list[Header] = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        if body and "content-length" not in headers:
            pairs.append((b"content-length", str(len(body)).encode()))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": raw,
            "raw_path": raw.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "headers": [(b"host", b"house"), *pairs],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        parts = [body[i : i + 65_536] for i in range(0, len(body), 65_536)] or [b""]
        started: dict[str, Any] = {}
        pieces: list[bytes] = []

        async def receive() -> dict[str, Any]:
            if not parts:
                await asyncio.Event().wait()  # this client stays until it has its answer
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                assert not started, "the answer began twice"
                started.update(message)
            else:
                pieces.append(message.get("body", b""))
                if on_piece is not None:
                    on_piece(pieces[-1])

        await self.app(scope, receive, send)
        found = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in started["headers"]]
        assert len(dict(found)) == len(found), f"a header is sent twice: {found}"
        return Reply(started["status"], dict(found), pieces)


def open_house(
    data_dir: Path,
    *,
    rate_limit: str = "off",
    run: bool = True,
    clock: Callable[[], int] = now_ms,
    non_employee_limits: str = "",
) -> House:
    """Start the application on a data directory; `run` False: no job is worked on. `clock`: ms since 1970 UTC."""
    app = App(Settings(data_dir, rate_limit=rate_limit, non_employee_limits=non_employee_limits), clock=clock)
    with pytest.MonkeyPatch.context() as patch:
        if not run:
            patch.setattr(Engine, "start", lambda self: None)
        services = app.start()
    return House(data_dir, app, services, asyncio.new_event_loop())


def close_house(house: House) -> None:
    house.app.stop()
    house.loop.close()


# --- fixtures ------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the company, loaded once."""
    data_dir = tmp_path_factory.mktemp("template") / "data"
    store = open_store(data_dir)
    build(store)
    store.close()
    return data_dir


def _copy(template: Path, target: Path) -> Path:
    target.mkdir(parents=True)
    shutil.copyfile(template / FILE, target / FILE)
    return target


@pytest.fixture
def house(template: Path, tmp_path: Path) -> Iterator[House]:
    found = open_house(_copy(template, tmp_path / "house"))
    yield found
    close_house(found)


@pytest.fixture
def idle_house(template: Path, tmp_path: Path) -> Iterator[House]:
    found = open_house(_copy(template, tmp_path / "idle"), run=False)
    yield found
    close_house(found)


@pytest.fixture(scope="module")
def module_house(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    found = open_house(_copy(template, tmp_path_factory.mktemp("house") / "data"))
    yield found
    close_house(found)


@pytest.fixture
def empty_house(tmp_path: Path) -> Iterator[House]:
    """No company at all."""
    found = open_house(tmp_path / "empty")
    yield found
    close_house(found)
