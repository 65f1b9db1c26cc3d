"""Running the command inside the test's process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from bulkwark.cli import commands


def run(*arguments: str | Path, stdin: bytes | None = None, env: dict[str, str] | None = None) -> Result:
    """The command with these arguments; its output and exit status."""
    words = [str(argument) for argument in arguments]
    return CliRunner().invoke(commands(), words, input=stdin, env=env, auto_envvar_prefix="BULKWARK")


def answer(*arguments: str | Path, stdin: bytes | None = None) -> Any:
    """What the command prints as JSON; it must end well."""
    done = run(*arguments, "--json", stdin=stdin)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)
