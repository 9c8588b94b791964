r"""Metrics of features: one value per instance, or one per instance and feature.

:math:`W_i` is column i of W, the direction of feature i, and :math:`\hat W_i = W_i / \|W_i\|`.

Source: the `paper <https://transformer-circuits.pub/2022/toy_model/index.html#demonstrating>`_,
sections
"Demonstrating Superposition" and "The Geometry of Superposition".
"""

import torch
from jaxtyping import Float
from torch import Tensor

from toysuper.errors import UserError
from toysuper.functional import geometry, theory
from toysuper.functional.geometry import REPRESENTED
from toysuper.snapshot import Snapshot

PerFeature = Float[Tensor, "inst feat"]
PerInstance = Float[Tensor, " inst"]


def held_out_loss(snapshot: Snapshot) -> PerInstance:
    r"""Held-out loss, :math:`\sum_i I_i \, E (x_i - x'_i)^2`."""
    return snapshot.loss.sum(-1)


def objective(snapshot: Snapshot) -> PerInstance:
    """Held-out value of what training made small, where that is not the held-out loss.

    Raises:
        UserError: it is the held-out loss, or not measured.
    """
    if snapshot.objective is None:
        raise UserError("no other objective than the held-out loss was measured")
    return snapshot.objective


def linear_optimum_loss(snapshot: Snapshot) -> PerInstance:
    r"""Smallest loss of any linear model, :math:`\sum_{i > m} I_i u(p_i)`.

    Features are sorted by :math:`I_i u(p_i)`, the largest first, and :math:`u(p) = p/3 - p^2/4`.
    NaN if the features are not sparse uniform, or if the task is not to reconstruct them.
    """
    optimum = theory.linear_optimum_loss(
        snapshot.importance, snapshot.density, snapshot.hidden_sizes
    )
    has_formula = [task == "identity" and snapshot.sparse_uniform for task in snapshot.task]
    return optimum.where(torch.tensor(has_formula), torch.nan)


def norm(snapshot: Snapshot) -> PerFeature:
    r"""Length of each feature direction, :math:`\|W_i\|`."""
    return geometry.norms(snapshot.W)


def represented(snapshot: Snapshot) -> PerInstance:
    r"""Number of represented features, those with :math:`\|W_i\| > 1/2`."""
    return (norm(snapshot) > REPRESENTED).sum(-1).to(snapshot.W.dtype)


def superposition(snapshot: Snapshot) -> PerFeature:
    r"""Superposition of each feature, :math:`\sum_{j \ne i} (\hat W_i \cdot W_j)^2`."""
    return geometry.superposition(snapshot.W)


def mean_superposition(snapshot: Snapshot) -> PerInstance:
    """Superposition averaged over the represented features; 0 if there are none.

    Other features are left out because their directions are noise.
    """
    return _mean_of_represented(snapshot, superposition(snapshot))


def mean_bias(snapshot: Snapshot) -> PerInstance:
    r"""Output bias :math:`b_i` averaged over the represented features; 0 if there are none."""
    return _mean_of_represented(snapshot, snapshot.bias)


def _mean_of_represented(snapshot: Snapshot, values: PerFeature) -> PerInstance:
    mask = (norm(snapshot) > REPRESENTED).to(values.dtype)
    return (mask * values).sum(-1) / mask.sum(-1).clamp(min=1)


def superposition_root(snapshot: Snapshot) -> PerFeature:
    """Square root of :func:`superposition`, the bar colour of the authors' notebook."""
    return superposition(snapshot).sqrt()


def net_interference(snapshot: Snapshot) -> PerFeature:
    r"""Interference by active features, :math:`\sum_{j \ne i} p_j (\hat W_i \cdot W_j)^2`."""
    return geometry.net_interference(snapshot.W, snapshot.density)


def bias(snapshot: Snapshot) -> PerFeature:
    r"""Output bias :math:`b_i` of each feature."""
    return snapshot.bias


def dimensionality(snapshot: Snapshot) -> PerFeature:
    r"""Feature dimensionality :math:`D_i = \|W_i\|^2 / \sum_j (\hat W_i \cdot W_j)^2`."""
    return geometry.dimensionality(snapshot.W)


def dimensions_per_feature(snapshot: Snapshot) -> PerInstance:
    r"""Hidden dimensions per feature, :math:`D^* = m / \|W\|_F^2`."""
    used_fraction = snapshot.hidden_sizes / snapshot.W.shape[1]
    return geometry.dimensions_per_feature(snapshot.W) * used_fraction


def total_dimensionality(snapshot: Snapshot) -> PerInstance:
    r"""Sum of feature dimensionalities over m, :math:`\sum_i D_i / m`; 1 for tight frames."""
    return dimensionality(snapshot).sum(-1) / snapshot.hidden_sizes


def leverage(snapshot: Snapshot) -> PerFeature:
    r"""Leverage scores :math:`W_i^\top (W W^\top)^+ W_i`, upper bounds of :math:`D_i`."""
    return geometry.leverage(snapshot.W)
