from dataclasses import replace

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from tests._run import data, snapshot_of, trainer
from toysuper import figures
from toysuper.callbacks.figures import pixels
from toysuper.callbacks.history import History
from toysuper.errors import UserError
from toysuper.experiments.mcgrath_surface import surface
from toysuper.experiments.phase_change.figure import colours
from toysuper.features import CorrelatedSets, SparseUniform
from toysuper.figures.style import GRADED, SIGNED, unit_scale
from toysuper.metrics import dimensionality
from toysuper.models import (
    AbsoluteValueModel,
    AdversarialModel,
    L1Model,
    LinearModel,
    ReLUOutputModel,
)
from toysuper.snapshot import Snapshot

GRID = {"density": [1.0, 0.2, 0.1], "activation": ["identity", "relu"], "seed": [0, 1]}


@pytest.fixture
def snapshot() -> Snapshot:
    world = data(grid=GRID)
    return snapshot_of(world, 5)


@pytest.fixture
def cells() -> Snapshot:
    """A small phase diagram with its control."""
    axes = {"density": [1.0, 0.1, 0.01], "importance[-1]": [0.1, 1.0, 10.0]}
    grid = [{**axes, "activation": ["relu"], "seed": [0, 1]}, {**axes, "activation": ["identity"]}]
    world = data(n=2, grid=grid)
    return snapshot_of(world, 5, hidden=1)


@pytest.fixture
def unbiased() -> Snapshot:
    world = data(n=2, grid={"density": [1.0, 0.3], "seed": [0, 1]})
    return snapshot_of(world, 5, hidden=1, bias=False)


@pytest.fixture
def paired() -> Snapshot:
    world = data(features=CorrelatedSets(2), grid={"density": [0.5, 0.2], "seed": [0, 1, 2]})
    return snapshot_of(world, 5)


def texts(figure: Figure) -> list[str]:
    return [axes.get_title() for axes in figure.axes if axes.get_title()]


@pytest.fixture
def five() -> Snapshot:
    world = data(n=5, density=0.05, grid={"density[0]": [0.1, 1.0, 10.0], "seed": [0, 1]})
    return snapshot_of(world, 500)


@pytest.fixture
def told() -> Snapshot:
    """Two sets of three in space, with a history."""
    world = data(n=6, density=0.5, features=CorrelatedSets(3), grid={"seed": [0, 1]})
    options = {"hidden": 3, "jit": False}
    model = ReLUOutputModel(world.n, world.grid, **options)
    trainer(300, callbacks=[History(20)]).fit(model, world)
    return model.snapshot(world)


@pytest.fixture
def attacked() -> Snapshot:
    world = data(grid={"budget": [0.0, 0.5], "seed": [0, 1]})
    return snapshot_of(world, 5, model=AdversarialModel)


@pytest.fixture
def priced() -> Snapshot:
    world = data(grid={"l1": [0.0, 0.1, 1.0], "seed": [0, 1]})
    return snapshot_of(world, 5, model=L1Model)


@pytest.fixture
def widths() -> Snapshot:
    world = data(grid={"hidden": [1, 2], "density": [0.5, 0.1]})
    return snapshot_of(world, 5)


@pytest.fixture
def pair() -> Snapshot:
    world = data(n=2, grid={"seed": [0, 1]})
    return snapshot_of(world, 5, model=LinearModel, hidden=1)


@pytest.fixture
def neurons() -> Snapshot:
    """Untied, with a history, of two cells."""
    signed = SparseUniform(signed=True)
    world = data(task="abs", features=signed, grid={"density": [1.0, 0.2], "seed": [0, 1]})
    model = AbsoluteValueModel(world.n, world.grid, hidden=6, jit=False)
    trainer(30, callbacks=[History(8)]).fit(model, world)
    return model.snapshot(world)


