"""The paper's model with a privileged basis: an activation on the hidden layer, too."""

from typing import Any

from jaxtyping import Float
from torch import Tensor

from toysuper.models.base import ToyModel


class ReLUHiddenModel(ToyModel):
    r"""Tied autoencoder whose hidden layer has neurons, :math:`x' = g(W^\top f(W x) + b)`.

    ``hidden_activation`` names f and ``activation`` g, as in :class:`ReLUOutputModel`; grid axes of
    these names set them per instance. With ``hidden_activation: identity`` it is that model, the
    comparison without a privileged basis. Hidden units have no bias: with one they would become
    linear.

    Source: the paper's section "Superposition in a Privileged Basis". See :class:`ToyModel` for
    the other arguments.

    >>> import torch
    >>> model = ReLUHiddenModel(n=5, grid={"density": [1.0, 0.1]}, hidden=2)
    >>> model(torch.ones(2, 5, 3)).shape
    torch.Size([2, 5, 3])
    """

    def __init__(
        self,
        *args: Any,
        hidden_activation: str = "relu",
        activation: str = "relu",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.W = self.weights("W", self.hidden, self.n)
        self.b = self.zeros(self.n)
        self.hidden_activation, self.f = self.functions("hidden_activation", hidden_activation)
        self.activation, self.g = self.functions("activation", activation)

    def forward(self, x: Float[Tensor, "inst feat batch"]) -> Float[Tensor, "inst feat batch"]:
        """Reconstruct the features."""
        return self.g(self.W.mT @ self.f(self.W @ x) + self.b[..., None])
