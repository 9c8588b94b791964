"""What learns: variants of the paper's toy model, each an ``nn.Module`` in a file of its own."""

from toysuper.models.absolute_value import AbsoluteValueModel
from toysuper.models.base import ToyModel
from toysuper.models.computation import ComputationModel
from toysuper.models.linear import LinearModel
from toysuper.models.relu_hidden import ReLUHiddenModel
from toysuper.models.relu_output import ReLUOutputModel

__all__ = [
    "AbsoluteValueModel",
    "ComputationModel",
    "LinearModel",
    "ReLUHiddenModel",
    "ReLUOutputModel",
    "ToyModel",
]
