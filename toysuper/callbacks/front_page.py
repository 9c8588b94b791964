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
    cells: Iterable[str], optima: bool = True, max_charts: int = 12
) -> dict[str, dict[str, list[Any]]]:
    """Arrange custom scalars: a chart per metric with all cells, then one per cell with its loss.

    Args:
        cells: tags of the grid's cells; charts show quantiles if there are none.
        optima: whether the loss of the best linear model is logged, to stand beside each loss.
        max_charts: number of cells that get a chart of their own; evenly spaced over the grid.

    >>> list(layout(["density=1", "density=0.1"])["Loss, and the best linear model's"])
    ['density=1', 'density=0.1']
    """
    tags = list(cells)
    lines = r"(?!q0\.)" if tags else "q"
    pages = {"Front page": {title: _lines(f"{name}/{lines}") for title, name in CHARTS.items()}}
    if tags and optima:
        patterns = {tags[k]: re.escape(tags[k]) for k in evenly(len(tags), max_charts)}
        pages["Loss, and the best linear model's"] = {
            tag: _lines(f"held_out_loss/{pattern}$", f"linear_optimum_loss/{pattern}$")
            for tag, pattern in patterns.items()
        }
    return pages


def _lines(*patterns: str) -> list[Any]:
    return ["Multiline", list(patterns)]
