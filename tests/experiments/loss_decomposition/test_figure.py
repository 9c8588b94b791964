import pytest

from tests._figures import assert_draws
from tests._run import data, fitted
from toysuper.experiments.loss_decomposition.figure import loss_decomposition
from toysuper.snapshot import Snapshot

GRID = {"density": [1.0, 0.2, 0.1], "activation": ["identity", "relu"], "seed": [0, 1]}


@pytest.fixture
def snapshot() -> Snapshot:
    world = data(grid=GRID)
    return fitted(world, 5).snapshot(world)


def test_it_draws_something(snapshot: Snapshot) -> None:
    assert_draws(loss_decomposition(snapshot))
