"""Figure PENTAGON: one feature of five gets rarer, until the pentagon breaks into digons."""

import torch
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from torch import Tensor

from toysuper.experiments.pentagon_to_digons.measurement import Fits, fits
from toysuper.experiments.pentagon_to_digons.theory import branches
from toysuper.figures.style import GRADED, caption, open_frame, styled
from toysuper.snapshot import Snapshot


@styled
def pentagon_to_digons(snapshot: Snapshot) -> Figure:
    """Solutions laid over each other, and the losses of all of them on two crossing branches.

    One row a density. Left: the best pentagon and the best digons of every ratio of densities,
    turned so that the feature whose density changes (digons: another one) points right; yellow
    is denser. Right: every model's loss, with the exact branches and where they cross.

    Source: the paper's section "The Geometry of Superposition", non-uniform superposition.
    """
    found = fits(snapshot)
    densities = sorted(set(found.density.tolist()))
    size = (11.5, 3.9 * len(densities) + 0.3)
    figure = Figure(figsize=size, layout="constrained")
    ratio = found.ratio
    scale = ScalarMappable(LogNorm(float(ratio.min()), float(ratio.max())), GRADED)
    panels = figure.subplots(len(densities), 3, squeeze=False, width_ratios=(1, 1, 1.5))
    for row, p in zip(panels, densities, strict=True):
        _overlay(row[0], snapshot, found, p, found.pentagon, scale, 0)
        _overlay(row[1], snapshot, found, p, found.digons, scale, 1)
        row[0].set_title(f"pentagons, 1 - S = {p:.2g}")
        row[1].set_title(f"digons, 1 - S = {p:.2g}")
        _losses(row[2], found.of(p), p, scale)
    figure.colorbar(
        scale, ax=panels.flatten().tolist(), label="density of feature 0 over the others'"
    )
    caption(figure, snapshot)
    return figure


def _overlay(
    axes: Axes,
    snapshot: Snapshot,
    found: Fits,
    density: float,
    kind: Tensor,
    scale: ScalarMappable,
    right: int,
) -> None:
    here = kind & found.near(density)
    for ratio in found.ratio[here].unique():
        members = (here & (found.ratio == ratio)).nonzero()[:, 0]
        W = _turned(snapshot.W[members[found.loss[members].argmin()]], right)
        colour = tuple(scale.to_rgba(ratio[None].numpy())[0])
        for i, (x, y) in enumerate(W.T.tolist()):
            axes.plot([0, x], [0, y], color=colour, linewidth=0.6, alpha=0.5)
            axes.plot(x, y, "s" if i == 0 else "o", color=colour, markersize=5)
    axes.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_color("0.8")


def _turned(W: Tensor, right: int) -> Tensor:
    unit = W[:, right] / W[:, right].norm()
    x, y = unit.tolist()
    return torch.tensor([[x, y], [-y, x]], dtype=W.dtype) @ W


def _losses(axes: Axes, found: Fits, density: float, scale: ScalarMappable) -> None:
    exact = branches(density)
    axes.plot(exact.ratio, exact.pentagon, color="0.35", linewidth=1, label="pentagon, exact")
    axes.plot(exact.ratio, exact.digons, color="0.35", linewidth=1, ls="--", label="digons, exact")
    axes.axvline(exact.crossing(), color="0.7", linewidth=0.8, ls=":")
    for kind, marker in ((found.pentagon, "p"), (found.digons, "s")):
        axes.scatter(
            found.ratio[kind],
            found.loss[kind],
            c=scale.to_rgba(found.ratio[kind].numpy()),
            marker=marker,
            s=16,
            linewidths=0,
            zorder=3,
        )
    other = ~(found.pentagon | found.digons)
    axes.scatter(
        found.ratio[other], found.loss[other], marker="x", s=10, color="0.75", linewidths=0.6
    )
    top = 1.4 * float(exact.pentagon.nan_to_num(0).max())
    axes.set(xscale="log", ylim=(0, top), xlabel="density of feature 0 over the others'")
    axes.set(ylabel="loss / E‖x‖²", title=f"branches cross at {exact.crossing():.3f}")
    axes.legend(fontsize="small", loc="lower right")
    open_frame(axes)
