import pytest
import torch

from tests._figures import assert_draws
from tests._run import data, snapshot_of
from tests._snapshots import replace, snapshot, verdicts
from toysuper.experiments.pressure import claims, feature_pressure
from toysuper.snapshot import Snapshot


def pressed(noise: list[float]) -> Snapshot:
    """Digons whose lengths differ by so much, of 4, 8 and 16 features in two dimensions."""
    digons = torch.tensor([[1.0, -1, 0, 0], [0, 0, 1, -1]])
    W = torch.stack(
        [torch.cat([digons * torch.tensor([1, 1 - e, 1, 1]), torch.zeros(2, 12)], 1) for e in noise]
    )
    importance = torch.stack([(torch.arange(16) < n).double() for n in (4, 8, 16)])
    record = snapshot(W, torch.zeros(3, 16), [0.1] * 3, "relu")
    places = tuple({"density": 0.1, "importance": n} for n in (4, 8, 16))
    return replace(record, importance=importance, coordinates=places)


def test_pressure_makes_cleaner_polytopes() -> None:
    assert verdicts(claims(pressed([0.05, 0.02, 0.01]))) == {"PRESSURE p=0.1": True}
    assert verdicts(claims(pressed([0.01, 0.02, 0.05]))) == {"PRESSURE p=0.1": False}


GRID = {"density": [1.0, 0.2, 0.1], "activation": ["identity", "relu"], "seed": [0, 1]}


@pytest.fixture
def trained() -> Snapshot:
    world = data(grid=GRID)
    return snapshot_of(world, 5)


def test_it_draws_something(trained: Snapshot) -> None:
    assert_draws(feature_pressure(trained))
