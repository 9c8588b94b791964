import numpy as np
import pytest
import torch

from tests._figures import assert_draws
from tests._run import data, snapshot_of
from tests._snapshots import replace
from toysuper.errors import UserError
from toysuper.experiments.phase_change.figure import colours, phase_diagram
from toysuper.snapshot import Snapshot

GRID = {"density": [1.0, 0.2, 0.1], "activation": ["identity", "relu"], "seed": [0, 1]}


@pytest.fixture
def cells() -> Snapshot:
    """A small phase diagram with its control."""
    axes = {"density": [1.0, 0.1, 0.01], "importance[-1]": [0.1, 1.0, 10.0]}
    grid = [{**axes, "activation": ["relu"], "seed": [0, 1]}, {**axes, "activation": ["identity"]}]
    world = data(n=2, grid=grid)
    return snapshot_of(world, 5, hidden=1)


def test_phase_colours_mean_what_the_paper_says() -> None:
    absent, alone, shared = colours(torch.tensor([0.0, 1, 1]), torch.tensor([1.0, 0, 1]))
    assert absent.max() - absent.min() < 0.02 and absent.min() > 0.8
    assert alone.argmax() == 2 and shared.argmax() == 0


def test_phase_diagram_shows_each_cell_where_it_belongs(cells: Snapshot) -> None:
    lone = torch.tensor([[0.0, 1.0]])
    is_corner = [c["density"] == 0.01 and c["importance[-1]"] == 10.0 for c in cells.coordinates]
    W = torch.tensor(is_corner)[:, None, None] * lone
    figure = phase_diagram(replace(cells, encoder=W, loss=cells.density))
    best = figure.axes[2].images[0].get_array()
    blue = np.argwhere(best[..., 2] - best[..., 0] > 0.3)
    assert blue.tolist() == [[2, 2]]  # lowest row, last column
    assert "linear models" in [axes.get_title() for axes in figure.axes]
    without = phase_diagram(cells.where(lambda i: cells.activation[i] == "relu")).axes
    assert [axes.get_title() for axes in without][3:] == ["key", without[4].get_title(), "", ""]
    assert not without[5].get_visible()


def test_phase_diagram_needs_its_grid(cells: Snapshot) -> None:
    world = data(grid=GRID)
    with pytest.raises(UserError, match="2 or 3 features, not 4"):
        phase_diagram(snapshot_of(world, 5))
    with pytest.raises(UserError, match="as many models in each cell"):
        phase_diagram(cells.pick(range(1, len(cells))))


def test_it_draws_something(cells: Snapshot) -> None:
    assert_draws(phase_diagram(cells))
