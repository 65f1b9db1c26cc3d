"""`bulkwark explain`: what a query means, read directly from the store; a server may run or not."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click
import msgspec

from bulkwark.bulk import explain as explaining
from bulkwark.cli.common import data_dir_option, json_option, need_tenant, number, opened, print_json, tenant_option
from bulkwark.errors import Invalid
from bulkwark.query.requests import MODES, QUERY_TYPES, Options
from bulkwark.store.indexes import INDEXES


@click.command()
@data_dir_option
@tenant_option
@click.argument("query")
@click.option("--index", type=click.Choice(list(INDEXES)), default="roles", show_default=True, help="Where to look.")
@click.option(
    "--type",
    "type_",
    type=click.Choice(QUERY_TYPES, case_sensitive=False),
    default="SAILPOINT",
    show_default=True,
    help="The language of QUERY; JSON for all but SAILPOINT.",
)
@click.option("--id", default="", help="An object: which conditions hold for it, and which do not.")
@click.option("--bulk", is_flag=True, help="Read it as a bulk update does: refuse what could widen it by mistake.")
@click.option("--query-mode", type=click.Choice(MODES), default="default", show_default=True, help="As of the server.")
@json_option
def explain(
    data_dir: Path,
    tenant: str,
    query: str,
    index: str,
    type_: str,
    id: str,
    bulk: bool,
    query_mode: str,
    as_json: bool,
) -> None:
    """Explain QUERY: how it is read, the SQL, the fields, the count, and why an object matches or not."""
    asked = explaining.as_search(query, type_, _json)
    with opened(data_dir, read_only=True) as store:
        found = explaining.explain(
            store.read(),
            need_tenant(store, tenant),
            asked,
            index,
            time.time_ns() // 1_000_000,
            id=id,
            strict=bulk,
            options=Options(mode=query_mode),
        )
    if as_json:
        print_json(found)
        return
    if found["readAs"]:
        click.echo(f"read as    {found['readAs']}")
    for position, line in enumerate(found["tree"]):
        click.echo(f"{'means      ' if not position else ' ' * 11}{line}")
    click.echo(f"fields     {', '.join(found['fields']) or 'none'}")
    click.echo(f"sql        {found['sql']}")
    if found["values"]:
        click.echo(f"values     {', '.join(found['values'])}")
    click.echo(f"selects    {number(found['count'])} of {index}")
    if "object" in found:
        click.echo(f"{found['object']['id']} {'matches' if found['object']['matches'] else 'does not match'}:")
        for line in explaining.lines(found["object"]):
            click.echo(f"  {line}")


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text.encode())
    except (msgspec.DecodeError, RecursionError) as error:
        raise Invalid(f"QUERY is no JSON: {error}", where="QUERY") from None
