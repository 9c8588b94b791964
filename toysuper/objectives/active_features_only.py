"""The loss of active features alone."""

from jaxtyping import Float
from torch import Tensor

from toysuper.data.batch import Batch
from toysuper.functional.losses import expected_loss
from toysuper.models.base import ToyModel
from toysuper.objectives.base import Objective


class ActiveFeaturesOnly(Objective):
    r"""Expected squared error of active features, :math:`E \sum_{x_i \ne 0} I_i (y_i - y'_i)^2`.

    Interference with inactive features costs nothing.
    """

    def forward(self, model: ToyModel, batch: Batch) -> Float[Tensor, " inst"]:
        """Compute the loss of each instance."""
        active = (batch.features != 0).to(batch.features.dtype)
        answer, target = active * model.answer(batch), active * batch.target
        return expected_loss(answer, target, batch.importance, batch.weight)
