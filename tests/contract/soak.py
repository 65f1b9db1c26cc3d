"""The contract run over all versions of the official API, each on a server of its own, with many examples.

python -m tests.contract.soak --max-examples 200
python -m tests.contract.soak --max-examples 100 --only /search --versions v3 v2025 v1
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from tests.contract.run import Outcome, run
from tests.contract.seeds import HOLDER
from tests.contract.specs import VERSIONS, load, spec_path
from tests.process.api import Api
from tests.process.server import run_cli, running

ROLES = 2000


def contract(version: str, place: Path, max_examples: int, seed: int | None = None, *, only: str = "") -> Outcome:
    """Start a server with a synthetic company and hold it to the official spec of `version`, or to some paths of it."""
    data_dir = place / f"contract-{version}"
    holder = place / "identities.ndjson"
    holder.write_text(json.dumps(HOLDER), "utf-8")
    run_cli("load", "--data-dir", str(data_dir), str(holder))
    with running(data_dir, synthetic=ROLES) as server:
        with Api(server.url, server.token()) as api:
            token = api.fetch_token()
        return run(spec_path(version), version, server.url, token, max_examples, seed, only=only)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--max-examples", type=int, default=200)
    parser.add_argument("--versions", nargs="+", choices=VERSIONS, default=list(VERSIONS))
    parser.add_argument("--only", default="", help="paths that hold this text, such as /search")
    options = parser.parse_args()
    failed = []
    with tempfile.TemporaryDirectory() as place:
        for version in options.versions:
            if not any(options.only in path for path in load(spec_path(version))["paths"]):
                print(f"{version}: has no path with {options.only}", flush=True)
                continue
            started = time.monotonic()
            outcome = contract(version, Path(place), options.max_examples, only=options.only)
            good = outcome.status == 0 and not outcome.unreached
            print(outcome.table() if good else f"{outcome.output}\n{outcome.table()}\n{outcome.unreached}")
            print(f"{version}: {'good' if good else 'FAILED'} in {time.monotonic() - started:.0f} s", flush=True)
            failed += [] if good else [version]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
