import pytest

from tests._figures import assert_draws
from tests._run import data, snapshot_of
from toysuper.experiments.loss_decomposition.figure import loss_decomposition
from toysuper.snapshot import Snapshot

GRID = {"density": [1.0, 0.2, 0.1], "activation": ["identity", "relu"], "seed": [0, 1]}


@pytest.fixture
def snapshot() -> Snapshot:
    world = data(grid=GRID)
    return snapshot_of(world, 5)


def test_it_draws_something(snapshot: Snapshot) -> None:
    assert_draws(loss_decomposition(snapshot))
