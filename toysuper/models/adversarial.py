"""The paper's main model, trained on attacked inputs."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from toysuper.errors import UserError
from toysuper.functional.attack import attack_directions
from toysuper.functional.losses import expected_loss
from toysuper.models.base import ToyModel
from toysuper.types import Batch


class AdversarialModel(ToyModel):
    r"""Answers x to attacked inputs, :math:`\mathrm{ReLU}(W^\top W (x \pm \epsilon d_i) + b)`.

    :math:`\epsilon` is ``budget`` times the mean length of the batch's inputs, and d_i the
    analytic attack on one feature, a different one for each sample in turn; a grid axis ``budget``
    sets it per instance. Gradients do not pass through the attack.

    Source: the paper's section "Superposition and Adversarial Examples", adversarial training.
    See :class:`ToyModel` for the other arguments.

    >>> AdversarialModel(n=5, grid={"budget": [0.0, 0.8]}, hidden=2).budget.flatten()
    tensor([0.0000, 0.8000])
    """

    activation = ("relu",)
    budget: Tensor

    def __init__(self, *args: Any, budget: float = 0.1, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.W = self.weights("W", self.hidden, self.n)
        self.b = self.zeros(self.n)
        budgets = [float(value) for value in self.per_instance("budget", budget)]
        if not 0 <= min(budgets) <= max(budgets) < torch.inf:
            raise UserError(f"model.budget is {min(budgets)} or more; it must be at least 0")
        self.register_buffer("budget", torch.tensor(budgets)[:, None, None], persistent=False)

    @property
    def encoder(self) -> Tensor:
        """W."""
        return self.W

    decoder = encoder

    def forward(self, x: Float[Tensor, "inst feat batch"]) -> Float[Tensor, "inst feat batch"]:
        """Reconstruct the features."""
        return torch.relu(self.W.mT @ (self.W @ x) + self.b[..., None])

    def objective(self, batch: Batch) -> Float[Tensor, " inst"]:
        """The expected loss of attacked inputs."""
        x = batch.features
        length = (batch.weight * torch.linalg.vector_norm(x, dim=1)).sum(-1)
        push = self.attack(x.shape[-1]) * self.budget * length[:, None, None]
        return expected_loss(self(x + push), batch.target, batch.importance, batch.weight)

    def attack(self, samples: int) -> Float[Tensor, "inst feat samples"]:
        """Directions for that many samples: feature by feature, then with the other sign."""
        found = attack_directions(self.encoder, self.decoder).detach()
        both = torch.cat([found, -found], -1)
        return both.repeat(1, 1, -(-samples // both.shape[-1]))[..., :samples]
