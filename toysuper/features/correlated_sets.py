"""Features that are active at the same time."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from toysuper.features.gated import Gated


class CorrelatedSets(Gated):
    r"""Consecutive features in sets; one random number activates all features of a set.

    Two members of a set are both active with probability :math:`\min(p_i, p_j)`. Members of equal
    density p are always active at the same time and correlate by :math:`3 (1 - p) / (4 - 3p)`.
    Values are independent of each other, and so are sets.

    Source: `The Geometry of Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_, correlated features.

    Args:
        size: features in a set; None puts all features into one set.
        signed: make active features U[-1, 1].

    >>> round(float(CorrelatedSets(2).correlation(torch.full((1, 4), 0.1))[0, 0, 1]), 3)
    0.73
    """

    def __init__(self, size: int | None = 2, signed: bool = False) -> None:
        super().__init__(signed)
        self.size = size

    def rows(self, n: int) -> int:
        """Return one uniform number for each set."""
        return n // (self.size or n)

    def active(
        self, u: Float[Tensor, "inst rows batch"], density: Float[Tensor, "inst feat"]
    ) -> Bool[Tensor, "inst feat batch"]:
        """Compute which features have a density above the number of their set.

        Args:
            u: uniform numbers, one for each set.
            density: probability that a feature is active.
        """
        return u.repeat_interleave(self.size or density.shape[1], 1) < density[..., None]

    def joint_density(self, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "inst feat feat"]:
        """Compute the probability that two features i != j are both active."""
        p, q = density[:, :, None], density[:, None]
        index = self.set_index(density.shape[1])
        return torch.where(index[:, None] == index, torch.minimum(p, q), p * q)
