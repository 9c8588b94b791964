"""Metrics of a Snapshot: one value per instance, or one per instance and feature."""

import torch
from jaxtyping import Float
from torch import Tensor

from toysuper.errors import UserError
from toysuper.functional import geometry, theory
from toysuper.snapshot import Snapshot

PerFeature = Float[Tensor, "inst feat"]
PerInstance = Float[Tensor, " inst"]

REPRESENTED = 0.5
"""A feature counts as represented when its norm exceeds this."""


def held_out_loss(snapshot: Snapshot) -> PerInstance:
    """Held-out loss, summed over features."""
    return snapshot.loss.sum(-1)


def objective(snapshot: Snapshot) -> PerInstance:
    """What training made small, on held-out samples; the held-out loss unless a config says more.

    Raises:
        UserError: it was not measured.
    """
    if snapshot.objective is None:
        raise UserError("no other objective than the held-out loss was measured")
    return snapshot.objective


def linear_floor(snapshot: Snapshot) -> PerInstance:
    """The least loss that a linear model can have; NaN where features are not sparse uniform."""
    floor = theory.linear_optimum_loss(snapshot.importance, snapshot.density, snapshot.hidden_sizes)
    known = [task == "identity" and snapshot.sparse_uniform for task in snapshot.task]
    return floor.where(torch.tensor(known), torch.nan)


def norm(snapshot: Snapshot) -> PerFeature:
    """Length of each feature direction."""
    return geometry.norms(snapshot.W)


def represented(snapshot: Snapshot) -> PerInstance:
    """How many features have a norm above one half."""
    return (norm(snapshot) > REPRESENTED).sum(-1).to(snapshot.W.dtype)


def superposition(snapshot: Snapshot) -> PerFeature:
    """The paper's sum of squared projections of the others."""
    return geometry.superposition(snapshot.W)


def mean_superposition(snapshot: Snapshot) -> PerInstance:
    """Superposition averaged over the represented features; 0 where there are none.

    An unlearned feature's direction is noise within the span of the others, so it is left out.
    """
    return _mean_of_represented(snapshot, superposition(snapshot))


def mean_bias(snapshot: Snapshot) -> PerInstance:
    """Output bias averaged over the represented features; 0 where there are none."""
    return _mean_of_represented(snapshot, snapshot.bias)


def _mean_of_represented(snapshot: Snapshot, values: PerFeature) -> PerInstance:
    kept = (norm(snapshot) > REPRESENTED).to(values.dtype)
    return (kept * values).sum(-1) / kept.sum(-1).clamp(min=1)


def superposition_root(snapshot: Snapshot) -> PerFeature:
    """The authors' notebook's version: the square root of :func:`superposition`."""
    return superposition(snapshot).sqrt()


def net_interference(snapshot: Snapshot) -> PerFeature:
    """Interference weighted by how often the other feature is active."""
    return geometry.net_interference(snapshot.W, snapshot.density)


def bias(snapshot: Snapshot) -> PerFeature:
    """Output bias."""
    return snapshot.bias


def dimensionality(snapshot: Snapshot) -> PerFeature:
    """Feature dimensionality D_i."""
    return geometry.dimensionality(snapshot.W)


def dimensions_per_feature(snapshot: Snapshot) -> PerInstance:
    """D*, hidden dimensions per feature."""
    share = snapshot.hidden_sizes / snapshot.W.shape[1]
    return geometry.dimensions_per_feature(snapshot.W) * share


def total_dimensionality(snapshot: Snapshot) -> PerInstance:
    """Sum of D_i over the hidden dimensions: 1 when every dimension is used by tight frames."""
    return dimensionality(snapshot).sum(-1) / snapshot.hidden_sizes


def leverage(snapshot: Snapshot) -> PerFeature:
    """Leverage scores, upper bounds of D_i."""
    return geometry.leverage(snapshot.W)
