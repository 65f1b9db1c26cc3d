"""`bulkwark jobs pause`, `resume`, `cancel`, `confirm`, `set`: a job of a running server, while it runs."""

from __future__ import annotations

from typing import Any

import click

from bulkwark.cli.client import Remote, server_options
from bulkwark.cli.common import json_option, print_json
from bulkwark.cli.following import show_job
from bulkwark.cli.submitting import stop_after


def _control(word: str, help: str) -> click.Command:
    @click.command(name=word, help=help)
    @click.argument("id")
    @server_options
    @json_option
    def command(remote: Remote, id: str, as_json: bool) -> None:
        _tell(remote.send("POST", f"/jobs/{id}/{word}"), as_json)

    return command


pause = _control("pause", "Let a job stand still: no further chunk begins.")
resume = _control("resume", "Let a paused job go on.")
cancel = _control("cancel", "End a job. What it did stays done and can be undone.")
confirm = _control("confirm", "Take the responsibility for a job that a guard has stopped, and let it go on.")


@click.command(name="set")
@click.argument("id")
@click.option("--note", help="Why, for those who look at the job later.")
@click.option("--ticket", help="A reference into another system.")
@click.option("--priority", type=click.IntRange(1, 9), help="5 is usual; each step doubles its share.")
@click.option("--speed", help="Items a second at most; `none` lifts the limit.")
@click.option("--stop-after", help="Stop when more than so many items (10) or percent (5%) have failed; or `none`.")
@server_options
@json_option
def set_(remote: Remote, id: str, as_json: bool, speed: str | None, stop_after: str | None, **given: Any) -> None:
    """Change how a job runs; it takes effect within one chunk."""
    body = {name: value for name, value in given.items() if value is not None}
    if speed is not None:
        body["speed"] = None if speed == "none" else _whole(speed)
    if stop_after is not None:
        body |= {"stopAfter": None, "stopPercent": None} | _stop(stop_after)
    if not body:
        raise click.UsageError("nothing is to be set: for example --speed 500")
    _tell(remote.send("PATCH", f"/jobs/{id}", body), as_json)


def _stop(text: str) -> dict[str, Any]:
    return {} if text == "none" else stop_after(text)


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise click.UsageError(f"--speed {text!r} is neither a whole number nor `none`")
    return int(text)


def _tell(job: Any, as_json: bool) -> None:
    if as_json:
        print_json(job)
    else:
        show_job(job)
