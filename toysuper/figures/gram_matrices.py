"""The matrix WᵀW, and the norm and the superposition of each feature."""

import torch
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from toysuper.figures.panels import hide_axes
from toysuper.figures.style import GRADED, SIGNED, styled, unit_scale
from toysuper.figures.text import caption, title
from toysuper.metrics import norm, superposition
from toysuper.snapshot import Snapshot


@styled
def gram(snapshot: Snapshot) -> Figure:
    """WᵀW and b over the norms of the features, one column a model.

    Top: WᵀW, and b as the narrow column at its right; blue -1, grey 0, red +1. Bottom: norms in
    order of importance, dark for a feature with its own dimension, yellow for superposition
    of 1 or more. Of the linear models only the sparsest is shown, because they all look alike.

    Source: `Demonstrating Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#demonstrating>`_.
    """
    models = _with_one_linear(snapshot.best())
    count = len(models)
    figure = Figure(figsize=(max(1.6 * count + 1.3, 5.5), 5.0), layout="constrained")
    axes = figure.subplots(2, count, squeeze=False, height_ratios=[1.0, 1.75])
    for i in range(count):
        model = models.pick([i])
        model = model.reorder_features(model.importance[0].argsort(descending=True, stable=True))
        _draw_matrix(axes[0, i], model)
        _draw_bars(axes[1, i], model)
    axes[1, 0].set_ylabel("features by importance")
    signed = ScalarMappable(Normalize(-1, 1), SIGNED)
    figure.colorbar(signed, ax=axes[0].tolist(), label="WᵀW and b")
    figure.colorbar(unit_scale(GRADED), ax=axes[1].tolist(), label="superposition")
    caption(figure, models)
    return figure


def _with_one_linear(snapshot: Snapshot) -> Snapshot:
    """Leave out all linear models but the sparsest, and sort the others, the densest first."""
    linear = [i for i, name in enumerate(snapshot.activation) if name == "identity"]
    sparsest = min(linear, key=lambda i: float(snapshot.density[i].mean()), default=None)
    others = [i for i in range(len(snapshot)) if i not in linear]
    others.sort(key=lambda i: -float(snapshot.density[i].mean()))
    return snapshot.pick(others if sparsest is None else [sparsest, *others])


def _draw_matrix(axes: Axes, model: Snapshot) -> None:
    gram = (model.W.mT @ model.W)[0]
    n = len(gram)
    gap, width = max(1, n // 20), max(1, n // 12)
    picture = torch.full((n, n + gap + width), torch.nan)
    picture[:, :n] = gram
    picture[:, n + gap :] = model.bias[0, :, None]
    axes.imshow(picture.numpy(), cmap=SIGNED, vmin=-1, vmax=1, interpolation="nearest")
    axes.set_title(title(model).replace(", ", "\n"), fontsize="medium")
    axes.set_anchor("S")
    hide_axes(axes)


def _draw_bars(axes: Axes, model: Snapshot) -> None:
    lengths = norm(model)[0]
    colours = unit_scale(GRADED).to_rgba(superposition(model)[0].numpy())
    axes.barh(range(len(lengths)), lengths.tolist(), color=colours, height=0.85)
    axes.set(xlim=(0, 1.35), ylim=(len(lengths) - 0.5, -0.5), yticks=[], xlabel="‖Wᵢ‖")
    axes.axvline(1, color="0.7", linewidth=0.6, zorder=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
