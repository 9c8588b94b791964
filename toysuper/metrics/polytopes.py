"""Feature dimensionalities against those of polytopes."""

from fractions import Fraction

import torch
from jaxtyping import Float
from torch import Tensor

from toysuper.functional.geometry import REPRESENTED
from toysuper.functional.polytope_gain import GEOMETRIES
from toysuper.metrics.features import dimensionality, norm
from toysuper.snapshot import Snapshot

POLYTOPE_DIMENSIONALITIES = {
    f"{name} {Fraction(dimensions, unit.shape[1])}": dimensions / unit.shape[1]
    for name, (dimensions, unit) in GEOMETRIES.items()
    if name != "single"
}
"""Dimensionality d / k of each feature in a polytope of k unit vectors in d dimensions."""


def distance_to_polytopes(snapshot: Snapshot) -> Float[Tensor, " inst"]:
    r"""Mean of :math:`\min_D |D_i - D|` over represented features i, with D of any polytope."""
    levels = torch.tensor(list(POLYTOPE_DIMENSIONALITIES.values()), dtype=snapshot.W.dtype)
    distance = (dimensionality(snapshot)[..., None] - levels).abs().amin(-1)
    mask = (norm(snapshot) > REPRESENTED).to(distance.dtype)
    return (distance * mask).sum(-1) / mask.sum(-1)
