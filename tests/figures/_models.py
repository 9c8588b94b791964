"""Models of two neurons with weights that can be read by eye."""

import numpy as np
import torch
from matplotlib.axes import Axes

from tests._run import data, snapshot_of
from tests._snapshots import replace
from toysuper.models import ReLUHiddenModel
from toysuper.snapshot import Snapshot

W = torch.tensor([[0.5, 0.0, -0.2], [0.01, -1.0, 0.7]], dtype=torch.float64)


def tied(**axes: list) -> Snapshot:
    world = data(n=3, importance=[1.0, 0.5, 0.25], grid=axes or None)
    made = snapshot_of(world, 1, model=ReLUHiddenModel)
    both = W.expand(len(made), 2, 3)
    return replace(made, encoder=both, decoder=both)


def boxes(axes: Axes) -> np.ndarray:
    """Left, low, right and high of every rectangle."""
    paths = [path.vertices for group in axes.collections for path in group.get_paths()]
    return np.array([[*path.min(0), *path.max(0)] for path in paths])
