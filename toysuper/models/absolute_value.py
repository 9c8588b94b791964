"""The paper's model that computes: absolute values of signed features."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from toysuper.data.datamodule import SyntheticData
from toysuper.errors import UserError
from toysuper.models.base import ToyModel


class AbsoluteValueModel(ToyModel):
    r"""Absolute values by neurons, :math:`y' = \mathrm{ReLU}(W_2\,\mathrm{ReLU}(W_1 x) + b)`.

    W is :math:`W_1` and V is :math:`W_2^\top`, not tied to it; neurons have no bias, and there may
    be more of them than features. For signed features and the task ``abs``.

    Source: `Computation in Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#computation>`_. Arguments are those
    of :class:`ToyModel`.

    >>> import torch
    >>> model = AbsoluteValueModel(n=3, grid={"density": [1.0, 0.1]}, hidden=6)
    >>> model(torch.ones(2, 3, 5)).shape
    torch.Size([2, 3, 5])
    """

    compresses = False
    hidden_activation = activation = ("relu",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.V = self.weights("V", self.hidden, self.n)

    @property
    def decoder(self) -> Tensor:
        """V."""
        return self.V

    def encode(self, x: Float[Tensor, "inst feat batch"]) -> Float[Tensor, "inst hidden batch"]:
        """Compute the neurons, ReLU(W x)."""
        return torch.relu(self.W @ x)

    def forward(self, x: Float[Tensor, "inst feat batch"]) -> Float[Tensor, "inst feat batch"]:
        """Compute the absolute values."""
        return torch.relu(self.V.mT @ self.encode(x) + self.b[..., None])

    def check_data(self, data: SyntheticData) -> None:
        """Check that there are absolute values to compute.

        Raises:
            UserError: features are not signed, or the task is another.
        """
        if not data.features.signed:
            raise UserError(
                "AbsoluteValueModel needs signed features, or |x| is x; set "
                "data.features: {class_path: SparseUniform, init_args: {signed: true}}"
            )
        if wrong := {*data.tasks} - {"abs"}:
            raise UserError(
                f"AbsoluteValueModel computes |x| but data.task is '{min(wrong)}'; set data.task "
                "to abs, or take ComputationModel for other targets"
            )
