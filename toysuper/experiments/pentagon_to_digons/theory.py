"""Exact losses of the pentagon and of the digons, as feature 0 gets rarer."""

from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from toysuper.functional.exact import descend
from toysuper.functional.geometry import norms
from toysuper.functional.polytopes import polygon
from toysuper.functional.quadrature import Columns, quadrature_columns

NODES = (0, 24, 12, 5, 3, 3)
"""Number of quadrature nodes for each active feature, by the number of active ones."""


class Branches(NamedTuple):
    r"""Losses over :math:`E \|x\|^2` of both local minima, by the ratio :math:`\rho`.

    NaN where the minimum no longer exists: if feature 0 is rare, the pentagon turns into digons.
    """

    ratio: Float[Tensor, " ratios"]
    pentagon: Float[Tensor, " ratios"]
    digons: Float[Tensor, " ratios"]

    def crossing(self) -> float:
        """Compute the ratio below which the digons have the smaller loss; NaN if there is none."""
        gap, x = self.pentagon - self.digons, self.ratio.log()
        for k in range(len(x) - 1):
            if gap[k] >= 0 > gap[k + 1]:
                return float((x[k] + gap[k] / (gap[k] - gap[k + 1]) * (x[k + 1] - x[k])).exp())
        return float("nan")


@cache
@torch.inference_mode(False)
def branches(density: float, low: float = 0.1, high: float = 10.0, num: int = 33) -> Branches:
    """Compute both branches by quadrature and Adam, from a pentagon and from two digons.

    Quadrature is over the sets of active features, in float64.

    Args:
        density: density p of the other features.
        low: smallest ratio.
        high: largest ratio, unless the density of feature 0 would exceed 1.
        num: number of ratios.

    Source: `The Geometry of Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_, non-uniform
    superposition.

    >>> round(branches(0.05, 0.2, 0.35, 4).crossing(), 2)
    0.26
    """
    ratio = torch.tensor(np.geomspace(low, min(high, 1 / density), num), dtype=torch.float64)
    p = torch.full((num, 5), density, dtype=torch.float64)
    p[:, 0] *= ratio
    square = torch.zeros(2, 5, dtype=torch.float64)
    square[:, 1:] = polygon(4)
    parts = p.split(9)  # these fit into the cache
    pentagon = torch.cat([_minimum(1.1 * polygon(5), 5, part) for part in parts])
    return Branches(ratio, pentagon, torch.cat([_minimum(square, 4, part) for part in parts]))


def _minimum(start: Tensor, stored: int, density: Tensor) -> Tensor:
    W = start.repeat(len(density), 1, 1).requires_grad_()
    bias = torch.zeros_like(density).requires_grad_()
    loss = descend(W, bias, density, torch.ones_like(density), columns(), steps=300)
    loss[(norms(W.detach()) > 0.5).sum(-1) != stored] = torch.nan
    return loss * 3 / density.sum(-1)


@cache
def columns() -> Columns:
    """Return quadrature columns of all sets of five features; larger sets have fewer nodes."""
    parts = []
    for k in range(6):
        part = quadrature_columns(5, k, max(1, NODES[k]))
        mask = part.active.sum(0) == k
        parts.append(Columns(part.values[:, mask], part.active[:, mask], part.weight[mask]))
    return Columns(*(torch.cat(fields, -1) for fields in zip(*parts, strict=True)))
