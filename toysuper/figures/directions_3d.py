"""The feature directions of three hidden dimensions as a polyhedron."""

from typing import Any

import torch
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.art3d import Poly3DCollection

from toysuper.errors import UserError
from toysuper.figures.directions_2d import COLUMNS
from toysuper.figures.style import PARTS, caption, set_colours, styled, title
from toysuper.functional.hull import edges, faces
from toysuper.metrics import norm
from toysuper.metrics.features import REPRESENTED
from toysuper.snapshot import Snapshot

LIMIT = 1.05


@styled
def solid(snapshot: Snapshot) -> Figure:
    """Columns of W in space with the hull of the represented ones; one panel a model.

    Coloured by set where features are drawn in sets. Of the seeds, the model with the least
    held-out loss is shown.
    Source: the paper's section "Superposition and Learning Dynamics", three dimensions.
    """
    if snapshot.W.shape[1] != 3:
        raise UserError(f"figure 'solid' needs model.hidden of 3, not {snapshot.W.shape[1]}")
    best = snapshot.best()
    columns = min(len(best), COLUMNS)
    rows = -(-len(best) // columns)
    figure = Figure(figsize=(max(3.6 * columns, 6.4), 3.8 * rows + 0.3), layout="constrained")
    for i in range(len(best)):
        axes = figure.add_subplot(rows, columns, i + 1, projection="3d")
        polyhedron(axes, best.pick([i]))
        axes.set_title(title(best.pick([i])))
    caption(figure, best)
    return figure


def polyhedron(axes: Any, model: Snapshot) -> None:
    """Draw one model into three-dimensional axes."""
    W, kept = model.W[0], norm(model)[0] > REPRESENTED
    corners = W[:, kept]
    triangles = faces(corners)
    shapes = [corners.T[list(triangle)].numpy() for triangle in triangles]
    axes.add_collection3d(Poly3DCollection(shapes, facecolor="0.7", alpha=0.13, linewidth=0))
    for i, j in edges(corners, triangles):
        axes.plot(*corners[:, [i, j]].tolist(), color="0.55", linewidth=0.8)
    colours = _colours(model)
    for point, colour in zip(W.T.tolist(), colours, strict=True):
        axes.plot(*([0, x] for x in point), color=colour, linewidth=1.6)
        axes.plot(*([x] for x in point), "o", color=colour, markersize=6)
    axes.set(xlim=(-LIMIT, LIMIT), ylim=(-LIMIT, LIMIT), zlim=(-LIMIT, LIMIT))
    axes.set_box_aspect((1, 1, 1), zoom=1.4)
    axes.set_axis_off()


def _colours(model: Snapshot) -> list[str]:
    return set_colours(model) or [PARTS[0]] * model.W.shape[2]


CAMERA = {
    "camera": {"cls": "PerspectiveCamera", "fov": 30},  # wider ones come too near
    "lights": [
        {"cls": "AmbientLight", "color": "#ffffff", "intensity": 0.75},
        {"cls": "DirectionalLight", "color": "#ffffff", "intensity": 0.6, "position": [3, -1, 4]},
    ],
}


def mesh(model: Snapshot) -> dict[str, Any]:
    """Vertices, colours and outward faces of one model, as TensorBoard wants them.

    Each face has corners of its own, so that light shows the edges.
    """
    W = model.W[0].float()
    colours = (torch.tensor([to_rgb(c) for c in _colours(model)]) * 255).to(torch.uint8)
    corners = [i for triangle in faces(W) for i in triangle]
    shown = corners or list(range(W.shape[1]))
    found = {"vertices": W.T[shown][None], "colors": colours[shown][None]}
    separate = {"faces": torch.arange(len(corners)).view(1, -1, 3)} if corners else {}
    return {**found, **separate, "config_dict": CAMERA}
