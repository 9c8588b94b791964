"""Stack plots: the input weights of each neuron, and of how many features they are."""

import torch
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from torch import Tensor

from toysuper.figures.panels import limit_panels, make_panels
from toysuper.figures.style import GRADED, styled, unit_scale
from toysuper.figures.text import caption, titles
from toysuper.metrics import superposition
from toysuper.metrics.neurons import (
    features_per_neuron,
    normalise_neurons,
    sort_neurons,
    with_neurons,
)
from toysuper.snapshot import Snapshot

MAX_TINT = 6
TINT = ScalarMappable(
    Normalize(1, MAX_TINT, clip=True),
    LinearSegmentedColormap.from_list("tint", ["#ffffff", "#efb3a4"]),
)
MIN_HEIGHT = 0.02
"""Smaller weights are too thin to see and are not drawn."""
MIN_WIDE = 16
"""From this number of neurons on, panels stand one above another."""


@styled
def neuron_stacks(snapshot: Snapshot) -> Figure:
    """Each neuron's input weights on top of each other, one column a neuron, one panel a cell.

    A rectangle is the weight of a feature, the largest next to the axis and negative ones below it.
    Its colour is the feature's superposition: dark alone, yellow 1 or more. The tint behind a
    column is the neuron's polysemanticity, its number of active weights: white for 1, red for
    6 or more. Neurons stand in the order of the importance of their largest feature. Untied weights
    are scaled so that each neuron's largest is 1.

    Source: `Superposition in a Privileged Basis
    <https://transformer-circuits.pub/2022/toy_model/index.html#privileged-basis>`_,
    `Computation in Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#computation>`_.
    """
    return draw_stacks(snapshot, signed=True)


def draw_stacks(snapshot: Snapshot, signed: bool) -> Figure:
    """Draw the stack plot of each cell's best model.

    Args:
        snapshot: the trained models.
        signed: draw negative weights below the axis; otherwise draw magnitudes.
    """
    models = limit_panels(sort_neurons(normalise_neurons(with_neurons(snapshot).best())))
    is_wide = models.W.shape[1] >= MIN_WIDE
    sizes = (1, 10, 1.5) if is_wide else (6, 2.2, 3.4)
    figure, grid = make_panels(len(models), *sizes, sharey="none" if is_wide else "row")
    for k, (axes, name) in enumerate(zip(grid.flat, titles(models), strict=False)):
        _draw_panel(axes, models.pick([k]), signed)
        (axes.set_ylabel if is_wide else axes.set_title)(name, fontsize="medium")
    bars = {unit_scale(GRADED): "superposition of the feature", TINT: "features of the neuron"}
    for scale, name in bars.items():
        figure.colorbar(scale, ax=grid, label=name, pad=0.01, aspect=60 if is_wide else 30)
    figure.supylabel("input weights on top of each other", fontsize="medium")
    caption(figure, models)
    return figure


def _draw_panel(axes: Axes, model: Snapshot, signed: bool) -> None:
    W = model.W[0] if signed else model.W[0].abs()
    for neuron, count in enumerate(features_per_neuron(model)[0].tolist()):
        axes.axvspan(neuron - 0.5, neuron + 0.5, color=TINT.to_rgba(count), lw=0, zorder=0)
    for sign in (1, -1):
        _draw_rectangles(axes, (sign * W).clamp(min=0), sign, superposition(model)[0])
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set(xlim=(-0.5, len(W) - 0.5), xticks=[])
    axes.autoscale_view(scalex=False)
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def _draw_rectangles(axes: Axes, weights: Tensor, sign: int, superposition: Tensor) -> None:
    heights, feature = weights.sort(-1, descending=True)
    top = heights.cumsum(-1)
    visible = heights > MIN_HEIGHT
    low, high = (sign * (top - heights))[visible], (sign * top)[visible]
    neuron = visible.nonzero()[:, 0]
    left, right = neuron - 0.42, neuron + 0.42
    corners = [(left, low), (left, high), (right, high), (right, low)]
    shapes = list(torch.stack([torch.stack(corner, -1) for corner in corners], 1).numpy())
    faces = unit_scale(GRADED).to_rgba(superposition[feature[visible]].numpy())
    axes.add_collection(
        PolyCollection(shapes, facecolors=faces, edgecolors="white", lw=3 / (10 + len(weights)))
    )
