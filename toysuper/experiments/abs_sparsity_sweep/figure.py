"""Mono- against polysemantic neurons while a model learns."""

import torch
from matplotlib.figure import Figure

from toysuper.errors import UserError
from toysuper.figures.style import PARTS, caption, open_frame, panels, some, styled, titles
from toysuper.metrics.neurons import monosemantic, polysemantic, with_neurons
from toysuper.snapshot import Snapshot

NAMES = ("one feature", "several features", "dead")
COLOURS = (PARTS[0], PARTS[1], PARTS[4])


@styled
def neurons_over_training(snapshot: Snapshot) -> Figure:
    """How many neurons have one feature, several, or none, by step; one panel a cell, 24 at most.

    Of each cell the model is shown that is best in the end. Needs a history.
    Source: the paper's sections on neurons show models at the end of training only.
    """
    best = some(with_neurons(snapshot).best())
    if len(best.history) < 2:
        raise UserError("figure 'neurons_over_training' needs a history; set history.num")
    steps = [max(moment.step, 1) for moment in best.history]
    counts = [torch.stack([monosemantic(m), polysemantic(m)]) for m in best.history]
    one, several = torch.stack(counts, -1)
    figure, grid = panels(len(best), 7, 2.1, 2.4, sharey=True)
    for k, (axes, name) in enumerate(zip(grid.flat, titles(best), strict=False)):
        hidden = int(best.hidden_sizes[k])
        parts = (one[k], several[k], hidden - one[k] - several[k])
        axes.stackplot(steps, *parts, colors=COLOURS, labels=NAMES)
        axes.set_title(name, fontsize="medium")
        axes.set(xscale="log", xlim=(steps[0], steps[-1]), ylim=(0, hidden), xlabel="step")
        open_frame(axes)
    grid[0, 0].set_ylabel("neurons")
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    caption(figure, best)
    return figure
