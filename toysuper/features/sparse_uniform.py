"""The paper's features: independent, usually zero, otherwise uniform."""

from jaxtyping import Float
from torch import Tensor

from toysuper.features.base import Draw, Features
from toysuper.functional.sampling import sparse_uniform


class SparseUniform(Features):
    """Zero with probability 1 - p, else U[0, 1]; with ``signed``, else U[-1, 1].

    Marginal density p; features are independent.
    Source: the paper's section "Demonstrating Superposition".
    """

    def __init__(self, signed: bool = False) -> None:
        self.signed, self.sparse_uniform = signed, not signed

    def sample(self, draw: Draw, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "..."]:
        """Features ``(inst, feat, batch)``."""
        return sparse_uniform(draw(density.shape[-1]), density, self.signed)
