"""Independent features with heavy-tailed magnitudes."""

from jaxtyping import Float
from torch import Tensor

from toysuper.errors import UserError
from toysuper.features.base import Draw, Features
from toysuper.functional.sampling import sparse_power_law


class SparsePowerLaw(Features):
    r"""Independent features that are zero with probability 1 - p and Pareto-distributed otherwise.

    An active magnitude x has :math:`P(x > t) = (s / t)^a` for t above s.

    Args:
        exponent: a, the exponent of the tail.
        scale: s, the smallest magnitude.
        signed: give each value a random sign.

    Raises:
        UserError: the exponent is at most 2, where the expected loss is infinite, or the scale is
            not above 0.

    >>> SparsePowerLaw(exponent=3.0).moments
    (1.5, 3.0)
    """

    def __init__(self, exponent: float = 3.0, scale: float = 1.0, signed: bool = False) -> None:
        if not (exponent > 2 and scale > 0):
            raise UserError(
                f"features.exponent is {exponent} and scale {scale}; use an exponent above 2, or "
                "the expected loss is infinite, and a scale above 0"
            )
        self.exponent, self.scale, self.signed = exponent, scale, signed
        self.moments = (
            scale * exponent / (exponent - 1),
            scale**2 * exponent / (exponent - 2),
        )

    def sample(self, draw: Draw, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "..."]:
        """Compute features ``(inst, feat, batch)``, see :meth:`Features.sample`."""
        random_bits = draw(density.shape[1])
        return self.scale * sparse_power_law(random_bits, density, self.exponent, self.signed)
