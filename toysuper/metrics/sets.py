"""Metrics of features that are drawn in sets: angles within a set and across sets."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from toysuper.functional.geometry import directions
from toysuper.snapshot import Snapshot


def pairs(snapshot: Snapshot, within: bool) -> Bool[Tensor, "inst feat feat"]:
    """Mark the pairs i < j of features that belong to one set, or to two different sets.

    Args:
        snapshot: the trained models.
        within: True for pairs within a set, False for pairs across sets.
    """
    label = snapshot.set_index
    same = label[:, :, None] == label[:, None]
    return (same == within) & torch.ones_like(same).triu(1)


def cosines(snapshot: Snapshot, within: bool) -> Float[Tensor, "inst pairs"]:
    r"""Cosines :math:`\hat W_i \cdot \hat W_j` of all pairs within the sets, or across them.

    All instances have the same sets, so the same number of pairs.

    Args:
        snapshot: the trained models.
        within: True for pairs within a set, False for pairs across sets.
    """
    unit = directions(snapshot.W)
    return (unit.mT @ unit)[pairs(snapshot, within)].view(len(snapshot), -1)


def set_angle(snapshot: Snapshot) -> Float[Tensor, "inst pairs"]:
    r"""Angle in degrees, :math:`\arccos(\hat W_i \cdot \hat W_j)`, of all pairs within a set."""
    return torch.rad2deg(cosines(snapshot, within=True).clamp(-1, 1).acos())


def within_cosine(snapshot: Snapshot) -> Float[Tensor, " inst"]:
    r"""Mean of :math:`|\hat W_i \cdot \hat W_j|` within sets; NaN if sets have one member."""
    return cosines(snapshot, within=True).abs().mean(-1)


def across_cosine(snapshot: Snapshot) -> Float[Tensor, " inst"]:
    r"""Mean of :math:`|\hat W_i \cdot \hat W_j|` across sets; NaN if there is only one set."""
    return cosines(snapshot, within=False).abs().mean(-1)
