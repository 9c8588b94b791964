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


def layout(tags: Iterable[str], most: int = 12) -> dict[str, dict[str, list[Any]]]:
    """Custom scalars: each metric of all places in the grid, then each place's loss and floor.

    Args:
        tags: places in the grid, as they are called in scalars.
        most: most places that get a chart of their own; evenly picked.

    >>> list(layout(["density=1", "density=0.1"])["Loss, and the least of any linear model"])
    ['density=1', 'density=0.1']
    """
    places = list(tags)
    shown = [places[k] for k in evenly(len(places), most)]
    first = {title: _lines([rf"{metric}/(?!q0\.)"]) for title, metric in CHARTS.items()}
    return {
        "Front page": first,
        "Loss, and the least of any linear model": {place: _lines(_pair(place)) for place in shown},
    }


def _lines(patterns: list[str]) -> list[Any]:
    return ["Multiline", patterns]


def _pair(place: str) -> list[str]:
    return [f"{metric}/{re.escape(place)}$" for metric in ("held_out_loss", "linear_floor")]
