"""A job or preview of a server on a terminal: in words, and live until it ends."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import click

from bulkwark.cli.bars import Bars
from bulkwark.cli.client import Remote
from bulkwark.cli.common import number, print_json
from bulkwark.domain.jobs import FINISHED

POLL_SECONDS = 0.5
OUTCOMES = ("changed", "unchanged", "skipped", "failed", "conflicted")
SAMPLE = 3  # diffs of each outcome


def counts(job: Mapping[str, Any]) -> str:
    """`1,200 changed, 3 failed`."""
    return ", ".join(f"{number(job[name])} {name}" for name in OUTCOMES if job[name] or name == "changed")


def pace(rate: float | None, earliest: str | None, likely: str | None, latest: str | None) -> str:
    """`12,000/s, done at 10:31:04 (10:30:58–10:31:20) UTC`; moments as ISO 8601."""
    if rate is None:
        return ""
    text = f"{rate:,.0f}/s"
    if earliest and likely and latest:
        text += f", done at {likely[11:19]} ({earliest[11:19]}–{latest[11:19]}) UTC"
    return text


def follow(remote: Remote, id: str) -> dict[str, Any]:
    """The job when it has ended; meanwhile its progress on standard error."""
    with Bars() as bars:
        while True:
            job: dict[str, Any] = remote.get(f"/jobs/{id}")
            eta = job["eta"] or {}
            speed = pace(job["itemsPerSecond"], *(eta.get(name) for name in ("earliest", "likely", "latest")))
            note = "  ".join(part for part in (counts(job), speed, job["heldFor"] or "") if part)
            bars.set(job["state"], job["done"], job["total"], note, key=id)
            if job["status"] in FINISHED:
                return job
            time.sleep(POLL_SECONDS)


def status_of(job: Mapping[str, Any]) -> int:
    """The exit status for a job that has ended: 0 all done, 1 it did not complete, 3 some items were refused."""
    if job["status"] != "COMPLETED":
        return 1
    return 3 if job["failed"] or job["conflicted"] else 0


def show_job(job: Mapping[str, Any]) -> None:
    """A job as the server tells it."""
    error = f": {job['error']}" if job["error"] else ""
    held = f" ({job['heldFor']})" if job["heldFor"] else ""
    click.echo(f"job        {job['id']}")
    click.echo(f"state      {job['state']}{error}{held}")
    click.echo(f"does       {job['does']}")
    total = "?" if job["total"] is None else number(job["total"])
    click.echo(f"items      {number(job['done'])} of {total}: {counts(job)}")


def tell(remote: Remote, job: Mapping[str, Any], *, wait: bool, as_json: bool) -> None:
    """An accepted job; with `wait` once more at its end, whose exit status is the command's."""
    if wait:
        job = follow(remote, job["id"])
    if as_json:
        print_json(job)
    else:
        show_job(job)
    if wait and (status := status_of(job)):
        raise click.exceptions.Exit(status)


def show_preview(remote: Remote, found: Mapping[str, Any]) -> None:
    """What a run would do: counts, reasons, some diffs."""
    click.echo(f"preview    {found['id']}, until {found['expires'][:19]}Z")
    click.echo(f"would      {found['does']}")
    click.echo(f"items      {number(found['total'] or 0)}: {counts(found)}")
    if found["hidden"]:
        click.echo(f"hidden     {number(found['hidden'])} match that you may not see")
    for guard in found["guards"]:
        click.secho(f"guard      {guard}", fg="yellow")
    for one in remote.get(f"/previews/{found['id']}/reasons"):
        if one["reason"]:
            told = f"{number(one['count'])} × {one['reason']}: {one['message']} ({one['hint']})"
            click.echo(f"{one['outcome']:<10} {told}")
    for item in found["sample"].get("changed", [])[:SAMPLE]:
        click.echo(f"  {item['id']}  {item['name']}: {_words(item['before'])} → {_words(item['after'])}")


def _words(value: Any) -> str:
    if not value:
        return "nothing"
    return "; ".join(f"{k} = {', '.join(map(str, v)) if isinstance(v, list) else v}" for k, v in value.items())
