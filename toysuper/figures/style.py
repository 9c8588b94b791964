"""Colours and captions that all figures share."""

from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import rc_params_from_file
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure

from toysuper.errors import UserError
from toysuper.functional.spacing import evenly
from toysuper.names import display_name
from toysuper.snapshot import Coordinates, Snapshot

SIGNED = LinearSegmentedColormap.from_list("signed", ["#2f6db3", "#ececec", "#c0392b"])
"""Weights and biases: blue -1, grey 0, red +1, as in the paper's matrices."""

GRADED = "viridis"
"""Superposition and importance: dark is 0, yellow is 1 or more; colour-blind safe."""

SETS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")
"""Features that are drawn together: colours of Okabe and Ito, safe for the colour-blind."""

PARTS = (*SETS[:2], SETS[4], SETS[2], "#c9c9c9")
"""Distinct parts of a whole."""

POLYTOPES = {
    "single": "#6a6a6a",
    "digon": SETS[0],
    "triangle": SETS[1],
    "tetrahedron": SETS[2],
    "pentagon": SETS[3],
    "square antiprism": SETS[4],
    "icosahedron": SETS[5],
}
"""Ways to share dimensions."""

STYLE = rc_params_from_file(Path(__file__).with_name("paper.mplstyle"), use_default_template=False)


def styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Draw in the look of ``paper.mplstyle``, whatever the caller's is."""

    @wraps(draw)
    def in_style(*args: Any, **kwargs: Any) -> Figure:
        with mpl.rc_context(STYLE):
            return draw(*args, **kwargs)

    return in_style


MOST = 24
"""Cells of a grid that one figure shows."""


def label(coordinates: Coordinates, *, drop: tuple[str, ...] = ("seed",)) -> str:
    """A panel's title from its place in the grid.

    >>> label({"density": 0.1, "activation": "relu", "seed": 3})
    '1 - S = 0.1, ReLU'
    """
    return ", ".join(_term(name, value) for name, value in coordinates.items() if name not in drop)


def _term(name: str, value: float | int | str) -> str:
    if isinstance(value, str):
        return display_name(value)
    return f"{'1 - S' if name == 'density' else name} = {value:.3g}"


def title(model: Snapshot, drop: tuple[str, ...] = ("seed",)) -> str:
    """A panel's title for a Snapshot of one instance, with the density that its features have."""
    density = float(model.common_density()[0])
    place = dict(model.coordinates[0])
    if "density" in place and density == density:
        place["density"] = density
    return label(place, drop=drop)


def titles(models: Snapshot) -> list[str]:
    """Titles of a row of panels, by the axes in which the models differ."""
    places = models.coordinates
    names = dict.fromkeys(name for place in places for name in place)
    same = {k for k in names if len({place.get(k) for place in places}) == 1}
    drop = ("seed",) if same == names.keys() else ("seed", *same)
    return [title(models.pick([i]), drop=drop) for i in range(len(models))]


def set_colours(snapshot: Snapshot) -> list[str]:
    """Each feature's colour by its set; none where every feature is a set of its own."""
    label = snapshot.sets[0].tolist()
    return [SETS[k % len(SETS)] for k in label] if len(set(label)) < len(label) else []


def caption(figure: Figure, snapshot: Snapshot) -> None:
    """Sizes and step under the figure."""
    feat, used = snapshot.W.shape[2], snapshot.hidden_sizes
    hidden = " … ".join(dict.fromkeys(f"{int(end)}" for end in (used.min(), used.max())))
    ends = [f"{float(end):.3g}" for end in (snapshot.importance.max(), snapshot.importance.min())]
    sets = len(snapshot.sets[0].unique())
    kind = f" in sets of {feat // sets}" if sets < feat else ""
    text = f"n = {feat} features{kind}, m = {hidden} hidden dimensions, "
    text += f"importance {' … '.join(dict.fromkeys(ends))}"
    text += f"{_shared(snapshot)}, step {snapshot.step:,}"
    figure.supxlabel(text, fontsize="small", color="0.35")


def _shared(snapshot: Snapshot) -> str:
    """The density and the task, where all models have the same and no title says so."""
    names = {name for place in snapshot.coordinates for name in place}
    density, tasks = snapshot.density.unique(), {*snapshot.task}
    text = f", 1 - S = {float(density):.3g}" if len(density) == 1 and "density" not in names else ""
    return text + (f", target {min(tasks)}" if len(tasks) == 1 and tasks != {"identity"} else "")


def panels(
    count: int, columns: int, width: float, height: float, **options: Any
) -> tuple[Figure, np.ndarray]:
    """A figure of ``count`` panels in rows of at most ``columns``; those left over are hidden.

    Sizes are in inches and a panel's; further options are of ``Figure.subplots``.
    """
    columns = max(1, min(count, columns))
    rows = -(-count // columns)
    figure = Figure(figsize=(width * columns + 1.2, height * rows + 0.6), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    for left_over in axes.flatten()[count:]:
        left_over.set_visible(False)
    return figure, axes


def some(models: Snapshot, most: int = MOST) -> Snapshot:
    """At most that many of the models, evenly picked, so that a figure stays a figure."""
    return models.pick(evenly(len(models), most)) if len(models) > most else models


def clean(axes: Axes) -> None:
    """No ticks, no frame."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def unit_scale(name: str) -> ScalarMappable:
    """Colours for values in [0, 1]; larger ones look like 1."""
    return ScalarMappable(Normalize(0, 1, clip=True), name)


def log_axis(axes: Axes, label: str, ticks: Iterable[float]) -> None:
    """A logarithmic x axis with these ticks, as they are."""
    shown = sorted(set(ticks))
    axes.set(xscale="log", xlabel=label)
    axes.set_xticks(shown, [f"{tick:g}" for tick in shown])
    axes.minorticks_off()


def sparsity_axis(axes: Axes, largest: float) -> None:
    """1 / (1 - S) from 1 to the largest."""
    ticks = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
    log_axis(axes, "1 / (1 - S)", [tick for tick in ticks if tick <= largest * 1.01])


def open_frame(axes: Axes) -> None:
    """No lines at the top and the right."""
    axes.spines[["top", "right"]].set_visible(False)


def by_sparsity(snapshot: Snapshot, figure: str) -> Snapshot:
    """The best model of each density, the densest first.

    Raises:
        UserError: features of a model differ in density, or all models have the same.
    """
    density = snapshot.common_density()
    if density.isnan().any() or len(density.unique()) < 2:
        raise UserError(f"figure '{figure}' needs models of two or more densities, one each")
    best = snapshot.best()
    return best.pick(best.common_density().argsort(descending=True).tolist())
