"""Which geometry should win at which density, and what trained models reach."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from toysuper.errors import UserError
from toysuper.figures.style import (
    POLYTOPES,
    by_sparsity,
    caption,
    open_frame,
    sparsity_axis,
    styled,
)
from toysuper.functional.polytope_gain import GEOMETRIES, gain
from toysuper.functional.theory import uniform_variance
from toysuper.metrics import held_out_loss
from toysuper.snapshot import Snapshot

POINTS = 10


@styled
def gains(snapshot: Snapshot) -> Figure:
    r"""Loss taken away per hidden dimension, over that of a feature alone, against 1/(1-S).

    Lines: polytopes of equal features, each at its best length and bias. Dots: trained models,
    :math:`(\sum_i u(p) - L) / m\,u(p)` with their held-out loss.
    Source: the paper's section "The Geometry of Superposition"; the comparison is ours.
    """
    if len(snapshot.importance.unique()) > 1 or not snapshot.sparse_uniform:
        raise UserError("figure 'gains' needs equal, independent features of U[0, 1]")
    best = by_sparsity(snapshot, "gains")
    density = best.common_density().double()
    sparsity = np.geomspace(1 / float(density.max()), 1 / float(density.min()), POINTS).tolist()
    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    for name in GEOMETRIES:
        _line(axes, name, sparsity)
    axes.scatter(1 / density, _reached(best), color="black", s=16, zorder=3, label="trained models")
    axes.set_ylabel("gain per hidden dimension")
    sparsity_axis(axes, sparsity[-1])
    axes.legend(loc="upper left")
    open_frame(axes)
    caption(figure, best)
    return figure


def _line(axes: Axes, name: str, sparsity: list[float]) -> None:
    """One geometry, with its name at the end."""
    values = [gain(name, round(1 / x, 9)) for x in sparsity]
    axes.plot(sparsity, values, color=POLYTOPES[name], linewidth=1.4)
    end = sparsity[-1], values[-1]
    label = axes.annotate(f" {name}", end, annotation_clip=False)
    label.set(color="0.2", va="center", fontsize="small")


def _reached(models: Snapshot) -> Tensor:
    _, hidden, feat = models.W.shape
    scale = uniform_variance(models.common_density().double()) * models.importance[:, 0].double()
    return (feat * scale - held_out_loss(models).double()) / (hidden * scale)
