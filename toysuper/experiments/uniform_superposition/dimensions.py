"""Figures DSTAR and DSCATTER: the share of a hidden dimension that a feature gets."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from toysuper.experiments.pressure.measurement import POLYTOPES
from toysuper.figures.style import GRADED, by_sparsity, caption, open_frame, sparsity_axis, styled
from toysuper.metrics import dimensionality, dimensions_per_feature
from toysuper.snapshot import Snapshot


@styled
def dimensions(snapshot: Snapshot) -> Figure:
    """D* (line) and every feature's D_i (dots) against 1/(1-S), with the polytopes' as lines.

    Dots of one density stand side by side in the order of the features. Features that are not
    learned have D_i = 0. Where features are dense any orthonormal frame is as good as another, so
    D_i may take any value there.

    Source: the paper's section "The Geometry of Superposition".
    """
    models = by_sparsity(snapshot, "dimensions")
    figure = Figure(figsize=(10, 5.5), layout="constrained")
    axes = figure.subplots()
    guide_lines(axes)
    _features(axes, models)
    sparsity = 1 / models.common_density()
    axes.plot(sparsity, dimensions_per_feature(models), color="black", linewidth=1.6, label="D*")
    axes.set(ylabel="dimensions per feature", ylim=(-0.03, 1.08))
    sparsity_axis(axes, float(sparsity.max()))
    open_frame(axes)
    axes.legend(loc="upper right")
    caption(figure, models)
    return figure


def guide_lines(axes: Axes, named: bool = True) -> None:
    """The dimensionalities of polytopes, with their names at the right."""
    for name, share in POLYTOPES.items():
        axes.axhline(share, color="0.82", linewidth=0.8, zorder=0)
        if named:
            axes.annotate(
                name,
                (1.005, share),
                xycoords=("axes fraction", "data"),
                fontsize="small",
                color="0.35",
                va="bottom" if name.startswith("pentagon") else "center",
            )


def _features(axes: Axes, models: Snapshot) -> None:
    sparsity, shares = 1 / models.common_density(), dimensionality(models)
    count = shares.shape[1]
    gap = float(sparsity[1] / sparsity[0]) ** 0.7
    for x, values in zip(sparsity.tolist(), shares, strict=True):
        places = [x * gap ** (i / count - 0.5) for i in range(count)]
        axes.scatter(
            places, values, c=values, cmap=GRADED, vmin=0, vmax=1, s=7, alpha=0.8, linewidths=0
        )
