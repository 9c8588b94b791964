"""How close dimensionalities are to those of polytopes."""

from fractions import Fraction

import torch
from jaxtyping import Float
from torch import Tensor

from toysuper.functional.polytope_gain import GEOMETRIES
from toysuper.metrics.features import REPRESENTED, dimensionality, norm
from toysuper.snapshot import Snapshot

POLYTOPES = {
    f"{name} {Fraction(dimensions, unit.shape[1])}": dimensions / unit.shape[1]
    for name, (dimensions, unit) in GEOMETRIES.items()
    if name != "single"
}
"""Dimensionality of each feature in a polytope of k unit vectors in d dimensions, d / k."""


def features_that_matter(snapshot: Snapshot) -> Float[Tensor, " inst"]:
    """How many features have an importance above 0."""
    return (snapshot.importance > 0).sum(-1).to(snapshot.W.dtype)


def distance_to_polytopes(snapshot: Snapshot) -> Float[Tensor, " inst"]:
    r"""Mean over represented features of :math:`\min_s |D_i - s|` over the polytopes' shares s."""
    known = torch.tensor(list(POLYTOPES.values()), dtype=snapshot.W.dtype)
    distance = (dimensionality(snapshot)[..., None] - known).abs().amin(-1)
    kept = (norm(snapshot) > REPRESENTED).to(distance.dtype)
    return (distance * kept).sum(-1) / kept.sum(-1)
