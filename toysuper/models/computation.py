"""A model that computes any function of the features."""

from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from toysuper.models.base import ToyModel


class ComputationModel(ToyModel):
    r"""One hidden layer of neurons for any target, :math:`y' = g(W_2 f(W_1 x + c) + b)`.

    The target is ``data.task``. W is :math:`W_1` and V is :math:`W_2^\top`, not tied to it; there
    may be more neurons than features.

    Source: generalises `Computation in Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#computation>`_.

    Args:
        args: see :class:`ToyModel`.
        hidden_activation: f by name; a grid axis of this name sets it per instance.
        activation: g by name; a grid axis of this name sets it per instance.
        hidden_bias: whether c is learnt; it is 0 otherwise.
        kwargs: see :class:`ToyModel`.

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
        self.V = self.weights("V", self.hidden, self.n)
        c = self.zeros(self.hidden)
        self.c = c if hidden_bias else nn.Buffer(c.detach())
        self.hidden_activation, self.f = self.per_instance_functions(
            "hidden_activation", hidden_activation
        )
        self.activation, self.g = self.per_instance_functions("activation", activation)

    @property
    def decoder(self) -> Tensor:
        """V."""
        return self.V

    @property
    def hidden_bias(self) -> Tensor:
        """The bias c."""
        return self.c

    def encode(self, x: Float[Tensor, "inst feat batch"]) -> Float[Tensor, "inst hidden batch"]:
        """Compute the neurons, f(W x + c)."""
        return self.f(self.W @ x + self.c[..., None])

    def forward(self, x: Float[Tensor, "inst feat batch"]) -> Float[Tensor, "inst feat batch"]:
        """Compute the target."""
        return self.g(self.V.mT @ self.encode(x) + self.b[..., None])
