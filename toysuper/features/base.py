"""What every distribution of features owes."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from toysuper.errors import UserError

Draw = Callable[[int], Int[Tensor, "inst rows batch"]]


class Features(ABC):
    """A distribution over sparse feature vectors.

    A subclass turns random bits into features and keeps no state. ``draw(rows)`` gives 32 random
    bits for every (instance, row, sample); ask once, for as many rows as needed.

    Where features are not independent and U[0, 1] when active, it also says its ``moments`` and
    :meth:`together`, from which the pairwise correlation follows.
    """

    moments: tuple[float, float] = (1 / 2, 1 / 3)
    """Mean and mean square of an active feature's magnitude."""
    signed: bool = False
    """Whether active features have a random sign."""
    sparse_uniform: bool = False
    """Whether features are independent and U[0, 1] when active."""
    size: int | None = 1
    """Consecutive features that form a set; None takes all of them."""

    def prepare(self, n: int, samples: int) -> int:
        """Make what depends on these sizes; answers how many columns a batch has."""
        if self.size is not None and (self.size < 1 or n % self.size):
            raise UserError(
                f"features.size is {self.size}; it must be at least 1 and divide data.n, here {n}"
            )
        return samples

    def least(self, n: int) -> int:
        """How many samples a batch of n features has at least."""
        return 1

    def check(self, density: Float[Tensor, "inst feat"]) -> None:  # noqa: B027 - most have any
        """Refuse densities that the distribution cannot have."""

    def sets(self, n: int) -> Int[Tensor, " feat"]:
        """Which set each of n features belongs to."""
        return torch.arange(n) // (self.size or n)

    def columns(
        self, draw: Draw, density: Float[Tensor, "inst feat"]
    ) -> tuple[Float[Tensor, "..."], Float[Tensor, "..."]]:
        """Features ``(inst, feat, batch)`` and the weight of each column in an expectation."""
        x = self.sample(draw, density)
        return x, torch.full((1, x.shape[-1]), 1 / x.shape[-1], dtype=x.dtype, device=x.device)

    @abstractmethod
    def sample(self, draw: Draw, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "..."]:
        """Features ``(inst, feat, batch)`` whose marginal density is ``density``."""

    def together(self, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "inst feat feat"]:
        """Probability that both of two features are active, for i != j."""
        return density[:, :, None] * density[:, None]

    def correlation(self, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "inst feat feat"]:
        r"""Pearson correlation of every two features.

        .. math:: \rho_{ij} = \frac{\mu^2 (P_{ij} - p_i p_j)}{\sigma_i \sigma_j}, \qquad
                  \sigma_i^2 = s p_i - \mu^2 p_i^2

        with P of :meth:`together` and an active magnitude's mean :math:`\mu` (0 if signed) and
        mean square s.
        """
        mean, square = self.moments
        mean = 0.0 if self.signed else mean
        spread = (square * density - mean**2 * density**2).sqrt()
        excess = mean**2 * (self.together(density) - density[:, :, None] * density[:, None])
        same = torch.eye(density.shape[1], dtype=torch.bool, device=density.device)
        return torch.where(same, 1, excess / (spread[:, :, None] * spread[:, None]))
