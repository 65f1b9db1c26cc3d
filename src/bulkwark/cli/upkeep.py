"""`bulkwark backup`, `doctor` and `version`: what an operator needs now and then."""

from __future__ import annotations

import os
import platform
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from bulkwark import __version__
from bulkwark.cli.common import data_dir_option, json_option, number, opened, plural, print_json
from bulkwark.domain.kinds import OBJECTS
from bulkwark.errors import Invalid, Unavailable
from bulkwark.store import jobs, upkeep
from bulkwark.store.tenants import FILE, Store

SPOT_CHECKS = 200
LEAST_FREE = 1 << 30  # bytes; a job on 1,000,000 roles writes about half of that


@click.command()
@data_dir_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Overwrite the file when it exists.")
@json_option
def backup(data_dir: Path, file: Path, force: bool, as_json: bool) -> None:
    """Copy the database to FILE, as it is at one moment; a server may go on writing. The copy is checked.

    To restore: stop the server, put FILE in the data directory as bulkwark.db, remove bulkwark.db-wal and -shm.
    """
    if file.exists() and not force:
        raise Invalid(f"{file} exists", hint="--force overwrites it")
    began = time.perf_counter()
    # Written beside its place and renamed, so that a broken copy never stands under the good name.
    partial = file.with_name(f".{file.name}.{os.getpid()}.partial")
    try:
        with opened(data_dir, read_only=True) as store:
            wrong = store.database.backup(partial)
        if wrong:
            raise Unavailable(f"the copy is damaged: {wrong[0]}", hint="`bulkwark doctor` looks at the original")
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    took, size = time.perf_counter() - began, file.stat().st_size
    if as_json:
        print_json({"file": str(file), "bytes": size, "seconds": round(took, 3), "checked": True})
    else:
        click.echo(f"{file}: {megabytes(size)} in {took:.1f} s, checked")


@dataclass(slots=True)
class Finding:
    """One line of the doctor's report."""

    name: str
    sound: bool
    text: str


@click.command()
@data_dir_option
@json_option
def doctor(data_dir: Path, as_json: bool) -> None:
    """Examine a data directory: the file, the schema, the indexes, jobs and the disk. Status 1 on trouble."""
    with opened(data_dir, read_only=True) as store:
        found = examine(store, data_dir)
    sound = all(finding.sound for finding in found)
    if as_json:
        findings = [{"name": f.name, "sound": f.sound, "text": f.text} for f in found]
        print_json({"sound": sound, "findings": findings})
    for finding in [] if as_json else found:
        mark = click.style("ok  ", fg="green") if finding.sound else click.style("BAD ", fg="red")
        click.echo(f"{mark} {finding.name:<12} {finding.text}")
    if not sound:
        raise click.exceptions.Exit(1)


def examine(store: Store, data_dir: Path) -> list[Finding]:
    """All findings; each examination stands for itself."""
    file = data_dir / FILE
    session = store.read()
    free = shutil.disk_usage(data_dir).free
    wal = file.with_name(file.name + "-wal")
    wal_size = wal.stat().st_size if wal.exists() else 0
    unfinished = jobs.all_unfinished(session)
    found = [
        Finding("sqlite", True, upkeep.sqlite_version(session)),
        Finding("file", True, f"{file}: {megabytes(file.stat().st_size)}, log {megabytes(wal_size)}"),
        Finding("schema", True, f"version {upkeep.schema_version(session)}"),
        Finding("disk", free >= LEAST_FREE, f"{megabytes(free)} free"),
    ]
    for tenant in store.tenants():
        counts = ", ".join(plural(tenant.objects.count(session, kind), kind.noun) for kind in OBJECTS)
        found.append(Finding("holds", True, f"{tenant.name}: {counts}"))
    found.append(_finding("soundness", upkeep.damage(session), "quick check passed"))
    found.append(_finding("wholeness", upkeep.strays(session), "every object has all its parts"))
    checked, wrong = upkeep.spot_check(session, store, SPOT_CHECKS)
    good = f"{plural(checked, 'object')} drawn by lot, each found under all its terms and values"
    found.append(_finding("indexes", wrong, good))
    text = f"{plural(len(unfinished), 'unfinished job')}; a running server works on them" if unfinished else "none open"
    found.append(Finding("jobs", True, text))
    return found


def _finding(name: str, wrong: list[str], good: str) -> Finding:
    """A finding that is sound when nothing wrong was found."""
    if not wrong:
        return Finding(name, True, good)
    more = f"; and {number(len(wrong) - 3)} more" if len(wrong) > 3 else ""
    return Finding(name, False, "; ".join(wrong[:3]) + more)


@click.command()
@json_option
def version(as_json: bool) -> None:
    """Print the version."""
    found: dict[str, Any] = {"version": __version__, "python": platform.python_version()}
    if as_json:
        print_json(found)
    else:
        click.echo(f"bulkwark {__version__} (Python {found['python']})")


def megabytes(size: int) -> str:
    """`121249792` → `115.6 MiB`."""
    return f"{size / (1 << 20):,.1f} MiB"
