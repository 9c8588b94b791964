"""The paper's main model, trained on attacked inputs."""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from toysuper.data.datamodule import SyntheticData
from toysuper.functional.attack import attack_directions
from toysuper.functional.losses import expected_loss
from toysuper.functional.noise import Purpose
from toysuper.models.base import ToyModel
from toysuper.snapshot import Batch


class AdversarialModel(ToyModel):
    r"""Answers x to attacked inputs, :math:`\mathrm{ReLU}(W^\top W (x \pm \epsilon d_i) + b)`.

    :math:`\epsilon` is ``budget`` times the mean length of an input, and d_i the analytic attack on
    one feature, the next one for each sample; a grid axis ``budget`` sets it per instance.
    Gradients do not pass through the attack.

    Source: the paper's section "Superposition and Adversarial Examples", adversarial training.
    See :class:`ToyModel` for the other arguments.

    >>> AdversarialModel(n=5, grid={"budget": [0.0, 0.8]}, hidden=2).budget.flatten()
    tensor([0.0000, 0.8000])
    """

    activation = ("relu",)
    budget: Tensor
    length: Tensor

    def __init__(self, *args: Any, budget: float = 0.1, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.W = self.weights("W", self.hidden, self.n)
        self.b = self.zeros(self.n)
        budgets = self.numbers("budget", budget)[:, None, None]
        self.register_buffer("budget", budgets, persistent=False)
        self.register_buffer("length", torch.ones(self.grid.instances, 1, 1), persistent=False)

    def forward(self, x: Float[Tensor, "inst feat batch"]) -> Float[Tensor, "inst feat batch"]:
        """Reconstruct the features."""
        return torch.relu(self.W.mT @ (self.W @ x) + self.b[..., None])

    @torch.no_grad()
    def rehearse(self, data: SyntheticData) -> None:
        """Take the mean length of an input from the data, too."""
        super().rehearse(data)
        batch = data.world(held_out=True)(0, Purpose.ANALYSIS)
        mean = (batch.weight * torch.linalg.vector_norm(batch.features, dim=1)).sum(-1)
        self.length.copy_(mean[:, None, None])

    def objective(self, batch: Batch) -> Float[Tensor, " inst"]:
        """The expected loss of attacked inputs."""
        push = self.attack(batch.number) * self.budget * self.length
        answer = self(batch.features + push)
        return expected_loss(answer, batch.target, batch.importance, batch.weight)

    def attack(self, number: Int[Tensor, " batch"]) -> Float[Tensor, "inst feat batch"]:
        """The direction for each sample's number: feature by feature, then with the other sign."""
        found = attack_directions(self.encoder, self.decoder).detach()
        return torch.cat([found, -found], -1)[..., number % (2 * self.n)]
