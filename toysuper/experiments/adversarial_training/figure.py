"""Figure ADVTRAIN: training on attacked inputs takes superposition away."""

from matplotlib.figure import Figure

from toysuper.errors import UserError
from toysuper.figures.style import caption, open_frame, styled
from toysuper.metrics import dimensions_per_feature, represented
from toysuper.snapshot import Snapshot


@styled
def adversarial_training(snapshot: Snapshot) -> Figure:
    """Features per dimension and represented features, by the size of the attacks in training.

    Of the seeds, the model with the least held-out loss on clean inputs is shown.
    Source: the paper's section "Superposition and Adversarial Examples", adversarial training.
    """
    if any("budget" not in place for place in snapshot.coordinates):
        raise UserError("figure 'adversarial_training' needs a grid axis 'budget'")
    best = snapshot.best()
    if len({place["budget"] for place in best.coordinates}) < len(best):
        raise UserError("figure 'adversarial_training' shows one model a budget; fix other axes")
    order = sorted(range(len(best)), key=lambda i: float(best.coordinates[i]["budget"]))
    best = best.pick(order)
    budget = [float(place["budget"]) for place in best.coordinates]
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    hidden = best.hidden_sizes
    axes.plot(budget, 1 / dimensions_per_feature(best), "o-", color="black", label="‖W‖² / m")
    axes.plot(
        budget, represented(best) / hidden, "s--", color="0.5", label="features with norm > ½, / m"
    )
    axes.axhline(1, color="0.85", linewidth=0.8, zorder=0)
    axes.set(xlabel="attack in training over the mean input's length", ylim=(0, None))
    axes.set_ylabel("features per dimension")
    axes.legend()
    open_frame(axes)
    caption(figure, best)
    return figure
