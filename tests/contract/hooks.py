"""Loaded by schemathesis (under its own interpreter): real ids into the cases, and a count of the answers.

CONTRACT_SEEDS names the file of `seeds.py`; the counts go to the file CONTRACT_COUNTS.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

from tests.contract.bodies import Seeds, alone, dice, path_values, plain
from tests.contract.fills import filled

EXPERIMENTAL = "X-SailPoint-Experimental"
REAL = 4  # of five cases refer to real things where they may

schemathesis: Any = importlib.import_module("schemathesis")
Location: Any = importlib.import_module("schemathesis.core.parameters").ParameterLocation

seeds: Seeds = json.loads(Path(os.environ["CONTRACT_SEEDS"]).read_text("utf-8"))
counts: Counter[tuple[str, str]] = Counter()


def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    path, method = case.operation.path, case.method.upper()
    wrong = case.meta is not None and case.meta.generation.mode.is_negative
    body_wrong = wrong and case.meta.is_negative_at(Location.BODY)
    throw = dice(case.path_parameters, case.query, case.body)
    real = throw % 5 < REAL
    if case.path_parameters and real and not (wrong and case.meta.is_negative_at(Location.PATH)):
        chosen = path_values(path, method, seeds, throw >> 3)
        for name in case.path_parameters:
            if name in chosen:
                case.path_parameters[name] = chosen[name]
    if EXPERIMENTAL in (case.headers or {}) and real and not (wrong and case.meta.is_negative_at(Location.HEADER)):
        case.headers[EXPERIMENTAL] = "true"
    if "bulk-update" in path and body_wrong:
        case.body = alone(plain(path), case.body, seeds, throw >> 3)
    elif real and not body_wrong and method in ("POST", "PATCH", "PUT"):
        case.body = filled(path, method, case.body, seeds, throw >> 3)
    if path.endswith("/bulk-update/id") and real and not wrong:
        case.query = {"id": seeds["jobs"][throw % len(seeds["jobs"])]}
    if "requested-for" in (case.query or {}) and real and not wrong:
        case.query["requested-for"] = "me"
    spare_the_caller(case)


def spare_the_caller(case: Any) -> None:
    """The run must not change or delete the token that it calls with."""
    named = (case.path_parameters or {}).get("id")
    if isinstance(named, str) and named.replace("-", "").lower() == seeds["client"].replace("-", "").lower():
        case.path_parameters["id"] = "0" * 32


def after_call(context: Any, case: Any, response: Any) -> None:
    status = response.status_code
    counts[case.operation.label, str(status) if status in (401, 404) else f"{status // 100}xx"] += 1


def write_counts() -> None:
    table: dict[str, dict[str, int]] = {}
    for (label, kind), times in sorted(counts.items()):
        table.setdefault(label, {})[kind] = times
    Path(os.environ["CONTRACT_COUNTS"]).write_text(json.dumps(table), "utf-8")


schemathesis.hook(before_call)
schemathesis.hook(after_call)
atexit.register(write_counts)
