"""Panels and axes that all figures share."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from toysuper.errors import UserError
from toysuper.functional.spacing import evenly
from toysuper.metrics.polytopes import POLYTOPE_DIMENSIONALITIES
from toysuper.snapshot import Snapshot

MAX_PANELS = 24
"""Largest number of models that one figure shows."""


def make_panels(
    count: int, columns: int, width: float, height: float, **options: Any
) -> tuple[Figure, np.ndarray]:
    """Make a figure of ``count`` panels in rows of at most ``columns``.

    Args:
        count: number of panels.
        columns: largest number of panels in a row.
        width: width of a panel in inches.
        height: height of a panel in inches.
        **options: arguments of ``Figure.subplots``.
    """
    columns = max(1, min(count, columns))
    rows = -(-count // columns)
    figure = Figure(figsize=(width * columns + 1.2, height * rows + 0.6), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    for unused in axes.flatten()[count:]:
        unused.set_visible(False)
    return figure, axes


def limit_panels(models: Snapshot, max_panels: int = MAX_PANELS) -> Snapshot:
    """Select at most ``max_panels`` of the models, evenly spaced over the grid."""
    return models.pick(evenly(len(models), max_panels)) if len(models) > max_panels else models


def best_by_sparsity(snapshot: Snapshot, figure: str) -> Snapshot:
    """Select the best model of each density and sort them, the densest first.

    Args:
        snapshot: the trained models.
        figure: name of the figure, for the message.

    Raises:
        UserError: features of a model differ in density, or all models have the same density.
    """
    density = snapshot.common_density()
    if density.isnan().any() or len(density.unique()) < 2:
        raise UserError(f"figure '{figure}' needs models of two or more densities, one each")
    best = snapshot.best()
    return best.pick(best.common_density().argsort(descending=True).tolist())


def hide_axes(axes: Axes) -> None:
    """Remove ticks and frame."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def open_frame(axes: Axes) -> None:
    """Remove the lines at the top and at the right."""
    axes.spines[["top", "right"]].set_visible(False)


def log_axis(axes: Axes, label: str, ticks: Iterable[float]) -> None:
    """Make the x axis logarithmic, with these ticks, written as they are."""
    unique = sorted(set(ticks))
    axes.set(xscale="log", xlabel=label)
    axes.set_xticks(unique, [f"{tick:g}" for tick in unique])
    axes.minorticks_off()


def sparsity_axis(axes: Axes, largest: float) -> None:
    """Make the x axis that of 1 / (1 - S), from 1 to ``largest``."""
    ticks = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
    log_axis(axes, "1 / (1 - S)", [tick for tick in ticks if tick <= largest * 1.01])


def draw_polytope_lines(axes: Axes, named: bool = True) -> None:
    """Draw a horizontal line at the feature dimensionality of each polytope.

    Args:
        axes: where to draw; the y axis is that of feature dimensionality.
        named: write the polytopes' names at the right.
    """
    for name, dimensionality in POLYTOPE_DIMENSIONALITIES.items():
        axes.axhline(dimensionality, color="0.82", linewidth=0.8, zorder=0)
        if named:
            axes.annotate(
                name,
                (1.005, dimensionality),
                xycoords=("axes fraction", "data"),
                fontsize="small",
                color="0.35",
                va="bottom" if name.startswith("pentagon") else "center",
            )
