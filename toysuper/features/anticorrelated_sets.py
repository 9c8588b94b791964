"""Features that are never active together."""

import torch
from jaxtyping import Float
from torch import Tensor

from toysuper.errors import UserError
from toysuper.features.base import Draw, Features
from toysuper.functional.noise import uniform
from toysuper.functional.sampling import with_sign


class AnticorrelatedSets(Features):
    r"""Consecutive features in sets of ``size``, at most one of a set active at a time.

    Marginal density p_i: a set of k equal features is active with probability k p, and then one
    of them, chosen evenly, is U[0, 1]. Members of a set are never active together and correlate
    by :math:`-3p / (4 - 3p)`. Sets are independent.

    Source: the paper's section "The Geometry of Superposition", anticorrelated features.

    Raises:
        UserError: the densities of a set sum to more than 1.

    >>> round(float(AnticorrelatedSets(2).correlation(torch.full((1, 4), 0.1))[0, 0, 1]), 3)
    -0.081
    """

    def __init__(self, size: int | None = 2, signed: bool = False) -> None:
        self.size, self.signed = size, signed

    def check(self, density: Float[Tensor, "inst feat"]) -> None:
        """A set is active with at most probability 1."""
        most = float(self._by_set(density).sum(-1).max())
        if most > 1 + 1e-6:
            raise UserError(
                f"the densities of a set sum to {most:.4g}, but at most one of its features is "
                "active at a time; lower data.density so that they sum to at most 1"
            )

    def sample(self, draw: Draw, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "..."]:
        """Features ``(inst, feat, batch)``: each owns an interval of its set's number."""
        by_set = self._by_set(density)
        random_bits = draw(by_set.shape[1])
        u = uniform(random_bits, density.dtype)[:, :, None]
        start = (by_set.cumsum(-1) - by_set)[..., None]
        place = (u - start) / by_set[..., None]
        x = torch.where((place >= 0) & (place < 1), 1 - place, 0)
        return with_sign(random_bits[:, :, None], x, self.signed).flatten(1, 2)

    def together(self, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "inst feat feat"]:
        """Probability that both of two features are active."""
        label = self.sets(density.shape[1])
        return torch.where(label[:, None] == label, 0, super().together(density))

    def _by_set(self, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "inst sets size"]:
        return density.unflatten(1, (-1, self.size or density.shape[1]))
