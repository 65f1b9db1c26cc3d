"""The `bulkwark` command: each flag is also an environment variable and a line of help.

One file for each group of commands; here they are put together, and errors become one line.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from bulkwark import __version__
from bulkwark.cli.common import Commands

#: Name of a command → `<file in cli>.<name there>`.
PLACES = {
    "serve": "serve.serve",
    "demo": "demo.demo",
    "token": "tokens.token",
    "load": "load.load",
    "jobs": "job_commands.jobs",
    "guards": "guards.guards",
    "explain": "explain.explain",
    "backup": "upkeep.backup",
    "doctor": "upkeep.doctor",
    "version": "upkeep.version",
}


class Deferred(Commands):
    """Commands that are imported when they are called: a server starts without what the others need."""

    def __init__(self, places: Mapping[str, str], **more: Any) -> None:
        super().__init__(**more)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self._places and cmd_name not in self.commands:
            module, _, name = self._places[cmd_name].partition(".")
            self.add_command(getattr(import_module(f"bulkwark.cli.{module}"), name), cmd_name)
        return self.commands.get(cmd_name)


def commands() -> Commands:
    """The command with all its subcommands; a new one each time, so that tests share nothing."""
    group = Deferred(
        PLACES,
        name="bulkwark",
        help="Bulkwark: an access-governance server for changes in bulk.",
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    )
    click.version_option(__version__, prog_name="bulkwark", message="%(prog)s %(version)s")(group)
    return group


def main() -> None:
    """Entry point of the `bulkwark` script and of `python -m bulkwark`."""
    commands().main(prog_name="bulkwark", auto_envvar_prefix="BULKWARK")
