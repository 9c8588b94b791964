"""The loss by the number of active features, as fractions and as contributions."""

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from toysuper.errors import UserError
from toysuper.experiments.loss_decomposition.theory import decompose
from toysuper.figures.style import PARTS, styled
from toysuper.figures.text import caption
from toysuper.snapshot import Snapshot

NAMES = ("none active", "one: feature benefit", "one: interference", "two active", "three or more")


@styled
def loss_decomposition(snapshot: Snapshot) -> Figure:
    """The loss by number of active features against 1/(1-S), for the best model at each density.

    Top: fractions of the loss. Bottom: the contributions. The loss with one active feature
    is split into the feature benefit that is not reached and the interference with others.

    Source: `Mathematical Understanding
    <https://transformer-circuits.pub/2022/toy_model/index.html#demonstrating>`_; the figure is
    ours.
    """
    models = _relu_models(snapshot)
    density = models.common_density()
    parts = decompose(models.W, models.bias, models.importance, density)
    figure = Figure(figsize=(7.5, 7), layout="constrained")
    fractions, amounts = figure.subplots(2, 1, sharex=True)
    sparsity = (1 / density).numpy()
    _draw_fractions(fractions, sparsity, torch.stack(parts).numpy())
    _draw_contributions(amounts, sparsity, torch.stack(parts).numpy())
    caption(figure, models)
    return figure


def _relu_models(snapshot: Snapshot) -> Snapshot:
    """Select the best ReLU model of each density and sort them, the densest first."""
    usable = snapshot.common_density().isfinite() & snapshot.reconstructs
    models = snapshot.where(lambda i: snapshot.activation[i] == "relu" and bool(usable[i]))
    if not len(models):
        raise UserError(
            "figure 'loss_decomposition' needs tied ReLU-output models, linear inside, that "
            "reconstruct features of one density each"
        )
    best = models.best()
    return best.pick(best.common_density().argsort(descending=True).tolist())


def _draw_fractions(axes: Axes, x: np.ndarray, parts: np.ndarray) -> None:
    axes.stackplot(x, parts / parts.sum(0), labels=NAMES, colors=PARTS)
    axes.set(ylim=(0, 1), xlim=(x[0], x[-1]), xscale="log", ylabel="fraction of the loss")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), reverse=True)


def _draw_contributions(axes: Axes, x: np.ndarray, parts: np.ndarray) -> None:
    axes.plot(x, parts.sum(0), color="black", linewidth=2, label="loss")
    for name, colour, values in zip(NAMES, PARTS, parts, strict=True):
        axes.plot(x, values.clip(min=1e-12), "o-", color=colour, markersize=3, label=name)
    bottom = parts.sum(0).min() * 1e-3
    axes.set(yscale="log", ylim=(bottom, None), xlabel="1 / (1 - S)", ylabel="contribution")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
