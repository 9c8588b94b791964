"""Features that are never active at the same time."""

import torch
from jaxtyping import Float
from torch import Tensor

from toysuper.errors import UserError
from toysuper.features.base import Draw, Features
from toysuper.functional.noise import uniform
from toysuper.functional.sampling import with_sign


class AnticorrelatedSets(Features):
    r"""Consecutive features in sets; at most one feature of a set is active at a time.

    A set of k features of equal density p is active with probability k p. Then one of them, each
    with the same probability, is U[0, 1]. Members of a set correlate by :math:`-3p / (4 - 3p)`.
    Sets are independent.

    Source: `The Geometry of Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_, anticorrelated
    features.

    Args:
        size: features in a set; None puts all features into one set.
        signed: make active features U[-1, 1].

    Raises:
        UserError: the densities of a set sum to more than 1.

    >>> round(float(AnticorrelatedSets(2).correlation(torch.full((1, 4), 0.1))[0, 0, 1]), 3)
    -0.081
    """

    def __init__(self, size: int | None = 2, signed: bool = False) -> None:
        self.size, self.signed = size, signed

    def check_density(self, density: Float[Tensor, "inst feat"]) -> None:
        """Raise a UserError if the densities of a set sum to more than 1."""
        largest = float(self._by_set(density).sum(-1).max())
        if largest > 1 + 1e-6:
            raise UserError(
                f"the densities of a set sum to {largest:.4g}, but at most one of its features is "
                "active at a time; lower data.density so that they sum to at most 1"
            )

    def sample(self, draw: Draw, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "..."]:
        """Compute features ``(inst, feat, batch)``, see :meth:`Features.sample`.

        Each set has one uniform number, and each feature an interval of length p. The feature
        whose interval contains the number is active, and the position inside is its value.
        """
        by_set = self._by_set(density)
        random_bits = draw(by_set.shape[1])
        u = uniform(random_bits, density.dtype)[:, :, None]
        start = (by_set.cumsum(-1) - by_set)[..., None]
        position = (u - start) / by_set[..., None]
        x = torch.where((position >= 0) & (position < 1), 1 - position, 0)
        return with_sign(random_bits[:, :, None], x, self.signed).flatten(1, 2)

    def joint_density(self, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "inst feat feat"]:
        """Compute the probability that two features i != j are both active."""
        index = self.set_index(density.shape[1])
        return torch.where(index[:, None] == index, 0, super().joint_density(density))

    def _by_set(self, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "inst sets size"]:
        return density.unflatten(1, (-1, self.size or density.shape[1]))
