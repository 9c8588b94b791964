import pytest
import torch

from tests._figures import assert_draws
from tests._run import data, snapshot_of
from tests._snapshots import replace, snapshot, verdicts
from toysuper.experiments.compressed_sensing_bound import claims, compressed_sensing_bound
from toysuper.snapshot import Snapshot


def test_compressed_sensing() -> None:
    """Two models that store as many features, at densities whose bounds are 1.9 or 13 apart."""
    W = torch.eye(4, 8).repeat(2, 1, 1)
    wide = torch.cat([W, W])
    for density, holds in ((0.08, True), (0.003, False)):
        made = snapshot(wide, torch.zeros(4, 8), [0.1, density] * 2, "relu")
        coordinates = tuple({"density": p, "hidden": m} for m in (4, 3) for p in (0.1, density))
        assert verdicts(claims(replace(made, coordinates=coordinates))) == {"CS": holds}
    one = snapshot(W, torch.zeros(2, 8), [0.1, 0.05], "relu")
    assert verdicts(claims(one)) == {"CS": None}


@pytest.fixture
def widths() -> Snapshot:
    world = data(grid={"hidden": [1, 2], "density": [0.5, 0.1]})
    return snapshot_of(world, 5)


def test_it_draws_something(widths: Snapshot) -> None:
    assert_draws(compressed_sensing_bound(widths))
