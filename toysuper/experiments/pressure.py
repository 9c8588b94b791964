r"""More and more features in the same number of dimensions.

Elhage et al. 2022, `Toy Models of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_, section "The Geometry of
Superposition", a comment by Henighan and Olah.

A feature in a polytope of k unit vectors in d dimensions has the dimensionality d / k. The comment
asks whether more features per dimension make cleaner polytopes. The measure is the mean of
:math:`\min_D |D_i - D|` over represented features i, with the dimensionality D of any polytope, at
several ratios n / m, where n counts the features of importance above 0.
"""

from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from toysuper.claims import Claim, format_values
from toysuper.errors import UserError
from toysuper.figures.panels import draw_polytope_lines, log_axis, open_frame
from toysuper.figures.style import GRADED, styled
from toysuper.figures.text import caption
from toysuper.functional.geometry import REPRESENTED
from toysuper.metrics import dimensionality, norm
from toysuper.metrics.polytopes import distance_to_polytopes
from toysuper.snapshot import Snapshot


def features_per_dimension(snapshot: Snapshot) -> Float[Tensor, " inst"]:
    """Number of features of importance above 0, over the number of hidden dimensions, n / m."""
    return (snapshot.importance > 0).sum(-1).to(snapshot.W.dtype) / snapshot.hidden_sizes


def claims(snapshot: Snapshot) -> list[Claim]:
    """PRESSURE: the more features per dimension, the closer D_i are to those of polytopes."""
    best = snapshot.best()
    density = best.common_density()
    sparse = density[density < 0.25].unique().flip(0)
    return [_claim(best.pick((density == p).nonzero()[:, 0].tolist()), float(p)) for p in sparse]


def _claim(models: Snapshot, density: float) -> Claim:
    """Check that the distance to polytopes falls as n / m rises, at one density."""
    ratio = features_per_dimension(models)
    order = ratio.argsort()
    distance = distance_to_polytopes(models)[order]
    return Claim(
        f"PRESSURE p={density:.2g}",
        f"mean |D_i - nearest polytope's| for n / m of {format_values(ratio[order])}",
        "decreasing",
        format_values(distance),
        bool((distance.diff() < 0).all()) if len(distance) > 1 else None,
    )


@styled
def feature_pressure(snapshot: Snapshot) -> Figure:
    """D_i of represented features against n / m, one panel a density; polytopes' D as lines.

    n counts features with importance. Dots of one model stand side by side.

    Source: a comment on `The Geometry of Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_.
    """
    best = snapshot.best()
    density = best.common_density()
    if density.isnan().any():
        raise UserError(
            "figure 'feature_pressure' needs models whose features have one density each"
        )
    columns = sorted({float(p) for p in density}, reverse=True)
    figure = Figure(figsize=(3.6 * len(columns) + 1.6, 4.6), layout="constrained")
    panels = figure.subplots(1, len(columns), squeeze=False, sharey=True)[0]
    for axes, p in zip(panels, columns, strict=True):
        draw_polytope_lines(axes, named=axes is panels[-1])
        _draw_features(axes, best.pick((density == p).nonzero()[:, 0].tolist()))
        axes.set(title=f"1 - S = {p:.3g}", ylim=(0, 1.05))
        log_axis(axes, "n / m", features_per_dimension(best).tolist())
        open_frame(axes)
    panels[0].set_ylabel("feature dimensionality")
    caption(figure, best)
    return figure


def _draw_features(axes: Axes, models: Snapshot) -> None:
    for i, ratio in enumerate(features_per_dimension(models).tolist()):
        values = dimensionality(models)[i][norm(models)[i] > REPRESENTED]
        x = [ratio * 1.35 ** (k / len(values) - 0.5) for k in range(len(values))]
        axes.scatter(x, values, c=values, cmap=GRADED, vmin=0, vmax=1, s=9, linewidths=0)
