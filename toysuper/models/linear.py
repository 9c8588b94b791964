"""The linear model, which never uses superposition."""

from typing import Any

from jaxtyping import Float
from torch import Tensor

from toysuper.models.base import ToyModel


class LinearModel(ToyModel):
    r"""Tied linear autoencoder, :math:`x' = W^\top W x + b`.

    Source: the paper's section "Demonstrating Superposition". See :class:`ToyModel` for the other
    arguments.

    >>> import torch
    >>> model = LinearModel(n=5, grid={"density": [1.0, 0.1]}, hidden=2)
    >>> model(torch.ones(2, 5, 3)).shape
    torch.Size([2, 5, 3])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.W = self.weights("W", self.hidden, self.n)
        self.b = self.zeros(self.n)

    def forward(self, x: Float[Tensor, "inst feat batch"]) -> Float[Tensor, "inst feat batch"]:
        """Reconstruct the features."""
        return self.W.mT @ (self.W @ x) + self.b[..., None]
