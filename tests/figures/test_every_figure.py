"""Every figure that the package exports draws something."""

import pytest

from tests._figures import assert_draws, two_sets, untied_neurons
from tests._run import data, snapshot_of
from toysuper import figures
from toysuper.snapshot import Snapshot

GRID = {"density": [1.0, 0.2, 0.1], "activation": ["identity", "relu"], "seed": [0, 1]}


def mixed() -> Snapshot:
    world = data(grid=GRID)
    return snapshot_of(world, 5)


TRAINED = {
    "directions_3d": two_sets,
    "network_graph": untied_neurons,
    "neuron_stacks": untied_neurons,
    "weight_matrices": untied_neurons,
}


@pytest.mark.parametrize("name", figures.__all__)
def test_it_draws_something(name: str) -> None:
    trained = TRAINED.get(name, mixed)()
    assert_draws(getattr(figures, name)(trained))
