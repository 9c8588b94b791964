"""The phase diagram of the extra feature, in theory and in training."""

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from torch import Tensor

from toysuper.experiments.phase_change.measurement import Cells, phase_cells
from toysuper.experiments.phase_change.theory import EXTRA, prototype_losses
from toysuper.figures.style import styled
from toysuper.figures.text import caption
from toysuper.snapshot import Snapshot

GREY, ALONE, SHARED = (torch.tensor(to_rgb(c)) for c in ("#e8e8e8", "#3b5cc4", "#d03a2f"))
BOUNDARY_POINTS = 300
"""Number of points on each axis for the boundaries of theory."""
TICKS_R = {0.1: "0.1×", 1.0: "1×", 10.0: "10×"}
TICKS_P = {1.0: "1", 0.1: "0.1", 0.01: "0.01"}


@styled
def phase_diagram(snapshot: Snapshot) -> Figure:
    """The extra feature by density and relative importance: theory, training, and both in numbers.

    Grey: not represented. Blue: represented with a dimension of its own. Red: represented in
    superposition with another. Lines are the boundaries between the prototypes. Training is shown
    as in the paper (of the models in a cell the worst is dropped, the rest averaged) and by the
    model of least loss; the last panel is its loss over the best prototype's. Linear models,
    where the grid has some, are the control: nothing may be red.

    Source: `Superposition as a Phase Change
    <https://transformer-circuits.pub/2022/toy_model/index.html#phase-change>`_.
    """
    relu = phase_cells(snapshot.where(lambda i: snapshot.activation[i] != "identity"))
    linear = snapshot.where(lambda i: snapshot.activation[i] == "identity")
    n = snapshot.W.shape[2]
    figure = Figure(figsize=(11, 7.2), layout="constrained")
    axes = list(figure.subplots(2, 3).flat)
    _draw_theory(axes[0], n, relu)
    mean = colours(relu.averaged(relu.norm), relu.averaged(relu.superposition))
    _draw_cells(axes[1], n, relu, mean, "training: mean without the worst")
    _draw_cells(axes[2], n, relu, _best_colours(relu), "training: least loss")
    if len(linear):
        control = phase_cells(linear)
        _draw_cells(axes[3], n, control, _best_colours(control), "linear models")
        axes[3].set_ylabel("density 1 - S")
    else:
        axes.pop().set_visible(False)
    axes[0].set_ylabel("density 1 - S")
    _draw_key(axes[-2])
    _draw_ratio(axes[-1], n, relu)
    caption(figure, snapshot)
    return figure


def colours(norm: Tensor, superposition: Tensor) -> Tensor:
    """Compute the paper's two-dimensional colour scale, ``(..., 3)``.

    Args:
        norm: norm of the extra feature; 0 is grey, 1 the full colour.
        superposition: superposition of the extra feature; 0 is blue, 1 red.
    """
    s, a = superposition.clamp(0, 1)[..., None], norm.clamp(0, 1)[..., None]
    return (1 - a) * GREY + a * ((1 - s) * ALONE + s * SHARED)


def _best_colours(cells: Cells) -> Tensor:
    return colours(cells.norm[..., 0], cells.superposition[..., 0])


def _extent(cells: Cells) -> tuple[float, float, float, float]:
    """Return the edges of the outer cells in decades: left, right, low, high."""
    return *_edges(cells.relative.log10()), *_edges(cells.density.log10().flip(0))


def _edges(centres: Tensor) -> tuple[float, float]:
    first, last = float(centres[0]), float(centres[-1])
    half = (last - first) / max(2 * (len(centres) - 1), 1) or 0.5
    return first - half, last + half


def _best_prototypes(cells: Cells, n: int) -> tuple[Tensor, Tensor, Tensor]:
    left, right, low, high = _extent(cells)
    x, y = torch.linspace(left, right, BOUNDARY_POINTS), torch.linspace(high, low, BOUNDARY_POINTS)
    p = (10 ** y[:, None]).clamp(max=1.0)
    return x, y, prototype_losses(n, p, 10**x).argmin(0)


def _draw_theory(axes: Axes, n: int, cells: Cells) -> None:
    *_, phase = _best_prototypes(cells, n)
    norm, superposition = torch.tensor(EXTRA)[phase].unbind(-1)
    _draw_cells(axes, n, cells, colours(norm, superposition), "theory: best prototype")


def _draw_cells(axes: Axes, n: int, cells: Cells, picture: Tensor, title: str) -> None:
    axes.imshow(picture.numpy(), extent=_extent(cells), aspect="auto", interpolation="nearest")
    _draw_boundaries(axes, n, cells, title)


def _draw_boundaries(axes: Axes, n: int, cells: Cells, title: str) -> None:
    x, y, phase = _best_prototypes(cells, n)
    for k in phase.unique():
        axes.contour(x, y, (phase == k).double(), [0.5], colors="black", linewidths=0.7)
    axes.set_title(title, fontsize="medium")
    axes.set_xticks(np.log10(list(TICKS_R)), TICKS_R.values())
    axes.set_yticks(np.log10(list(TICKS_P)), TICKS_P.values())
    axes.set_xlabel("relative importance of the extra feature")


def _draw_ratio(axes: Axes, n: int, cells: Cells) -> None:
    ratio = cells.ratio(n)
    fraction = float((ratio < 1.02).double().mean())
    picture = axes.imshow(
        ratio.numpy(), extent=_extent(cells), aspect="auto", cmap="PuOr", vmin=0.8, vmax=1.2
    )
    _draw_boundaries(
        axes, n, cells, f"least loss / best prototype's\n<= 1.02 in {fraction:.1%} of cells"
    )
    axes.figure.colorbar(picture, ax=axes, extend="both")


def _draw_key(axes: Axes) -> None:
    ramp = torch.linspace(0, 1, 100)
    key = colours(ramp.flip(0)[:, None].expand(100, 100), ramp.expand(100, 100))
    axes.imshow(key.numpy(), extent=(0, 1, 0, 1), interpolation="nearest")
    axes.set(xlabel="superposition", ylabel="‖W‖ of the extra feature", aspect="auto")
    axes.set_title("key", fontsize="medium")
    axes.set_xticks([0, 1], ["0", "≥ 1"])
    axes.set_yticks([0, 1], ["0", "≥ 1"])
