"""Figures of neurons show the numbers of the model, not of another."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests._run import data, snapshot_of
from toysuper import figures
from toysuper.errors import UserError
from toysuper.figures.neuron_stacks import THIN
from toysuper.figures.style import titles
from toysuper.models import ReLUHiddenModel
from toysuper.snapshot import Snapshot

W = torch.tensor([[0.5, 0.0, -0.2], [0.01, -1.0, 0.7]], dtype=torch.float64)


def tied(**axes: list) -> Snapshot:
    world = data(n=3, importance=[1.0, 0.5, 0.25], grid=axes or None)
    made = snapshot_of(world, 1, ReLUHiddenModel)
    both = W.expand(len(made), 2, 3)
    return replace(made, encoder=both, decoder=both)


def boxes(axes) -> np.ndarray:
    """Left, low, right and high of every rectangle."""
    paths = [path.vertices for group in axes.collections for path in group.get_paths()]
    return np.array([[*path.min(0), *path.max(0)] for path in paths])


def test_stacks_are_as_high_as_the_weights() -> None:
    axes = figures.neuron_stacks(tied()).axes[0]
    _, low, _, high = boxes(axes).T
    assert len(low) == int((W.abs() > THIN).sum()) == 4
    first, second = boxes(axes)[:, 0] < 0, boxes(axes)[:, 0] > 0
    assert [high[first].max(), low[first].min()] == pytest.approx([0.5, -0.2])
    assert [high[second].max(), low[second].min()] == pytest.approx([0.7, -1.0])


def test_absolute_stacks_have_nothing_below_the_axis() -> None:
    axes = figures.absolute_stacks(tied()).axes[0]
    _, low, _, high = boxes(axes).T
    assert low.min() == 0 and high.max() == pytest.approx(1.7)


def test_the_largest_weight_is_next_to_the_axis() -> None:
    _, low, _, high = boxes(figures.absolute_stacks(tied()).axes[0]).T
    at_the_axis = high[low == 0]
    assert sorted(at_the_axis) == pytest.approx([0.5, 1.0])


def test_a_graph_has_a_line_for_every_weight() -> None:
    lines = figures.network_graph(tied()).axes[0].collections
    inward, outward = (group for group in lines if len(group.get_paths()[0].vertices) == 2)
    assert len(inward.get_paths()) == len(outward.get_paths()) == int((W.abs() > 0.05).sum())


def test_a_graph_of_hundreds_is_refused() -> None:
    world = data(n=60)
    with pytest.raises(UserError, match="up to 40 features and neurons, not 60"):
        figures.network_graph(snapshot_of(world, 1, ReLUHiddenModel))


def test_matrices_show_the_weights_and_linear_models_apart() -> None:
    both = tied(hidden_activation=["identity", "relu"])
    figure = figures.weight_matrices(both)
    above, below = (axes for axes in figure.axes if axes.images)
    assert above.get_ylabel().startswith("linear") and below.get_ylabel().startswith("W")
    np.testing.assert_allclose(below.images[0].get_array(), W.T)


def test_titles_name_what_differs() -> None:
    models = tied(density=[1.0, 0.2], hidden_activation=["relu"])
    assert titles(models) == ["1 - S = 1", "1 - S = 0.2"]
    assert titles(models.pick([0])) == ["1 - S = 1, ReLU"]


def test_training_needs_a_history() -> None:
    with pytest.raises(UserError, match=r"needs a history; set history\.num"):
        figures.neurons_over_training(tied())
