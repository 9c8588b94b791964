"""The steps at which two correlated sets of three features enter each stage."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from toysuper.functional.geometry import directions
from toysuper.metrics.sets import cosines
from toysuper.snapshot import Snapshot

MIN_GROWN_NORM = 0.3
"""Features have grown if their mean norm is larger."""
MIN_COLLAPSED_COSINE = 0.8
"""A set lies along one direction if the mean cosine within sets is larger."""
MAX_OPEN_COSINE = 0.5
"""Sets are open, or apart, if the cosine within sets, or between their means, is smaller."""
MAX_ANTIPODAL_COSINE = -0.9
"""Two features are antipodal if their cosine is smaller."""


class Stages(NamedTuple):
    """Steps at which each instance enters stages B, C and D. NaN if it never does.

    Stage A begins at step 0. B: features have grown, each set lies along one direction, the two
    directions apart. C: after B, the mean cosine within sets falls below 1/2, that of 60 degrees.
    D: three pairs across the sets are antipodal, from this step to the end.
    """

    apart: Float[Tensor, " inst"]
    opened: Float[Tensor, " inst"]
    octahedron: Float[Tensor, " inst"]

    @property
    def in_order(self) -> Bool[Tensor, " inst"]:
        """Whether an instance went through all stages, one after another."""
        return (self.apart < self.opened) & (self.opened < self.octahedron)


def is_octahedron(snapshot: Snapshot) -> Bool[Tensor, " inst"]:
    """Return whether three pairs across the two sets of three are antipodal."""
    return (cosines(snapshot, within=False) < MAX_ANTIPODAL_COSINE).sum(-1) == 3


def stages(snapshot: Snapshot) -> Stages:
    """Find the step at which each instance of a Snapshot with a history enters each stage."""
    moments = snapshot.history
    step = torch.tensor([float(moment.step) for moment in moments])
    within = torch.stack([cosines(moment, within=True).mean(-1) for moment in moments])
    between = torch.stack([_cosine_between_sets(moment) for moment in moments])
    grown = torch.stack([moment.W.norm(dim=1).mean(-1) for moment in moments]) > MIN_GROWN_NORM
    octahedron = torch.stack([is_octahedron(moment) for moment in moments])
    until_end = octahedron.int().flip(0).cummin(0).values.flip(0)
    is_apart = grown & (within > MIN_COLLAPSED_COSINE) & (between < MAX_OPEN_COSINE)
    apart = _first_step(is_apart, step)
    later = step[:, None] > apart.nan_to_num(0)
    opened = _first_step(grown & (within < MAX_OPEN_COSINE) & later, step)
    return Stages(apart, opened, _first_step(until_end, step))


def _cosine_between_sets(moment: Snapshot) -> Tensor:
    """Compute the cosine between the mean directions of the two sets."""
    first = moment.set_index[0] == moment.set_index[0, 0]
    means = torch.stack([moment.W[..., first].mean(-1), moment.W[..., ~first].mean(-1)], -1)
    return directions(means).prod(-1).sum(-1)


def _first_step(mask: Tensor, step: Tensor) -> Tensor:
    """Return the step of the first moment of each column that is true; NaN if none is."""
    return torch.where(mask.any(0), step[mask.int().argmax(0)], torch.nan)
