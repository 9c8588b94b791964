"""A model that computes any function of the features."""

from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from toysuper.models.base import ToyModel


class ComputationModel(ToyModel):
    r"""One hidden layer of neurons for any target, :math:`y' = g(W_2 f(W_1 x + c) + b)`.

    The target is ``data.task``. W is :math:`W_1` and V is :math:`W_2^\top`, not tied to it; there
    may be more neurons than features. ``hidden_activation`` names f and ``activation`` g; grid
    axes of these names set them per instance. Without ``hidden_bias`` c stays 0.

    Source: generalises the paper's section "Computation in Superposition". See :class:`ToyModel`
    for the other arguments.

    >>> import torch
    >>> model = ComputationModel(n=3, grid=None, hidden=6, activation="identity")
    >>> model(torch.ones(1, 3, 5)).shape
    torch.Size([1, 3, 5])
    """

    compresses = False

    def __init__(
        self,
        *args: Any,
        hidden_activation: str = "relu",
        activation: str = "relu",
        hidden_bias: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.W = self.weights("W", self.hidden, self.n)
        self.V = self.weights("V", self.hidden, self.n)
        self.b, c = self.zeros(self.n), self.zeros(self.hidden)
        self.c = c if hidden_bias else nn.Buffer(c.detach())
        self.hidden_activation, self.f = self.functions("hidden_activation", hidden_activation)
        self.activation, self.g = self.functions("activation", activation)

    @property
    def decoder(self) -> Tensor:
        """V."""
        return self.V

    @property
    def hidden_bias(self) -> Tensor:
        """The letter c of the formula."""
        return self.c

    def forward(self, x: Float[Tensor, "inst feat batch"]) -> Float[Tensor, "inst feat batch"]:
        """Compute the target."""
        return self.g(self.V.mT @ self.f(self.W @ x + self.c[..., None]) + self.b[..., None])
