"""`bulkwark demo`: the main job done for real, on a made-up company, over the HTTP API."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import httpx
from rich import box
from rich.console import Console
from rich.table import Table

from bulkwark.auth.credentials import create_token
from bulkwark.bulk.batch import Row
from bulkwark.bulk.load import Loader
from bulkwark.cli.bars import Bars
from bulkwark.cli.common import called_as, calm_collector, number, opened, plural
from bulkwark.domain import synthetic
from bulkwark.errors import BulkwarkError, Unavailable
from bulkwark.store import upkeep
from bulkwark.store.tenants import FILE

ROLES = 20_000
SEED = 1
QUERY = (
    "enabled:true AND name:Finance AND @entitlements(source.name:SAP) AND NOT @accessModelMetadata(key:classification)"
)
KEY, VALUE = "classification", "confidential"
BULK = "/v2025/roles/access-model-metadata/bulk-update"
EXPERIMENTAL = {"X-SailPoint-Experimental": "true"}
START_SECONDS, JOB_SECONDS, POLL_SECONDS, STOP_SECONDS = 30.0, 120.0, 0.05, 10.0


class Unexpected(BulkwarkError):
    """Something was not as the demo promises."""


@click.command()
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="BULKWARK_DEMO_DATA_DIR",
    show_envvar=True,
    help="An empty or new directory to keep the company in; without it, a temporary one that is removed.",
)
@click.option("--roles", type=click.IntRange(200), default=ROLES, show_default=True, help="Size of the company.")
def demo(data_dir: Path | None, roles: int) -> None:
    """Show the main job on a made-up company: a server, a query, a bulk update, and the proof of what changed."""
    began = time.perf_counter()
    console = Console(highlight=False)
    with contextlib.ExitStack() as stack:
        if data_dir is None:
            data_dir = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bulkwark-demo-")))
        elif (data_dir / FILE).exists():
            raise Unexpected(f"{data_dir} holds a database already", hint="the demo wants a new directory")
        _head(console, 1, f"A company of {number(roles)} roles, made up from seed {SEED}")
        client_id, secret = _company(console, data_dir, roles)
        _head(console, 2, "A server on it, and an access token")
        address = stack.enter_context(_server(data_dir))
        _say(console, f"bulkwark serve answers at {address}")
        api = stack.enter_context(httpx.Client(base_url=address, timeout=60))
        _sign_in(console, api, client_id, secret)
        _main_job(console, api)
        console.print(f"\n[green]Done in {time.perf_counter() - began:.1f} s.[/]")
        _next(console, address, client_id, secret)


# --- the stage -----------------------------------------------------------------------------------------


def _say(console: Console, text: str) -> None:
    """A line that a terminal may break and nothing else does, so that it can be copied."""
    console.print(f"  {text}", soft_wrap=True)


def _head(console: Console, step: int, text: str) -> None:
    console.print(f"\n[bold]{step}. {text}[/]")


def _company(console: Console, data_dir: Path, roles: int) -> tuple[str, str]:
    """Load the company and make a credential: (client id, secret)."""
    began = time.perf_counter()
    calm_collector()
    totals = synthetic.sizes(roles)
    documents = synthetic.company(roles, seed=SEED, now=datetime.now(UTC))
    with opened(data_dir, make=True) as store:
        tenant = store.need_tenant("default")
        with Bars(console) as bars, store.database.bulk():
            loader = Loader(
                store,
                tenant,
                now=time.time_ns() // 1_000_000,
                strict=True,
                progress=lambda kind, count: bars.advance(kind, count, totals[kind]),
            )
            report = loader.load(Row(kind, document) for kind, document in documents)
        upkeep.settle(store, report.written)
        made = create_token(store, tenant, name="demo", levels=("ORG_ADMIN",))
    _say(console, f"{number(report.written)} objects loaded in {time.perf_counter() - began:.1f} s")
    return made.credential.id, made.secret


@contextlib.contextmanager
def _server(data_dir: Path) -> Iterator[str]:
    """A real server process on a free loopback port, ended by its own process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "bulkwark", "serve", "--data-dir", str(data_dir), "--port", str(port)]
    # Not `stdin`: the demo waits there for Enter. A session of its own, so that Ctrl-C reaches the demo alone.
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [*command, "--rate-limit", "off"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            if not _ready(process, address):
                log.seek(0)
                raise Unavailable(f"the server did not start: {log.read().decode(errors='replace').strip()}")
            yield address
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _ready(process: subprocess.Popen[bytes], address: str) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{address}/health", timeout=2).status_code == 200:
                return True
        time.sleep(0.05)
    return False


def _sign_in(console: Console, api: httpx.Client, client_id: str, secret: str) -> None:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    found = _expect(api.post("/oauth/token", data=form), 200).json()
    api.headers["Authorization"] = f"Bearer {found['access_token']}"
    _say(console, f"POST /oauth/token: a {found['token_type']} token, good for {number(found['expires_in'])} s")


# --- the act -------------------------------------------------------------------------------------------


def _main_job(console: Console, api: httpx.Client) -> None:
    """Search, bulk update by query, and search again. Raises Unexpected when anything is not as it must be."""
    _head(console, 3, "Which roles would be changed? A search with the same query")
    _say(console, f"[cyan]{QUERY}[/]")
    matching = _count(api)
    _require(matching > 0, "the query matches nothing")
    before = [_role(api, id) for id in _first_ids(api, 5)]
    _say(console, f"POST /v2025/search/count: [bold]{plural(matching, 'role')}[/]")

    _head(console, 4, f"Classify them all: ADD {KEY} = {VALUE}")
    body = {
        "query": _search(),
        "operation": "ADD",
        "values": [{"attribute": KEY, "values": [VALUE]}],
    }
    accepted = _expect(api.post(f"{BULK}/query", json=body, headers=EXPERIMENTAL), 202).json()
    _say(console, f"POST {BULK}/query: 202, job {accepted['id']}")
    job = _follow(console, api, accepted["id"])
    official = _expect(api.get(f"{BULK}/{accepted['id']}", headers=EXPERIMENTAL), 202).json()
    _say(console, f"GET {BULK}/{{id}}: [bold]{official['status']}[/]")
    counts = ", ".join(f"{number(job[name])} {name}" for name in ("changed", "unchanged", "skipped", "failed"))
    _say(console, f"GET /bulkwark/v1/jobs/{{id}}: {counts}")
    _require(official["status"] == "COMPLETED" and job["status"] == "COMPLETED", f"the job is {job['status']}")
    _require(job["changed"] == job["total"] == matching, f"{matching} roles matched, {job['changed']} were changed")

    _head(console, 5, "Five of them, before and after, as GET /v2025/roles/{id} shows them")
    after = [_role(api, role["id"]) for role in before]
    table = Table("role", "before", "after", box=box.SIMPLE)
    for old, new in zip(before, after, strict=True):
        table.add_row(new["name"], _words(old), f"[green]{_words(new)}[/]")
        _require(_metadata(new) == _metadata(old) | {KEY: [VALUE]}, f"role {new['id']} has {_words(new)}")
    console.print(table)
    example = after[0]
    shown = {"id": example["id"], "name": example["name"], "accessModelMetadata": example["accessModelMetadata"]}
    _say(console, f"GET /v2025/roles/{example['id']}")
    console.print_json(data=shown)

    _head(console, 6, "The same query again")
    left = _count(api)
    _say(console, f"POST /v2025/search/count: [bold]{plural(left, 'role')}[/]")
    _require(left == 0, f"{left} roles were left out")


def _follow(console: Console, api: httpx.Client, id: str) -> dict[str, Any]:
    """The job when it has ended; a live bar until then."""
    deadline = time.monotonic() + JOB_SECONDS
    with Bars(console) as bars:
        while True:
            job: dict[str, Any] = _expect(api.get(f"/bulkwark/v1/jobs/{id}"), 200).json()
            bars.set(job["status"], job["done"], job["total"], f"{number(job['changed'])} changed", key=id)
            if job["finished"] is not None:
                return job
            _require(time.monotonic() < deadline, f"the job did not end within {JOB_SECONDS:g} s")
            time.sleep(POLL_SECONDS)


def _search() -> dict[str, Any]:
    return {"indices": ["roles"], "queryType": "SAILPOINT", "query": {"query": QUERY}}


def _count(api: httpx.Client) -> int:
    return int(_expect(api.post("/v2025/search/count", json=_search()), 204).headers["X-Total-Count"])


def _first_ids(api: httpx.Client, limit: int) -> list[str]:
    body = _search() | {"sort": ["name"], "includeNested": False}
    return [found["id"] for found in _expect(api.post(f"/v2025/search?limit={limit}", json=body), 200).json()]


def _role(api: httpx.Client, id: str) -> dict[str, Any]:
    found: dict[str, Any] = _expect(api.get(f"/v2025/roles/{id}"), 200).json()
    return found


def _metadata(role: dict[str, Any]) -> dict[str, list[str]]:
    attributes = role["accessModelMetadata"]["attributes"]
    return {one["key"]: [value["value"] for value in one["values"]] for one in attributes}


def _words(role: dict[str, Any]) -> str:
    return "; ".join(f"{key} = {', '.join(values)}" for key, values in _metadata(role).items()) or "–"


def _expect(response: httpx.Response, status: int) -> httpx.Response:
    request = response.request
    _require(
        response.status_code == status,
        f"{request.method} {request.url.path} answered {response.status_code}: {response.text[:300]}",
    )
    return response


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Unexpected(otherwise)


# --- the end -------------------------------------------------------------------------------------------


def _next(console: Console, address: str, client_id: str, secret: str) -> None:
    """What to try next; on a terminal the server stays until Enter."""
    if not sys.stdin.isatty():
        name = called_as()
        _say(console, f"Next: {name} load --synthetic roles=2000, {name} token create --help, {name} serve")
        return
    click.echo(f"""
The server goes on until you press Enter. Try, in another terminal:

  TOKEN=$(curl -s {address}/oauth/token -d grant_type=client_credentials \\
    -d client_id={client_id} -d client_secret={secret} \\
    | python3 -c 'import json,sys; print(json.load(sys.stdin)["access_token"])')
  curl -s '{address}/v2025/roles?limit=2&filters=name%20sw%20"Finance"' -H "Authorization: Bearer $TOKEN"
  curl -s '{address}/bulkwark/v1/jobs' -H "Authorization: Bearer $TOKEN"

The API of ISC: {address}/bulkwark/v1/openapi.json""")
    with contextlib.suppress(KeyboardInterrupt, EOFError):
        input("\nEnter ends the demo. ")
