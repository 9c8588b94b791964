r"""The loss of two features in one dimension, over both weights.

Elhage et al. 2022, `Toy Models of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html#phase-change>`_, section "Superposition
as a Phase Change", the comment by McGrath.

The model :math:`x' = \mathrm{ReLU}(W^\top W x)` without bias has two weights, :math:`W_1` and
:math:`W_2`, so that its exact loss is a surface. If both features are always active and equally
important, the minimum is at :math:`W_1 = W_2 = 1/\sqrt 2`: the model answers their mean for both,
and loses 1/12. If they are sparse, the minimum is antipodal, :math:`W_1 W_2 < 0`, and both weights
are a little longer than 1. A model and its mirror image, -W, have the same outputs.
"""

import torch
from matplotlib.axes import Axes
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure
from torch import Tensor

from toysuper.claims import Claim, at_density, format_values, not_measured, within
from toysuper.errors import UserError
from toysuper.figures.style import styled
from toysuper.figures.text import caption, title
from toysuper.functional.exact import exact_loss
from toysuper.snapshot import Snapshot

MAX_WEIGHT = 1.4
"""Both axes go from minus this to this."""
POINTS = 201
"""Number of points on each axis."""
NODES = 12
"""Number of quadrature nodes for each feature."""


def surface(density: Tensor, importance: Tensor) -> tuple[Tensor, Tensor]:
    """Compute the axis of both weights, and the exact loss ``(W_2, W_1)`` over them.

    Args:
        density: densities of both features, ``(1, 2)``.
        importance: importances of both features, ``(1, 2)``.
    """
    axis = torch.linspace(-MAX_WEIGHT, MAX_WEIGHT, POINTS)
    W = torch.cartesian_prod(axis, axis).flip(-1)[:, None]
    loss = exact_loss(W, torch.zeros(len(W), 2), density, importance, NODES)
    return axis, loss.view(POINTS, POINTS)


def claims(snapshot: Snapshot) -> list[Claim]:
    """MCGRATH: the minimum of two features in one dimension, without bias."""
    return [
        _minimum(snapshot, 1.0, "both answer their mean", "W = (.707, .707) +- .01, loss 1/12"),
        _minimum(snapshot, 0.3, "antipodal and longer than 1", "W_1 W_2 < 0, lengths in 1-1.05"),
    ]


def _minimum(snapshot: Snapshot, density: float, statement: str, expected: str) -> Claim:
    name = f"MCGRATH p={density:g}"
    models = at_density(snapshot, density)
    equal = models and models.where(lambda i: bool((models.importance[i] == 1).all()))
    if not equal or snapshot.W.shape[1:] != (1, 2) or bool(snapshot.bias.any()):
        return not_measured(name, statement, expected)
    best = equal.best()
    W, loss = best.W[0, 0].double(), float(best.loss.sum())
    is_antipodal = within(W.abs(), 1, 1.05) and float(W.prod()) < 0
    holds = _answers_mean(W, loss) if density == 1 else is_antipodal
    measured = f"W = ({format_values(W, '.3f')}), loss {loss:.4f}"
    return Claim(name, statement, expected, measured, holds)


def _answers_mean(W: Tensor, loss: float) -> bool:
    near = within(W.abs(), 0.5**0.5 - 0.01, 0.5**0.5 + 0.01)
    return near and float(W.prod()) > 0 and abs(12 * loss - 1) < 0.01


@styled
def loss_surface(snapshot: Snapshot) -> Figure:
    """The exact loss without bias over W_1 and W_2, one panel a cell; dots are trained models.

    The star is the least loss of the panel; a model and its mirror image (-W) are the same.
    Source: the comment by McGrath in the paper.
    """
    if snapshot.W.shape[1:] != (1, 2) or bool(snapshot.bias.any()):
        raise UserError(
            "figure 'loss_surface' needs two features, model.variant.hidden of 1 and bias of false"
        )
    best = snapshot.best()
    figure = Figure(figsize=(4.2 * len(best) + 0.6, 4.4), layout="constrained")
    panels = figure.subplots(1, len(best), squeeze=False)[0]
    for k in range(len(best)):
        cell = best.pick([k])
        same = (snapshot.density == cell.density) & (snapshot.importance == cell.importance)
        _draw_panel(panels[k], cell, snapshot.pick(same.all(-1).nonzero()[:, 0].tolist()))
    panels[0].set_ylabel("W₂, the extra feature")
    caption(figure, snapshot)
    return figure


def _draw_panel(axes: Axes, cell: Snapshot, models: Snapshot) -> None:
    axis, loss = surface(cell.density, cell.importance)
    _draw_levels(axes, axis, loss)
    W = torch.cat([models.W[:, 0], -models.W[:, 0]])
    axes.plot(W[:, 0], W[:, 1], "o", color="white", markeredgecolor="black", markersize=4)
    row, column = divmod(int(loss.argmin()), POINTS)
    for sign in (1, -1):
        x, y = sign * float(axis[column]), sign * float(axis[row])
        axes.plot(x, y, "*", color="#ffd400", markeredgecolor="black", markersize=16, zorder=1.9)
    axes.set_title(f"{title(cell)}\nleast loss {float(loss.min()):.4f}", fontsize="medium")
    axes.set(
        aspect="equal", xlabel="W₁", xlim=(-MAX_WEIGHT, MAX_WEIGHT), ylim=(-MAX_WEIGHT, MAX_WEIGHT)
    )


def _draw_levels(axes: Axes, axis: Tensor, loss: Tensor) -> QuadContourSet:
    """Draw levels that are closer where the loss is low."""
    low, high = float(loss.min()), float(loss.quantile(0.9))
    levels = low + (high - low) * torch.linspace(0, 1, 18) ** 2
    axes.contour(axis, axis, loss, levels[1:], colors="white", linewidths=0.3)
    return axes.contourf(axis, axis, loss, levels, cmap="viridis", extend="both")
