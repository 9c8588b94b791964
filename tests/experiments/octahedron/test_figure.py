import pytest

from tests._figures import assert_draws
from tests._run import data, module, trainer
from toysuper.callbacks.history import History
from toysuper.experiments.octahedron.figure import octahedron_stages
from toysuper.features import CorrelatedSets
from toysuper.snapshot import Snapshot


@pytest.fixture
def trained() -> Snapshot:
    """Two sets of three in space, with a history."""
    world = data(n=6, density=0.5, features=CorrelatedSets(3), grid={"seed": [0, 1]})
    model = module(world, hidden=3)
    trainer(300, callbacks=[History(20)]).fit(model, world)
    return model.snapshot()


def test_it_draws_something(trained: Snapshot) -> None:
    assert_draws(octahedron_stages(trained))
