"""`bulkwark load`: documents from files, or a synthetic company, into the store."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from bulkwark.bulk import ndjson
from bulkwark.bulk.batch import KINDS, Row
from bulkwark.bulk.load import Fault, Loader, Report, kind_named
from bulkwark.cli import bars
from bulkwark.cli.common import (
    calm_collector,
    data_dir_option,
    json_option,
    number,
    opened,
    plural,
    print_json,
    tenant_option,
)
from bulkwark.domain import synthetic as companies
from bulkwark.store import upkeep

SHOWN_FAULTS = 20


@click.command()
@data_dir_option
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--kind", help=f"Kind of the files' documents, when their names do not tell: {', '.join(KINDS)}.")
@click.option("--synthetic", metavar="roles=N", help="Load a made-up company with so many roles instead.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same company.")
@tenant_option
@click.option("--strict", is_flag=True, help="Stop at the first faulty row.")
@json_option
def load(
    data_dir: Path,
    files: tuple[str, ...],
    kind: str | None,
    synthetic: str | None,
    seed: int,
    tenant: str,
    strict: bool,
    as_json: bool,
) -> None:
    """Load NDJSON files (one document on each line, as the API's GET answers show it), upserting by id.

    The kind is told by a file's name (roles.ndjson, accessProfiles.json.gz), by --kind, or by lines of the form
    {"kind": "role", "document": {...}}. `-` is standard input. A server may run on the same data directory. A load
    that was interrupted is run again; it ends with status 1 when rows had faults.
    """
    rows, totals = _rows(files, _kind(kind), synthetic, seed)
    calm_collector()
    began = time.perf_counter()
    with opened(data_dir, make=True) as store:
        with _progress(totals, quiet=as_json) as progress, store.database.bulk():
            loader = Loader(
                store,
                store.need_tenant(tenant),
                now=time.time_ns() // 1_000_000,
                strict=strict,
                progress=progress,
            )
            report = loader.load(rows)
        upkeep.settle(store, report.written)
    _show(report, time.perf_counter() - began, as_json)
    if report.failed:
        raise click.exceptions.Exit(1)


def _rows(
    files: tuple[str, ...], kind: str | None, company: str | None, seed: int
) -> tuple[Iterator[Row | Fault], dict[str, int]]:
    """What is to be loaded, and how much of each kind, as far as known."""
    if bool(files) == bool(company):
        raise click.UsageError("name files to load, or --synthetic roles=N")
    if not company:
        return ndjson.rows(ndjson.in_order(files, kind), kind), {}
    name, _, count = company.partition("=")
    if name != "roles" or not count.isdigit():
        raise click.BadParameter(f"{company!r} is not of the form roles=N", param_hint="--synthetic")
    documents = companies.company(int(count), seed=seed, now=datetime.now(UTC))
    return (Row(kind, document) for kind, document in documents), companies.sizes(int(count))


def _kind(word: str | None) -> str | None:
    found = None if word is None else kind_named(word)
    if word is not None and found is None:
        raise click.BadParameter(f"{word!r} is no kind; one of {', '.join(KINDS)}", param_hint="--kind")
    return found


@contextmanager
def _progress(totals: dict[str, int], *, quiet: bool) -> Iterator[Callable[[str, int], None] | None]:
    """A bar for each kind that appears."""
    if quiet:
        yield None
        return
    with bars.Bars() as found:
        yield lambda kind, count: found.advance(kind, count, totals.get(kind))


def _show(report: Report, took: float, as_json: bool) -> None:
    if as_json:
        print_json(_as_json(report, took))
        return
    for kind, counts in report.kinds.items():
        if counts.rows or counts.placeholders:
            parts = [f"{number(n)} {word}" for word, n in asdict(counts).items() if n and word != "placeholders"]
            if counts.placeholders:
                parts.append(f"{plural(counts.placeholders, 'placeholder')} for what others refer to")
            click.echo(f"{kind + ':':<20} {', '.join(parts)}")
    rows = report.unread + sum(counts.rows for counts in report.kinds.values())
    click.echo(f"{number(rows)} rows in {took:.1f} s ({number(int(rows / max(took, 0.001)))} rows/s)")
    if report.failed:
        click.secho(f"{plural(report.failed, 'row')} not loaded:", fg="red", err=True)
        for fault in report.faults[:SHOWN_FAULTS]:
            click.echo(f"  {fault}", err=True)
        if report.failed > SHOWN_FAULTS:
            click.echo(f"  … and {number(report.failed - SHOWN_FAULTS)} more", err=True)


def _as_json(report: Report, took: float) -> dict[str, Any]:
    return {
        "kinds": {kind: asdict(counts) for kind, counts in report.kinds.items() if counts.rows or counts.placeholders},
        "failed": report.failed,
        "seconds": round(took, 3),
        "faults": [
            {"file": f.file, "line": f.line, "kind": f.kind, "pointer": f.pointer, "sentence": f.sentence}
            for f in report.faults
        ],
    }
