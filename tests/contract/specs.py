"""The official specs as the contract run reads them: where they are, and which operations a server serves."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx

Spec = dict[str, Any]

VERSIONS = ("v3", "beta", "v2024", "v2025", "v2026", "v1")
METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


def spec_dir() -> Path:
    """Beside the checkout; BULKWARK_SPEC_DIR names another place."""
    chosen = os.environ.get("BULKWARK_SPEC_DIR")
    return Path(chosen) if chosen else Path(__file__).resolve().parents[3] / "shared" / "spec"


def spec_path(version: str) -> Path:
    return spec_dir() / f"{version}.json"


def load(path: Path) -> Spec:
    spec: Spec = json.loads(path.read_text("utf-8"))
    return spec


def base_url(server: str, version: str) -> str:
    """v1 carries the version inside its paths; the others in front of them."""
    return server if version == "v1" else f"{server}/{version}"


def served_operations(server: str, version: str) -> set[tuple[str, str]]:
    """(method, path) of what the server says it serves at this version, spelled as in the official spec."""
    answer = httpx.get(f"{server}/bulkwark/v1/openapi.json", params={"version": version}, timeout=30)
    assert answer.status_code == 200, f"openapi.json?version={version}: {answer.status_code} {answer.text[:500]}"
    return {(method, path) for path, item in answer.json()["paths"].items() for method in item if method in METHODS}


def keep_served(spec: Spec, served: Iterable[tuple[str, str]]) -> Spec:
    """A copy of `spec` with the served operations only; what is served and not official is of no concern here."""
    wanted = set(served)
    kept = copy.deepcopy(spec)
    kept["paths"] = {}
    for path, item in spec["paths"].items():
        rest = {key: value for key, value in item.items() if key not in METHODS}
        operations = {method: item[method] for method in METHODS if method in item and (method, path) in wanted}
        if operations:
            kept["paths"][path] = copy.deepcopy(rest | operations)
    return kept


def operations(spec: Spec) -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of a spec."""
    return [
        (method, path, item[method]) for path, item in spec["paths"].items() for method in METHODS if method in item
    ]
