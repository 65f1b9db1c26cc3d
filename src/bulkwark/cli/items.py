"""`bulkwark jobs items`: the outcome of every item of a job or preview, on the terminal or into a file of any size."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from bulkwark.cli.client import Remote, server_options, written
from bulkwark.cli.common import json_option

FORMATS = ("table", "csv", "ndjson")
COLOURS = {"failed": "red", "conflicted": "yellow"}


@click.command()
@click.argument("id")
@click.option("--outcome", default="", help="Only these: changed, unchanged, skipped, failed, conflicted; with commas.")
@click.option("--reason", help="Only items with this reason code, such as too-many-values.")
@click.option("--object", "object_", help="Only the object with this id.")
@click.option("--name", help="Only objects whose name begins so, in any case.")
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True, help="Of the list."
)
@click.option("--bom", is_flag=True, help="Begin the CSV with a byte order mark, which Excel knows UTF-8 by.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file instead of standard output."
)
@server_options
@json_option
def items(
    remote: Remote,
    id: str,
    outcome: str,
    reason: str | None,
    object_: str | None,
    name: str | None,
    format_: str,
    bom: bool,
    output: Path | None,
    as_json: bool,
) -> None:
    """List what became of every item of a job or preview, whether it has ended or not.

    A file is there only when it is whole. --json makes one array of it.
    """
    asked = {"outcome": outcome, "reason": reason, "id": object_, "q": name}
    params = {name: value for name, value in asked.items() if value}
    if bom and format_ != "csv":
        raise click.UsageError("--bom goes with --format csv")
    if bom:
        params["bom"] = "true"
    path = f"/jobs/{id}/items"
    with written(output) as target:
        if format_ != "table" and not as_json:
            remote.save(path, params | {"format": format_}, target)
            return
        lines = remote.lines(path, params | {"format": "ndjson"})
        for text in _array(lines) if as_json else map(_row, lines):
            # Colours are for a terminal: in a file or a pipe they are signs among the words.
            target.write(((text if target.isatty() else click.unstyle(text)) + "\n").encode())


def _array(lines: Iterator[str]) -> Iterator[str]:
    """One JSON array, an item a line."""
    before = "["
    for line in lines:
        yield before + line
        before = ","
    yield "]" if before == "," else "[]"


def _row(line: str) -> str:
    item: dict[str, Any] = json.loads(line)
    why = f"  {item['reason']}: {item['message']} ({item['hint']})" if item["reason"] else ""
    outcome = click.style(f"{item['outcome']:<10}", fg=COLOURS.get(item["outcome"]))
    return f"{outcome} {item['id'] or item['item']:<36}  {item['name'] or ''}{why}"
