"""Figure PRESSURE: dimensionalities by how many features press into the hidden dimensions."""

from matplotlib.figure import Figure

from toysuper.errors import UserError
from toysuper.experiments.pressure.measurement import features_that_matter
from toysuper.experiments.uniform_superposition.dimensions import guide_lines
from toysuper.figures.style import GRADED, caption, log_axis, open_frame, styled
from toysuper.metrics import dimensionality, norm
from toysuper.metrics.features import REPRESENTED
from toysuper.snapshot import Snapshot


@styled
def pressure(snapshot: Snapshot) -> Figure:
    """D_i of represented features against n / m, one panel a density; polytopes' D as lines.

    n counts features with importance. Dots of one model stand side by side.
    Source: a comment on the paper's section "The Geometry of Superposition".
    """
    best = snapshot.best()
    density = best.common_density()
    if density.isnan().any():
        raise UserError("figure 'pressure' needs models whose features have one density each")
    cells = sorted({float(p) for p in density}, reverse=True)
    figure = Figure(figsize=(3.6 * len(cells) + 1.6, 4.6), layout="constrained")
    panels = figure.subplots(1, len(cells), squeeze=False, sharey=True)[0]
    ratio = features_that_matter(best) / best.hidden_sizes
    for axes, p in zip(panels, cells, strict=True):
        guide_lines(axes, named=axes is panels[-1])
        for i in (density == p).nonzero()[:, 0].tolist():
            shares = dimensionality(best)[i][norm(best)[i] > REPRESENTED]
            x = [float(ratio[i]) * 1.35 ** (k / len(shares) - 0.5) for k in range(len(shares))]
            axes.scatter(x, shares, c=shares, cmap=GRADED, vmin=0, vmax=1, s=9, linewidths=0)
        axes.set(title=f"1 - S = {p:.3g}", ylim=(0, 1.05))
        log_axis(axes, "n / m", ratio.tolist())
        open_frame(axes)
    panels[0].set_ylabel("feature dimensionality")
    caption(figure, best)
    return figure
