"""Solutions of the same problem from several seeds, side by side."""

import torch
from matplotlib.figure import Figure

from toysuper.figures.plane import COLUMNS, draw_planes, require_two_dimensions
from toysuper.figures.style import styled
from toysuper.figures.text import title
from toysuper.functional.spacing import evenly
from toysuper.metrics import held_out_loss
from toysuper.snapshot import Snapshot


@styled
def seeds_side_by_side(snapshot: Snapshot) -> Figure:
    """A row for each cell of the grid: seeds from the least held-out loss to the most.

    Turned and mirrored so that the first feature points right and the second up. This changes no
    output, because WᵀW stays the same.
    Source: `The Geometry of Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_, correlated features.
    """
    require_two_dimensions(snapshot)
    loss = held_out_loss(snapshot).nan_to_num(torch.inf)
    cells: dict[str, list[int]] = {}
    for i in range(len(snapshot)):
        cells.setdefault(title(snapshot.pick([i])), []).append(i)
    columns = min(COLUMNS, *map(len, cells.values()))
    chosen, titles = [], []
    for name, members in cells.items():
        ranked = sorted(members, key=loss.__getitem__)
        for i in [ranked[k] for k in evenly(len(ranked), columns)][:columns]:
            titles.append(f"{name}\nloss {float(loss[i]):.2g}")
            chosen.append(i)
    return draw_planes(_rotate(snapshot.pick(chosen)), titles, len(cells), columns)


def _rotate(models: Snapshot) -> Snapshot:
    """Rotate feature 0 to the right, and mirror feature 1 to the upper half."""
    x, y = models.W[:, 0, :1], models.W[:, 1, :1]
    length = torch.hypot(x, y).clamp(min=1e-12)
    along = (x * models.W[:, 0] + y * models.W[:, 1]) / length
    up = (x * models.W[:, 1] - y * models.W[:, 0]) / length
    up = torch.where(up[:, 1:2] < -1e-6, -up, up)
    W = torch.stack([along, up], 1)
    return models.with_weights(encoder=W, decoder=W)
