"""Figure L1: a price on hidden activity takes superposition away, at a loss."""

import torch
from matplotlib.figure import Figure

from toysuper.experiments.no_superposition.measurement import by_price
from toysuper.figures.style import caption, log_axis, open_frame, styled
from toysuper.metrics import dimensions_per_feature, held_out_loss, mean_superposition, represented
from toysuper.snapshot import Snapshot


@styled
def no_superposition(snapshot: Snapshot) -> Figure:
    """Features per dimension, their superposition, and the loss, by the strength of the price.

    Of the seeds, the model with the least held-out loss of reconstruction is shown.
    Source: the paper's section "The Strategic Picture of Superposition".
    """
    best, price = by_price(snapshot)
    smallest = float(price[price > 0].min())
    price = torch.where(price > 0, price, smallest / 3)  # 0 has a place on the logarithmic axis
    figure = Figure(figsize=(11, 3.8), layout="constrained")
    panels = figure.subplots(1, 3)
    count, hidden = represented(best), best.hidden_sizes
    panels[0].plot(price, 1 / dimensions_per_feature(best), "o-", color="black", label="‖W‖² / m")
    panels[0].plot(price, count / hidden, "s--", color="0.5", label="features with norm > ½, / m")
    panels[0].axhline(1, color="0.85", linewidth=0.8, zorder=0)
    panels[0].legend()
    panels[1].plot(price, mean_superposition(best), "o-", color="black")
    panels[2].plot(price, held_out_loss(best), "o-", color="black")
    names = ("features per dimension", "superposition, mean of features", "loss")
    decades = [10.0**k for k in range(-9, 9) if smallest <= 10.0**k <= float(price.max())]
    for axes, name in zip(panels, names, strict=True):
        log_axis(axes, "price λ of the hidden activity", decades)
        axes.set_xticks([float(price.min()), *decades], ["0", *(f"{tick:g}" for tick in decades)])
        axes.set(ylabel=name, ylim=(0, None))
        open_frame(axes)
    caption(figure, best)
    return figure
