"""`bulkwark serve`: the server, in this process, until a signal ends it."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import click

from bulkwark import __version__
from bulkwark.api.services import Services
from bulkwark.app import App
from bulkwark.cli.common import DEFAULTS, HELP, Command, called_as, data_dir_option, plural, usable
from bulkwark.domain.kinds import OBJECTS, Kind
from bulkwark.errors import Unavailable
from bulkwark.query import ast
from bulkwark.query.requests import MODES, PRECEDENCES, WORD_SPLITS
from bulkwark.settings import Settings
from bulkwark.store import credentials, jobs

if TYPE_CHECKING:
    import uvicorn

STOP_SECONDS = 5  # how long running requests may take after a signal
# How long a thread that only computes may keep the others from Python. Of 5 ms, Python's own, a call that passes three
# threads would wait up to 15 beside a job that changes records row by row.
SWITCH_SECONDS = 0.0005
LEVELS = ("debug", "info", "warning", "error")


def _setting(name: str, **more: Any) -> Callable[[Command], Command]:
    """The option of a setting: its name, default, environment variable and help are those of `Settings`."""
    default = DEFAULTS[name]
    variable = f"BULKWARK_{name.upper()}"
    usual = {"default": default or None, "show_default": bool(default), "help": HELP[name]}
    return click.option(f"--{name.replace('_', '-')}", envvar=variable, show_envvar=True, **{**usual, **more})


@click.command()
@data_dir_option
@_setting("host")
@_setting("port", type=click.IntRange(0, 65535), help=f"{HELP['port'].rstrip('.')}; 0 takes a free one.")
@_setting("rate_limit")
@_setting("non_employee_limits")
@_setting("query_mode", type=click.Choice(MODES))
@_setting("word_split", type=click.Choice(WORD_SPLITS))
@_setting("precedence", type=click.Choice(PRECEDENCES))
@click.option(
    "--log-level",
    type=click.Choice(LEVELS, case_sensitive=False),
    default="info",
    show_default=True,
    envvar="BULKWARK_LOG_LEVEL",
    show_envvar=True,
    help="Least severity that is logged to standard error.",
)
def serve(
    data_dir: Path,
    host: str,
    port: int,
    rate_limit: str,
    non_employee_limits: str | None,
    query_mode: str,
    word_split: str | None,
    precedence: str,
    log_level: str,
) -> None:
    """Run the server. It is ready when GET /health answers 200; SIGTERM or Ctrl-C ends it."""
    # `uvicorn` takes 0.1 s to import; the other commands do without it.
    import uvicorn

    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    logging.basicConfig(level=log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("uvicorn").setLevel(max(logging.WARNING, logging.getLevelName(log_level.upper())))
    sys.setswitchinterval(SWITCH_SECONDS)
    with usable(data_dir), _bound(host, port) as listener:
        bound = listener.getsockname()[1]
        asked = (query_mode, word_split or "", precedence)
        app = App(Settings(data_dir, host, bound, rate_limit, non_employee_limits or "", *asked))
        try:
            # Started here rather than by the ASGI life span: errors stay ours, and are one line.
            services = app.start()
            _greet(services, app.settings)
            config = uvicorn.Config(
                app,
                http="httptools",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
            server = uvicorn.Server(config)
            _on_shutdown(server, app.leave)
            server.run(sockets=[listener])
        finally:
            app.stop()


def _on_shutdown(server: uvicorn.Server, leave: Callable[[], None]) -> None:
    """Call `leave` when the server begins to stop: before it waits for what still runs."""
    shutdown = server.shutdown

    async def first_leave(sockets: list[socket.socket] | None = None) -> None:
        leave()
        await shutdown(sockets)

    server.shutdown = first_leave  # type: ignore[method-assign]  # uvicorn has no hook before it waits


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Before and after uvicorn's own handlers, which end requests in good order: the exit status is 0."""
    raise SystemExit(0)


def _bound(host: str, port: int) -> socket.socket:
    """A socket at the address, bound before the store is opened. Raises Unavailable."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind, protocol)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except OSError as error:
        raise Unavailable(
            f"cannot listen on {host} port {port}: {error.strerror or error}", hint="choose another with --port"
        ) from error
    return found


def _greet(services: Services, settings: Settings) -> None:
    """What runs where, what it holds, and for a fresh one the way to the first token."""
    session = services.store.read()
    tenants = list(services.store.tenants())
    counts = {kind: sum(t.objects.count(session, kind) for t in tenants) for kind in OBJECTS}
    address = f"http://{f'[{settings.host}]' if ':' in settings.host else settings.host}:{settings.port}"
    click.echo(f"Bulkwark {__version__} serves {address}")
    click.echo(f"  data       {settings.data_dir.resolve()}")
    click.echo(f"  holds      {', '.join(plural(count, kind.noun) for kind, count in counts.items())}")
    unfinished = len(jobs.all_unfinished(session))
    if unfinished:
        click.echo(f"  resuming   {plural(unfinished, 'unfinished job')}")
    if not services.limits.enabled:
        click.echo("  rate limit off")
    if not any(
        list(credentials.listed(session, t.number, kind, ast.All())) for t in tenants for kind in ("pat", "client")
    ):
        click.echo(first_token(settings, address))
    if not counts[Kind.ROLE]:
        load = f"{called_as()} load --data-dir {settings.data_dir} --synthetic roles=2000"
        click.echo(f"\nNo roles yet. A company to try things on:\n\n  {load}\n")


def first_token(settings: Settings, address: str) -> str:
    """How to get the first token, as commands that can be pasted."""
    return f"""
No one can sign in yet. Make a credential for an administrator:

  {called_as()} token create --data-dir {settings.data_dir} --name first --user-level ORG_ADMIN

With the id and the secret that it prints, get an access token:

  curl -s {address}/oauth/token -d grant_type=client_credentials -d client_id=ID -d client_secret=SECRET

And with its `access_token`, search:

  curl -s '{address}/v2025/search?limit=5' -H 'Authorization: Bearer TOKEN' \\
    -H 'Content-Type: application/json' -d '{{"indices":["roles"],"query":{{"query":"name:Finance"}}}}'"""
