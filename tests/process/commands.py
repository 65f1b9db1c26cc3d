"""Other programs, run to their end."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

Done = subprocess.CompletedProcess[str]


def run(
    command: Sequence[str], seconds: float, *, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> Done:
    """What a program left, whatever its status: it reads nothing and has at most so many seconds.

    Its environment is ours, unless another is given.
    """
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
