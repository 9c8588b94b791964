"""Which solution each trained model has found, and where the best one changes."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from toysuper.errors import UserError
from toysuper.functional.geometry import REPRESENTED
from toysuper.metrics.features import held_out_loss, norm
from toysuper.snapshot import Snapshot


class Solutions(NamedTuple):
    r"""The solution of each model, with its loss and its densities.

    Args:
        density: density p of the other features.
        ratio: density of feature 0 over p, :math:`\rho`.
        loss: held-out loss over :math:`E \|x\|^2`.
        pentagon: True if all five features are represented.
        digons: True if all are represented but feature 0.
    """

    density: Float[Tensor, " inst"]
    ratio: Float[Tensor, " inst"]
    loss: Float[Tensor, " inst"]
    pentagon: Bool[Tensor, " inst"]
    digons: Bool[Tensor, " inst"]

    def at_density(self, density: float) -> "Solutions":
        """Select the models whose other features have this density."""
        near = self.is_at_density(density)
        return Solutions(*(field[near] for field in self))

    def is_at_density(self, density: float) -> Bool[Tensor, " inst"]:
        """Mark the models whose other features have this density, to one part in 1000."""
        return (self.density / density - 1).abs() < 1e-3


def classify(snapshot: Snapshot) -> Solutions:
    """Classify models of five features of U[0, 1] in two dimensions by what they represent.

    Raises:
        UserError: the models have other sizes, or more densities differ than that of feature 0.
    """
    p, others = snapshot.density, snapshot.density[:, 1:]
    equal = bool((others == others[:, :1]).all()) and bool((snapshot.importance == 1).all())
    if snapshot.W.shape[1:] != (2, 5) or not equal:
        raise UserError("needs five features in two dimensions that differ in density[0] only")
    represented = norm(snapshot) > REPRESENTED
    first, rest = represented[:, 0], represented[:, 1:].all(-1)
    loss = held_out_loss(snapshot) * 3 / p.sum(-1)  # E |x|^2 = sum p / 3
    return Solutions(others[:, 0], p[:, 0] / others[:, 0], loss, rest & first, rest & ~first)


def crossover_ratio(solutions: Solutions) -> float:
    """Find the ratio at which the best model changes from digons to a pentagon.

    This is the geometric mean of the last ratio whose best model is digons and the next one, if the
    best model is a pentagon there; else NaN.
    """
    ratios = solutions.ratio.unique()
    best = [_best_model(solutions, ratio) for ratio in ratios]
    digons, pentagon = solutions.digons[best], solutions.pentagon[best]
    k = int(digons.nonzero().max()) if digons.any() else len(ratios) - 1
    if k + 1 == len(ratios) or not pentagon[k + 1]:
        return float("nan")
    return float((ratios[k] * ratios[k + 1]).sqrt())


def _best_model(solutions: Solutions, ratio: Tensor) -> int:
    members = (solutions.ratio == ratio).nonzero()[:, 0]
    return int(members[solutions.loss[members].nan_to_num(torch.inf).argmin()])
