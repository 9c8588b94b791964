"""Features whose activity follows correlated normal numbers."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from toysuper.errors import UserError
from toysuper.features.gated import Gated
from toysuper.functional.quadrature import gauss


class GaussianCopula(Gated):
    r"""Feature i is active where :math:`z_i < \Phi^{-1}(p_i)`, z normal with correlation r.

    r is ``strength``, 0 (independent) to 1 (all together), within consecutive sets of ``size``
    features, without ``size`` of all. Marginal density p_i. Two features of a set are both active
    with the bivariate normal probability
    :math:`P_{ij} = \Phi_2(\Phi^{-1}(p_i), \Phi^{-1}(p_j); r)`, so correlate by
    :math:`(P_{ij} - p_i p_j) / 4 \sigma_i \sigma_j`; values are independent.

    Raises:
        UserError: the strength is not in [0, 1].

    >>> half = torch.full((1, 2), 0.5)  # there it is 1/4 + asin(r) / 2 pi
    >>> round(float(GaussianCopula(0.5).together(half)[0, 0, 1]), 4)
    0.3333
    """

    def __init__(
        self, strength: float = 0.5, size: int | None = None, signed: bool = False
    ) -> None:
        super().__init__(signed)
        if not 0 <= strength <= 1:
            raise UserError(f"features.strength is {strength}; a correlation here is in [0, 1]")
        self.strength, self.size = strength, size

    def rows(self, n: int) -> int:
        """One number a feature, and one a set."""
        return n + n // (self.size or n)

    def active(
        self, u: Float[Tensor, "inst rows batch"], density: Float[Tensor, "inst feat"]
    ) -> Bool[Tensor, "inst feat batch"]:
        """Those whose normal number lies below its threshold."""
        n = density.shape[1]
        z = _quantile(u)
        common = z[:, n:].repeat_interleave(self.size or n, 1)
        own = z[:, :n] * math.sqrt(1 - self.strength)
        return common * math.sqrt(self.strength) + own < _quantile(density)[..., None]

    def together(self, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "inst feat feat"]:
        """Probability that both of two features are active."""
        label = self.sets(density.shape[1])
        both = both_below(density[:, :, None], density[:, None], self.strength)
        return torch.where(label[:, None] == label, both, super().together(density))


def _quantile(u: Tensor) -> Tensor:
    return math.sqrt(2) * torch.erfinv(2 * u - 1)


def both_below(p: Tensor, q: Tensor, r: float, nodes: int = 64) -> Tensor:
    r"""Bivariate normal probability :math:`\Phi_2(\Phi^{-1}(p), \Phi^{-1}(q); r)`.

    Plackett's integral, :math:`p q + \frac{1}{2\pi} \int_0^{\arcsin r}
    \exp\!\left(-\frac{h^2 + k^2 - 2 h k \sin t}{2 \cos^2 t}\right) dt`, by a Gauss-Legendre rule.

    >>> half = torch.tensor(0.5)
    >>> round(float(both_below(half, half, 1.0)), 3)  # always together
    0.5
    """
    h, k = (_quantile(v.clamp(max=1 - 1e-7)) for v in (p, q))
    total = torch.zeros_like(h * k)
    for t, weight in zip(*gauss(nodes), strict=True):
        angle = t * math.asin(r)
        sine, cosine = math.sin(angle), math.cos(angle)
        total += weight * torch.exp(-(h**2 + k**2 - 2 * h * k * sine) / (2 * cosine**2))
    return p * q + total * math.asin(r) / (2 * math.pi)
