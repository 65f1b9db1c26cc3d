"""Play scenarios by name, one after the other: `python -m tests.sdk.scenarios catalog roles`.

One process for all, because importing SDK 1.4.2 takes ten seconds. Each outcome is one line on standard output,
`RESULT <name> <JSON>` or `BROKEN <name> <traceback as JSON>`, between whatever else an SDK prints.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback

from tests.sdk.scenarios.client import Sdk


def main() -> None:
    for name in sys.argv[1:]:
        scenario = importlib.import_module(f"tests.sdk.scenarios.{name}").scenario
        try:
            print("RESULT", name, json.dumps(scenario(Sdk.from_environment()), default=str))
        except Exception:
            print("BROKEN", name, json.dumps(traceback.format_exc()))


if __name__ == "__main__":
    main()
