"""Another power of the error than the square."""

from jaxtyping import Float
from torch import Tensor

from toysuper.data.batch import Batch
from toysuper.data.grid import Grid
from toysuper.data.schedules import Schedule
from toysuper.errors import UserError
from toysuper.models.base import ToyModel
from toysuper.objectives.base import Objective


class LpLoss(Objective):
    r"""Expected power of the error, :math:`E \sum_i I_i |y_i - y'_i|^q`.

    Args:
        exponent: the power q, at least 1; a grid axis ``exponent`` sets it per instance.

    >>> LpLoss(4.0).exponent.item()
    4.0
    """

    exponent: Tensor

    def __init__(self, exponent: float | Schedule = 4.0) -> None:
        super().__init__(exponent=exponent)

    def set_arguments(self, grid: Grid) -> None:
        """Register the exponents.

        Raises:
            UserError: one is below 1, where an exact answer has no gradient.
        """
        super().set_arguments(grid)
        if bool((self.exponent < 1).any()):
            lowest = float(self.exponent.min())
            raise UserError(f"model.objective.exponent is {lowest:g}; it must be at least 1")

    def forward(self, model: ToyModel, batch: Batch) -> Float[Tensor, " inst"]:
        """Compute the loss of each instance."""
        error = (batch.target - model.answer(batch)).abs().pow(self.exponent)
        return (batch.importance * (error * batch.weight[:, None]).sum(-1)).sum(-1)
