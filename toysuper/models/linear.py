"""The linear model, which never uses superposition."""

from jaxtyping import Float
from torch import Tensor

from toysuper.models.base import ToyModel


class LinearModel(ToyModel):
    r"""Tied linear autoencoder, :math:`x' = W^\top W x + b`.

    Source: `Demonstrating Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#demonstrating>`_. Arguments are
    those of :class:`ToyModel`.

    >>> import torch
    >>> model = LinearModel(n=5, grid={"density": [1.0, 0.1]}, hidden=2)
    >>> model(torch.ones(2, 5, 3)).shape
    torch.Size([2, 5, 3])
    """

    activation = hidden_activation = ("identity",)

    def forward(self, x: Float[Tensor, "inst feat batch"]) -> Float[Tensor, "inst feat batch"]:
        """Reconstruct the features."""
        return self.W.mT @ (self.W @ x) + self.b[..., None]
