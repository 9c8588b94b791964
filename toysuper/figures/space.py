"""Feature directions of models with three hidden dimensions, as corners of a polyhedron."""

from typing import Any

import torch
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.art3d import Poly3DCollection

from toysuper.errors import UserError
from toysuper.figures.plane import COLUMNS
from toysuper.figures.style import PARTS, set_colours, styled
from toysuper.figures.text import caption, title
from toysuper.functional.geometry import REPRESENTED
from toysuper.functional.hull import edges, faces
from toysuper.metrics import norm
from toysuper.snapshot import Snapshot

AXIS_LIMIT = 1.05


@styled
def directions_3d(snapshot: Snapshot) -> Figure:
    """Columns of W in space with the hull of the represented ones; one panel a model.

    Coloured by set if features are drawn in sets. Of the seeds, the model with the least
    held-out loss is shown.
    Source: `Superposition and Learning Dynamics
    <https://transformer-circuits.pub/2022/toy_model/index.html#learning>`_, three dimensions.
    """
    if snapshot.W.shape[1] != 3:
        raise UserError(
            f"figure 'directions_3d' needs model.variant.hidden of 3, not {snapshot.W.shape[1]}"
        )
    best = snapshot.best()
    columns = min(len(best), COLUMNS)
    rows = -(-len(best) // columns)
    figure = Figure(figsize=(max(3.6 * columns, 6.4), 3.8 * rows + 0.3), layout="constrained")
    for i in range(len(best)):
        axes = figure.add_subplot(rows, columns, i + 1, projection="3d")
        draw_polyhedron(axes, best.pick([i]))
        axes.set_title(title(best.pick([i])))
    caption(figure, best)
    return figure


def draw_polyhedron(axes: Any, model: Snapshot) -> None:
    """Draw the feature directions of one model and the hull of the represented ones.

    Args:
        axes: three-dimensional axes.
        model: a Snapshot of one instance with three hidden dimensions.
    """
    W = model.W[0]
    corners = W[:, norm(model)[0] > REPRESENTED]
    triangles = faces(corners)
    shapes = [corners.T[list(triangle)].numpy() for triangle in triangles]
    axes.add_collection3d(Poly3DCollection(shapes, facecolor="0.7", alpha=0.13, linewidth=0))
    for i, j in edges(corners, triangles):
        axes.plot(*corners[:, [i, j]].tolist(), color="0.55", linewidth=0.8)
    for point, colour in zip(W.T.tolist(), _colours(model), strict=True):
        axes.plot(*([0, x] for x in point), color=colour, linewidth=1.6)
        axes.plot(*([x] for x in point), "o", color=colour, markersize=6)
    limits = (-AXIS_LIMIT, AXIS_LIMIT)
    axes.set(xlim=limits, ylim=limits, zlim=limits)
    axes.set_box_aspect((1, 1, 1), zoom=1.4)
    axes.set_axis_off()


def _colours(model: Snapshot) -> list[str]:
    return set_colours(model) or [PARTS[0]] * model.W.shape[2]


CAMERA = {
    "camera": {"cls": "PerspectiveCamera", "fov": 30},  # a wider view comes too near
    "lights": [
        {"cls": "AmbientLight", "color": "#ffffff", "intensity": 0.75},
        {"cls": "DirectionalLight", "color": "#ffffff", "intensity": 0.6, "position": [3, -1, 4]},
    ],
}


def mesh(model: Snapshot) -> dict[str, Any]:
    """Compute vertices, colours and outward faces of one model, as ``add_mesh`` expects them.

    Each face has its own three vertices, so that light shows the edges.
    """
    W = model.W[0].float()
    colours = (torch.tensor([to_rgb(c) for c in _colours(model)]) * 255).to(torch.uint8)
    corners = [i for triangle in faces(W) for i in triangle]
    features = corners or list(range(W.shape[1]))
    points = {"vertices": W.T[features][None], "colors": colours[features][None]}
    triangles = {"faces": torch.arange(len(corners)).view(1, -1, 3)} if corners else {}
    return {**points, **triangles, "config_dict": CAMERA}
