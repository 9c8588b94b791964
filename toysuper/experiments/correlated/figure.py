"""Angles within sets by density, which show where pairs collapse to one direction."""

import torch
from matplotlib.figure import Figure

from toysuper.errors import UserError
from toysuper.figures.panels import log_axis, open_frame
from toysuper.figures.style import SETS, styled
from toysuper.figures.text import caption
from toysuper.metrics.sets import pairs, set_angle
from toysuper.snapshot import Snapshot


@styled
def set_angles(snapshot: Snapshot) -> Figure:
    """Angle between every two features of a set, of each density's best model, coloured by set.

    At 0 degrees both are stored as one direction, their principal component. Lines mark the 60
    degrees of a regular hexagon, and orthogonality.
    Source: `The Geometry of Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_, collapse into PCA.
    """
    density = snapshot.common_density()
    if density.isnan().any() or not pairs(snapshot, within=True).any():
        raise UserError("figure 'set_angles' needs features in sets, of one density each model")
    best = snapshot.best()
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    for degrees in (0, 60, 90):
        axes.axhline(degrees, color="0.85", linewidth=0.8, zorder=0)
    label = best.set_index[0][pairs(best, within=True)[0].nonzero()[:, 0]]
    shift = (label - label.double().mean()) / label.max().clamp(min=1) * 0.06
    for x, angles in zip(best.common_density(), set_angle(best), strict=True):
        colours = [SETS[int(k) % len(SETS)] for k in label]
        axes.scatter(x * torch.exp(shift), angles, c=colours, s=24, zorder=2)
    low = float(best.common_density().min()) * 0.99
    ticks = [p for p in (0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1) if p >= low]
    axes.set(ylabel="degrees within a set", ylim=(-6, 186), yticks=range(0, 181, 30))
    log_axis(axes, "density 1 - S", ticks)
    open_frame(axes)
    caption(figure, best)
    return figure
