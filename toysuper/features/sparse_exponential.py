"""Independent features with exponential magnitudes."""

from jaxtyping import Float
from torch import Tensor

from toysuper.errors import UserError
from toysuper.features.base import Draw, Features
from toysuper.functional.sampling import sparse_exponential


class SparseExponential(Features):
    """Independent features that are zero with probability 1 - p and exponential otherwise.

    Args:
        scale: mean magnitude of an active feature.
        signed: give each value a random sign, which makes active features Laplace-distributed.

    Raises:
        UserError: the scale is not above 0.

    >>> SparseExponential(scale=0.5).moments
    (0.5, 0.5)
    """

    def __init__(self, scale: float = 1.0, signed: bool = False) -> None:
        if not scale > 0:
            raise UserError(f"features.scale is {scale}; a mean magnitude must be above 0")
        self.scale, self.signed = scale, signed
        self.moments = (scale, 2 * scale**2)

    def sample(self, draw: Draw, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "..."]:
        """Compute features ``(inst, feat, batch)``, see :meth:`Features.sample`."""
        return self.scale * sparse_exponential(draw(density.shape[1]), density, self.signed)
