"""The paper's main model: linear compression, then an activation on the output."""

from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from toysuper.models.base import ToyModel


class ReLUOutputModel(ToyModel):
    r"""Tied autoencoder with an activation on its output, :math:`x' = g(W^\top W x + b)`.

    Source: `Demonstrating Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#demonstrating>`_.

    Args:
        args: see :class:`ToyModel`.
        activation: g by name: ``relu``, ``gelu``, ``identity``, ``quadratic``, any elementwise
            function of torch, or a dotted path; a grid axis ``activation`` sets it per instance.
        bias: whether b is learnt; it is 0 otherwise.
        kwargs: see :class:`ToyModel`.

    >>> import torch
    >>> model = ReLUOutputModel(n=5, grid={"activation": ["identity", "relu"]}, hidden=2)
    >>> model(-torch.ones(2, 5, 3))[1].min() >= 0
    tensor(True)
    """

    hidden_activation = ("identity",)

    def __init__(
        self, *args: Any, activation: str = "relu", bias: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if not bias:
            b = self.b.detach()
            del self.b
            self.b = nn.Buffer(b)
        self.activation, self.g = self.per_instance_functions("activation", activation)

    def forward(self, x: Float[Tensor, "inst feat batch"]) -> Float[Tensor, "inst feat batch"]:
        """Reconstruct the features."""
        return self.g(self.W.mT @ (self.W @ x) + self.b[..., None])
