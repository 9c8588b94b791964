"""Titles of panels and captions of figures, which come from the grid and the sizes."""

from matplotlib.figure import Figure

from toysuper.names import display_name
from toysuper.snapshot import Coordinates, Snapshot


def label(coordinates: Coordinates, *, drop: tuple[str, ...] = ("seed",)) -> str:
    """Format the coordinates of one instance as the title of its panel.

    Args:
        coordinates: the values of the grid's axes.
        drop: axes that the title leaves out.

    >>> label({"density": 0.1, "activation": "relu", "seed": 3})
    '1 - S = 0.1, ReLU'
    """
    terms = (_term(name, value) for name, value in coordinates.items() if name not in drop)
    return ", ".join(terms)


def _term(name: str, value: float | int | str) -> str:
    if isinstance(value, str):
        return display_name(value)
    return f"{'1 - S' if name == 'density' else name} = {value:.3g}"


def title(model: Snapshot, drop: tuple[str, ...] = ("seed",)) -> str:
    """Format the title of the panel of one model.

    The density is that of the features. A distribution may change the one in the grid.

    Args:
        model: a Snapshot of one instance.
        drop: axes of the grid that the title leaves out.
    """
    density = float(model.common_density()[0])
    coordinates = dict(model.coordinates[0])
    if "density" in coordinates and density == density:
        coordinates["density"] = density
    return label(coordinates, drop=drop)


def titles(models: Snapshot) -> list[str]:
    """Format the titles of a row of panels, by the axes in which the models differ."""
    names = dict.fromkeys(name for coordinates in models.coordinates for name in coordinates)
    same = {k for k in names if len({point.get(k) for point in models.coordinates}) == 1}
    drop = ("seed",) if same == names.keys() else ("seed", *same)
    return [title(models.pick([i]), drop=drop) for i in range(len(models))]


def caption(figure: Figure, snapshot: Snapshot) -> None:
    """Write sizes, importance and step under the figure."""
    feat, sizes = snapshot.W.shape[2], snapshot.hidden_sizes
    hidden = " … ".join(dict.fromkeys(f"{int(end)}" for end in (sizes.min(), sizes.max())))
    ends = [f"{float(end):.3g}" for end in (snapshot.importance.max(), snapshot.importance.min())]
    sets = len(snapshot.set_index[0].unique())
    kind = f" in sets of {feat // sets}" if sets < feat else ""
    text = f"n = {feat} features{kind}, m = {hidden} hidden dimensions, "
    text += f"importance {' … '.join(dict.fromkeys(ends))}"
    text += f"{_shared(snapshot)}, step {snapshot.step:,}"
    figure.supxlabel(text, fontsize="small", color="0.35")


def _shared(snapshot: Snapshot) -> str:
    """Format density and task if all models have the same and no title contains them."""
    names = {name for coordinates in snapshot.coordinates for name in coordinates}
    density, tasks = snapshot.density.unique(), {*snapshot.task}
    text = f", 1 - S = {float(density):.3g}" if len(density) == 1 and "density" not in names else ""
    return text + (f", target {min(tasks)}" if len(tasks) == 1 and tasks != {"identity"} else "")
