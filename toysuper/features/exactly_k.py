"""Features of which always the same number is active."""

from jaxtyping import Bool, Float
from torch import Tensor

from toysuper.errors import UserError
from toysuper.features.gated import Gated


class ExactlyK(Gated):
    r"""k = p n of the n features active, every choice of k equally likely.

    Marginal density p = k / n. Two features are both active with probability
    :math:`k (k - 1) / n (n - 1)` and correlate by
    :math:`-3 (1 - p) / ((n - 1)(4 - 3p))`.

    Raises:
        UserError: densities of an instance differ, or p n is no whole number.

    >>> import torch
    >>> round(float(ExactlyK().together(torch.full((1, 4), 0.5))[0, 0, 1]), 3)
    0.167
    """

    def check(self, density: Float[Tensor, "inst feat"]) -> None:
        """One density an instance, a whole number of features."""
        n = density.shape[1]
        k = density[:, :1] * n
        wrong = (density != density[:, :1]) | ((k - k.round()).abs() > 1e-3) | (k < 0.5)
        if bool(wrong.any()):
            value = float(density[wrong][0])
            raise UserError(
                f"data.density holds {value:.4g}; ExactlyK needs k / {n} for a whole k >= 1, "
                "the same for all features of an instance"
            )

    def active(
        self, u: Float[Tensor, "inst rows batch"], density: Float[Tensor, "inst feat"]
    ) -> Bool[Tensor, "inst feat batch"]:
        """The k with the smallest numbers."""
        k = (density[:, :1, None] * density.shape[1]).round()
        return u.argsort(1).argsort(1) < k

    def together(self, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "inst feat feat"]:
        """Probability that both of two features are active."""
        n = density.shape[1]
        p = density[:, :, None] + 0 * density[:, None]
        return p * (p * n - 1) / max(1, n - 1)
