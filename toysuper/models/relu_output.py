"""The paper's main model: linear compression, then an activation on the output."""

from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from toysuper.models.base import ToyModel


class ReLUOutputModel(ToyModel):
    r"""Tied autoencoder with an activation on its output, :math:`x' = g(W^\top W x + b)`.

    ``activation`` names g: ``relu``, ``gelu``, ``identity``, ``quadratic``, any elementwise
    function of torch or a dotted path. A grid axis ``activation`` sets it per instance. Without
    ``bias`` b stays 0.

    Source: the paper's section "Demonstrating Superposition". See :class:`ToyModel` for the other
    arguments.

    >>> import torch
    >>> model = ReLUOutputModel(n=5, grid={"activation": ["identity", "relu"]}, hidden=2)
    >>> model(-torch.ones(2, 5, 3))[1].min() >= 0
    tensor(True)
    """

    def __init__(
        self, *args: Any, activation: str = "relu", bias: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.W = self.weights("W", self.hidden, self.n)
        b = self.zeros(self.n)
        self.b = b if bias else nn.Buffer(b.detach())
        self.activation, self.g = self.functions("activation", activation)

    def forward(self, x: Float[Tensor, "inst feat batch"]) -> Float[Tensor, "inst feat batch"]:
        """Reconstruct the features."""
        return self.g(self.W.mT @ (self.W @ x) + self.b[..., None])
