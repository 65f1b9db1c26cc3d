"""`bulkwark guards`: limits of a running server over which a job waits until somebody confirms it."""

from __future__ import annotations

from typing import Any

import click

from bulkwark.cli.client import Remote, server_options
from bulkwark.cli.common import json_option, number, print_json

NONE = "none"


@click.group()
def guards() -> None:
    """Look at and set the limits over which a job waits for a confirmation."""


@guards.command()
@server_options
@json_option
def show(remote: Remote, as_json: bool) -> None:
    """Show the guards of the company."""
    _tell(remote.get("/guards"), as_json)


@guards.command(name="set")
@click.option("--max-items", help="Most items of a job; `none`: no limit.")
@click.option("--max-percent", help="Most of all objects of the kind, in percent; or `none`.")
@click.option("--max-failure-percent", help="Most failures while it runs, in percent; or `none`.")
@click.option(
    "--protected",
    multiple=True,
    metavar="ATTRIBUTE[=VALUE]",
    help="Metadata whose holders no job may touch unconfirmed; may be repeated; `none`: nothing is protected.",
)
@click.option(
    "--official/--not-official", default=None, help="Whether official calls are guarded without asking for it."
)
@click.option("--not-by-submitter/--by-submitter", default=None, help="Whether somebody else must confirm.")
@server_options
@json_option
def set_(remote: Remote, as_json: bool, protected: tuple[str, ...], **given: Any) -> None:
    """Set some guards; the others stay as they are."""
    limits = {
        "maxItems": _number(given["max_items"], "--max-items", whole=True),
        "maxPercent": _number(given["max_percent"], "--max-percent"),
        "maxFailurePercent": _number(given["max_failure_percent"], "--max-failure-percent"),
    }
    flags = {"official": given["official"], "notBySubmitter": given["not_by_submitter"]}
    said = [given["max_items"], given["max_percent"], given["max_failure_percent"]]
    changed: dict[str, Any] = {
        name: value for (name, value), text in zip(limits.items(), said, strict=True) if text is not None
    }
    changed |= {name: value for name, value in flags.items() if value is not None}
    if protected:
        changed["protected"] = [] if protected == (NONE,) else [_pair(text) for text in protected]
    if not changed:
        raise click.UsageError("nothing is to be set: for example --max-items 10000")
    _tell(remote.send("PUT", "/guards", remote.get("/guards") | changed), as_json)


def _number(text: str | None, option: str, *, whole: bool = False) -> float | None:
    if text is None or text == NONE:
        return None
    try:
        return int(text) if whole else float(text)
    except ValueError:
        raise click.UsageError(f"{option} {text!r} is neither a number nor `none`") from None


def _pair(text: str) -> dict[str, str]:
    attribute, equals, value = text.partition("=")
    return {"attribute": attribute, "value": value} if equals else {"attribute": attribute}


def _tell(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    items = "no limit" if found["maxItems"] is None else number(found["maxItems"])
    click.echo(f"items            {items}")
    for label, name in (("of all objects", "maxPercent"), ("failures", "maxFailurePercent")):
        click.echo(f"{label:<16} {'no limit' if found[name] is None else f'{found[name]:g} %'}")
    shown = [
        one["attribute"] + (f"={one['value']}" if one.get("value") is not None else "") for one in found["protected"]
    ]
    click.echo(f"protected        {', '.join(shown) or 'nothing'}")
    click.echo(f"official calls   {'guarded' if found['official'] else 'guarded when they ask for it'}")
    click.echo(f"who confirms     {'somebody else' if found['notBySubmitter'] else 'anyone with the right'}")
