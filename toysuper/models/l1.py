"""The paper's main model with a price on hidden activity, which drives superposition out."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from toysuper.models.base import ToyModel
from toysuper.snapshot import Batch


class L1Model(ToyModel):
    r"""ReLU-output model trained on :math:`L + \lambda\, E \|h\|_1`, with :math:`h = W x`.

    ``l1`` is :math:`\lambda`; a grid axis ``l1`` sets it per instance. Validation reports the
    loss L alone.

    Source: the paper's section "The Strategic Picture of Superposition". See :class:`ToyModel` for
    the other arguments.

    >>> L1Model(n=5, grid={"l1": [0.0, 0.1]}, hidden=2).l1.flatten()
    tensor([0.0000, 0.1000])
    """

    activation = ("relu",)
    l1: Tensor

    def __init__(self, *args: Any, l1: float = 0.01, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.W = self.weights("W", self.hidden, self.n)
        self.b = self.zeros(self.n)
        self.register_buffer("l1", self.numbers("l1", l1), persistent=False)

    def forward(self, x: Float[Tensor, "inst feat batch"]) -> Float[Tensor, "inst feat batch"]:
        """Reconstruct the features."""
        return torch.relu(self.W.mT @ (self.W @ x) + self.b[..., None])

    def objective(self, batch: Batch) -> Float[Tensor, " inst"]:
        """The expected loss and the price of the hidden activity."""
        activity = (self.W @ batch.features).abs().sum(1)
        return super().objective(batch) + self.l1 * (batch.weight * activity).sum(-1)
