from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import answer


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of the product that this machine may carry."""
    for name in (
        "DATA_DIR",
        "HOST",
        "PORT",
        "RATE_LIMIT",
        "LOG_LEVEL",
        "TENANT",
        "QUERY_MODE",
        "WORD_SPLIT",
        "PRECEDENCE",
    ):
        monkeypatch.delenv(f"BULKWARK_{name}", raising=False)


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a company of 200 roles; for tests that only read."""
    data = tmp_path_factory.mktemp("loaded")
    answer("load", "--data-dir", data, "--synthetic", "roles=200")
    return data
