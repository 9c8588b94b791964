"""The boundaries of theory, how training agrees with them, and linear models as the control."""

import math

import torch
from torch import Tensor

from toysuper.claims import Claim, format_values, with_activation, within
from toysuper.experiments.phase_change.measurement import Cells, phase_cells
from toysuper.experiments.phase_change.theory import TRIPLE, boundary, prototype_losses
from toysuper.snapshot import Snapshot

CONTOUR = {0.1: 0.181, 0.2: 0.296, 0.3: 0.376, 0.5: 0.485}
"""Density at which |W_2| of the exact optimum jumps from about 0.7 to 0, by r.

Computed by :func:`toysuper.functional.exact.free_optimum`.
"""
BOUNDARY_WIDTH = 0.1
"""Distance to a boundary in decades within which models may be similar to another prototype."""


def phases(snapshot: Snapshot) -> list[Claim]:
    """PHASE: trained models have loss and phase of the best prototype; linear ones do not."""
    n = snapshot.W.shape[2]
    cells = phase_cells(with_activation(snapshot, "relu"))
    claims = [_boundaries(), _losses(cells, n), _nearest(cells, n)]
    linear = with_activation(snapshot, "identity")
    return [*claims, _control(phase_cells(linear))] if len(linear) else claims


def _boundaries() -> Claim:
    r = torch.logspace(-1, 1, 101, dtype=torch.float64)
    losses = prototype_losses(2, boundary(r), r)
    gap = (losses[:2].amin(0) - losses[2]).abs().max()
    one = torch.ones((), dtype=torch.float64)
    triple = prototype_losses(2, TRIPLE * one, one)
    worst = max(float(gap), float(triple.amax() - triple.amin()))
    return Claim(
        "PHASE theory",
        "losses agree at p = 4r/(2+5r) and at the triple point (1, 4/7)",
        "to 1e-9",
        f"{worst:.1e}",
        worst < 1e-9,
    )


def _losses(cells: Cells, n: int) -> Claim:
    ratio = cells.ratio(n)
    fraction = float((ratio < 1.02).double().mean())
    return Claim(
        "PHASE loss",
        "least loss <= 1.02 of the best prototype's",
        ">= 99% of cells",
        f"{fraction:.1%}, worst {float(ratio.max()):.3f}",
        fraction >= 0.99,
    )


def _nearest(cells: Cells, n: int) -> Claim:
    expected, is_inside = _expected(cells, n)
    same = (cells.phase() == expected)[is_inside].double().mean()
    return Claim(
        "PHASE agreement",
        f"best models are the best prototype, > {BOUNDARY_WIDTH} decade from boundaries",
        ">= 85% of cells",
        f"{float(same):.1%} of {int(is_inside.sum())}",
        float(same) >= 0.85,
    )


def _expected(cells: Cells, n: int) -> tuple[Tensor, Tensor]:
    """Return the best prototype of each cell, and whether it is the best all around the cell."""

    def best(p: Tensor, r: Tensor) -> Tensor:
        return prototype_losses(n, p.clamp(max=1.0), r).argmin(0)

    p, r = cells.density[:, None], cells.relative
    prototype, is_inside = best(p, r), torch.ones(len(p), len(r), dtype=torch.bool)
    for angle in torch.arange(8) * math.pi / 4:
        up, right = 10 ** (BOUNDARY_WIDTH * angle.sin()), 10 ** (BOUNDARY_WIDTH * angle.cos())
        is_inside &= best(p * up, r * right) == prototype
    return prototype, is_inside


def _control(cells: Cells) -> Claim:
    length, superposition = cells.norm[..., 0], cells.superposition[..., 0]
    red = length.clamp(0, 1) * superposition.clamp(0, 1)
    fraction = float((red > 0.1).double().mean())
    return Claim(
        "PHASE control",
        "linear models: norm times superposition > 0.1",
        "in no cell",
        f"{fraction:.1%} of cells, most {float(red.max()):.2f}",
        fraction == 0,
    )


def contours(snapshot: Snapshot) -> list[Claim]:
    """PHASE-E2: at which density training stops to represent the extra feature, or the other."""
    cells = phase_cells(with_activation(snapshot, "relu"))
    return [
        _contour("PHASE-E2", "|W_2|", cells, cells.norm, cells.relative),
        _contour("PHASE-E2 mirror", "|W_1|", cells, cells.other, 1 / cells.relative),
    ]


def _contour(name: str, weight: str, cells: Cells, norm: Tensor, relative: Tensor) -> Claim:
    expected = torch.tensor(list(CONTOUR.values()))
    means, best = (
        _crossings(values, cells.density, relative)
        for values in (cells.averaged(norm), norm[..., 0])
    )
    return Claim(
        name,
        f"{weight} = 1/2 at r = .1 .2 .3 .5; mean without the worst (best)",
        f"{format_values(expected)} +- 15%",
        f"{format_values(means)} ({format_values(best)})",
        within(means / expected, 0.85, 1.15),
    )


def _crossings(values: Tensor, density: Tensor, relative: Tensor) -> Tensor:
    """Interpolate the density at which a norm falls below 1/2, for each r of CONTOUR.

    Args:
        values: a norm in each cell, ``(rows, columns)``.
        density: density of each row, falling.
        relative: relative importance r of each column.
    """
    order = relative.argsort()
    x, p = relative[order].log(), density.flip(0).log()
    crossing = torch.stack([_crossing(column, p) for column in values.flip(0).T[order]])
    target = torch.tensor(list(CONTOUR)).log()
    right = torch.searchsorted(x, target.clamp(min=x[0] + 1e-6)).clamp(max=len(x) - 1)
    weight = ((target - x[right - 1]) / (x[right] - x[right - 1])).clamp(0, 1)
    low, high = crossing[right - 1], crossing[right]
    return (low + weight * (high - low)).exp()


def _crossing(column: Tensor, p: Tensor) -> Tensor:
    """Interpolate where a column of norms falls below 1/2 for the last time.

    Args:
        column: norms of one relative importance.
        p: logarithms of density, rising.
    """
    high = (column > 0.5).nonzero()
    if not len(high) or int(high[-1]) == len(p) - 1:
        return torch.tensor(torch.nan)
    k = int(high[-1])
    weight = (column[k] - 0.5) / (column[k] - column[k + 1])
    return p[k] + weight * (p[k + 1] - p[k])
