"""Weight matrices, one column a neuron."""

import torch
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from torch import Tensor

from toysuper.figures.panels import hide_axes, limit_panels
from toysuper.figures.style import SIGNED, styled
from toysuper.figures.text import caption, titles
from toysuper.metrics.neurons import normalise_neurons, sort_neurons
from toysuper.snapshot import Snapshot

MAX_WEIGHT = 1.5


@styled
def weight_matrices(snapshot: Snapshot) -> Figure:
    """W with a row a feature, by importance, and a column a neuron; one panel a cell, 24 at most.

    Blue -1.5, grey 0, red 1.5 and more. Models without neurons, whose hidden layer is linear, stand
    in a row of their own for comparison. Of untied models the decoder stands below the encoder,
    both scaled so that each neuron's largest input weight is 1.
    Source: `Superposition in a Privileged Basis
    <https://transformer-circuits.pub/2022/toy_model/index.html#privileged-basis>`_,
    `Computation in Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#computation>`_.
    """
    models = limit_panels(sort_neurons(normalise_neurons(snapshot.best())))
    rows = _rows(models)
    columns = max(len(part) for _, part, _ in rows)
    height = min(max(1.5 * models.W.shape[2] / models.W.shape[1], 1.3), 4.0)
    size = (max(1.5 * columns + 1.8, 5.5), (height + 0.5) * len(rows) + 0.5)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(len(rows), columns, squeeze=False)
    for line, (name, part, matrices) in zip(panels, rows, strict=True):
        order = part.importance.argsort(dim=-1, descending=True, stable=True)
        for k, (axes, title) in enumerate(zip(line, titles(part), strict=False)):
            _draw_panel(axes, matrices[k][:, order[k]], title)
        for unused in line[len(part) :]:
            unused.set_visible(False)
        line[0].set_ylabel(name, fontsize="small")
    scale = ScalarMappable(Normalize(-MAX_WEIGHT, MAX_WEIGHT), SIGNED)
    figure.colorbar(scale, ax=panels, label="weight", aspect=30, fraction=0.06)
    caption(figure, models)
    return figure


def _rows(models: Snapshot) -> list[tuple[str, Snapshot, Tensor]]:
    """Return the name, the models and the matrices of each row of panels."""
    linear = models.where(lambda i: models.hidden_activation[i] == "identity")
    neurons = models.where(lambda i: models.hidden_activation[i] != "identity")
    rows = []
    for kind, units, part in (("linear: ", "dimensions", linear), ("", "neurons", neurons)):
        tied = torch.equal(part.encoder, part.decoder)
        if len(part):
            rows.append((f"{kind}W{'' if tied else '₁'}\nfeatures × {units}", part, part.encoder))
        if not tied:
            rows.append((f"{kind}W₂\noutputs × {units}", part, part.decoder))
    return rows


def _draw_panel(axes: Axes, W: Tensor, name: str) -> None:
    axes.imshow(
        W.T.numpy(), cmap=SIGNED, vmin=-MAX_WEIGHT, vmax=MAX_WEIGHT, interpolation="nearest"
    )
    axes.set_title(name.replace(", ", "\n"), fontsize="medium")
    hide_axes(axes)
