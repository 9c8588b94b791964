"""Five features in two dimensions as one gets sparser: the pentagon's branch and the digons'."""

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
"""Points for each active feature, by how many are active."""


class Branches(NamedTuple):
    r"""Local minima as feature 0 has density :math:`\rho p`, loss over :math:`E \|x\|^2`.

    NaN where the branch has ended: the pentagon falls into digons where feature 0 is rare.
    """

    ratio: Float[Tensor, " ratios"]
    pentagon: Float[Tensor, " ratios"]
    digons: Float[Tensor, " ratios"]

    def crossing(self) -> float:
        """The ratio below which two digons without feature 0 cost less."""
        gap, x = self.pentagon - self.digons, self.ratio.log()
        for k in range(len(x) - 1):
            if gap[k] >= 0 > gap[k + 1]:
                return float((x[k] + gap[k] / (gap[k] - gap[k + 1]) * (x[k + 1] - x[k])).exp())
        return float("nan")


@cache
@torch.inference_mode(False)
def branches(density: float, low: float = 0.1, high: float = 10.0, num: int = 33) -> Branches:
    """Both branches at ``num`` ratios from ``low`` to ``high``; ratios stop where one is p > 1.

    By quadrature over the active sets, and Adam in float64 from a pentagon and from two digons.
    Source: the paper's section "The Geometry of Superposition", non-uniform superposition.

    >>> found = branches(0.05, 0.2, 0.35, 4)
    >>> round(found.crossing(), 2)
    0.26
    """
    ratio = torch.tensor(np.geomspace(low, min(high, 1 / density), num), dtype=torch.float64)
    p = torch.full((num, 5), density, dtype=torch.float64)
    p[:, 0] *= ratio
    square = torch.zeros(2, 5, dtype=torch.float64)
    square[:, 1:] = polygon(4)
    losses = []
    for start, kept in ((1.1 * polygon(5), 5), (square, 4)):
        W, bias = start.repeat(num, 1, 1).requires_grad_(), torch.zeros_like(p).requires_grad_()
        loss = descend(W, bias, p, torch.ones_like(p), columns(), steps=300)
        loss[(norms(W.detach()) > 0.5).sum(-1) != kept] = torch.nan
        losses.append(loss * 3 / p.sum(-1))
    return Branches(ratio, *losses)


@cache
def columns() -> Columns:
    """All sets of five features, larger ones with fewer points."""
    parts = []
    for k in range(6):
        part = quadrature_columns(5, k, max(1, NODES[k]))
        kept = part.active.sum(0) == k
        parts.append(Columns(part.values[:, kept], part.active[:, kept], part.weight[kept]))
    return Columns(*(torch.cat(fields, -1) for fields in zip(*parts, strict=True)))
