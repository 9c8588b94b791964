r"""Jumps between levels of feature dimensionality while a model learns.

Elhage et al. 2022, `Toy Models of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html#learning>`_, section "Superposition and
Learning Dynamics".

The feature dimensionality :math:`D_i = \|W_i\|^2 / \sum_j (\hat W_i \cdot W_j)^2` takes few values
in trained models, 0, 1/2 and so on. The paper compares these values with energy levels: in training
a feature stays on one and then jumps to another, and the loss falls suddenly.
"""

from typing import NamedTuple

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from toysuper.claims import Claim, format_range, within
from toysuper.figures.panels import open_frame
from toysuper.figures.style import GRADED, styled, unit_scale
from toysuper.figures.text import caption, label
from toysuper.functional.geometry import REPRESENTED
from toysuper.metrics import dimensionality, norm
from toysuper.metrics.curves import TrainingCurves, training_curves
from toysuper.snapshot import Snapshot

WINDOW = 0.03
"""A change is sudden if it happens within this fraction of training."""
MIN_CHANGE = 0.2
"""Smallest change of a feature's dimensionality that is a jump."""
MAX_COLUMNS = 3
"""Largest number of models that the figure shows."""


class Jump(NamedTuple):
    """A jump of one feature's D_i by ``change``, while the loss falls by ``drop``.

    It begins at step ``start`` and ends at step ``stop``.
    """

    start: int
    stop: int
    feature: int
    change: float
    drop: float


def jumps(curves: TrainingCurves, instance: int) -> list[Jump]:
    """Find sudden changes of a feature's dimensionality that come with a fall of the loss.

    Within a window of 3% of training, some D_i changes by more than 0.2, and the loss falls by more
    than three times the median change of all windows in the second half of training, where the loss
    only fluctuates. The first window is left out. Of windows that overlap, the one with the largest
    change counts.

    Args:
        curves: loss and dimensionalities over training.
        instance: index of the model.
    """
    step, loss = curves.step, curves.loss[:, instance]
    levels = curves.dimensionality[:, instance]
    window = WINDOW * int(step[-1])
    first = torch.searchsorted(step, step - window)  # first moment of the window that ends here
    change, feature = (levels - levels[first]).abs().max(-1)
    drop = loss[first] - loss
    noise = drop[step > step[-1] / 2].abs().median()
    is_sudden = (change > MIN_CHANGE) & (drop > 3 * noise) & (step[first] >= window)
    order = [k for k in change.argsort(descending=True).tolist() if is_sudden[k]]
    windows = [
        Jump(int(step[first[k]]), int(step[k]), int(feature[k]), float(change[k]), float(drop[k]))
        for k in order
    ]
    return _without_overlaps(windows)


def _without_overlaps(windows: list[Jump]) -> list[Jump]:
    """Sort windows by step, leaving out those that overlap an earlier one in the list."""
    separate: list[Jump] = []
    for window in windows:
        if all(window.stop < jump.start or jump.stop < window.start for jump in separate):
            separate.append(window)
    return sorted(separate)


def claims(snapshot: Snapshot) -> list[Claim]:
    """ENERGY: dimensionalities jump as the loss falls, and end as digons."""
    curves = training_curves(snapshot)
    counts = [len(jumps(curves, k)) for k in range(len(snapshot))]
    jump = (
        "ENERGY jumps",
        "a D_i changes by > 0.2 within 3% of training while the loss falls",
        ">= 1 jump in a model",
    )
    level = "ENERGY levels", "D_i of represented features at the end", "0.47-0.53"
    final = dimensionality(snapshot)[norm(snapshot) > REPRESENTED]
    span = format_range(final, ".3f") if len(final) else "none"
    holds = len(final) > 0 and within(final, 0.47, 0.53)
    return [
        Claim(*jump, f"{', '.join(map(str, counts))} jumps", max(counts) >= 1),
        Claim(*level, span, holds),
    ]


@styled
def energy_levels(snapshot: Snapshot) -> Figure:
    """Every feature's D_i over training, a line each, above the loss; one column a model.

    Lines are coloured by the dimensionality in which they end.
    Grey bands are jumps: a D_i changes by more than 0.2 within 3% of training and the loss falls.
    The first three models are shown.
    Source: `Superposition and Learning Dynamics
    <https://transformer-circuits.pub/2022/toy_model/index.html#learning>`_.
    """
    curves = training_curves(snapshot)
    count = min(len(snapshot), MAX_COLUMNS)
    figure = Figure(figsize=(4.2 * count + 0.6, 5.6), layout="constrained")
    panels = figure.subplots(2, count, squeeze=False, sharex=True, height_ratios=(2, 1))
    for k in range(count):
        _draw_column(panels[0, k], panels[1, k], curves, k)
        panels[0, k].set_title(label(snapshot.coordinates[k], drop=()))
    panels[0, 0].set_ylabel("feature dimensionality")
    panels[1, 0].set_ylabel("loss")
    caption(figure, snapshot)
    return figure


def _draw_column(top: Axes, bottom: Axes, curves: TrainingCurves, k: int) -> None:
    levels, step = curves.dimensionality[:, k], curves.step
    for line, colour in zip(levels.T, unit_scale(GRADED).to_rgba(levels[-1].numpy()), strict=True):
        top.plot(step, line, color=colour, linewidth=0.9)
    bottom.plot(step, curves.loss[:, k], color="black", linewidth=1.2)
    for jump in jumps(curves, k):
        for axes in (top, bottom):
            axes.axvspan(jump.start, jump.stop, color="0.88", linewidth=0)
    _set_limits(bottom, step, curves.loss[:, k])
    top.set(ylim=(-0.03, 1.03), yticks=[0, 1 / 3, 0.5, 2 / 3, 1])
    top.set_yticklabels(["0", "1/3", "1/2", "2/3", "1"])
    for axes in (top, bottom):
        open_frame(axes)


def _set_limits(axes: Axes, step: Tensor, loss: Tensor) -> None:
    """Show steps from 0.5% of training on, and the range of the loss from there."""
    start = max(1, int(step[-1]) // 200)
    low, high = (float(end) for end in loss[step >= start].aminmax())
    margin = 0.1 * (high - low)
    axes.set(ylim=(low - margin, high + margin))
    axes.set(xscale="log", xlim=(start, int(step[-1])), xlabel="step")
