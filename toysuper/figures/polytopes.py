"""Feature geometry graphs, whose components are polytopes."""

import math
import textwrap

import networkx as nx
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from torch import Tensor

from toysuper.figures.panels import make_panels
from toysuper.figures.style import POLYTOPE_COLOURS, styled
from toysuper.figures.text import caption, title
from toysuper.functional.polytopes import Polytope, adjacency, polytopes, product_name
from toysuper.functional.spacing import evenly
from toysuper.snapshot import Snapshot

MAX_PANELS = 12
COLUMNS = 4
TITLE_WIDTH = 34
OTHER_COLOUR = "0.1"


@styled
def geometry_graph(snapshot: Snapshot) -> Figure:
    r"""Represented features, joined where not orthogonal, coloured by the polytope they form.

    Line width is :math:`|W_i \cdot W_j|`. Up to twelve models of several components are shown,
    evenly spaced over the grid; of the seeds, the one with the least held-out loss.
    Source: `The Geometry of Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_, feature geometry
    graphs.
    """
    best = snapshot.best()
    parts = [polytopes(W) for W in best.W]
    several = [i for i in range(len(best)) if len(parts[i]) > 1] or list(range(len(best)))
    chosen = [several[k] for k in evenly(len(several), MAX_PANELS)]
    figure, grid = make_panels(len(chosen), COLUMNS, 2.7, 2.8)
    for axes, i in zip(grid.flat, chosen, strict=False):
        _draw_components(axes, best.W[i], parts[i])
        name = textwrap.fill(product_name(parts[i]), TITLE_WIDTH)
        axes.set_title(f"{title(best.pick([i]))}\n{name}", fontsize="medium")
    _legend(figure, sorted({part.name for i in chosen for part in parts[i]}))
    caption(figure, best)
    return figure


def _legend(figure: Figure, names: list[str]) -> None:
    colours = {name: POLYTOPE_COLOURS.get(name, OTHER_COLOUR) for name in names}
    keys = [Line2D([], [], marker="o", ls="", color=c, label=name) for name, c in colours.items()]
    figure.legend(handles=keys, loc="outside upper center", ncols=len(keys) or 1)


def _draw_components(axes: Axes, W: Tensor, parts: list[Polytope]) -> None:
    """Draw components in rows from left to right, the largest first."""
    graph = nx.Graph()
    near, weight = adjacency(W[None])[0], (W.mT @ W).abs()
    graph.add_weighted_edges_from((int(i), int(j), float(weight[i, j])) for i, j in near.nonzero())
    corner, width = np.zeros(2), math.sqrt(sum(map(_area, parts))) * 1.15
    row_height = 0.0
    for part in sorted(parts, key=_area, reverse=True):
        side = math.sqrt(_area(part))
        if corner[0] + side > width and corner[0]:
            corner, row_height = np.array([0.0, corner[1] - row_height]), 0.0
        row_height = max(row_height, side)
        graph.add_nodes_from(part.features)
        layout = _layout(graph.subgraph(part.features), W[:, list(part.features)])
        middle = corner + np.array([side, -side]) / 2
        points = {i: middle + 0.36 * side * np.asarray(point) for i, point in layout.items()}
        _draw(
            axes,
            graph.subgraph(part.features),
            points,
            POLYTOPE_COLOURS.get(part.name, OTHER_COLOUR),
        )
        corner = corner + np.array([side, 0])
    axes.set(xticks=[], yticks=[])
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.08)
    axes.spines[:].set_color("0.9")


def _layout(graph: nx.Graph, W: Tensor) -> dict[int, np.ndarray]:
    """Compute positions: a polygon as it is, other polytopes by a spring layout."""
    _, length, axes = torch.linalg.svd(W, full_matrices=False)
    if len(length) > 2 and length[2] > 0.2 * length[1]:
        return nx.spring_layout(graph, seed=0, center=(0, 0))
    flat = torch.zeros(2, W.shape[1], dtype=W.dtype)
    flat[: len(length)] = (length[:, None] * axes)[:2]
    return dict(zip(graph.nodes, (flat / flat.abs().max().clamp(min=1e-12)).T.numpy(), strict=True))


def _area(part: Polytope) -> float:
    return max(1.0, len(part.features) ** 1.2 / 2)


def _draw(axes: Axes, graph: nx.Graph, points: dict[int, np.ndarray], colour: str) -> None:
    lines = [(points[i], points[j]) for i, j in graph.edges]
    widths = [min(2.0, 0.4 + 1.6 * data["weight"]) for _, _, data in graph.edges(data=True)]
    axes.add_collection(LineCollection(lines, linewidths=widths, colors=colour, alpha=0.6))
    positions = np.array(list(points.values()))
    axes.scatter(positions[:, 0], positions[:, 1], color=colour, s=14, zorder=2)
