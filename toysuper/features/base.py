"""What every distribution of features owes."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

Draw = Callable[[int], Int[Tensor, "inst rows batch"]]


class Features(ABC):
    """A distribution over sparse feature vectors.

    A subclass turns random bits into features and keeps no state. ``draw(rows)`` gives 32 random
    bits for every (instance, row, sample); ask once, for as many rows as needed.
    """

    def prepare(self, n: int, samples: int) -> int:
        """Make what depends on these sizes; answers how many columns a batch has."""
        return samples

    def columns(
        self, draw: Draw, density: Float[Tensor, "inst feat"]
    ) -> tuple[Float[Tensor, "..."], Float[Tensor, "..."]]:
        """Features ``(inst, feat, batch)`` and the weight of each column in an expectation."""
        x = self.sample(draw, density)
        return x, torch.full((1, x.shape[-1]), 1 / x.shape[-1], dtype=x.dtype, device=x.device)

    @abstractmethod
    def sample(self, draw: Draw, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "..."]:
        """Features ``(inst, feat, batch)`` whose marginal density is ``density``."""
