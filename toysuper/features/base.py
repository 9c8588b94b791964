"""The interface of all distributions of features."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from toysuper.errors import UserError

Draw = Callable[[int], Int[Tensor, "inst rows batch"]]


class Features(ABC):
    """A distribution over sparse feature vectors.

    A subclass computes features from random bits in :meth:`sample` and keeps no state.
    ``draw(rows)`` returns 32 random bits for each (instance, row, sample), and the same bits at
    each call: call it once, for as many rows as needed.

    Where features are not independent and U[0, 1] when active, a subclass also defines
    ``moments`` and :meth:`joint_density`, which determine the correlations.
    """

    moments: tuple[float, float] = (1 / 2, 1 / 3)
    """Mean and mean square of an active feature's magnitude."""
    signed: bool = False
    """Whether active features have a random sign."""
    sparse_uniform: bool = False
    """Whether features are independent and U[0, 1] when active."""
    size: int | None = 1
    """Number of consecutive features that form a set; None puts all features into one set."""

    def prepare(self, n: int, samples: int) -> int:
        """Make what depends on these sizes, before the first batch.

        Args:
            n: number of features.
            samples: random samples in a batch.

        Returns:
            The number of columns in a batch.

        Raises:
            UserError: the size of a set does not divide n.
        """
        if self.size is not None and (self.size < 1 or n % self.size):
            raise UserError(
                f"features.size is {self.size}; it must be at least 1 and divide data.n, "
                f"which is {n}"
            )
        return samples

    def min_samples(self, n: int) -> int:
        """Return how many samples a batch of n features needs at least."""
        return 1

    def check_density(self, density: Float[Tensor, "inst feat"]) -> None:  # noqa: B027 - optional
        """Raise a UserError if the distribution cannot have these densities."""

    def set_index(self, n: int) -> Int[Tensor, " feat"]:
        """Return the index of the set that each of n features belongs to."""
        return torch.arange(n) // (self.size or n)

    def weighted_samples(
        self, draw: Draw, density: Float[Tensor, "inst feat"]
    ) -> tuple[Float[Tensor, "..."], Float[Tensor, "..."]]:
        """Compute samples and their weights in an expectation.

        Args:
            draw: source of random bits, from a number of rows.
            density: probability that a feature is active.

        Returns:
            Features ``(inst, feat, batch)`` and weights ``(inst or 1, batch)`` that sum to 1.
        """
        x = self.sample(draw, density)
        return x, torch.full((1, x.shape[-1]), 1 / x.shape[-1], dtype=x.dtype, device=x.device)

    @abstractmethod
    def sample(self, draw: Draw, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "..."]:
        """Compute features ``(inst, feat, batch)`` whose marginal density is ``density``.

        Args:
            draw: source of random bits, from a number of rows.
            density: probability that a feature is active.
        """

    def joint_density(self, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "inst feat feat"]:
        """Compute the probability that two features i != j are both active."""
        return density[:, :, None] * density[:, None]

    def correlation(self, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "inst feat feat"]:
        r"""Compute the Pearson correlation of each pair of features.

        .. math:: \rho_{ij} = \frac{\mu^2 (P_{ij} - p_i p_j)}{\sigma_i \sigma_j}, \qquad
                  \sigma_i^2 = s p_i - \mu^2 p_i^2

        where P is :meth:`joint_density`, :math:`\mu` the mean of an active feature (0 if signed)
        and s its mean square.
        """
        mean, square = self.moments
        mean = 0.0 if self.signed else mean
        deviation = (square * density - mean**2 * density**2).sqrt()
        excess = mean**2 * (self.joint_density(density) - density[:, :, None] * density[:, None])
        diagonal = torch.eye(density.shape[1], dtype=torch.bool, device=density.device)
        return torch.where(diagonal, 1, excess / (deviation[:, :, None] * deviation[:, None]))
