"""Schemathesis over what a running server serves of one version of the official API.

    python -m tests.contract.run --spec v2025.json --version v2025 --base-url http://127.0.0.1:8080 --token … \\
        --max-examples 30
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.contract.mend import mend, sharpen
from tests.contract.seeds import gather
from tests.contract.specs import VERSIONS, base_url, keep_served, load, operations, served_operations
from tests.sdk.environments import interpreter

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "ignored_auth",
)
#: Ids learned from answers would be fed to DELETE: what other cases rely on would go, and not the same in every run.
LEARNS_NOTHING = "[phases.{phase}.extra-data-sources]\nresponses = false\n"
BULK_PATHS = "bulk-update"
KINDS = ("2xx", "401", "404", "4xx", "5xx")
RUN_SECONDS = 3600.0


@dataclass
class Outcome:
    """What a run found: its exit status, and for each operation how many answers were of which kind."""

    status: int
    output: str
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def unreached(self) -> list[str]:
        """Operations that never answered with success: of those the run says next to nothing."""
        return [label for label, kinds in self.counts.items() if not kinds.get("2xx")]

    def table(self) -> str:
        width = max(map(len, self.counts), default=0)
        rows = [f"{'operation':{width}}" + "".join(f"{kind:>7}" for kind in KINDS)]
        for label, kinds in sorted(self.counts.items(), key=lambda one: one[0].split()[::-1]):
            rows.append(f"{label:{width}}" + "".join(f"{kinds.get(kind, 0):7}" for kind in KINDS))
        return "\n".join(rows)


def run(
    spec: Path, version: str, server: str, token: str, max_examples: int, seed: int | None = None, *, only: str = ""
) -> Outcome:
    """Run schemathesis under its own interpreter and hand back what it found. `only`: paths that hold this text."""
    python = interpreter(REQUIREMENTS)
    mended = sharpen(mend(keep_served(load(spec), served_operations(server, version))))
    mended["paths"] = {path: item for path, item in mended["paths"].items() if only in path}
    assert mended["paths"], f"the server serves nothing of {version}"
    labels = [f"{method.upper()} {path}" for method, path, _ in operations(mended)]
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        files = {name: work / f"{name}.json" for name in ("spec", "seeds", "counts")}
        files["spec"].write_text(json.dumps(mended), "utf-8")
        files["seeds"].write_text(json.dumps(gather(server, token, disposable=2 * max_examples)), "utf-8")
        config = work / "schemathesis.toml"
        config.write_text(configuration(base_url(server, version), token, max_examples, seed), "utf-8")
        names = {"CONTRACT_SEEDS": str(files["seeds"]), "CONTRACT_COUNTS": str(files["counts"])}
        done = subprocess.run(
            [str(python), "-m", "schemathesis.cli", "--config-file", str(config), "run", str(files["spec"])],
            cwd=ROOT,
            env={**os.environ, **names, "PYTHONPATH": str(ROOT), "COLUMNS": "120"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )
        counted: dict[str, Any] = json.loads(files["counts"].read_text("utf-8")) if files["counts"].exists() else {}
    return Outcome(done.returncode, done.stdout, {label: counted.get(label, {}) for label in labels})


def configuration(url: str, token: str, max_examples: int, seed: int | None) -> str:
    enabled = "\n".join(f"{check}.enabled = true" for check in CHECKS)
    return f"""
base-url = "{url}"
hooks = "tests.contract.hooks"
continue-on-failure = true
color = false
request-timeout = 30.0
{f"seed = {seed}" if seed is not None else ""}

[headers]
Authorization = "Bearer {token}"

[generation]
max-examples = {max_examples}
database = "none"

[output.sanitization]
enabled = false

[phases.stateful]
enabled = false

{"".join(LEARNS_NOTHING.format(phase=phase) for phase in ("examples", "coverage", "fuzzing"))}

[checks]
enabled = false
{enabled}

[[operations]]
include-path-regex = "{BULK_PATHS}"
checks.negative_data_rejection.enabled = true
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--spec", type=Path, required=True)
    parser.add_argument("--version", choices=VERSIONS, required=True)
    parser.add_argument("--base-url", required=True, help="of the server, without a version")
    parser.add_argument("--token", required=True, help="an access token of an ORG_ADMIN with all scopes")
    parser.add_argument("--max-examples", type=int, default=30)
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    outcome = run(options.spec, options.version, options.base_url, options.token, options.max_examples, options.seed)
    print(outcome.output)
    print(outcome.table())
    for label in outcome.unreached:
        print(f"never answered with success: {label}")
    return 1 if outcome.status or outcome.unreached else 0


if __name__ == "__main__":
    sys.exit(main())
