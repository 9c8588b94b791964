"""Figure INTRO: the feature directions as points in the plane."""

from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from toysuper.errors import UserError
from toysuper.figures.style import GRADED, caption, title
from toysuper.types import Snapshot

LIMIT = 1.5
COLUMNS = 5


def plane(snapshot: Snapshot) -> Figure:
    """Each column of W as a line from the origin, coloured by importance; one panel a model.

    Of the seeds, the model with the least held-out loss is shown.
    Source: the paper's introduction; limits as in the authors' notebook.
    """
    if snapshot.W.shape[1] != 2:
        raise UserError(f"figure 'plane' needs model.hidden of 2, not {snapshot.W.shape[1]}")
    best = snapshot.best()
    columns = min(len(best), COLUMNS)
    rows = -(-len(best) // columns)
    size = (max(3 * columns + 1.2, 5.5), 3.3 * rows + 0.3)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).flatten()
    low, top = float(best.importance.min()), float(best.importance.max())
    equal = low == top
    limits = Normalize(low - 1, low + 2) if equal else Normalize(low, top)  # equal ones are dark
    scale = ScalarMappable(limits, GRADED)
    for i in range(len(best)):
        _panel(panels[i], best.pick([i]), scale)
    for empty in panels[len(best) :]:
        empty.set_visible(False)
    if not equal:
        figure.colorbar(scale, ax=panels.tolist(), label="importance", shrink=0.8)
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
