"""A model of four neurons with weights that can be read by eye."""

import torch

from tests._run import data, snapshot_of
from tests._snapshots import replace
from toysuper.models import ReLUHiddenModel
from toysuper.snapshot import Snapshot

W = torch.tensor(
    [
        [0.0, 1.0, 0.0, 0.1],  # one feature: 0.1 is below a fifth
        [0.9, 0.0, -0.8, 0.8],  # three
        [0.9, 0.0, 0.9, -0.7],  # three, the same
        [0.01, 0.0, 0.0, 0.0],  # dead
    ],
    dtype=torch.float64,
)


def tied(W: torch.Tensor = W) -> Snapshot:
    world = data(n=4)
    snapshot = snapshot_of(world, 1, model=ReLUHiddenModel, hidden=4)
    return replace(snapshot, encoder=W[None], decoder=W[None], importance=powers(4))


def powers(n: int) -> torch.Tensor:
    return torch.tensor([[0.5**i for i in range(n)]])
