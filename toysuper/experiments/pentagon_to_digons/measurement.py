"""Trained models of five features in two dimensions, one of them rarer or more common."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from toysuper.errors import UserError
from toysuper.metrics.features import REPRESENTED, held_out_loss, norm
from toysuper.snapshot import Snapshot


class Fits(NamedTuple):
    r"""Where each model stands: density p of the others, ratio :math:`\rho` of feature 0's to it.

    ``loss`` is the held-out loss over :math:`E \|x\|^2`; a model with all five features is a
    ``pentagon``, one that lacks only feature 0 is two ``digons``.
    """

    density: Float[Tensor, " inst"]
    ratio: Float[Tensor, " inst"]
    loss: Float[Tensor, " inst"]
    pentagon: Bool[Tensor, " inst"]
    digons: Bool[Tensor, " inst"]

    def of(self, density: float) -> "Fits":
        """Those whose other features have that density."""
        near = self.near(density)
        return Fits(*(field[near] for field in self))

    def near(self, density: float) -> Bool[Tensor, " inst"]:
        """Whose other features have that density."""
        return (self.density / density - 1).abs() < 1e-3


def fits(snapshot: Snapshot) -> Fits:
    """Classify models of five features of U[0, 1] in two dimensions by what they represent.

    Raises:
        UserError: other sizes, or densities that differ beyond feature 0's.
    """
    p, rest = snapshot.density, snapshot.density[:, 1:]
    equal = bool((rest == rest[:, :1]).all()) and bool((snapshot.importance == 1).all())
    if snapshot.W.shape[1:] != (2, 5) or not equal:
        raise UserError("needs five features in two dimensions that differ in density[0] only")
    kept = norm(snapshot) > REPRESENTED
    others = kept[:, 1:].all(-1)
    loss = held_out_loss(snapshot) * 3 / p.sum(-1)
    return Fits(rest[:, 0], p[:, 0] / rest[:, 0], loss, others & kept[:, 0], others & ~kept[:, 0])


def switch(fits: Fits) -> float:
    """Between the last ratio whose best model is digons and the next one's pentagon, else NaN."""
    ratios = fits.ratio.unique()
    best = [_best(fits, ratio) for ratio in ratios]
    digons, pentagon = fits.digons[best], fits.pentagon[best]
    k = int(digons.nonzero().max()) if digons.any() else len(ratios) - 1
    if k + 1 == len(ratios) or not pentagon[k + 1]:
        return float("nan")
    return float((ratios[k] * ratios[k + 1]).sqrt())


def _best(fits: Fits, ratio: Tensor) -> int:
    here = (fits.ratio == ratio).nonzero()[:, 0]
    return int(here[fits.loss[here].nan_to_num(torch.inf).argmin()])
