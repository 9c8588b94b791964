"""A penalty on hidden activity, which drives superposition out."""

from jaxtyping import Float
from torch import Tensor

from toysuper.data.batch import Batch
from toysuper.data.schedules import Schedule
from toysuper.functional.losses import expected_loss
from toysuper.models.base import ToyModel
from toysuper.objectives.base import Objective


class L1Penalty(Objective):
    r"""Expected loss and a penalty on the hidden layer h, :math:`L + \lambda\, E \|h\|_1`.

    Source: `The Strategic Picture of Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#strategic>`_.

    Args:
        l1: the factor :math:`\lambda`; a grid axis ``l1`` sets it per instance,
            and a schedule over training.

    >>> L1Penalty(0.5).l1.item()
    0.5
    """

    l1: Tensor

    def __init__(self, l1: float | Schedule = 0.01) -> None:
        super().__init__(l1=l1)

    def forward(self, model: ToyModel, batch: Batch) -> Float[Tensor, " inst"]:
        """Compute loss and penalty of each instance."""
        activity = model.encode(batch.features).abs().sum(1)
        loss = expected_loss(model.answer(batch), batch.target, batch.importance, batch.weight)
        return loss + self.l1[:, 0, 0] * (batch.weight * activity).sum(-1)
