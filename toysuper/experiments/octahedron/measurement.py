"""Stages in which two correlated sets of three features become an octahedron."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from toysuper.functional.geometry import directions
from toysuper.metrics.sets import cosines
from toysuper.snapshot import Snapshot

GROWN, COLLAPSED, OPEN, OPPOSITE = 0.3, 0.8, 0.5, -0.9


class Stages(NamedTuple):
    """Steps at which each instance enters stages B, C and D; stage A begins at 0. NaN for never.

    B: features have grown, each set lies along one direction, the two directions apart.
    C: then the mean cosine between members of a set falls below 1/2, as of 60 degrees.
    D: three pairs across the sets are antipodal, from here to the end.
    """

    apart: Float[Tensor, " inst"]
    opened: Float[Tensor, " inst"]
    octahedron: Float[Tensor, " inst"]

    @property
    def in_order(self) -> Bool[Tensor, " inst"]:
        """Whether an instance went through all of them, one after another."""
        return (self.apart < self.opened) & (self.opened < self.octahedron)


def octahedral(snapshot: Snapshot) -> Bool[Tensor, " inst"]:
    """Whether three pairs across the two sets of three are antipodal."""
    return (cosines(snapshot, within=False) < OPPOSITE).sum(-1) == 3


def stages(snapshot: Snapshot) -> Stages:
    """When each instance of a Snapshot with a history entered which stage."""
    moments = snapshot.history
    step = torch.tensor([float(moment.step) for moment in moments])
    tight = torch.stack([cosines(moment, within=True).mean(-1) for moment in moments])
    size = torch.stack([moment.W.norm(dim=1).mean(-1) for moment in moments])
    between = torch.stack([_between_sets(moment) for moment in moments])
    solid = torch.stack([octahedral(moment) for moment in moments])
    apart = _first((size > GROWN) & (tight > COLLAPSED) & (between < OPEN), step)
    later = step[:, None] > apart.nan_to_num(0)
    opened = _first((size > GROWN) & (tight < OPEN) & later, step)
    return Stages(apart, opened, _first(solid.int().flip(0).cummin(0).values.flip(0), step))


def _between_sets(moment: Snapshot) -> Tensor:
    """Cosine between the mean directions of the two sets."""
    first = moment.sets[0] == moment.sets[0, 0]
    means = torch.stack([moment.W[..., first].mean(-1), moment.W[..., ~first].mean(-1)], -1)
    return directions(means).prod(-1).sum(-1)


def _first(true: Tensor, step: Tensor) -> Tensor:
    """Step of the first moment at which something holds, NaN where it never does."""
    return torch.where(true.any(0), step[true.int().argmax(0)], torch.nan)
