"""`bulkwark jobs list`, `show`, `watch`: what the store knows of jobs, read directly; a server may run or not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from bulkwark.api import job_shapes
from bulkwark.bulk import common_access, progress
from bulkwark.bulk.derived import Derived
from bulkwark.bulk.metadata import NAME
from bulkwark.bulk.selection import Selector
from bulkwark.cli.bars import Bars
from bulkwark.cli.common import (
    data_dir_option,
    json_option,
    need_tenant,
    number,
    opened,
    plural,
    print_json,
    tenant_option,
)
from bulkwark.cli.following import pace
from bulkwark.domain.jobs import FINISHED, Job, Outcome, Status
from bulkwark.domain.kinds import Kind
from bulkwark.domain.times import iso_ms, iso_us
from bulkwark.errors import NotFound
from bulkwark.store import jobs as stored
from bulkwark.store import outcomes
from bulkwark.store.dialect import Session
from bulkwark.store.outcomes import Item
from bulkwark.store.tenants import Tenant

POLL_SECONDS = 0.2
SHOWN_FAILURES = 10
OUTCOMES = ("changed", "unchanged", "skipped", "failed", "conflicted")


@click.group()
def jobs() -> None:
    """Bulk jobs. `list`, `show` and `watch` read the data directory; all others call a running server."""


@jobs.command(name="list")
@data_dir_option
@tenant_option
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many, newest first.")
@json_option
def list_(data_dir: Path, tenant: str, limit: int, as_json: bool) -> None:
    """List jobs, newest first."""
    with opened(data_dir, read_only=True) as store:
        found = stored.newest(store.read(), need_tenant(store, tenant).number, limit)
    if as_json:
        print_json([_as_json(job) for job in found])
        return
    if not found:
        click.echo("There are no jobs.")
    for job in found:
        total = "?" if job.total is None else number(job.total)
        related = f"  {job.relation}" if job.relation else ""
        done = f"{number(job.done)}/{total}  {_counts(job)}{related}"
        click.echo(f"{job.id}  {iso_us(job.created)[:19]}Z  {job.state:<21}  {done}")


@jobs.command()
@data_dir_option
@tenant_option
@click.argument("id")
@json_option
def show(data_dir: Path, tenant: str, id: str, as_json: bool) -> None:
    """Show a job: what it does, its counts, and the first failed items with their reasons."""
    with opened(data_dir, read_only=True) as store:
        company, session = need_tenant(store, tenant), store.read()
        job = _need(session, company, id)
        failures = list(_failures(session, job))
        does, chosen = job_shapes.does(session, job), selects(session, job)
    if as_json:
        shown = [{"id": item.id, "reason": item.reason} for item in failures]
        print_json(_as_json(job) | {"does": does, "selects": chosen, "failures": shown})
        return
    click.echo(f"job        {job.id}")
    click.echo(f"status     {job.state}{f': {job.held_for or job.error}' if job.held_for or job.error else ''}")
    click.echo(f"does       {does}")
    click.echo(f"selects    {chosen}")
    click.echo(f"submitted  {iso_us(job.created)} by {job.submitter}")
    if job.started is not None:
        click.echo(f"started    {iso_ms(job.started)}")
    if job.finished is not None:
        click.echo(f"finished   {iso_ms(job.finished)}")
    click.echo(f"items      {number(job.done)} of {'?' if job.total is None else number(job.total)}: {_counts(job)}")
    if job.hidden:
        click.echo(f"hidden     {number(job.hidden)} matched that the submitter may not see")
    for item in failures:
        click.secho(f"  {item.id or item.rid}: {item.reason}", fg="red")
    if job.failed > len(failures):
        click.echo(f"  … and {number(job.failed - len(failures))} more")


@jobs.command()
@data_dir_option
@tenant_option
@click.argument("id", required=False)
@json_option
def watch(data_dir: Path, tenant: str, id: str | None, as_json: bool) -> None:
    """Watch a job (the newest, when none is named) until it ends. Status 0: COMPLETED, 1: it ended otherwise."""
    with opened(data_dir, read_only=True) as store:
        company, session = need_tenant(store, tenant), store.read()
        job = _need(session, company, id) if id else _newest(session, company)
        if as_json:
            while job.status not in FINISHED:
                time.sleep(POLL_SECONDS)
                job = stored.by_number(session, job.tenant, job.number)
            print_json(_as_json(job))
        else:
            job = _watch(session, job)
    if job.status is not Status.COMPLETED:
        raise click.exceptions.Exit(1)


def _watch(session: Session, job: Job) -> Job:
    with Bars() as bars:
        while True:
            bars.set(job.state, job.done, job.total, _pace(session, job), key=job.id)
            if job.status in FINISHED:
                break
            time.sleep(POLL_SECONDS)
            job = stored.by_number(session, job.tenant, job.number)
    click.echo(f"{job.status}: {_counts(job)}{f' ({job.error})' if job.error else ''}")
    return job


def _pace(session: Session, job: Job) -> str:
    """Counts, items a second, and when it will be done, with a range."""
    found = progress.of(session, job, time.time_ns() // 1_000_000)
    moments = (None if ms is None else iso_ms(ms) for ms in (found.earliest, found.likely, found.latest))
    return "  ".join(part for part in (_counts(job), pace(found.rate, *moments), job.held_for or "") if part)


def _need(session: Session, tenant: Tenant, id: str) -> Job:
    job = stored.get(session, tenant.number, id.lower())
    if job is None:
        raise NotFound(f"there is no job {id}", hint="`bulkwark jobs list` shows them")
    return job


def _newest(session: Session, tenant: Tenant) -> Job:
    found = stored.newest(session, tenant.number, 1)
    if not found:
        raise NotFound("there are no jobs")
    return found[0]


def _failures(session: Session, job: Job) -> Iterator[Item]:
    """The first failed items."""
    return outcomes.page(session, job, 0, SHOWN_FAILURES, outcomes=(Outcome.FAILED,))


# --- in words ------------------------------------------------------------------------------------------


def selects(session: Session, job: Job) -> str:
    """Which objects a job deals with: its ids, filter or queries, or the items of another job."""
    if job.relation is not None:
        found = msgspec.json.decode(job.selector, type=Derived)
        source = stored.by_number(session, job.tenant, found.source)
        outcomes_ = " and ".join(Outcome(n).name.lower() for n in found.outcomes)
        every = len(found.outcomes) == len(Outcome)
        items = f"{'all' if every else outcomes_} items of {source.mode} {source.id}"
        return items if found.narrowed is None else f"{items}, of {_selected(found.narrowed)}"
    if job.operation == NAME:
        return _selected(msgspec.json.decode(job.selector, type=Selector))
    if job.operation == common_access.NAME:
        wanted = msgspec.json.decode(job.selector, type=common_access.Wanted)
        confirmed, denied = wanted.counted or (len(wanted.confirmed), len(wanted.denied))
        return f"{number(confirmed)} items of common access to confirm, {number(denied)} to deny"
    return "what its call named"


def _selected(selector: Selector) -> str:
    owned = " of one owner" if selector.owner else ""
    if selector.by == "ids":
        count = selector.count or len(selector.rids) or len(selector.ids)
        return f"{plural(count, Kind(selector.kind).noun)}{owned} by id"
    if selector.by == "all":
        return f"all {_nouns(selector.kind)}{owned}"
    if selector.by == "filter":
        return f"{_nouns(selector.kind)}{owned} by filter: {selector.filters}"
    texts = [str((query.get("query") or {}).get("query")) for query in selector.queries]
    return f"{_nouns(selector.kind)}{owned} by query: {' | '.join(texts)}"


def _nouns(kind: int) -> str:
    return plural(2, Kind(kind).noun).removeprefix("2 ")


def _counts(job: Job) -> str:
    counts = {name: getattr(job, name) for name in OUTCOMES}
    return ", ".join(f"{number(n)} {name}" for name, n in counts.items() if n or name == "changed")


def _as_json(job: Job) -> dict[str, Any]:
    moments = {
        "created": iso_us(job.created),
        "started": None if job.started is None else iso_ms(job.started),
        "finished": None if job.finished is None else iso_ms(job.finished),
    }
    names = ("submitter", "client", "total", "done", "hidden", *OUTCOMES, "error")
    head: dict[str, Any] = {
        "id": job.id,
        "type": job.type,
        "operation": job.operation,
        "status": job.status,
        "state": job.state,
    }
    head |= {"mode": job.mode, "relation": job.relation, "heldFor": job.held_for}
    return head | moments | {name: getattr(job, name) for name in names}
