"""What every figure of a Snapshot has."""

from functools import cache

import numpy as np
from matplotlib.figure import Figure

from tests._run import data, module, trainer
from toysuper.callbacks.history import History
from toysuper.features import CorrelatedSets, SparseUniform
from toysuper.figures.formats import pixels
from toysuper.models import AbsoluteValueModel
from toysuper.snapshot import Snapshot


def assert_draws(figure: Figure) -> None:
    """Every visible panel has data, and the picture many colours."""
    assert all(axes.has_data() for axes in figure.axes if axes.get_visible())
    picture = pixels(figure, 50)
    assert picture.dtype == np.uint8 and picture.shape[2] == 3
    assert len(np.unique(picture @ [1, 1 << 8, 1 << 16])) > 50


def panel_titles(figure: Figure) -> list[str]:
    return [axes.get_title() for axes in figure.axes if axes.get_title()]


@cache
def two_sets() -> Snapshot:
    """Train two sets of three features in space, with a history."""
    world = data(n=6, density=0.5, features=CorrelatedSets(3), grid={"seed": [0, 1]})
    model = module(world, hidden=3)
    trainer(300, callbacks=[History(20)]).fit(model, world)
    return model.snapshot()


@cache
def untied_neurons() -> Snapshot:
    """Train absolute values in two cells, with a history."""
    signed = SparseUniform(signed=True)
    world = data(task="abs", features=signed, grid={"density": [1.0, 0.2], "seed": [0, 1]})
    model = module(world, AbsoluteValueModel, hidden=6)
    trainer(30, callbacks=[History(8)]).fit(model, world)
    return model.snapshot()
