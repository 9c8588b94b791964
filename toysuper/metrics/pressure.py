"""How close dimensionalities are to those of polytopes."""

import torch
from jaxtyping import Float
from torch import Tensor

from toysuper.metrics.snapshot import REPRESENTED, dimensionality, norm
from toysuper.types import Snapshot

POLYTOPES = {
    "tetrahedron 3/4": 3 / 4,
    "triangle 2/3": 2 / 3,
    "digon 1/2": 1 / 2,
    "pentagon 2/5": 2 / 5,
    "square antiprism 3/8": 3 / 8,
    "icosahedron 1/4": 1 / 4,
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