KINDS = {
    "absolute_stacks": "neurons",
    "adversarial_training": "attacked",
    "asymmetric_motif": "neurons",
    "compressed_sensing_bound": "widths",
    "network_graph": "neurons",
    "neuron_stacks": "neurons",
    "neurons_over_training": "neurons",
    "no_superposition": "priced",
    "nonlinear_compression": "pair",
    "weight_matrices": "neurons",
    "energy_levels": "told",
    "loss_surface": "unbiased",
    "octahedron_stages": "told",
    "pentagon_to_digons": "five",
    "phase_diagram": "cells",
    "set_angles": "paired",
    "solid": "told",
}


@pytest.mark.parametrize("name", figures.__all__)
def test_every_figure_draws_something(name: str, request: pytest.FixtureRequest) -> None:
    kind = KINDS.get(name, "snapshot")
    figure = getattr(figures, name)(request.getfixturevalue(kind))
    assert all(axes.has_data() for axes in figure.axes if axes.get_visible())
    picture = pixels(figure)
    assert picture.dtype == np.uint8 and picture.shape[2] == 3
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 50


def test_titles_come_from_the_grid(snapshot: Snapshot) -> None:
    figure = figures.gram(snapshot)
    names = ["1 - S = 0.1\nlinear", "1 - S = 1\nReLU", "1 - S = 0.2\nReLU", "1 - S = 0.1\nReLU"]
    assert texts(figure) == names
    assert "n = 4 features, m = 2 hidden dimensions" in figure.get_supxlabel()


def test_gram_shows_the_numbers(snapshot: Snapshot) -> None:
    """The matrix and the bars are WᵀW, b and the norms of the best model, not of another."""
    model = (
        snapshot.where(lambda i: snapshot.coordinates[i]["activation"] == "relu").best().pick([0])
    )
    top, bars = (figures.gram(model).axes[k] for k in (0, 1))
    picture = torch.tensor(np.ma.filled(top.images[0].get_array(), np.nan))
    torch.testing.assert_close(picture[:, :4], (model.W.mT @ model.W)[0], check_dtype=False)
    torch.testing.assert_close(picture[:, -1], model.bias[0], check_dtype=False)
    lengths = torch.tensor([bar.get_width() for bar in bars.patches])
    torch.testing.assert_close(lengths, model.W[0].norm(dim=0), check_dtype=False)


def test_plane_ends_each_line_at_its_feature(snapshot: Snapshot) -> None:
    model = snapshot.best().pick([0])
    ends = [line.get_xydata()[-1] for line in figures.plane(model).axes[0].lines[::2]]
    np.testing.assert_allclose(ends[::-1], model.W[0].T.numpy())


def test_titles_say_the_density_that_the_features_have() -> None:
    world = data(density=0.5, grid={"density": [0.2]})
    assert texts(figures.plane(snapshot_of(world, 2))) == ["1 - S = 0.1"]


def test_gram_orders_features_by_importance() -> None:
    world = data(importance=[0.1, 1.0, 0.5, 0.2])
    snapshot = snapshot_of(world, 2)
    bars = figures.gram(snapshot).axes[1].patches
    lengths = snapshot.W[0].norm(dim=0)[[1, 2, 3, 0]]
    torch.testing.assert_close(
        torch.tensor([bar.get_width() for bar in bars]), lengths, check_dtype=False
    )


@pytest.mark.parametrize("draw", [figures.plane, figures.solutions])
def test_the_plane_needs_two_dimensions(draw) -> None:
    world = data(grid=GRID)
    snapshot = snapshot_of(world, 2, hidden=3)
    with pytest.raises(UserError, match=r"needs model\.hidden of 2, not 3"):
        draw(snapshot)


def test_colours_mean_what_the_paper_says() -> None:
    blue, grey, red = (SIGNED(x)[:3] for x in (0.0, 0.5, 1.0))
    assert blue[2] > blue[0] and red[0] > red[2] and max(grey) - min(grey) < 0.02
    dark, yellow, beyond = (unit_scale(GRADED).to_rgba(x)[:3] for x in (0.0, 1.0, 7.0))
    assert sum(dark) < 0.7 and yellow[0] > 0.9 > yellow[2] and beyond == yellow


