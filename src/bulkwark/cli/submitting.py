"""`bulkwark jobs submit`, `preview`, `run`, `undo`, `rerun`: changes at a running server, seen before they are made."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import click

from bulkwark.cli.client import Remote, server_options
from bulkwark.cli.common import Command, Failure, json_option, print_json
from bulkwark.cli.following import show_preview, tell
from bulkwark.domain.jobs import FINISHED

TYPES = ("ROLE", "ACCESS_PROFILE", "ENTITLEMENT")
PREVIEW = {"X-Bulkwark-Preview": "true"}
POLL_SECONDS = 0.1
FILE = click.File("r", encoding="utf-8-sig")
Body = dict[str, Any]


def _options(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


narrowing = _options(
    click.option("--query", help="A search query, as in the query language: 'enabled:true AND name:Finance'."),
    click.option("--filter", "filters", help="A standard filter: 'name sw \"Finance\"'."),
    click.option("--ids-file", type=FILE, help="A file with one id a line; - is standard input."),
)
described = _options(
    click.option(
        "--type", type=click.Choice(TYPES, case_sensitive=False), default="ROLE", show_default=True, help="Of what."
    ),
    click.option(
        "--operation",
        type=click.Choice(("ADD", "REMOVE", "REPLACE"), case_sensitive=False),
        required=True,
        help="What is done with the values.",
    ),
    click.option(
        "--values",
        multiple=True,
        metavar="ATTRIBUTE=VALUE,…",
        help="Metadata values; may be repeated. An attribute alone: all of its values (REMOVE, REPLACE).",
    ),
    click.option(
        "--replace-scope",
        type=click.Choice(("ATTRIBUTE", "ALL"), case_sensitive=False),
        help="What a REPLACE replaces: the named attributes (default), or all metadata.",
    ),
    narrowing,
    click.option("--names-file", type=FILE, help="A file with one name a line, in any case; - is standard input."),
)
running = _options(
    click.option("--note", default="", help="Why, for those who look at the job later."),
    click.option("--ticket", default="", help="A reference into another system."),
    click.option(
        "--priority", type=click.IntRange(1, 9), default=5, show_default=True, help="Each step doubles its share."
    ),
    click.option("--speed", type=click.IntRange(1), help="Items a second at most."),
    click.option("--stop-after", metavar="N|P%", help="Stop when more than so many items, or percent, have failed."),
    click.option("--guard/--no-guard", default=True, show_default=True, help="Whether the guards look at it."),
)
yes_option = click.option("--yes", is_flag=True, help="Run it at once, without a preview and a question.")
wait_option = click.option(
    "--wait", is_flag=True, help="Wait for its end; status 1: not COMPLETED, 3: items were refused."
)
preview_option = click.option("--preview", is_flag=True, help="Only show what it would do.")


@click.command()
@described
@running
@preview_option
@yes_option
@wait_option
@server_options
@json_option
def submit(remote: Remote, preview: bool, yes: bool, wait: bool, as_json: bool, **given: Any) -> None:
    """Change metadata on many objects: shows what would change, asks, and runs exactly that.

    With --yes it runs at once; with --preview it stops behind the preview.
    """
    _propose(remote, "/jobs", _request(**given), preview=preview, yes=yes, wait=wait, as_json=as_json)


@click.command()
@described
@server_options
@json_option
def preview(remote: Remote, as_json: bool, **given: Any) -> None:
    """Show what a change of metadata would do. Its id runs exactly that, for 24 hours: `bulkwark jobs run`."""
    _propose(remote, "/jobs", _request(**given), preview=True, yes=False, wait=False, as_json=as_json)


@click.command()
@click.argument("preview", metavar="TOKEN")
@wait_option
@server_options
@json_option
def run(remote: Remote, preview: str, wait: bool, as_json: bool) -> None:
    """Run a preview: exactly the items it shows; what has changed since is left alone and listed."""
    tell(remote, remote.send("POST", f"/previews/{preview}/run"), wait=wait, as_json=as_json)


@click.command()
@click.argument("id")
@narrowing
@click.option("--force", is_flag=True, help="Also what somebody has changed since.")
@preview_option
@yes_option
@wait_option
@server_options
@json_option
def undo(
    remote: Remote, id: str, force: bool, preview: bool, yes: bool, wait: bool, as_json: bool, **given: Any
) -> None:
    """Take back what a job changed, or the part that --query, --filter or --ids-file selects."""
    body = _selected(given) | ({"force": True} if force else {})
    _propose(remote, f"/jobs/{id}/undo", body, preview=preview, yes=yes, wait=wait, as_json=as_json)


@click.command()
@click.argument("id")
@narrowing
@click.option("--conflicted", is_flag=True, help="Also what was left alone because it had changed.")
@click.option("--force", is_flag=True, help="Of an undo: also what somebody has changed since.")
@preview_option
@wait_option
@server_options
@json_option
def rerun(
    remote: Remote, id: str, conflicted: bool, force: bool, preview: bool, wait: bool, as_json: bool, **given: Any
) -> None:
    """Do once more what failed in a job."""
    body = _selected(given) | {"outcomes": ["failed", "conflicted"] if conflicted else ["failed"]}
    body |= {"force": True} if force else {}
    _propose(remote, f"/jobs/{id}/rerun", body, preview=preview, yes=True, wait=wait, as_json=as_json)


def _propose(remote: Remote, path: str, body: Body, *, preview: bool, yes: bool, wait: bool, as_json: bool) -> None:
    """Preview, ask, run the preview; or the one or the other alone."""
    if yes and not preview:
        tell(remote, remote.send("POST", path, body), wait=wait, as_json=as_json)
        return
    if as_json and not preview:
        raise click.UsageError("--json asks nothing: pass --yes or --preview too")
    found = _whole(remote, remote.send("POST", path, body, PREVIEW))
    if as_json:
        print_json(found)
        return
    show_preview(remote, found)
    if preview:
        click.echo(f"run it     bulkwark jobs run {found['id']}")
        return
    try:
        click.confirm("Run it?", abort=True)
    except click.Abort as error:
        raise Failure(f"nothing was changed; `bulkwark jobs run {found['id']}` still runs it") from error
    # What the options say of the run is not in the preview: the run says it again.
    tell(
        remote, remote.send("POST", f"/previews/{found['id']}/run", headers=_headers(body)), wait=wait, as_json=as_json
    )


def _whole(remote: Remote, found: Body) -> Body:
    """The preview when it is finished: its counts are told before all of its items are recorded."""
    while found["status"] not in FINISHED:
        time.sleep(POLL_SECONDS)
        found = remote.get(f"/previews/{found['id']}")
    if found["status"] != "COMPLETED":
        raise Failure(f"the preview has ended {found['status']}: {found['error']}")
    return found


def _headers(body: Body) -> dict[str, str]:
    """The options of a request as headers."""
    options = body.get("options", {})
    found = {name: str(options[name]) for name in ("priority", "speed") if options.get(name) is not None}
    found |= {name: " ".join(options[name].split()) for name in ("note", "ticket") if options.get(name)}
    if options.get("guard"):
        found["guard"] = "true"
    if options.get("stopAfter") is not None:
        found["stop-after"] = str(options["stopAfter"])
    if options.get("stopPercent") is not None:
        found["stop-after"] = f"{options['stopPercent']}%"
    return {f"X-Bulkwark-{name.title()}": text for name, text in found.items()}


# --- what the options say ------------------------------------------------------------------------------


def _request(
    type: str,
    operation: str,
    values: tuple[str, ...],
    replace_scope: str | None,
    names_file: IO[str] | None,
    **more: Any,
) -> Body:
    """The body of POST /bulkwark/v1/jobs."""
    select = _selected(more)
    if names_file is not None:
        select["names"] = _listed(names_file)
    if len(select) != 1:
        raise click.UsageError("exactly one of --query, --filter, --ids-file and --names-file says what is selected")
    body: Body = {"type": type, "operation": operation, "values": [_value(text) for text in values], "select": select}
    if replace_scope:
        body["replaceScope"] = replace_scope
    if "guard" in more:
        names = ("note", "ticket", "priority", "speed", "guard")
        options = {name: more[name] for name in names if more[name] is not None}
        body["options"] = options | stop_after(more["stop_after"])
    return body


def _selected(given: dict[str, Any]) -> Body:
    """`query`, `filters` or `ids`, whichever is given."""
    found: Body = {}
    if given["query"] is not None:
        found["query"] = {"query": {"query": given["query"]}}
    if given["filters"] is not None:
        found["filters"] = given["filters"]
    if given["ids_file"] is not None:
        found["ids"] = _listed(given["ids_file"])
    if len(found) > 1:
        raise click.UsageError("at most one of --query, --filter and --ids-file")
    return found


def _listed(file: IO[str]) -> list[str]:
    """The lines of a file without blank ones. Raises Failure when there are none."""
    try:
        found = [line.strip() for line in file if line.strip()]
    except UnicodeDecodeError as error:
        raise Failure(f"{Path(file.name).name} is not UTF-8: {error}") from error
    if not found:
        raise Failure(f"there is nothing in {file.name}")
    return found


def _value(text: str) -> Body:
    attribute, equals, values = text.partition("=")
    if not attribute or (equals and not values):
        raise click.UsageError(f"--values {text!r}: an attribute and its values are expected: region=apac,emea")
    return {"attribute": attribute, "values": values.split(",")} if equals else {"attribute": attribute}


def stop_after(text: str | None) -> Body:
    """`10` or `2.5%`, as members of a body."""
    if text is None:
        return {}
    try:
        return {"stopPercent": float(text[:-1])} if text.endswith("%") else {"stopAfter": int(text)}
    except ValueError:
        raise click.UsageError(f"--stop-after {text!r} is neither a number nor a percentage") from None
