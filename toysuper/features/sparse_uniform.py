"""The paper's features: independent, usually zero, otherwise uniform."""

from jaxtyping import Float
from torch import Tensor

from toysuper.features.base import Draw, Features
from toysuper.functional.sampling import sparse_uniform


class SparseUniform(Features):
    """Independent features that are zero with probability 1 - p and U[0, 1] otherwise.

    Source: `Demonstrating Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#demonstrating>`_.

    Args:
        signed: make active features U[-1, 1].
    """

    def __init__(self, signed: bool = False) -> None:
        self.signed, self.sparse_uniform = signed, not signed

    def sample(self, draw: Draw, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "..."]:
        """Compute features ``(inst, feat, batch)``, see :meth:`Features.sample`."""
        return sparse_uniform(draw(density.shape[-1]), density, self.signed)
