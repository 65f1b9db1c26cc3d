"""Damaged files by dice; `make soak` throws them longer."""

from __future__ import annotations

import random

import pytest

from tests.uploads import fuzz
from tests.uploads.world import World


@pytest.mark.parametrize("seed", range(1, 25))
def test_no_damage_costs_a_good_row(module_world: World, seed: int) -> None:
    assert fuzz.run(module_world, seed) == ""


def test_the_dice_make_good_and_bad_rows() -> None:
    made = [fuzz.make(random.Random(seed)) for seed in range(50)]
    assert sum(len(one.good) for one in made) > 100
    assert sum(len(one.bad) for one in made) > 100
