"""What learns. A new variant is one new file."""

from toysuper.models.absolute_value import AbsoluteValueModel
from toysuper.models.adversarial import AdversarialModel
from toysuper.models.base import ToyModel
from toysuper.models.computation import ComputationModel
from toysuper.models.l1 import L1Model
from toysuper.models.linear import LinearModel
from toysuper.models.relu_hidden import ReLUHiddenModel
from toysuper.models.relu_output import ReLUOutputModel

__all__ = [
    "AbsoluteValueModel",
    "AdversarialModel",
    "ComputationModel",
    "L1Model",
    "LinearModel",
    "ReLUHiddenModel",
    "ReLUOutputModel",
    "ToyModel",
]
