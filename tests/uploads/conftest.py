"""Worlds for tests of uploads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import close_house
from tests.uploads.world import World, build


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A fresh one."""
    found = build(tmp_path / "data")
    yield found
    close_house(found.house)


@pytest.fixture(scope="module")
def module_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One for all tests of a file; each takes a source of its own."""
    found = build(tmp_path_factory.mktemp("uploads") / "data")
    yield found
    close_house(found.house)
