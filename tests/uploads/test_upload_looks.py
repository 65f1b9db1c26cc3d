"""The thread that sees uploads through: whatever comes, it looks."""

from __future__ import annotations

import threading

import pytest

from tests.uploads.world import World


def test_what_is_accepted_while_a_look_ends_is_not_slept_through(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    uploads = world.house.services.uploads
    looked = threading.Semaphore(0)

    def looking() -> bool:
        uploads._look()  # somebody is accepted after the last glance at what is unfinished
        looked.release()
        return False

    monkeypatch.setattr(uploads, "_step", looking)
    uploads._look()

    assert all(looked.acquire(timeout=2) for _ in range(3))
