import pytest

from tests._figures import assert_draws
from tests._run import data, module, trainer
from toysuper.callbacks.history import History
from toysuper.experiments.asymmetric_motif.figure import asymmetric_motif
from toysuper.features import SparseUniform
from toysuper.models import AbsoluteValueModel
from toysuper.snapshot import Snapshot


@pytest.fixture
def neurons() -> Snapshot:
    """Untied, with a history, of two cells."""
    signed = SparseUniform(signed=True)
    world = data(task="abs", features=signed, grid={"density": [1.0, 0.2], "seed": [0, 1]})
    model = module(world, AbsoluteValueModel, hidden=6)
    trainer(30, callbacks=[History(8)]).fit(model, world)
    return model.snapshot()


def test_it_draws_something(neurons: Snapshot) -> None:
    assert_draws(asymmetric_motif(neurons))
