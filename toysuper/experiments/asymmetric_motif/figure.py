"""The motif as a graph of two features, two neurons and two outputs."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from toysuper.experiments.asymmetric_motif.measurement import Motif, strongest
from toysuper.figures.panels import hide_axes, limit_panels, make_panels
from toysuper.figures.style import SIGNED, styled
from toysuper.figures.text import caption, titles
from toysuper.metrics.neurons import normalise_neurons
from toysuper.snapshot import Snapshot

HEIGHTS = (0.5, -0.5)
MIN_WEIGHT = 0.02
"""Smaller weights are not drawn."""


@styled
def asymmetric_motif(snapshot: Snapshot) -> Figure:
    """The strongest motif of each cell's best model as a graph with its weights.

    Features at the left, neurons in the middle, outputs at the right: above, the interferer and the
    shared neuron; below, the victim and the inhibitor. Red is positive, blue negative; weights
    below 0.02 are left out. Neurons are scaled to a largest input weight of 1.
    Source: `Computation in Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#computation>`_, the asymmetric
    superposition motif.
    """
    best = limit_panels(normalise_neurons(snapshot.best()))
    figure, axes = make_panels(len(best), 4, 3.5, 2.9)
    for k, (panel, name) in enumerate(zip(axes.flat, titles(best), strict=False)):
        model = best.pick([k])
        motif = strongest(model)
        if motif:
            _draw_weights(panel, model, motif)
        _draw_nodes(panel, motif)
        panel.set_title(name + ("" if motif else ": none"), fontsize="medium")
    caption(figure, best)
    return figure


def _draw_nodes(axes: Axes, motif: Motif | None) -> None:
    i, v, j, k = "ABjk"
    if motif:
        i, v = f"$x_{{{motif.interferer}}}$", f"$x_{{{motif.victim}}}$"
        j, k = f"$h_{{{motif.neuron}}}$", f"$h_{{{motif.inhibitor}}}$"
    columns = ((i, v), (j, k), (i.replace("x", "y"), v.replace("x", "y")))
    for x, names in enumerate(columns):
        axes.scatter([x, x], HEIGHTS, s=420, color="white", edgecolors="0.3", zorder=3)
        for y, name in zip(HEIGHTS, names, strict=True):
            axes.text(x, y, name, ha="center", va="center", fontsize="small", zorder=4)
    axes.text(1, 0.72, "shared", ha="center", fontsize="small", color="0.35")
    axes.text(1, -0.8, "inhibitor", ha="center", fontsize="small", color="0.35")
    axes.set(xlim=(-0.3, 2.3), ylim=(-0.9, 0.85))
    hide_axes(axes)


def _draw_weights(axes: Axes, model: Snapshot, motif: Motif) -> None:
    features, neurons = [motif.interferer, motif.victim], [motif.neuron, motif.inhibitor]
    inward = model.encoder[0][neurons][:, features].T
    outward = model.decoder[0][neurons][:, features]
    for x, weights in enumerate((inward, outward)):
        for start, end in torch.cartesian_prod(torch.arange(2), torch.arange(2)).tolist():
            weight = float(weights[start, end])
            if abs(weight) > MIN_WEIGHT:
                _draw_line(axes, x, HEIGHTS[start], HEIGHTS[end], weight)


def _draw_line(axes: Axes, x: int, start: float, end: float, weight: float) -> None:
    colour = SIGNED(1.0 if weight > 0 else 0.0)
    axes.plot([x, x + 1], [start, end], color=colour, lw=min(0.8 + 2 * abs(weight), 7), zorder=1)
    fraction = 0.5 if start == end else 0.3  # labels of crossing lines do not meet
    point, box = (
        (x + fraction, start + fraction * (end - start)),
        {"fc": "white", "ec": "none", "pad": 0.8},
    )
    axes.text(*point, f"{weight:.2g}", ha="center", va="center", fontsize="small", bbox=box)
