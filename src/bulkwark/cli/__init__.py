"""The `bulkwark` command: each flag is also an environment variable and a line of help.

One file for each group of commands; here they are put together, and errors become one line.
"""

from __future__ import annotations

import click

from bulkwark import __version__
from bulkwark.cli import control, demo, explain, guards, items, jobs, load, serve, submitting, tokens, upkeep
from bulkwark.cli.common import Commands

for _command in (
    items.items,
    submitting.submit,
    submitting.preview,
    submitting.run,
    submitting.undo,
    submitting.rerun,
    control.pause,
    control.resume,
    control.cancel,
    control.confirm,
    control.set_,
):
    jobs.jobs.add_command(_command)


def commands() -> Commands:
    """The command with all its subcommands; a new one each time, so that tests share nothing."""
    group = Commands(
        name="bulkwark",
        help="Bulkwark: an access-governance server for changes in bulk.",
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    )
    click.version_option(__version__, prog_name="bulkwark", message="%(prog)s %(version)s")(group)
    for command in (
        serve.serve,
        demo.demo,
        tokens.token,
        load.load,
        jobs.jobs,
        explain.explain,
        guards.guards,
        upkeep.backup,
        upkeep.doctor,
        upkeep.version,
    ):
        group.add_command(command)
    return group


def main() -> None:
    """Entry point of the `bulkwark` script and of `python -m bulkwark`."""
    commands().main(prog_name="bulkwark", auto_envvar_prefix="BULKWARK")
