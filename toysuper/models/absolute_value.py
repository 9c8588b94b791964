"""The paper's model that computes: absolute values of signed features."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from toysuper.data.datamodule import SyntheticData
from toysuper.errors import UserError
from toysuper.models.base import ToyModel


class AbsoluteValueModel(ToyModel):
    r"""Answers \|x\| from neurons, :math:`y' = \mathrm{ReLU}(W_2\,\mathrm{ReLU}(W_1 x) + b)`.

    W is :math:`W_1` and V is :math:`W_2^\top`, not tied to it; neurons have no bias, and there may
    be more of them than features. For signed features and the task ``abs``.

    Source: the paper's section "Computation in Superposition". See :class:`ToyModel` for the other
    arguments.

    Raises:
        UserError: features are unsigned, or the task is another.

    >>> import torch
    >>> model = AbsoluteValueModel(n=3, grid={"density": [1.0, 0.1]}, hidden=6)
    >>> model(torch.ones(2, 3, 5)).shape
    torch.Size([2, 3, 5])
    """

    compresses = False
    hidden_activation = ("relu",)
    activation = ("relu",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.W = self.weights("W", self.hidden, self.n)
        self.V = self.weights("V", self.hidden, self.n)
        self.b = self.zeros(self.n)

    @property
    def decoder(self) -> Tensor:
        """V."""
        return self.V

    def forward(self, x: Float[Tensor, "inst feat batch"]) -> Float[Tensor, "inst feat batch"]:
        """Compute the absolute values."""
        return torch.relu(self.V.mT @ torch.relu(self.W @ x) + self.b[..., None])

    def rehearse(self, data: SyntheticData) -> None:
        """See that there are absolute values to compute."""
        if not data.features.signed:
            raise UserError(
                "AbsoluteValueModel needs signed features, or |x| is x; set "
                "data.features: {class_path: toysuper.features.SparseUniform, "
                "init_args: {signed: true}}"
            )
        if wrong := {*data.tasks} - {"abs"}:
            raise UserError(
                f"AbsoluteValueModel computes |x| but data.task is '{min(wrong)}'; set data.task "
                "to abs, or take toysuper.models.ComputationModel for other targets"
            )
        super().rehearse(data)
