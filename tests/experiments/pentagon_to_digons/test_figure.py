import pytest

from tests._figures import assert_draws
from tests._run import data, snapshot_of
from toysuper.experiments.pentagon_to_digons.figure import pentagon_to_digons
from toysuper.snapshot import Snapshot


@pytest.fixture
def five() -> Snapshot:
    world = data(n=5, density=0.05, grid={"density[0]": [0.1, 1.0, 10.0], "seed": [0, 1]})
    return snapshot_of(world, 500)


def test_it_draws_something(five: Snapshot) -> None:
    assert_draws(pentagon_to_digons(five))
