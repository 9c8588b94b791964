import numpy as np
import pytest

from tests._run import data, snapshot_of
from toysuper.errors import UserError
from toysuper.figures import directions_2d, seeds_side_by_side
from toysuper.snapshot import Snapshot

GRID = {"density": [1.0, 0.2, 0.1], "activation": ["identity", "relu"], "seed": [0, 1]}


@pytest.fixture
def snapshot() -> Snapshot:
    world = data(grid=GRID)
    return snapshot_of(world, 5)


def test_directions_end_each_line_at_its_feature(snapshot: Snapshot) -> None:
    model = snapshot.best().pick([0])
    ends = [line.get_xydata()[-1] for line in directions_2d(model).axes[0].lines[::2]]
    np.testing.assert_allclose(ends[::-1], model.W[0].T.numpy())


@pytest.mark.parametrize("draw", [directions_2d, seeds_side_by_side])
def test_the_plane_needs_two_dimensions(draw) -> None:
    world = data(grid=GRID)
    snapshot = snapshot_of(world, 2, hidden=3)
    with pytest.raises(UserError, match=r"needs model\.variant\.hidden of 2, not 3"):
        draw(snapshot)
