"""Which geometry should win at which density, and what trained models reach."""

import numpy as np
from matplotlib.figure import Figure

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
from toysuper.types import Snapshot

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
        values = [gain(name, round(1 / x, 9)) for x in sparsity]
        axes.plot(sparsity, values, color=POLYTOPES[name], linewidth=1.4)
        axes.annotate(
            f" {name}",
            (sparsity[-1], values[-1]),
            color="0.2",
            va="center",
            fontsize="small",
            annotation_clip=False,
        )
    _, hidden, feat = best.W.shape
    scale = uniform_variance(density) * best.importance[:, 0].double()
    measured = (feat * scale - held_out_loss(best).double()) / (hidden * scale)
    axes.scatter(1 / density, measured, color="black", s=16, zorder=3, label="trained models")
    axes.set_ylabel("gain per hidden dimension")
    sparsity_axis(axes, sparsity[-1])
    axes.legend(frameon=False, loc="upper left")
    open_frame(axes)
    caption(figure, best)
    return figure
