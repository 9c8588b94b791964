"""Every figure that the package exports draws something."""

import pytest

from tests._figures import assert_draws
from tests._run import data, module, snapshot_of, trainer
from toysuper import figures
from toysuper.callbacks.history import History
from toysuper.features import CorrelatedSets, SparseUniform
from toysuper.models import AbsoluteValueModel
from toysuper.snapshot import Snapshot

GRID = {"density": [1.0, 0.2, 0.1], "activation": ["identity", "relu"], "seed": [0, 1]}


@pytest.fixture
def snapshot() -> Snapshot:
    world = data(grid=GRID)
    return snapshot_of(world, 5)


@pytest.fixture
def two_sets() -> Snapshot:
    """Two sets of three in space, with a history."""
    world = data(n=6, density=0.5, features=CorrelatedSets(3), grid={"seed": [0, 1]})
    model = module(world, hidden=3)
    trainer(300, callbacks=[History(20)]).fit(model, world)
    return model.snapshot()


@pytest.fixture
def neurons() -> Snapshot:
    """Untied, with a history, of two cells."""
    signed = SparseUniform(signed=True)
    world = data(task="abs", features=signed, grid={"density": [1.0, 0.2], "seed": [0, 1]})
    model = module(world, AbsoluteValueModel, hidden=6)
    trainer(30, callbacks=[History(8)]).fit(model, world)
    return model.snapshot()


FIXTURES = {
    "directions_3d": "two_sets",
    "network_graph": "neurons",
    "neuron_stacks": "neurons",
    "weight_matrices": "neurons",
}


@pytest.mark.parametrize("name", figures.__all__)
def test_it_draws_something(name: str, request: pytest.FixtureRequest) -> None:
    trained = request.getfixturevalue(FIXTURES.get(name, "snapshot"))
    assert_draws(getattr(figures, name)(trained))
