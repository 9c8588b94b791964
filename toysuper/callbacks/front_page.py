"""TensorBoard's front page: the charts to look at first."""

import re
from collections.abc import Iterable
from typing import Any

from toysuper.functional.spacing import evenly

CHARTS = {
    "held-out loss": "held_out_loss",
    "D*, hidden dimensions per feature": "dimensions_per_feature",
    "features represented": "represented",
    "mean superposition of the represented": "mean_superposition",
}


def layout(
    tags: Iterable[str], floors: bool = True, most: int = 12
) -> dict[str, dict[str, list[Any]]]:
    """Custom scalars: each metric of all places in the grid, then each place's loss and floor.

    Args:
        tags: places in the grid, as they are called in scalars; where there are none, quantiles.
        floors: whether the least loss of linear models is known.
        most: most places that get a chart of their own; evenly picked.

    >>> list(layout(["density=1", "density=0.1"])["Loss, and the least of any linear model"])
    ['density=1', 'density=0.1']
    """
    places = list(tags)
    lines = r"(?!q0\.)" if places else "q"
    pages = {"Front page": {title: _lines(f"{name}/{lines}") for title, name in CHARTS.items()}}
    shown = {places[k]: re.escape(places[k]) for k in evenly(len(places), most)}
    if shown and floors:
        pages["Loss, and the least of any linear model"] = {
            name: _lines(f"held_out_loss/{tag}$", f"linear_optimum_loss/{tag}$")
            for name, tag in shown.items()
        }
    return pages


def _lines(*patterns: str) -> list[Any]:
    return ["Multiline", list(patterns)]
