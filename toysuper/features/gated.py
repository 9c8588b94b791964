"""Features whose values do not depend on which of them are active."""

from abc import abstractmethod

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from toysuper.features.base import Draw, Features
from toysuper.functional.noise import uniform
from toysuper.functional.sampling import with_sign


class Gated(Features):
    """Features that are U[0, 1] when active; a subclass defines which of them are active.

    Args:
        signed: make active features U[-1, 1].
    """

    def __init__(self, signed: bool = False) -> None:
        self.signed = signed

    @abstractmethod
    def active(
        self, u: Float[Tensor, "inst rows batch"], density: Float[Tensor, "inst feat"]
    ) -> Bool[Tensor, "inst feat batch"]:
        """Compute which features are active.

        Args:
            u: uniform numbers, ``rows(n)`` for each sample.
            density: probability that a feature is active.
        """

    def rows(self, n: int) -> int:
        """Return how many uniform numbers decide which of n features are active."""
        return n

    def sample(self, draw: Draw, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "..."]:
        """Compute features ``(inst, feat, batch)``, see :meth:`Features.sample`."""
        n = density.shape[1]
        random_bits = draw(n + self.rows(n))
        active = self.active(uniform(random_bits[:, n:], density.dtype), density)
        value_bits = random_bits[:, :n]
        values = with_sign(value_bits, 1 - uniform(value_bits, density.dtype), self.signed)
        return torch.where(active, values, 0)
