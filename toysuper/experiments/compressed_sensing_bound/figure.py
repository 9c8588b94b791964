"""Figure CS: stored features against the bound of compressed sensing."""

from matplotlib.figure import Figure

from toysuper.experiments.compressed_sensing_bound.measurement import (
    sensing_bound,
    stored_over_bound,
)
from toysuper.figures.style import PARTS, caption, open_frame, sparsity_axis, styled
from toysuper.metrics import represented
from toysuper.snapshot import Snapshot


@styled
def compressed_sensing_bound(snapshot: Snapshot) -> Figure:
    """Represented features by sparsity, a colour a number of dimensions m, and c m / (-p ln p).

    Left: counts, and the bound as lines with the one constant c that fits best. Right: their
    ratio to the bound without a constant, which would be level if the bound gave the scaling.
    Source: the paper's appendix on compressed sensing.
    """
    best = snapshot.best()
    share, stored = stored_over_bound(best), represented(best)
    bound = sensing_bound(best.common_density(), best.hidden_sizes)
    constant = float(share.clamp(min=1e-3).log().mean().exp())
    sparsity, hidden = 1 / best.common_density(), best.hidden_sizes
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for colour, m in zip(PARTS * 2, hidden.unique(), strict=False):
        here = (hidden == m).nonzero()[:, 0]
        here = here[sparsity[here].argsort()]
        label = f"m = {int(m)}"
        left.plot(sparsity[here], stored[here].clamp(min=1), "o", color=colour, label=label)
        left.plot(sparsity[here], constant * bound[here], color=colour, linewidth=1)
        right.plot(sparsity[here], share[here], "o-", color=colour, label=label)
    left.set(yscale="log", ylabel="features with norm > ½")
    left.yaxis.set_major_formatter("{x:g}")
    left.set_title(f"lines: c m / (-p ln p), c = {constant:.2f}", fontsize="medium")
    right.set(ylabel="features / (m / (-p ln p))", ylim=(0, None))
    for axes in (left, right):
        sparsity_axis(axes, float(sparsity.max()))
        axes.set_xlim(left=0.9 * float(sparsity.min()))
        axes.legend()
        open_frame(axes)
    caption(figure, best)
    return figure
