"""`bulkwark token`: personal access tokens, made by the one who holds the data directory."""

from __future__ import annotations

from pathlib import Path

import click

from bulkwark.auth.credentials import LEVELS, create_token
from bulkwark.cli.common import data_dir_option, json_option, need_tenant, opened, print_json, tenant_option
from bulkwark.domain.times import iso_ms
from bulkwark.errors import Invalid
from bulkwark.query import ast
from bulkwark.store import credentials
from bulkwark.store.credentials import CLIENT, PAT, Credential


@click.group()
def token() -> None:
    """Make and list credentials."""


@token.command()
@data_dir_option
@click.option("--name", required=True, help="Name of the personal access token; one of a kind for its identity.")
@click.option(
    "--user-level",
    multiple=True,
    metavar="LEVEL",
    help=f"User level of its owner; may be repeated. None: an ordinary user. One of {', '.join(LEVELS)}.",
)
@click.option("--scope", multiple=True, help="What it may do; may be repeated. Default: sp:scopes:all.")
@click.option(
    "--identity", default="admin", show_default=True, help="Alias of the owning identity, which is made when missing."
)
@tenant_option
@json_option
def create(
    data_dir: Path,
    name: str,
    user_level: tuple[str, ...],
    scope: tuple[str, ...],
    identity: str,
    tenant: str,
    as_json: bool,
) -> None:
    """Make a personal access token and show its secret, this one time. The server may run or not."""
    with opened(data_dir, make=True) as store:
        try:
            made = create_token(
                store,
                store.need_tenant(tenant),
                name=name,
                identity_alias=identity,
                levels=user_level,
                scopes=scope or None,
            )
        except Invalid as error:  # its place is one in a request's body, and here are only options
            raise Invalid(error.detail, hint=error.hint) from error
    credential = made.credential
    found = {
        "id": credential.id,
        "secret": made.secret,
        "name": credential.name,
        "identity": identity,
        "levels": list(credential.levels),
        "scope": list(credential.scopes),
        "tenant": tenant,
    }
    if as_json:
        print_json(found)
        return
    click.echo(f"client id  {credential.id}")
    click.echo(f"secret     {made.secret}")
    click.echo(f"identity   {identity} ({', '.join(credential.levels) or 'no level: an ordinary user'})")
    click.echo(f"scope      {' '.join(credential.scopes)}")
    click.secho("The secret is shown this one time only.", fg="yellow", err=True)


@token.command(name="list")
@data_dir_option
@tenant_option
@json_option
def list_(data_dir: Path, tenant: str, as_json: bool) -> None:
    """List credentials, without their secrets."""
    with opened(data_dir, read_only=True) as store:
        number, session = need_tenant(store, tenant).number, store.read()
        found = [one for type in (PAT, CLIENT) for one in credentials.listed(session, number, type, ast.All())]
    if as_json:
        print_json([_shown(one) for one in found])
    elif not found:
        click.echo("There are no credentials.")
    for one in [] if as_json else found:
        state = "" if one.enabled else "  disabled"
        click.echo(f"{one.id}  {one.type:<6}  {one.name}  {' '.join(one.levels) or '-'}{state}")


def _shown(one: Credential) -> dict[str, object]:
    return {
        "id": one.id,
        "type": one.type,
        "name": one.name,
        "identity": one.identity,
        "levels": list(one.levels),
        "scope": list(one.scopes),
        "enabled": one.enabled,
        "created": iso_ms(one.created),
        "expires": None if one.expires is None else iso_ms(one.expires),
        "lastUsed": None if one.used is None else iso_ms(one.used),
    }
