"""Independent features with heavy-tailed magnitudes."""

from jaxtyping import Float
from torch import Tensor

from toysuper.errors import UserError
from toysuper.features.base import Draw, Features
from toysuper.functional.sampling import sparse_power_law


class SparsePowerLaw(Features):
    r"""Zero with probability 1 - p, else Pareto: :math:`P(x > t) = (s / t)^a` for t above s.

    s is ``scale``, the least magnitude, and a is ``exponent``. Marginal density p; features are
    independent, so their correlation is 0.

    Raises:
        UserError: the exponent is at most 2, where the expected loss is infinite.

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
        """Features ``(inst, feat, batch)``."""
        bits = draw(density.shape[1])
        return self.scale * sparse_power_law(bits, density, self.exponent, self.signed)
