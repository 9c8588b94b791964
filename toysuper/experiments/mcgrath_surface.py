"""Figure MCGRATH: the loss of two features in one dimension, over both weights."""

import torch
from matplotlib.axes import Axes
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure
from torch import Tensor

from toysuper.errors import UserError
from toysuper.figures.style import caption, styled, title
from toysuper.functional.exact import exact_loss
from toysuper.snapshot import Snapshot

LIMIT, POINTS, NODES = 1.4, 201, 12


@styled
def loss_surface(snapshot: Snapshot) -> Figure:
    """The exact loss without bias over W_1 and W_2, one panel a cell; dots are trained models.

    The star is the least loss of the panel; a model and its mirror image (-W) are the same.
    Source: the comment by McGrath in the paper.
    """
    if snapshot.W.shape[1:] != (1, 2) or bool(snapshot.bias.any()):
        raise UserError(
            "figure 'loss_surface' needs two features, model.hidden of 1 and model.bias of false"
        )
    best = snapshot.best()
    figure = Figure(figsize=(4.2 * len(best) + 0.6, 4.4), layout="constrained")
    panels = figure.subplots(1, len(best), squeeze=False)[0]
    for k in range(len(best)):
        cell = best.pick([k])
        same = (snapshot.density == cell.density) & (snapshot.importance == cell.importance)
        _panel(panels[k], cell, snapshot.pick(same.all(-1).nonzero()[:, 0].tolist()))
    panels[0].set_ylabel("W₂, the extra feature")
    caption(figure, snapshot)
    return figure


def surface(density: Tensor, importance: Tensor) -> tuple[Tensor, Tensor]:
    """The axis of both weights, and the loss ``(W_2, W_1)`` over them."""
    axis = torch.linspace(-LIMIT, LIMIT, POINTS)
    W = torch.cartesian_prod(axis, axis).flip(-1)[:, None]
    loss = exact_loss(W, torch.zeros(len(W), 2), density, importance, NODES)
    return axis, loss.view(POINTS, POINTS)


def _panel(axes: Axes, cell: Snapshot, models: Snapshot) -> None:
    axis, loss = surface(cell.density, cell.importance)
    _levels(axes, axis, loss)
    W = torch.cat([models.W[:, 0], -models.W[:, 0]])
    axes.plot(W[:, 0], W[:, 1], "o", color="white", markeredgecolor="black", markersize=4)
    row, column = divmod(int(loss.argmin()), POINTS)
    for sign in (1, -1):
        x, y = sign * float(axis[column]), sign * float(axis[row])
        axes.plot(x, y, "*", color="#ffd400", markeredgecolor="black", markersize=16, zorder=1.9)
    axes.set_title(f"{title(cell)}\nleast loss {float(loss.min()):.4f}", fontsize="medium")
    axes.set(aspect="equal", xlabel="W₁", xlim=(-LIMIT, LIMIT), ylim=(-LIMIT, LIMIT))


def _levels(axes: Axes, axis: Tensor, loss: Tensor) -> QuadContourSet:
    """Levels that are close where the loss is low."""
    low, high = float(loss.min()), float(loss.quantile(0.9))
    levels = low + (high - low) * torch.linspace(0, 1, 18) ** 2
    axes.contour(axis, axis, loss, levels[1:], colors="white", linewidths=0.3)
    return axes.contourf(axis, axis, loss, levels, cmap="viridis", extend="both")
