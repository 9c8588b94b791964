"""Claims of the paper's section "Superposition as a Phase Change"."""

import math

import torch
from torch import Tensor

from toysuper.claims.base import Claim, absent, at, numbers, only, within
from toysuper.experiments.phase_change.measurement import Diagram, diagram
from toysuper.experiments.phase_change.theory import TRIPLE, boundary, prototype_losses
from toysuper.snapshot import Snapshot

CONTOUR = {0.1: 0.181, 0.2: 0.296, 0.3: 0.376, 0.5: 0.485}
"""Density at which |W_2| of the exact optimum jumps from about 0.7 to 0, by r; see free_optimum."""
AWAY = 0.1
"""Decades from a boundary within which the nearest prototype may be another."""


def phases(snapshot: Snapshot) -> list[Claim]:
    """PHASE: theory's boundaries, training's agreement with them, and the linear control."""
    n = snapshot.W.shape[2]
    cells = diagram(only(snapshot, "relu"))
    found = [_boundaries(), _losses(cells, n), _nearest(cells, n)]
    linear = only(snapshot, "identity")
    return [*found, _control(diagram(linear))] if len(linear) else found


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


def _losses(cells: Diagram, n: int) -> Claim:
    ratio = cells.ratio(n)
    share = float((ratio < 1.02).double().mean())
    return Claim(
        "PHASE loss",
        "least loss <= 1.02 of the best prototype's",
        ">= 99% of cells",
        f"{share:.1%}, worst {float(ratio.max()):.3f}",
        share >= 0.99,
    )


def _nearest(cells: Diagram, n: int) -> Claim:
    expected, away = _expected(cells, n)
    same = (cells.phase() == expected)[away].double().mean()
    return Claim(
        "PHASE agreement",
        f"best models are the best prototype, > {AWAY} decade from boundaries",
        ">= 85% of cells",
        f"{float(same):.1%} of {int(away.sum())}",
        float(same) >= 0.85,
    )


def _expected(cells: Diagram, n: int) -> tuple[Tensor, Tensor]:
    """The best prototype of each cell, and whether it is so all around."""

    def best(p: Tensor, r: Tensor) -> Tensor:
        return prototype_losses(n, p.clamp(max=1.0), r).argmin(0)

    p, r = cells.density[:, None], cells.relative
    here, away = best(p, r), torch.ones(len(p), len(r), dtype=torch.bool)
    for angle in torch.arange(8) * math.pi / 4:
        up, right = 10 ** (AWAY * angle.sin()), 10 ** (AWAY * angle.cos())
        away &= best(p * up, r * right) == here
    return here, away


def _control(cells: Diagram) -> Claim:
    length, shared = cells.norm[..., 0], cells.superposition[..., 0]
    red = length.clamp(0, 1) * shared.clamp(0, 1)
    share = float((red > 0.1).double().mean())
    return Claim(
        "PHASE control",
        "linear models: norm times superposition > 0.1",
        "in no cell",
        f"{share:.1%} of cells, most {float(red.max()):.2f}",
        share == 0,
    )


def loss_surfaces(snapshot: Snapshot) -> list[Claim]:
    """MCGRATH: two features in one dimension, without bias."""
    return [
        _minimum(snapshot, 1.0, "both answer their mean", "W = (.707, .707) +- .01, loss 1/12"),
        _minimum(snapshot, 0.3, "antipodal and longer than 1", "W_1 W_2 < 0, lengths in 1-1.05"),
    ]


def _minimum(snapshot: Snapshot, density: float, statement: str, expected: str) -> Claim:
    name = f"MCGRATH p={density:g}"
    here = at(snapshot, density)
    equal = here and here.where(lambda i: bool((here.importance[i] == 1).all()))
    if not equal or snapshot.W.shape[1:] != (1, 2) or bool(snapshot.bias.any()):
        return absent(name, statement, expected)
    best = equal.best()
    W, loss = best.W[0, 0].double(), float(best.loss.sum())
    if density == 1:
        near = within(W.abs(), 0.5**0.5 - 0.01, 0.5**0.5 + 0.01)
        holds = near and float(W.prod()) > 0 and abs(12 * loss - 1) < 0.01
    else:
        holds = within(W.abs(), 1, 1.05) and float(W.prod()) < 0
    return Claim(name, statement, expected, f"W = ({numbers(W, '.3f')}), loss {loss:.4f}", holds)


def phase_contours(snapshot: Snapshot) -> list[Claim]:
    """PHASE-E2: where training stops to represent the extra feature, and the mirror image."""
    cells = diagram(only(snapshot, "relu"))
    return [
        _contour("PHASE-E2", "|W_2|", cells, cells.norm, cells.relative),
        _contour("PHASE-E2 mirror", "|W_1|", cells, cells.other, 1 / cells.relative),
    ]


def _contour(name: str, weight: str, cells: Diagram, norm: Tensor, relative: Tensor) -> Claim:
    expected = torch.tensor(list(CONTOUR.values()))
    means, best = (
        _crossings(values, cells.density, relative)
        for values in (cells.averaged(norm), norm[..., 0])
    )
    return Claim(
        name,
        f"{weight} = 1/2 at r = .1 .2 .3 .5; mean without the worst (best)",
        f"{numbers(expected)} +- 15%",
        f"{numbers(means)} ({numbers(best)})",
        within(means / expected, 0.85, 1.15),
    )


def _crossings(values: Tensor, density: Tensor, relative: Tensor) -> Tensor:
    """Densities at which a norm falls below 1/2, for the relative importances of CONTOUR."""
    order = relative.argsort()
    x, p = relative[order].log(), density.flip(0).log()
    at = torch.stack([_crossing(column, p) for column in values.flip(0).T[order]])
    wanted = torch.tensor(list(CONTOUR)).log()
    right = torch.searchsorted(x, wanted.clamp(min=x[0] + 1e-6)).clamp(max=len(x) - 1)
    share = ((wanted - x[right - 1]) / (x[right] - x[right - 1])).clamp(0, 1)
    return (at[right - 1] + share * (at[right] - at[right - 1])).exp()


def _crossing(column: Tensor, p: Tensor) -> Tensor:
    """Where a column of norms, densities rising, falls below 1/2 for the last time."""
    high = (column > 0.5).nonzero()
    if not len(high) or int(high[-1]) == len(p) - 1:
        return torch.tensor(torch.nan)
    k = int(high[-1])
    share = (column[k] - 0.5) / (column[k] - column[k + 1])
    return p[k] + share * (p[k + 1] - p[k])
