"""The data of a benchmark: a synthetic company, built once for each size and copied for each side."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from bulkwark import __version__
from bulkwark.store.sqlite.migrate import migrations

CACHE = Path(os.environ.get("BULKWARK_BENCH_DIR", "bench-data"))


def company(roles: int) -> Path:
    """A data directory with that many roles; later calls reuse it."""
    schema = migrations()[-1][0]
    target = CACHE / f"company-{__version__}-s{schema}-{roles}"
    if not (target / "complete").exists():
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        print(f"building a company of {roles:,} roles …", flush=True)
        command = [sys.executable, "-m", "bulkwark", "load", "--data-dir", str(target), "--synthetic", f"roles={roles}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (target / "complete").touch()
    return target


def copy(source: Path, name: str) -> Path:
    """A fresh copy for one side."""
    target = CACHE / name
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    return target
