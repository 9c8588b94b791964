"""Objective: what every objective shares, and the default."""

from abc import ABC, abstractmethod

from jaxtyping import Float
from torch import Tensor

from toysuper.data.batch import Batch
from toysuper.data.datamodule import SyntheticData
from toysuper.data.grid import Grid
from toysuper.data.schedules import Schedule, ScheduledModule
from toysuper.functional.losses import expected_loss
from toysuper.models.base import ToyModel


class Objective(ScheduledModule, ABC):
    """What training makes small, one number for each instance; a subclass owes ``forward``.

    Numbers that it passes to this constructor may be set by grid axes of their names, or be
    schedules over training; they are buffers ``(inst, 1, 1)`` or ``(1, 1, 1)`` once
    :meth:`prepare` has seen the grid. An axis multiplies a schedule.

    Args:
        arguments: numbers by name, or their schedules.
    """

    def __init__(self, **arguments: float | Schedule) -> None:
        super().__init__()
        self.arguments = arguments
        self.set_arguments(Grid())

    @property
    def known_axes(self) -> set[str]:
        """Grid axes that the objective understands."""
        return {*self.arguments}

    def prepare(self, data: SyntheticData) -> None:
        """Take from the data what the objective needs: the grid's values of its arguments."""
        self.set_arguments(data.grid)

    def set_arguments(self, grid: Grid) -> None:
        """Register each argument with the grid's values.

        Raises:
            UserError: a value is not a number, negative or not finite.
        """
        for name, value in self.arguments.items():
            values = self.number(grid, name, value, "model.objective")
            self.register_buffer(name, values, persistent=False)

    def check_model(self, model: ToyModel) -> None:
        """Refuse a variant that the objective is not made for, by a UserError; most take any."""

    @abstractmethod
    def forward(self, model: ToyModel, batch: Batch) -> Float[Tensor, " inst"]:
        """Compute the objective of each instance.

        Args:
            model: the variant.
            batch: the samples of one step.
        """


class ExpectedLoss(Objective):
    r"""The paper's loss, :math:`L = E \sum_i I_i (y_i - y'_i)^2`.

    Source: `Demonstrating Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#demonstrating>`_.

    >>> from toysuper.data import SyntheticData
    >>> from toysuper.models import LinearModel
    >>> data = SyntheticData(n=3, grid={"seed": [0, 1]})
    >>> ExpectedLoss()(LinearModel(3, data.grid, hidden=1), data.world()(0, purpose=1)).shape
    torch.Size([2])
    """

    def forward(self, model: ToyModel, batch: Batch) -> Float[Tensor, " inst"]:
        """Compute the expected loss of each instance."""
        return expected_loss(model.answer(batch), batch.target, batch.importance, batch.weight)
