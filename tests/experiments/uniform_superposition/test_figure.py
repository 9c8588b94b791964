import numpy as np
import pytest

from tests._figures import assert_draws
from tests._run import data, snapshot_of
from toysuper.errors import UserError
from toysuper.experiments.uniform_superposition.figure import (
    feature_dimensionality,
    polytope_gain,
    vulnerability,
)
from toysuper.metrics import dimensionality
from toysuper.snapshot import Snapshot

GRID = {"density": [1.0, 0.2, 0.1], "activation": ["identity", "relu"], "seed": [0, 1]}


@pytest.fixture
def snapshot() -> Snapshot:
    world = data(grid=GRID)
    return snapshot_of(world, 5)


def test_dimensions_stand_at_their_density(snapshot: Snapshot) -> None:
    models = snapshot.where(lambda i: snapshot.coordinates[i]["activation"] == "relu")
    axes = feature_dimensionality(models).axes[0]
    (curve,) = [line for line in axes.lines if line.get_label() == "D*"]
    best = models.best()
    np.testing.assert_allclose(curve.get_xdata(), 1 / best.density[:, 0])
    np.testing.assert_allclose(curve.get_ydata(), 2 / best.W.square().sum((1, 2)), rtol=1e-5)
    for k, dots in enumerate(axes.collections):
        x, values = dots.get_offsets().T
        np.testing.assert_allclose(values, dimensionality(best)[k])
        assert abs(np.log(x * float(best.density[k, 0]))).max() < 0.6


def test_dimensions_need_densities() -> None:
    world = data(grid={"density": [0.2]})
    with pytest.raises(UserError, match="two or more densities"):
        feature_dimensionality(snapshot_of(world, 2))


@pytest.mark.parametrize("draw", [feature_dimensionality, polytope_gain, vulnerability])
def test_it_draws_something(draw, snapshot: Snapshot) -> None:
    assert_draws(draw(snapshot))
