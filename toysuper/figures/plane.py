"""Figure INTRO: the feature directions as points in the plane."""

from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from toysuper.errors import UserError
from toysuper.figures.style import GRADED, caption, title
from toysuper.types import Snapshot

LIMIT = 1.5


def plane(snapshot: Snapshot) -> Figure:
    """Each column of W as a line from the origin, coloured by importance; one panel a model.

    Of the seeds, the model with the least held-out loss is shown.
    Source: the paper's introduction; limits as in the authors' notebook.
    """
    if snapshot.W.shape[1] != 2:
        raise UserError(f"figure 'plane' needs model.hidden of 2, not {snapshot.W.shape[1]}")
    best = snapshot.best()
    figure = Figure(figsize=(max(3 * len(best) + 1.2, 5.5), 3.6), layout="constrained")
    axes = figure.subplots(1, len(best), squeeze=False)[0]
    top = float(best.importance.max())
    low = min(float(best.importance.min()), 0.999 * top)
    scale = ScalarMappable(Normalize(low, top), GRADED)
    for i, panel in enumerate(axes):
        _panel(panel, best.pick([i]), scale)
    figure.colorbar(scale, ax=axes, label="importance", shrink=0.8)
    caption(figure, best)
    return figure


def _panel(axes: Axes, model: Snapshot, scale: ScalarMappable) -> None:
    colours = scale.to_rgba(model.importance[0].numpy())
    points = list(zip(model.W[0].T.tolist(), colours, strict=True))
    for (x, y), colour in reversed(points):  # the most important on top
        axes.plot([0, x], [0, y], color=colour, linewidth=2, solid_capstyle="round")
        axes.plot(x, y, "o", color=colour, markersize=8)
    axes.set(xlim=(-LIMIT, LIMIT), ylim=(-LIMIT, LIMIT), aspect="equal", xticks=[], yticks=[])
    axes.set_title(title(model))
    axes.spines[:].set_color("0.8")
