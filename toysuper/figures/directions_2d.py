"""Figure INTRO: the feature directions as points in the plane."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from toysuper.errors import UserError
from toysuper.figures.style import GRADED, caption, set_colours, styled, title
from toysuper.snapshot import Snapshot

LIMIT = 1.5
COLUMNS = 5


@styled
def plane(snapshot: Snapshot) -> Figure:
    """Each column of W as a line from the origin; one panel a model.

    Coloured by set where features are drawn in sets, else by importance. Of the seeds, the model
    with the least held-out loss is shown.
    Source: the paper's introduction; limits as in the authors' notebook.
    """
    best = snapshot.best()
    columns = min(len(best), COLUMNS)
    titles = [title(best.pick([i])) for i in range(len(best))]
    return planes(best, titles, -(-len(best) // columns), columns)


def in_the_plane(models: Snapshot) -> None:
    """Refuse models of other than two hidden dimensions."""
    if models.W.shape[1] != 2:
        raise UserError(f"a figure of the plane needs model.hidden of 2, not {models.W.shape[1]}")


def planes(models: Snapshot, titles: Sequence[str], rows: int, columns: int) -> Figure:
    """A panel for every model, in ``rows`` of ``columns``."""
    in_the_plane(models)
    size = (max(3 * columns + 1.2, 5.5), 3.3 * rows + 0.3)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).flatten()
    low, top = float(models.importance.min()), float(models.importance.max())
    limits = Normalize(low - 1, low + 2) if low == top else Normalize(low, top)
    scale, colours = ScalarMappable(limits, GRADED), set_colours(models)  # equal ones are dark
    for i, name in enumerate(titles):
        shades = colours or scale.to_rgba(models.importance[i].numpy()).tolist()
        _panel(panels[i], models.pick([i]), shades)
        panels[i].set_title(name)
    for empty in panels[len(titles) :]:
        empty.set_visible(False)
    if low < top and not colours:
        figure.colorbar(scale, ax=panels.tolist(), label="importance", shrink=0.8)
    caption(figure, models)
    return figure


def _panel(axes: Axes, model: Snapshot, colours: Sequence) -> None:
    points = list(zip(model.W[0].T.tolist(), colours, strict=True))
    for (x, y), colour in reversed(points):  # the most important on top
        axes.plot([0, x], [0, y], color=colour, linewidth=2, solid_capstyle="round")
        axes.plot(x, y, "o", color=colour, markersize=8)
    axes.set(xlim=(-LIMIT, LIMIT), ylim=(-LIMIT, LIMIT), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_color("0.8")
