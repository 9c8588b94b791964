from functools import partial

import pytest

from tests._figures import assert_draws
from tests._run import data, snapshot_of
from toysuper.experiments.pentagon_to_digons.figure import pentagon_to_digons
from toysuper.experiments.pentagon_to_digons.theory import branches
from toysuper.snapshot import Snapshot


@pytest.fixture
def five() -> Snapshot:
    world = data(n=5, density=0.05, grid={"density[0]": [0.1, 1.0, 10.0], "seed": [0, 1]})
    return snapshot_of(world, 100)


def test_it_draws_something(five: Snapshot, monkeypatch) -> None:
    coarse = partial(branches, num=9)  # seconds faster
    monkeypatch.setattr("toysuper.experiments.pentagon_to_digons.figure.branches", coarse)
    assert_draws(pentagon_to_digons(five))
