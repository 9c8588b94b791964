"""What learns. A new variant is one new file."""

from toysuper.models.adversarial import AdversarialModel
from toysuper.models.base import ToyModel
from toysuper.models.linear import LinearModel
from toysuper.models.relu_output import ReLUOutputModel

__all__ = ["AdversarialModel", "LinearModel", "ReLUOutputModel", "ToyModel"]
