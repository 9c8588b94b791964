"""What training makes small, for each instance."""

from toysuper.objectives.active_features_only import ActiveFeaturesOnly
from toysuper.objectives.adversarial import Adversarial
from toysuper.objectives.base import ExpectedLoss, Objective
from toysuper.objectives.l1_penalty import L1Penalty
from toysuper.objectives.lp_loss import LpLoss

__all__ = [
    "ActiveFeaturesOnly",
    "Adversarial",
    "ExpectedLoss",
    "L1Penalty",
    "LpLoss",
    "Objective",
]
