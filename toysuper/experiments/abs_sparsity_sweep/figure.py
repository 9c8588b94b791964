"""Stack plots without signs, and the number of mono- and polysemantic neurons over training."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from toysuper.errors import UserError
from toysuper.figures.panels import limit_panels, make_panels, open_frame
from toysuper.figures.stacks import draw_stacks
from toysuper.figures.style import PARTS, styled
from toysuper.figures.text import caption, titles
from toysuper.metrics.neurons import monosemantic, polysemantic, with_neurons
from toysuper.snapshot import Snapshot

NAMES = ("one feature", "several features", "dead")
COLOURS = (PARTS[0], PARTS[1], PARTS[4])


@styled
def absolute_stacks(snapshot: Snapshot) -> Figure:
    """Magnitudes of each neuron's input weights on top of each other, one column a neuron.

    As :func:`~toysuper.figures.stacks.neuron_stacks`, but without signs: the paper draws models of
    absolute values so.
    Source: `Computation in Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#computation>`_.
    """
    return draw_stacks(snapshot, signed=False)


@styled
def neurons_over_training(snapshot: Snapshot) -> Figure:
    """How many neurons have one feature, several, or none, by step; one panel a cell, 24 at most.

    Of each cell, the model is shown that is best in the end. Needs a history.
    Source: ours; the paper shows neurons at the end of training only.
    """
    best = limit_panels(with_neurons(snapshot).best())
    if len(best.history) < 2:
        raise UserError("figure 'neurons_over_training' needs a history; set history.num")
    counts = [torch.stack([monosemantic(m), polysemantic(m)]) for m in best.history]
    one, several = torch.stack(counts, -1)
    figure, grid = make_panels(len(best), 7, 2.1, 2.4, sharey=True)
    for k, (axes, name) in enumerate(zip(grid.flat, titles(best), strict=False)):
        dead = int(best.hidden_sizes[k]) - one[k] - several[k]
        _draw_panel(axes, [moment.step for moment in best.history], one[k], several[k], dead)
        axes.set_title(name, fontsize="medium")
    grid[0, 0].set_ylabel("neurons")
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    caption(figure, best)
    return figure


def _draw_panel(axes: Axes, steps: list[int], *counts: torch.Tensor) -> None:
    x = [max(step, 1) for step in steps]  # a logarithmic axis has no 0
    axes.stackplot(x, *counts, colors=COLOURS, labels=NAMES)
    hidden = int(sum(count[0] for count in counts))
    axes.set(xscale="log", xlim=(x[0], x[-1]), ylim=(0, hidden), xlabel="step")
    open_frame(axes)
