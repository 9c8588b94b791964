"""Features of which always the same number is active."""

from jaxtyping import Bool, Float
from torch import Tensor

from toysuper.errors import UserError
from toysuper.features.gated import Gated


class ExactlyK(Gated):
    r"""Features of which exactly k = p n are active, with equal probability for each choice of k.

    Two features are both active with probability :math:`k (k - 1) / n (n - 1)` and correlate by
    :math:`-3 (1 - p) / ((n - 1)(4 - 3p))`.

    Args:
        signed: make active features U[-1, 1].

    Raises:
        UserError: the densities of an instance differ, or p n is not an integer of at least 1.

    >>> import torch
    >>> round(float(ExactlyK().joint_density(torch.full((1, 4), 0.5))[0, 0, 1]), 3)
    0.167
    """

    def check_density(self, density: Float[Tensor, "inst feat"]) -> None:
        """Raise a UserError if densities of an instance differ or are not k / n."""
        n = density.shape[1]
        k = density[:, :1] * n
        wrong = (density != density[:, :1]) | ((k - k.round()).abs() > 1e-3) | (k < 0.5)
        if bool(wrong.any()):
            raise UserError(
                f"data.density contains {float(density[wrong][0]):.4g}; ExactlyK needs k / {n} for "
                "an integer k >= 1, the same for all features of an instance"
            )

    def active(
        self, u: Float[Tensor, "inst rows batch"], density: Float[Tensor, "inst feat"]
    ) -> Bool[Tensor, "inst feat batch"]:
        """Compute which features have the k smallest numbers.

        Args:
            u: uniform numbers, one for each feature.
            density: probability that a feature is active.
        """
        k = (density[:, :1, None] * density.shape[1]).round()
        return u.argsort(1).argsort(1) < k

    def joint_density(self, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "inst feat feat"]:
        """Compute the probability that two features i != j are both active."""
        n = density.shape[1]
        p = density[:, :, None].expand(-1, -1, n)
        return p * (p * n - 1) / max(1, n - 1)
