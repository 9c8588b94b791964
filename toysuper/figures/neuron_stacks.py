"""The stack plot: what each neuron responds to, and how many features that is."""

import torch
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from torch import Tensor

from toysuper.figures.style import GRADED, caption, panels, some, styled, titles, unit_scale
from toysuper.metrics import superposition
from toysuper.metrics.neurons import arranged, features_per_neuron, normalised, with_neurons
from toysuper.snapshot import Snapshot

MANY = 6
TINT = ScalarMappable(
    Normalize(1, MANY, clip=True), LinearSegmentedColormap.from_list("tint", ["#ffffff", "#efb3a4"])
)
THIN = 0.02
"""Weights below this are too thin to see."""
WIDE = 16
"""From this many neurons on panels stand one above another."""


@styled
def neuron_stacks(snapshot: Snapshot) -> Figure:
    """Each neuron's input weights on top of each other, one column a neuron, one panel a cell.

    A rectangle is the weight of a feature, the largest next to the axis and negative ones below it.
    Its colour is the feature's superposition: dark alone, yellow 1 or more. The tint behind a
    column is the neuron's polysemanticity, how many features take part in it: white for 1, red for
    6 or more. Neurons stand in the order of the importance of their largest feature. Untied weights
    are scaled so that each neuron's largest is 1.

    Source: the paper's sections "Superposition in a Privileged Basis" and "Computation in
    Superposition".
    """
    return _figure(snapshot, signed=True)


@styled
def absolute_stacks(snapshot: Snapshot) -> Figure:
    """Magnitudes of each neuron's input weights on top of each other, one column a neuron.

    As :func:`neuron_stacks` but without signs, as the paper draws models of absolute values.

    Source: the paper's section "Computation in Superposition".
    """
    return _figure(snapshot, signed=False)


def _figure(snapshot: Snapshot, signed: bool) -> Figure:
    models = some(arranged(normalised(with_neurons(snapshot).best())))
    aside = models.W.shape[1] >= WIDE
    sizes = (1, 10, 1.5) if aside else (6, 2.2, 3.4)
    figure, grid = panels(len(models), *sizes, sharey="none" if aside else "row")
    for k, (axes, name) in enumerate(zip(grid.flat, titles(models), strict=False)):
        _panel(axes, models.pick([k]), signed)
        (axes.set_ylabel if aside else axes.set_title)(name, fontsize="medium")
    bars = {unit_scale(GRADED): "superposition of the feature", TINT: "features of the neuron"}
    for scale, name in bars.items():
        figure.colorbar(scale, ax=grid, label=name, pad=0.01, aspect=60 if aside else 30)
    figure.supylabel("input weights on top of each other", fontsize="medium")
    caption(figure, models)
    return figure


def _panel(axes: Axes, model: Snapshot, signed: bool) -> None:
    W = model.W[0] if signed else model.W[0].abs()
    for neuron, size in enumerate(features_per_neuron(model)[0].tolist()):
        axes.axvspan(neuron - 0.5, neuron + 0.5, color=TINT.to_rgba(size), lw=0, zorder=0)
    for sign in (1, -1):
        _rectangles(axes, (sign * W).clamp(min=0), sign, superposition(model)[0])
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set(xlim=(-0.5, len(W) - 0.5), xticks=[])
    axes.autoscale_view(scalex=False)
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def _rectangles(axes: Axes, weights: Tensor, sign: int, superposition: Tensor) -> None:
    heights, feature = weights.sort(-1, descending=True)
    top = heights.cumsum(-1)
    drawn = heights > THIN
    low, high = (sign * (top - heights))[drawn], (sign * top)[drawn]
    neuron = drawn.nonzero()[:, 0]
    left, right = neuron - 0.42, neuron + 0.42
    corners = [(left, low), (left, high), (right, high), (right, low)]
    shapes = list(torch.stack([torch.stack(corner, -1) for corner in corners], 1).numpy())
    faces = unit_scale(GRADED).to_rgba(superposition[feature[drawn]].numpy())
    axes.add_collection(
        PolyCollection(shapes, facecolors=faces, edgecolors="white", lw=3 / (10 + len(weights)))
    )
