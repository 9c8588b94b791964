r"""An L1 penalty on hidden activity.

Elhage et al. 2022, `Toy Models of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html#strategic>`_, section "The Strategic
Picture of Superposition".

To the loss of reconstruction, :math:`\sum_i I_i (x_i - x'_i)^2`, training adds
:math:`\lambda \sum_j |h_j|` with the hidden activity :math:`h = W x`. A penalty :math:`\lambda`
that is large enough removes superposition: each dimension stores one feature at most. But the
loss of reconstruction gets larger, because the other features are lost.
"""

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from toysuper.claims import Claim, format_values
from toysuper.errors import UserError
from toysuper.figures.panels import log_axis, open_frame
from toysuper.figures.style import styled
from toysuper.figures.text import caption
from toysuper.metrics import dimensions_per_feature, held_out_loss, mean_superposition, represented
from toysuper.snapshot import Snapshot


def best_by_penalty(snapshot: Snapshot) -> tuple[Snapshot, Float[Tensor, " inst"]]:
    """Select the best model of each L1 penalty, and return the penalties, rising from 0.

    Raises:
        UserError: there is no grid axis ``l1`` with 0 and more, or there are other axes.
    """
    best = snapshot.best()
    penalties = [float(coordinates.get("l1", torch.nan)) for coordinates in best.coordinates]
    is_unique = len(penalties) > 1 and len(set(penalties)) == len(penalties)
    if not is_unique or min(penalties) != 0 or any(value != value for value in penalties):
        raise UserError("needs a grid axis 'l1' with 0 and others, and no further axis but seed")
    order = sorted(range(len(best)), key=penalties.__getitem__)
    return best.pick(order), torch.tensor(penalties)[order]


def claims(snapshot: Snapshot) -> list[Claim]:
    """L1: a penalty on hidden activity removes superposition, and raises the loss."""
    best, penalty = best_by_penalty(snapshot)
    per_dimension, loss = 1 / dimensions_per_feature(best), held_out_loss(best)
    enough = (per_dimension <= 1.05).nonzero()[:, 0]
    first = int(enough[0]) if len(enough) else len(per_dimension) - 1
    rise = float(loss[first] / loss[0])
    stored = represented(best) > 0
    falls = float(per_dimension[0]) > 1.05 >= float(per_dimension[first]) and bool(stored[first])
    rises = rise > 1 and bool(stored[first])
    line = (
        "L1",
        "features per dimension, |W|^2 / m, by rising penalty",
        "<= 1.05 at some penalty, more at 0",
    )
    rise_line = "L1 loss", f"loss at penalty {float(penalty[first]):g} over that at 0", "> 1"
    return [
        Claim(*line, format_values(per_dimension), falls),
        _superposition(best),
        Claim(*rise_line, f"{rise:.2f}", rises),
    ]


def _superposition(best: Snapshot) -> Claim:
    line = (
        "L1 alone",
        "superposition, mean over stored features, at penalty 0 and least at any penalty",
        "> 0.5; < 0.05",
    )
    stored, values = represented(best) > 0, mean_superposition(best)
    at_zero = float(values[0])
    least = float(values[stored].min()) if stored.any() else torch.inf
    return Claim(*line, f"{at_zero:.2f}; {least:.3f}", at_zero > 0.5 and least < 0.05)


@styled
def no_superposition(snapshot: Snapshot) -> Figure:
    """Features per dimension, their superposition, and the loss, by the size of the L1 penalty.

    Of the seeds, the model with the least held-out loss of reconstruction is shown.
    Source: `The Strategic Picture of Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#strategic>`_.
    """
    best, penalty = best_by_penalty(snapshot)
    smallest = float(penalty[penalty > 0].min())
    x = torch.where(penalty > 0, penalty, smallest / 3)  # a logarithmic axis has no 0
    figure = Figure(figsize=(11, 3.8), layout="constrained")
    panels = figure.subplots(1, 3)
    per_dimension, count = 1 / dimensions_per_feature(best), represented(best) / best.hidden_sizes
    panels[0].plot(x, per_dimension, "o-", color="black", label="‖W‖² / m")
    panels[0].plot(x, count, "s--", color="0.5", label="features with norm > ½, / m")
    panels[0].axhline(1, color="0.85", linewidth=0.8, zorder=0)
    panels[0].legend()
    panels[1].plot(x, mean_superposition(best), "o-", color="black")
    panels[2].plot(x, held_out_loss(best), "o-", color="black")
    names = ("features per dimension", "superposition, mean of features", "loss")
    decades = [10.0**k for k in range(-9, 9) if smallest <= 10.0**k <= float(x.max())]
    for axes, name in zip(panels, names, strict=True):
        log_axis(axes, "L1 penalty λ of the hidden activity", decades)
        axes.set_xticks([float(x.min()), *decades], ["0", *(f"{tick:g}" for tick in decades)])
        axes.set(ylabel=name, ylim=(0, None))
        open_frame(axes)
    caption(figure, best)
    return figure
