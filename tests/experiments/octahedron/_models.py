"""Models of two sets of three features at each stage."""

import torch

from tests._run import data, snapshot_of
from tests._snapshots import replace
from toysuper.features import CorrelatedSets
from toysuper.functional.polytopes import polygon
from toysuper.snapshot import Snapshot


def collapsed(tilt: float) -> torch.Tensor:
    """Two sets of three around two orthogonal axes; a tilt of 0 is one direction each."""
    around = torch.cat([torch.zeros(1, 3), polygon(3)])
    first = torch.tensor([[1.0], [0], [0]]) + tilt * around
    second = torch.tensor([[0.0], [1], [0]]) + tilt * around[[1, 0, 2]]
    return 0.6 * torch.cat([first, second], 1)


OCTAHEDRON = torch.cat([torch.eye(3), -torch.eye(3)], 1)


APART, OPEN = collapsed(0.1), torch.cat([torch.eye(3), torch.eye(3)[[1, 2, 0]]], 1)


def with_history(*weights: torch.Tensor) -> Snapshot:
    world = data(n=6, features=CorrelatedSets(3), grid={"seed": [0]})
    last = snapshot_of(world, 2, hidden=3)
    moments = tuple(
        replace(last, encoder=W[None], loss=torch.full((1, 6), 1.0 - 0.1 * k), step=10 * k)
        for k, W in enumerate(weights)
    )
    return replace(moments[-1], history=moments)
