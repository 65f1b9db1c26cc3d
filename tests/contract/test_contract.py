"""The server against the official spec of one version; `make soak` takes all versions and many more examples."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.contract.run import REQUIREMENTS
from tests.contract.soak import contract
from tests.contract.specs import VERSIONS, spec_path
from tests.sdk.environments import interpreter_or_skip, missing

EXAMPLES = 15
DAILY = ("v2025", "v1")  # today's version changes with the day, so that neither goes unseen for long


def todays_version() -> str:
    chosen = os.environ.get("BULKWARK_CONTRACT_VERSION")
    assert chosen is None or chosen in VERSIONS, f"BULKWARK_CONTRACT_VERSION is {chosen}, not one of {VERSIONS}"
    return chosen or DAILY[datetime.now(UTC).toordinal() % len(DAILY)]


@pytest.fixture
def version() -> str:
    chosen = todays_version()
    if not spec_path(chosen).exists():
        missing(f"no official spec at {spec_path(chosen)}; BULKWARK_SPEC_DIR names another folder")
    interpreter_or_skip(REQUIREMENTS)
    return chosen


def test_answers_conform_to_the_official_spec(version: str, tmp_path: Path) -> None:
    outcome = contract(version, tmp_path, EXAMPLES)
    print(f"{version}\n{outcome.table()}")
    assert outcome.status == 0, outcome.output
    assert outcome.unreached == [], "never answered with success"
