"""The stages in which two correlated sets of three features become an octahedron."""

from math import isnan
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from toysuper.errors import UserError
from toysuper.experiments.octahedron.measurement import stages
from toysuper.figures.panels import open_frame
from toysuper.figures.space import draw_polyhedron
from toysuper.figures.style import set_colours, styled
from toysuper.figures.text import caption
from toysuper.metrics.curves import training_curves
from toysuper.snapshot import Snapshot

NAMES = ("A  near zero", "B  two sets apart", "C  triangles open", "D  octahedron")


@styled
def octahedron_stages(snapshot: Snapshot) -> Figure:
    """Four stages of the best model, from the side and from above, over the loss.

    The vertical axis runs from the mean of one set to the other's, as at the end of training.
    :class:`~toysuper.experiments.octahedron.measurement.Stages` says where stages begin. B and C
    are shown in the middle of their time, A and D at the end.
    Source: `Superposition and Learning Dynamics
    <https://transformer-circuits.pub/2022/toy_model/index.html#learning>`_, three dimensions.
    """
    curves = training_curves(snapshot)
    if snapshot.W.shape[1:] != (3, 6) or len(snapshot.set_index[0].unique()) != 2:
        raise UserError("figure 'octahedron_stages' needs two sets of three features, hidden of 3")
    best = int(curves.loss[-1].argmin())
    starts = [0.0, *(float(start[best]) for start in stages(snapshot))]
    figure = Figure(figsize=(11, 8.6), layout="constrained")
    above, below = np.asarray(figure.subfigures(2, 1, height_ratios=(2.3, 1)))
    for k, step in enumerate(_middles(starts, float(curves.step[-1]))):
        earlier = [moment for moment in snapshot.history if moment.step <= step]
        if earlier and not isnan(starts[k]):  # NaN: this model never reached the stage
            _draw_stage(above, k, earlier[-1].pick([best]), _upright(snapshot.W[best]))
    _draw_loss(below.subplots(), curves.step, curves.loss[:, best], starts)
    caption(figure, snapshot)
    return figure


def _middles(starts: list[float], last: float) -> list[float]:
    """Compute the step at which each stage is shown."""
    ends = [min((s for s in starts[k + 1 :] if not isnan(s)), default=last) for k in range(4)]
    middle = [(start * end) ** 0.5 for start, end in zip(starts, ends, strict=True)]
    return [ends[0] - (ends[0] < last), *middle[1:3], last]


def _draw_stage(figure: Any, k: int, moment: Snapshot, rotation: Tensor) -> None:
    """Draw column k: the model from the side, and from above."""
    W = rotation @ moment.W
    rotated = moment.with_weights(encoder=W, decoder=W)
    side = figure.add_subplot(2, 4, k + 1, projection="3d")
    draw_polyhedron(side, rotated)
    side.set_title(f"{NAMES[k]}\nstep {moment.step:,}")
    _draw_from_above(figure.add_subplot(2, 4, k + 5), rotated)


def _upright(W: Tensor) -> Tensor:
    """Compute the rotation that makes the line between the means of both sets vertical."""
    axis = W[:, :3].mean(-1) - W[:, 3:].mean(-1)
    return torch.linalg.qr(torch.stack([axis, W[:, 0], W[:, 1]], -1)).Q.T[[1, 2, 0]]


def _draw_from_above(axes: Axes, model: Snapshot) -> None:
    for (x, y, _), colour in zip(model.W[0].T.tolist(), set_colours(model), strict=True):
        axes.plot([0, x], [0, y], color=colour, linewidth=1.6)
        axes.plot(x, y, "o", color=colour, markersize=6)
    axes.set(xlim=(-1.2, 1.2), ylim=(-1.2, 1.2), aspect="equal", xticks=[], yticks=[])
    axes.set_title("from above", fontsize="small")
    axes.spines[:].set_color("0.8")


def _draw_loss(axes: Axes, step: Tensor, loss: Tensor, starts: list[float]) -> None:
    axes.plot(step.clamp(min=1), loss, color="black", linewidth=1.4)
    axes.set(xscale="log", xlabel="step", ylabel="loss", xlim=(1, float(step[-1])), ylim=(0, None))
    for name, start in zip("ABCD", starts, strict=True):
        if not isnan(start):
            axes.axvline(max(start, 1), color="0.7", linewidth=0.8)
            axes.annotate(name, (max(start, 1) * 1.06, float(loss.max()) * 0.98), va="top")
    open_frame(axes)
