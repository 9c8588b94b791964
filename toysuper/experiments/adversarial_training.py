r"""Training on attacked inputs.

Elhage et al. 2022, `Toy Models of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html#adversarial>`_, section "Superposition
and Adversarial Examples".

Superposition makes models vulnerable: many features with small weights on an output add up. Here
each input is moved by the analytic attack, a vector of length :math:`\epsilon`, before the model
answers it; :math:`\epsilon` is the budget times the mean length of an input. The larger the budget,
the fewer features a dimension stores, :math:`\|W\|_F^2 / m`. At a budget of 0.8 each dimension
stores about one feature.
"""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from toysuper.claims import Claim, format_values, not_measured
from toysuper.errors import UserError
from toysuper.figures.panels import open_frame
from toysuper.figures.style import styled
from toysuper.figures.text import caption
from toysuper.metrics import dimensions_per_feature, represented
from toysuper.snapshot import Snapshot


def claims(snapshot: Snapshot) -> list[Claim]:
    """ADVTRAIN: the larger the attacks in training, the fewer features a dimension stores.

    The paper's features per dimension also fall if weights only get shorter, so represented
    features are counted, too.
    """
    best = snapshot.best()
    budgets = [coordinates.get("budget") for coordinates in best.coordinates]
    if len(set(budgets)) < len(budgets) or not {0.0, 0.8} <= set(budgets):
        return [not_measured(*DENSITY_LINE), not_measured(*COUNT_LINE)]
    budget = torch.tensor([float(value or 0) for value in budgets], dtype=torch.float64)
    order = budget.argsort()
    per_dimension = (1 / dimensions_per_feature(best))[order]
    count = (represented(best) / best.hidden_sizes)[order]
    removed = float(count[0]) > 1.2 and float(count[budget[order] == 0.8]) <= 1.05
    falls = removed and bool((count.diff() <= 0).all())
    return [
        Claim(
            *DENSITY_LINE, format_values(per_dimension), bool((per_dimension.diff() < 0.01).all())
        ),
        Claim(*COUNT_LINE, format_values(count), falls),
    ]


DENSITY_LINE = (
    "ADVTRAIN",
    "features per dimension, |W|^2 / m, by budget",
    "non-increasing (+- 0.01)",
)
COUNT_LINE = (
    "ADVTRAIN count",
    "features with norm > 1/2 per dimension, by budget",
    "non-increasing, > 1.2 at 0, <= 1.05 at 0.8",
)
"""Name, statement and expected values of the claims."""


@styled
def adversarial_training(snapshot: Snapshot) -> Figure:
    """Features per dimension and represented features, by the size of the attacks in training.

    Of the seeds, the model with the least held-out loss on clean inputs is shown.
    Source: `Superposition and Adversarial Examples
    <https://transformer-circuits.pub/2022/toy_model/index.html#adversarial>`_, adversarial
    training.
    """
    best = _sort_by_budget(snapshot)
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    _draw_lines(axes, best)
    axes.axhline(1, color="0.85", linewidth=0.8, zorder=0)
    axes.set(xlabel="attack in training over the mean input's length", ylim=(0, None))
    axes.set_ylabel("features per dimension")
    axes.legend()
    open_frame(axes)
    caption(figure, best)
    return figure


def _sort_by_budget(snapshot: Snapshot) -> Snapshot:
    """Select the best model of each budget.

    Raises:
        UserError: there is no grid axis ``budget``, or there are other axes but the seed.
    """
    if any("budget" not in coordinates for coordinates in snapshot.coordinates):
        raise UserError("figure 'adversarial_training' needs a grid axis 'budget'")
    best = snapshot.best()
    budgets = [float(coordinates["budget"]) for coordinates in best.coordinates]
    if len({*budgets}) < len(best):
        raise UserError("figure 'adversarial_training' shows one model a budget; fix other axes")
    return best.pick(sorted(range(len(best)), key=budgets.__getitem__))


def _draw_lines(axes: Axes, best: Snapshot) -> None:
    budget = [float(coordinates["budget"]) for coordinates in best.coordinates]
    per_dimension, count = 1 / dimensions_per_feature(best), represented(best) / best.hidden_sizes
    axes.plot(budget, per_dimension, "o-", color="black", label="‖W‖² / m")
    axes.plot(budget, count, "s--", color="0.5", label="features with norm > ½, / m")
