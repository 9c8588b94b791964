import pytest

from tests._figures import assert_draws
from tests._run import data, snapshot_of
from toysuper.experiments.correlated.figure import set_angles
from toysuper.features import CorrelatedSets
from toysuper.snapshot import Snapshot


@pytest.fixture
def paired() -> Snapshot:
    world = data(features=CorrelatedSets(2), grid={"density": [0.5, 0.2], "seed": [0, 1, 2]})
    return snapshot_of(world, 5)


def test_it_draws_something(paired: Snapshot) -> None:
    assert_draws(set_angles(paired))
