"""The network as a graph of features, neurons and outputs."""

import torch
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from torch import Tensor

from toysuper.errors import UserError
from toysuper.figures.panels import hide_axes, limit_panels, make_panels
from toysuper.figures.style import SIGNED, styled
from toysuper.figures.text import caption, titles
from toysuper.metrics.neurons import normalise_neurons, sort_neurons, with_neurons
from toysuper.snapshot import Snapshot

MIN_WEIGHT = 0.05
"""Smaller weights are not drawn."""
MAX_NODES = 40
"""Largest number of features or neurons of one layer."""
LAYERS = ("x", "h", "y")


@styled
def network_graph(snapshot: Snapshot) -> Figure:
    """Features at the left, neurons, outputs at the right; one panel a cell, of 24 at most.

    A line is a weight, blue if negative, red if positive, as wide as its magnitude; weights below
    0.05 and biases are left out. Untied weights are scaled so that each neuron's largest input
    weight is 1.
    Source: `Computation in Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#computation>`_.
    """
    models = limit_panels(sort_neurons(normalise_neurons(with_neurons(snapshot).best())))
    largest = max(models.W.shape[1:])
    if largest > MAX_NODES:
        raise UserError(
            f"figure 'network_graph' draws up to {MAX_NODES} features and neurons, not {largest}"
        )
    figure, axes = make_panels(len(models), 4, 3.8, 0.42 * largest + 0.9)
    for k, (panel, name) in enumerate(zip(axes.flat, titles(models), strict=False)):
        _draw_panel(panel, models.pick([k]))
        panel.set_title(name, fontsize="medium")
    caption(figure, models)
    return figure


def _draw_panel(axes: Axes, model: Snapshot) -> None:
    _, hidden, feat = model.W.shape
    layers = [_node_positions(x, size) for x, size in enumerate((feat, hidden, feat))]
    _draw_lines(axes, model.encoder[0].T, *layers[:2])
    _draw_lines(axes, model.decoder[0], *layers[1:])
    for name, points in zip(LAYERS, layers, strict=True):
        axes.scatter(points[:, 0], points[:, 1], s=150, color="white", edgecolors="0.3", zorder=3)
        for k, (x, y) in enumerate(points.tolist()):
            axes.text(x, y, f"{k}", ha="center", va="center", fontsize="x-small", zorder=4)
        axes.text(float(points[0, 0]), 0.62, name, ha="center", style="italic")
    axes.set(xlim=(-0.15, 2.15), ylim=(-0.57, 0.72))
    hide_axes(axes)


def _node_positions(x: int, size: int) -> Tensor:
    y = torch.linspace(0.5, -0.5, size) if size > 1 else torch.zeros(1)
    return torch.stack([torch.full_like(y, x), y], -1)


def _draw_lines(axes: Axes, weights: Tensor, left: Tensor, right: Tensor) -> None:
    visible = (weights.abs() > MIN_WEIGHT).nonzero()
    size = weights[*visible.T]
    ends = list(torch.stack([left[visible[:, 0]], right[visible[:, 1]]], 1).numpy())
    colours = SIGNED((size.sign().numpy() + 1) / 2)
    widths = (3 * size.abs()).clamp(0.4, 8).tolist()
    axes.add_collection(LineCollection(ends, colors=colours, linewidths=widths, zorder=1))
