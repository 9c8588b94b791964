"""The loss of attacked inputs."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from toysuper.data.batch import Batch
from toysuper.data.datamodule import SyntheticData
from toysuper.data.schedules import Schedule
from toysuper.errors import UserError
from toysuper.functional.attack import attack_directions
from toysuper.functional.losses import expected_loss
from toysuper.functional.noise import Purpose
from toysuper.models.base import ToyModel
from toysuper.objectives.base import Objective


class Adversarial(Objective):
    r"""Expected loss of attacked inputs :math:`x \pm \epsilon d_i` against their clean targets.

    :math:`d_i` is the analytic attack on feature i, see
    :func:`~toysuper.functional.attack.attack_directions`; each sample takes the next feature and
    then the other sign. :math:`\epsilon` is ``budget`` times the mean length of an input.
    Gradients do not pass through the attack.

    Source: `Superposition and Adversarial Examples
    <https://transformer-circuits.pub/2022/toy_model/index.html#adversarial>`_.

    Args:
        budget: length of the attack over the mean length of an input; a grid axis ``budget`` sets
            it per instance.

    >>> Adversarial(0.5).budget.item()
    0.5
    """

    budget: Tensor
    length: Tensor | None

    def __init__(self, budget: float | Schedule = 0.1) -> None:
        super().__init__(budget=budget)
        self.register_buffer("length", None, persistent=False)

    @torch.no_grad()
    def prepare(self, data: SyntheticData) -> None:
        """Take the budgets and the mean length of an input from the data."""
        super().prepare(data)
        batch = data.world(held_out=True)(0, Purpose.ANALYSIS)
        lengths = torch.linalg.vector_norm(batch.features, dim=1)
        self.length = (batch.weight * lengths).sum(-1)[:, None, None]

    def check_model(self, model: ToyModel) -> None:
        """Refuse a variant without encoder and decoder."""
        _encoder_and_decoder(model)

    def forward(self, model: ToyModel, batch: Batch) -> Float[Tensor, " inst"]:
        """Compute the loss of each instance.

        Raises:
            UserError: the data are not known yet.
        """
        if self.length is None:
            raise UserError("Adversarial needs the length of inputs; call prepare(data) first")
        push = attack_by_turns(model, batch.sample_index) * self.budget * self.length
        answer = model.answer(batch.with_features(batch.features + push))
        return expected_loss(answer, batch.target, batch.importance, batch.weight)


def attack_by_turns(
    model: ToyModel, sample_index: Int[Tensor, " batch"]
) -> Float[Tensor, "inst feat batch"]:
    """Compute the attack on each sample: feature by feature, then with the other sign.

    Args:
        model: the variant.
        sample_index: the number of each sample.
    """
    directions = attack_directions(*_encoder_and_decoder(model)).detach()
    return torch.cat([directions, -directions], -1)[..., sample_index % (2 * model.n)]


def _encoder_and_decoder(model: ToyModel) -> tuple[Tensor, Tensor]:
    if model.encoder is None or model.decoder is None:
        raise UserError(
            "Adversarial needs the weights to and from the hidden layer, but "
            f"{type(model).__name__} has no encoder or no decoder; use another objective"
        )
    return model.encoder, model.decoder
