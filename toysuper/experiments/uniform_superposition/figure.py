"""Dimensions per feature, the gains of polytopes, and vulnerability, all by sparsity."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from toysuper.errors import UserError
from toysuper.figures.panels import (
    best_by_sparsity,
    draw_polytope_lines,
    open_frame,
    sparsity_axis,
)
from toysuper.figures.style import GRADED, POLYTOPE_COLOURS, styled
from toysuper.figures.text import caption
from toysuper.functional.polytope_gain import GEOMETRIES, gain
from toysuper.functional.theory import uniform_variance
from toysuper.metrics import dimensionality, dimensions_per_feature, held_out_loss
from toysuper.metrics.vulnerability import BUDGET
from toysuper.metrics.vulnerability import vulnerability as measure_vulnerability
from toysuper.snapshot import Snapshot

GAIN_POINTS = 10
"""Number of densities at which gains are computed."""


@styled
def feature_dimensionality(snapshot: Snapshot) -> Figure:
    """D* (line) and every feature's D_i (dots) against 1/(1-S), with the polytopes' as lines.

    Dots of one density stand side by side in the order of the features. Features that are not
    learned have D_i = 0. If features are dense, any orthonormal frame is as good as another, so
    D_i may take any value there.

    Source: `The Geometry of Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_.
    """
    models = best_by_sparsity(snapshot, "feature_dimensionality")
    figure = Figure(figsize=(10, 5.5), layout="constrained")
    axes = figure.subplots()
    draw_polytope_lines(axes)
    _draw_features(axes, models)
    sparsity = 1 / models.common_density()
    axes.plot(sparsity, dimensions_per_feature(models), color="black", linewidth=1.6, label="D*")
    axes.set(ylabel="dimensions per feature", ylim=(-0.03, 1.08))
    sparsity_axis(axes, float(sparsity.max()))
    open_frame(axes)
    axes.legend(loc="upper right")
    caption(figure, models)
    return figure


def _draw_features(axes: Axes, models: Snapshot) -> None:
    sparsity, values = 1 / models.common_density(), dimensionality(models)
    count = values.shape[1]
    gap = float(sparsity[1] / sparsity[0]) ** 0.7
    for center, row in zip(sparsity.tolist(), values, strict=True):
        x = [center * gap ** (i / count - 0.5) for i in range(count)]
        axes.scatter(x, row, c=row, cmap=GRADED, vmin=0, vmax=1, s=7, alpha=0.8, linewidths=0)


@styled
def polytope_gain(snapshot: Snapshot) -> Figure:
    r"""Loss taken away per hidden dimension, over that of a feature alone, against 1/(1-S).

    Lines: polytopes of equal features, each at its best length and bias. Dots: trained models,
    :math:`(\sum_i u(p) - L) / m\,u(p)` with their held-out loss.
    Source: `The Geometry of Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_; the comparison is ours.
    """
    if len(snapshot.importance.unique()) > 1 or not snapshot.sparse_uniform:
        raise UserError("figure 'polytope_gain' needs equal, independent features of U[0, 1]")
    best = best_by_sparsity(snapshot, "polytope_gain")
    x = (1 / best.common_density().double()).tolist()
    sparsity = np.geomspace(min(x), max(x), GAIN_POINTS).tolist()
    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    for name in GEOMETRIES:
        _draw_gain(axes, name, sparsity)
    axes.scatter(x, trained_gain(best), color="black", s=16, zorder=3, label="trained models")
    axes.set_ylabel("gain per hidden dimension")
    sparsity_axis(axes, sparsity[-1])
    axes.legend(loc="upper left")
    open_frame(axes)
    caption(figure, best)
    return figure


def _draw_gain(axes: Axes, name: str, sparsity: list[float]) -> None:
    """Draw the line of one polytope, with its name at the end."""
    values = [gain(name, round(1 / x, 9)) for x in sparsity]
    axes.plot(sparsity, values, color=POLYTOPE_COLOURS[name], linewidth=1.4)
    end = sparsity[-1], values[-1]
    label = axes.annotate(f" {name}", end, annotation_clip=False)
    label.set(color="0.2", va="center", fontsize="small")


def trained_gain(models: Snapshot) -> Tensor:
    r"""Compute the gain of trained models, :math:`(n\,u(p) - L) / m\,u(p)`, ``(inst,)``.

    With n equal features of variance :math:`u(p) = p/3 - p^2/4` and the held-out loss L.
    """
    _, hidden, feat = models.W.shape
    scale = uniform_variance(models.common_density().double()) * models.importance[:, 0].double()
    return (feat * scale - held_out_loss(models).double()) / (hidden * scale)


@styled
def vulnerability(snapshot: Snapshot) -> Figure:
    """Vulnerability to the analytic attack over 1/(1-S), above features per dimension; and both.

    The loss added by an attack of a tenth of the mean input, over what it adds to a model without
    superposition.
    Source: `Superposition and Adversarial Examples
    <https://transformer-circuits.pub/2022/toy_model/index.html#adversarial>`_.
    """
    models = best_by_sparsity(snapshot, "vulnerability")
    sparsity, added_loss = 1 / models.common_density(), measure_vulnerability(models)
    features = 1 / dimensions_per_feature(models)
    figure = Figure(figsize=(10, 4.8), layout="constrained")
    panels = figure.subplot_mosaic("ac;bc", width_ratios=(1.25, 1))
    panels["a"].plot(sparsity, added_loss, "o-", color="black", markersize=4)
    panels["a"].set(ylabel="vulnerability", title=f"attack of {BUDGET:g} of the mean input")
    panels["b"].plot(sparsity, features, "o-", color="black", markersize=4)
    panels["b"].set_ylabel("features per dimension")
    panels["c"].plot(features, added_loss, color="0.8", linewidth=0.8)
    panels["c"].scatter(features, added_loss, color="black", s=18, zorder=2)
    panels["c"].set(xlabel="features per dimension", ylabel="vulnerability")
    for name in "ab":
        panels[name].set(ylim=(0, None))
        sparsity_axis(panels[name], float(sparsity.max()))
    panels["c"].set(xlim=(0, None), ylim=(0, None))
    for axes in panels.values():
        open_frame(axes)
    caption(figure, models)
    return figure
