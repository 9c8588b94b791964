"""Feature directions of models with two hidden dimensions, as points in the plane."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from toysuper.errors import UserError
from toysuper.figures.style import GRADED, set_colours, styled
from toysuper.figures.text import caption, title
from toysuper.snapshot import Snapshot

AXIS_LIMIT = 1.5
COLUMNS = 5


@styled
def directions_2d(snapshot: Snapshot) -> Figure:
    """Each column of W as a line from the origin; one panel a model.

    Coloured by set if features are drawn in sets, else by importance. Of the seeds, the model
    with the least held-out loss is shown.
    Source: the paper's introduction; limits of the axes as in the authors' notebook.
    """
    best = snapshot.best()
    columns = min(len(best), COLUMNS)
    titles = [title(best.pick([i])) for i in range(len(best))]
    return draw_planes(best, titles, -(-len(best) // columns), columns)


def require_two_dimensions(models: Snapshot) -> None:
    """Check that models have two hidden dimensions.

    Raises:
        UserError: they have more, or one.
    """
    if models.W.shape[1] != 2:
        raise UserError(
            f"a figure of the plane needs model.variant.hidden of 2, not {models.W.shape[1]}"
        )


def draw_planes(models: Snapshot, titles: Sequence[str], rows: int, columns: int) -> Figure:
    """Draw one panel for each model.

    Args:
        models: models of two hidden dimensions.
        titles: the panels' titles.
        rows: number of rows of panels.
        columns: number of panels in a row.
    """
    require_two_dimensions(models)
    size = (max(3 * columns + 1.2, 5.5), 3.3 * rows + 0.3)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).flatten()
    low, top = float(models.importance.min()), float(models.importance.max())
    limits = Normalize(low - 1, low + 2) if low == top else Normalize(low, top)
    scale, colours = ScalarMappable(limits, GRADED), set_colours(models)  # equal ones are dark
    for i, name in enumerate(titles):
        shades = colours or scale.to_rgba(models.importance[i].numpy()).tolist()
        _draw_panel(panels[i], models.pick([i]), shades)
        panels[i].set_title(name)
    for empty in panels[len(titles) :]:
        empty.set_visible(False)
    if low < top and not colours:
        figure.colorbar(scale, ax=panels.tolist(), label="importance", shrink=0.8)
    caption(figure, models)
    return figure


def _draw_panel(axes: Axes, model: Snapshot, colours: Sequence) -> None:
    points = list(zip(model.W[0].T.tolist(), colours, strict=True))
    for (x, y), colour in reversed(points):  # the most important on top
        axes.plot([0, x], [0, y], color=colour, linewidth=2, solid_capstyle="round")
        axes.plot(x, y, "o", color=colour, markersize=8)
    limits = (-AXIS_LIMIT, AXIS_LIMIT)
    axes.set(xlim=limits, ylim=limits, aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_color("0.8")