def test_phase_colours_mean_what_the_paper_says() -> None:
    absent, alone, shared = colours(torch.tensor([0.0, 1, 1]), torch.tensor([1.0, 0, 1]))
    assert absent.max() - absent.min() < 0.02 and absent.min() > 0.8
    assert alone.argmax() == 2 and shared.argmax() == 0


def test_phase_diagram_shows_each_cell_where_it_belongs(cells: Snapshot) -> None:
    lone = torch.tensor([[0.0, 1.0]])
    is_corner = [c["density"] == 0.01 and c["importance[-1]"] == 10.0 for c in cells.coordinates]
    W = torch.tensor(is_corner)[:, None, None] * lone
    figure = figures.phase_diagram(replace(cells, encoder=W, loss=cells.density))
    best = figure.axes[2].images[0].get_array()
    blue = np.argwhere(best[..., 2] - best[..., 0] > 0.3)
    assert blue.tolist() == [[2, 2]]  # lowest row, last column
    assert "linear models" in [axes.get_title() for axes in figure.axes]
    without = figures.phase_diagram(cells.where(lambda i: cells.activation[i] == "relu")).axes
    assert [axes.get_title() for axes in without][3:] == ["key", without[4].get_title(), "", ""]
    assert not without[5].get_visible()


def test_phase_diagram_needs_its_grid(snapshot: Snapshot, cells: Snapshot) -> None:
    with pytest.raises(UserError, match="2 or 3 features, not 4"):
        figures.phase_diagram(snapshot)
    with pytest.raises(UserError, match="as many models in each cell"):
        figures.phase_diagram(cells.pick(range(1, len(cells))))


def test_the_surface_is_lowest_where_theory_says() -> None:
    """Dense and equal: both answer their mean, 1/12."""
    axis, loss = surface(torch.ones(1, 2), torch.ones(1, 2))
    row, column = divmod(int(loss.argmin()), len(axis))
    assert float(axis[row] * axis[column]) == pytest.approx(0.5, abs=0.02)
    assert float(loss.min()) == pytest.approx(1 / 12, rel=0.01)
    _, skewed = surface(torch.ones(1, 2), torch.tensor([[1.0, 0.1]]))
    row, column = divmod(int(skewed.argmin()), len(axis))
    assert abs(axis[column]) > 3 * abs(axis[row])  # W_1 across, W_2 up


def test_the_surface_is_for_two_features_without_bias(cells: Snapshot, unbiased: Snapshot) -> None:
    with pytest.raises(UserError, match=r"model\.bias of false"):
        figures.loss_surface(cells)
    dots = figures.loss_surface(unbiased).axes[0].lines[0].get_xydata()
    np.testing.assert_allclose(dots[:2], unbiased.pick([0, 1]).W[:, 0].numpy())


def test_dimensions_stand_at_their_density(snapshot: Snapshot) -> None:
    models = snapshot.where(lambda i: snapshot.coordinates[i]["activation"] == "relu")
    axes = figures.dimensions(models).axes[0]
    (curve,) = [line for line in axes.lines if line.get_label() == "D*"]
    best = models.best()
    np.testing.assert_allclose(curve.get_xdata(), 1 / best.density[:, 0])
    np.testing.assert_allclose(curve.get_ydata(), 2 / best.W.square().sum((1, 2)), rtol=1e-5)
    for k, dots in enumerate(axes.collections):
        places, shares = dots.get_offsets().T
        np.testing.assert_allclose(shares, dimensionality(best)[k])
        assert abs(np.log(places * float(best.density[k, 0]))).max() < 0.6


def test_dimensions_need_densities() -> None:
    world = data(grid={"density": [0.2]})
    with pytest.raises(UserError, match="two or more densities"):
        figures.dimensions(snapshot_of(world, 2))
