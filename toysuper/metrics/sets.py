"""How features that are drawn together, the sets of a Snapshot, lie to each other."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from toysuper.functional.geometry import directions
from toysuper.snapshot import Snapshot


def pairs(snapshot: Snapshot, within: bool) -> Bool[Tensor, "inst feat feat"]:
    """Which pairs i < j of features belong to one set, or to two."""
    label = snapshot.sets
    same = label[:, :, None] == label[:, None]
    return (same == within) & torch.ones_like(same).triu(1)


def cosines(snapshot: Snapshot, within: bool) -> Float[Tensor, "inst pairs"]:
    r""":math:`\hat W_i \cdot \hat W_j` of all pairs within the sets, or of all pairs across them.

    All instances have the same sets, so the same number of pairs.
    """
    unit = directions(snapshot.W)
    return (unit.mT @ unit)[pairs(snapshot, within)].view(len(snapshot), -1)


def set_angle(snapshot: Snapshot) -> Float[Tensor, "inst pairs"]:
    """Angle in degrees between every two features of a set."""
    return torch.rad2deg(cosines(snapshot, within=True).clamp(-1, 1).acos())


def within_cosine(snapshot: Snapshot) -> Float[Tensor, " inst"]:
    """Mean absolute cosine of two features of a set; NaN where sets have one member."""
    return cosines(snapshot, within=True).abs().mean(-1)


def across_cosine(snapshot: Snapshot) -> Float[Tensor, " inst"]:
    """Mean absolute cosine of two features of different sets; NaN where there is one set."""
    return cosines(snapshot, within=False).abs().mean(-1)
