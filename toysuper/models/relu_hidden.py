"""The paper's model with a privileged basis: an activation on the hidden layer, too."""

from typing import Any

from jaxtyping import Float
from torch import Tensor

from toysuper.models.base import ToyModel


class ReLUHiddenModel(ToyModel):
    r"""Tied autoencoder whose hidden layer has neurons, :math:`x' = g(W^\top f(W x) + b)`.

    With ``hidden_activation: identity`` it is a :class:`ReLUOutputModel`, the comparison without a
    privileged basis. Neurons have no bias: with one they would become linear.

    Source: `Superposition in a Privileged Basis
    <https://transformer-circuits.pub/2022/toy_model/index.html#privileged-basis>`_.

    Args:
        args: see :class:`ToyModel`.
        hidden_activation: f by name; a grid axis of this name sets it per instance.
        activation: g by name; a grid axis of this name sets it per instance.
        kwargs: see :class:`ToyModel`.

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
        self.hidden_activation, self.f = self.per_instance_functions(
            "hidden_activation", hidden_activation
        )
        self.activation, self.g = self.per_instance_functions("activation", activation)

    def encode(self, x: Float[Tensor, "inst feat batch"]) -> Float[Tensor, "inst hidden batch"]:
        """Compute the neurons, f(W x)."""
        return self.f(self.W @ x)

    def forward(self, x: Float[Tensor, "inst feat batch"]) -> Float[Tensor, "inst feat batch"]:
        """Reconstruct the features."""
        return self.g(self.W.mT @ self.encode(x) + self.b[..., None])
