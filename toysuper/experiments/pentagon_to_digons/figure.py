"""The solutions of all ratios laid over each other, and their losses on both branches."""

import torch
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from torch import Tensor

from toysuper.experiments.pentagon_to_digons.measurement import Solutions, classify
from toysuper.experiments.pentagon_to_digons.theory import branches
from toysuper.figures.panels import open_frame
from toysuper.figures.style import GRADED, styled
from toysuper.figures.text import caption
from toysuper.snapshot import Snapshot


@styled
def pentagon_to_digons(snapshot: Snapshot) -> Figure:
    """Solutions laid over each other, and the losses of all of them on two crossing branches.

    One row a density. Left: the best pentagon and the best digons of every ratio of densities,
    turned so that the feature whose density changes (digons: another one) points right; yellow
    is denser. Right: every model's loss, with the exact branches and where they cross.

    Source: `The Geometry of Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_, non-uniform
    superposition.
    """
    solutions = classify(snapshot)
    densities = sorted(set(solutions.density.tolist()))
    size = (11.5, 3.9 * len(densities) + 0.3)
    figure = Figure(figsize=size, layout="constrained")
    ratio = solutions.ratio
    scale = ScalarMappable(LogNorm(float(ratio.min()), float(ratio.max())), GRADED)
    panels = figure.subplots(len(densities), 3, squeeze=False, width_ratios=(1, 1, 1.5))
    for row, p in zip(panels, densities, strict=True):
        _draw_overlay(row[0], snapshot, solutions, p, solutions.pentagon, scale, 0)
        _draw_overlay(row[1], snapshot, solutions, p, solutions.digons, scale, 1)
        row[0].set_title(f"pentagons, 1 - S = {p:.2g}")
        row[1].set_title(f"digons, 1 - S = {p:.2g}")
        _draw_losses(row[2], solutions.at_density(p), p, scale)
    figure.colorbar(
        scale, ax=panels.flatten().tolist(), label="density of feature 0 over the others'"
    )
    caption(figure, snapshot)
    return figure


def _draw_overlay(
    axes: Axes,
    snapshot: Snapshot,
    solutions: Solutions,
    density: float,
    kind: Tensor,
    scale: ScalarMappable,
    right: int,
) -> None:
    members_of_kind = kind & solutions.is_at_density(density)
    for ratio in solutions.ratio[members_of_kind].unique():
        members = (members_of_kind & (solutions.ratio == ratio)).nonzero()[:, 0]
        W = _rotate(snapshot.W[members[solutions.loss[members].argmin()]], right)
        colour = tuple(scale.to_rgba(ratio[None].numpy())[0])
        for i, (x, y) in enumerate(W.T.tolist()):
            axes.plot([0, x], [0, y], color=colour, linewidth=0.6, alpha=0.5)
            axes.plot(x, y, "s" if i == 0 else "o", color=colour, markersize=5)
    axes.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_color("0.8")


def _rotate(W: Tensor, right: int) -> Tensor:
    """Rotate W so that this feature points right."""
    unit = W[:, right] / W[:, right].norm()
    x, y = unit.tolist()
    return torch.tensor([[x, y], [-y, x]], dtype=W.dtype) @ W


def _draw_losses(axes: Axes, solutions: Solutions, density: float, scale: ScalarMappable) -> None:
    exact = branches(density)
    axes.plot(exact.ratio, exact.pentagon, color="0.35", linewidth=1, label="pentagon, exact")
    axes.plot(exact.ratio, exact.digons, color="0.35", linewidth=1, ls="--", label="digons, exact")
    axes.axvline(exact.crossing(), color="0.7", linewidth=0.8, ls=":")
    for kind, marker in ((solutions.pentagon, "p"), (solutions.digons, "s")):
        axes.scatter(
            solutions.ratio[kind],
            solutions.loss[kind],
            c=scale.to_rgba(solutions.ratio[kind].numpy()),
            marker=marker,
            s=16,
            linewidths=0,
            zorder=3,
        )
    other = ~(solutions.pentagon | solutions.digons)
    axes.scatter(
        solutions.ratio[other],
        solutions.loss[other],
        marker="x",
        s=10,
        color="0.75",
        linewidths=0.6,
    )
    top = 1.4 * float(exact.pentagon.nan_to_num(0).max())
    axes.set(xscale="log", ylim=(0, top), xlabel="density of feature 0 over the others'")
    axes.set(ylabel="loss / E‖x‖²", title=f"branches cross at {exact.crossing():.3f}")
    axes.legend(fontsize="small", loc="lower right")
    open_frame(axes)
