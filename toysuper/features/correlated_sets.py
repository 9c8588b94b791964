"""Features that are active together."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from toysuper.features.gated import Gated


class CorrelatedSets(Gated):
    r"""Consecutive features in sets of ``size``; one draw activates a whole set.

    Marginal density p_i. Two members of a set are both active with probability
    :math:`\min(p_i, p_j)`, so for equal densities always together, and correlate by
    :math:`3 (1 - p) / (4 - 3p)`. Values are independent, and so are sets.

    Source: the paper's section "The Geometry of Superposition", correlated features.

    >>> round(float(CorrelatedSets(2).correlation(torch.full((1, 4), 0.1))[0, 0, 1]), 3)
    0.73
    """

    def __init__(self, size: int | None = 2, signed: bool = False) -> None:
        super().__init__(signed)
        self.size = size

    def rows(self, n: int) -> int:
        """One number a set."""
        return n // (self.size or n)

    def active(
        self, u: Float[Tensor, "inst rows batch"], density: Float[Tensor, "inst feat"]
    ) -> Bool[Tensor, "inst feat batch"]:
        """Those whose density exceeds their set's number."""
        return u.repeat_interleave(self.size or density.shape[1], 1) < density[..., None]

    def together(self, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "inst feat feat"]:
        """Probability that both of two features are active."""
        p, q = density[:, :, None], density[:, None]
        label = self.sets(density.shape[1])
        return torch.where(label[:, None] == label, torch.minimum(p, q), p * q)
