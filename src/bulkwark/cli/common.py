"""What the commands share: options, the opened store, output, and errors as one line."""

from __future__ import annotations

import dataclasses
import gc
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

import click

from bulkwark.errors import BulkwarkError, NotFound, Unavailable
from bulkwark.settings import DEFAULT_TENANT, Settings
from bulkwark.store.tenants import FILE, Store, Tenant, open_store

DEFAULT_DATA_DIR = Path("bulkwark-data")
CREATION_SECONDS = 1.0  # how long a file may be empty because another process is just making it
RESTORE = "restore a backup"
HELP: dict[str, str] = {field.name: field.metadata["help"] for field in dataclasses.fields(Settings)}
DEFAULTS: dict[str, Any] = {
    field.name: field.default for field in dataclasses.fields(Settings) if field.default is not dataclasses.MISSING
}

Command = TypeVar("Command", bound=Callable[..., Any])


class Failure(click.ClickException):
    """One red line on standard error, and exit status 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.secho(f"error: {self.format_message()}", fg="red", err=True)


class Commands(click.Group):
    """A group whose commands never end in a traceback for what a user can meet."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BulkwarkError as error:
            raise Failure(error.sentence()) from error
        except BrokenPipeError:
            # `bulkwark jobs list | head`: the reader has seen enough. Standard output must not be flushed again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise click.exceptions.Exit(1) from None
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            raise Failure(f"{place}{error.strerror or error}") from error


def data_dir_option(command: Command) -> Command:
    """`--data-dir`, in every command that touches data."""
    return click.option(
        "--data-dir",
        type=click.Path(path_type=Path, file_okay=False, readable=False),  # `usable` says it in one line
        default=DEFAULT_DATA_DIR,
        show_default=True,
        envvar="BULKWARK_DATA_DIR",
        show_envvar=True,
        help=HELP["data_dir"],
    )(command)


def tenant_option(command: Command) -> Command:
    return click.option(
        "--tenant",
        default=DEFAULT_TENANT,
        show_default=True,
        envvar="BULKWARK_TENANT",
        show_envvar=True,
        help="Name of the company in the store.",
    )(command)


def json_option(command: Command) -> Command:
    return click.option("--json", "as_json", is_flag=True, envvar="BULKWARK_JSON", help="Print JSON, for scripts.")(
        command
    )


@contextmanager
def opened(data_dir: Path, *, make: bool = False, read_only: bool = False) -> Iterator[Store]:
    """The store of a data directory, closed at the end.

    Without `make`, a directory that holds no database is an error: a mistyped path must not look like an empty
    company. With `read_only`, nothing is written and nothing migrated.
    """
    with usable(data_dir):
        if not make and not (data_dir / FILE).is_file():
            hint = "name the directory that `bulkwark serve` uses with --data-dir"
            raise NotFound(f"there is no database in {data_dir}", hint=hint)
        store = open_store(data_dir, read_only=read_only)
        try:
            yield store
        finally:
            store.close()


@contextmanager
def usable(data_dir: Path) -> Iterator[None]:
    """Around all use of a data directory: say why its database cannot be used, and refuse an empty file."""
    file = data_dir / FILE
    if data_dir.is_dir() and not os.access(data_dir, os.R_OK | os.X_OK):
        raise Unavailable(f"{data_dir} is not readable by this user")
    if _empty(file):
        raise Unavailable(f"{file} is damaged: it is empty", hint=f"{RESTORE}, or delete it to begin anew")
    try:
        yield
    except Unavailable as error:
        match type(error.__cause__).__name__:  # the driver's error; only `store` may import its classes
            case "CantOpenError" | "ReadOnlyError" | "IOError" if place := _not_allowed(data_dir):
                raise Unavailable(f"{place} by this user") from error
            case "NotADBError" | "CorruptError":
                raise Unavailable(error.detail, hint=RESTORE) from error
        raise


def _empty(file: Path) -> bool:
    """Whether it is a file of no bytes and stays one: another process may be making it at this moment."""
    deadline = time.monotonic() + CREATION_SECONDS
    while file.is_file() and file.stat().st_size == 0:
        if time.monotonic() > deadline:
            return True
        time.sleep(0.05)
    return False


def _not_allowed(data_dir: Path) -> str:
    """What of a data directory this user may not use, such as `company is not writable`; or ''.

    Reading needs the right to write too: SQLite keeps its shared memory beside the database.
    """
    file = data_dir / FILE
    for place in (data_dir, file, file.with_name(f"{FILE}-wal"), file.with_name(f"{FILE}-shm")):
        for right, word in ((os.R_OK, "readable"), (os.W_OK, "writable")):
            if place.exists() and not os.access(place, right):
                return f"{place} is not {word}"
    return ""


def need_tenant(store: Store, name: str) -> Tenant:
    """The tenant of that name. Raises NotFound naming those that exist."""
    tenant = store.tenant(name)
    if tenant is None:
        known = ", ".join(tenant.name for tenant in store.tenants())
        raise NotFound(f"there is no tenant {name!r}", hint=f"there are: {known}" if known else "there are none yet")
    return tenant


def called_as() -> str:
    """How to call the command again from here: `bulkwark` where the shell finds it, else as it was called now."""
    called = Path(sys.argv[0])
    if called.name != "bulkwark":
        return "python -m bulkwark"
    found = shutil.which("bulkwark")
    return "bulkwark" if found and Path(found).resolve() == called.resolve() else str(called)


def calm_collector() -> None:
    """Let the cycle collector look seldom: a load makes many containers and no cycles (a tenth of its time)."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def print_json(value: Any) -> None:
    """One JSON document, indented for people and read by scripts all the same."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def number(value: int) -> str:
    """`20000` → `20,000`."""
    return f"{value:,}"


def plural(count: int, noun: str) -> str:
    """`1 role`, `20,000 roles`, `2 identities`."""
    if count == 1:
        return f"1 {noun}"
    return f"{number(count)} {noun[:-1]}ies" if noun.endswith("y") else f"{number(count)} {noun}s"
