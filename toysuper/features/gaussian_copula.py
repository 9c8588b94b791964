"""Features whose activity depends on correlated normal numbers."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from toysuper.errors import UserError
from toysuper.features.gated import Gated
from toysuper.functional.quadrature import gauss


class GaussianCopula(Gated):
    r"""Features of which i is active where :math:`z_i < \Phi^{-1}(p_i)`, for correlated normal z.

    Two features of a set are both active with the bivariate normal probability
    :math:`P_{ij} = \Phi_2(\Phi^{-1}(p_i), \Phi^{-1}(p_j); r)`, so they correlate by
    :math:`(P_{ij} - p_i p_j) / 4 \sigma_i \sigma_j`. Values are independent of each other, and so
    are sets.

    Args:
        strength: correlation r of the normal numbers in a set, from 0 (independent features) to 1
            (features of equal density are active at the same time).
        size: features in a set; None puts all features into one set.
        signed: make active features U[-1, 1].

    Raises:
        UserError: the strength is not in [0, 1].

    >>> half = torch.full((1, 2), 0.5)  # both are active with probability 1/4 + asin(r) / 2 pi
    >>> round(float(GaussianCopula(0.5).joint_density(half)[0, 0, 1]), 4)
    0.3333
    """

    def __init__(
        self, strength: float = 0.5, size: int | None = None, signed: bool = False
    ) -> None:
        super().__init__(signed)
        if not 0 <= strength <= 1:
            raise UserError(f"features.strength is {strength}; this correlation must be in [0, 1]")
        self.strength, self.size = strength, size

    def rows(self, n: int) -> int:
        """Return one uniform number for each feature and one for each set."""
        return n + n // (self.size or n)

    def active(
        self, u: Float[Tensor, "inst rows batch"], density: Float[Tensor, "inst feat"]
    ) -> Bool[Tensor, "inst feat batch"]:
        """Compute which features have a normal number below their threshold.

        Args:
            u: uniform numbers, first one for each feature, then one for each set.
            density: probability that a feature is active.
        """
        n = density.shape[1]
        z = _quantile(u)
        common = z[:, n:].repeat_interleave(self.size or n, 1)
        individual = z[:, :n] * math.sqrt(1 - self.strength)
        return common * math.sqrt(self.strength) + individual < _quantile(density)[..., None]

    def joint_density(self, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "inst feat feat"]:
        """Compute the probability that two features i != j are both active."""
        index = self.set_index(density.shape[1])
        both = both_below(density[:, :, None], density[:, None], self.strength)
        return torch.where(index[:, None] == index, both, super().joint_density(density))


def _quantile(u: Tensor) -> Tensor:
    return math.sqrt(2) * torch.erfinv(2 * u - 1)


def both_below(p: Tensor, q: Tensor, r: float, nodes: int = 64) -> Tensor:
    r"""Compute the bivariate normal probability :math:`\Phi_2(\Phi^{-1}(p), \Phi^{-1}(q); r)`.

    .. math:: \Phi_2 = p q + \frac{1}{2\pi} \int_0^{\arcsin r}
              \exp\!\left(-\frac{h^2 + k^2 - 2 h k \sin t}{2 \cos^2 t}\right) dt

    with :math:`h = \Phi^{-1}(p)` and :math:`k = \Phi^{-1}(q)`, by a Gauss-Legendre rule.

    Source: Plackett 1954, https://doi.org/10.1093/biomet/41.3-4.351; Drezner & Wesolowsky 1990,
    https://doi.org/10.1080/00949659008811236

    Args:
        p: probability that the first number is below its threshold.
        q: probability that the second number is below its threshold.
        r: correlation of the two numbers, in [0, 1].
        nodes: points of the rule.

    >>> half = torch.tensor(0.5)
    >>> round(float(both_below(half, half, 1.0)), 3)  # both events are the same
    0.5
    """
    h, k = (_quantile(v.clamp(max=1 - 1e-7)) for v in (p, q))
    total = torch.zeros_like(h * k)
    for t, weight in zip(*gauss(nodes), strict=True):
        angle = t * math.asin(r)
        sine, cosine = math.sin(angle), math.cos(angle)
        total += weight * torch.exp(-(h**2 + k**2 - 2 * h * k * sine) / (2 * cosine**2))
    return p * q + total * math.asin(r) / (2 * math.pi)
