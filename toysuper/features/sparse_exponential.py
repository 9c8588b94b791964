"""Independent features with exponential magnitudes."""

from jaxtyping import Float
from torch import Tensor

from toysuper.errors import UserError
from toysuper.features.base import Draw, Features
from toysuper.functional.sampling import sparse_exponential


class SparseExponential(Features):
    """Zero with probability 1 - p, else exponential with mean ``scale``; if ``signed``, Laplace.

    Marginal density p; features are independent, so their correlation is 0.

    >>> SparseExponential(scale=0.5).moments
    (0.5, 0.5)
    """

    def __init__(self, scale: float = 1.0, signed: bool = False) -> None:
        if not scale > 0:
            raise UserError(f"features.scale is {scale}; a mean magnitude is above 0")
        self.scale, self.signed = scale, signed
        self.moments = (scale, 2 * scale**2)

    def sample(self, draw: Draw, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "..."]:
        """Features ``(inst, feat, batch)``."""
        return self.scale * sparse_exponential(draw(density.shape[1]), density, self.signed)
