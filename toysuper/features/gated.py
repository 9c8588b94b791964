"""Features whose values do not depend on which of them are active."""

from abc import abstractmethod

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from toysuper.features.base import Draw, Features
from toysuper.functional.noise import uniform
from toysuper.functional.sampling import with_sign


class Gated(Features):
    """U[0, 1] when active, U[-1, 1] if ``signed``; a subclass says which are active."""

    def __init__(self, signed: bool = False) -> None:
        self.signed = signed

    @abstractmethod
    def active(
        self, u: Float[Tensor, "inst rows batch"], density: Float[Tensor, "inst feat"]
    ) -> Bool[Tensor, "inst feat batch"]:
        """Which features are active, from ``rows(n)`` uniform numbers a sample."""

    def rows(self, n: int) -> int:
        """How many uniform numbers decide which of n features are active."""
        return n

    def sample(self, draw: Draw, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "..."]:
        """Features ``(inst, feat, batch)``."""
        n = density.shape[1]
        random_bits = draw(n + self.rows(n))
        gates, values = random_bits[:, n:], random_bits[:, :n]
        on = self.active(uniform(gates, density.dtype), density)
        return torch.where(
            on, with_sign(values, 1 - uniform(values, density.dtype), self.signed), 0
        )
