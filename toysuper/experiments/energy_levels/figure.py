"""Figure ENERGY: dimensionalities jump between levels while the loss falls."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from toysuper.figures.style import GRADED, caption, label, open_frame, styled, unit_scale
from toysuper.metrics.dynamics import Course, course, jumps
from toysuper.snapshot import Snapshot

MOST = 3


@styled
def energy_levels(snapshot: Snapshot) -> Figure:
    """Every feature's D_i over training, a line each, above the loss; one column a model.

    Lines are coloured by the dimensionality in which they end.
    Grey bands are jumps: a D_i changes by more than 0.2 within 3% of training and the loss falls.
    The first three models are shown.
    Source: the paper's section "Superposition and Learning Dynamics".
    """
    found = course(snapshot)
    count = min(len(snapshot), MOST)
    figure = Figure(figsize=(4.2 * count + 0.6, 5.6), layout="constrained")
    panels = figure.subplots(2, count, squeeze=False, sharex=True, height_ratios=(2, 1))
    for k in range(count):
        _column(panels[0, k], panels[1, k], found, k)
        panels[0, k].set_title(label(snapshot.coordinates[k], drop=()))
    panels[0, 0].set_ylabel("feature dimensionality")
    panels[1, 0].set_ylabel("loss")
    caption(figure, snapshot)
    return figure


def _column(top: Axes, bottom: Axes, found: Course, k: int) -> None:
    shares, step = found.dimensionality[:, k], found.step
    for line, colour in zip(shares.T, unit_scale(GRADED).to_rgba(shares[-1].numpy()), strict=True):
        top.plot(step, line, color=colour, linewidth=0.9)
    bottom.plot(step, found.loss[:, k], color="black", linewidth=1.2)
    for jump in jumps(found, k):
        for axes in (top, bottom):
            axes.axvspan(jump.start, jump.stop, color="0.88", linewidth=0)
    start = max(1, int(step[-1]) // 200)
    shown = found.loss[step >= start, k]
    margin = 0.1 * float(shown.max() - shown.min())
    bottom.set(ylim=(float(shown.min()) - margin, float(shown.max()) + margin))
    bottom.set(xscale="log", xlim=(start, int(step[-1])), xlabel="step")
    top.set(ylim=(-0.03, 1.03), yticks=[0, 1 / 3, 0.5, 2 / 3, 1])
    top.set_yticklabels(["0", "1/3", "1/2", "2/3", "1"])
    for axes in (top, bottom):
        open_frame(axes)
