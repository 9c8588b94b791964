"""The claims hold if attacks remove superposition and fail if they do not."""

import pytest
import torch

from tests._figures import assert_draws
from tests._run import data, snapshot_of
from tests._snapshots import replace, snapshot, verdicts
from toysuper.experiments.adversarial_training import adversarial_training, claims
from toysuper.objectives import Adversarial
from toysuper.snapshot import Snapshot

ALONE = torch.tensor([[1.0, 0, 0, 0], [0, 0, 1, 0]]).double()


DIGONS = torch.tensor([[1.0, -1, 0, 0], [0, 0, 1, -1]]).double()


def trained(*models: torch.Tensor) -> Snapshot:
    made = snapshot(torch.stack(models), torch.zeros(3, 4), [0.2] * 3, "relu")
    return replace(made, coordinates=tuple({"budget": b} for b in (0.0, 0.4, 0.8)))


def test_adversarial_training_takes_superposition_away() -> None:
    def verdicts_of(*models: torch.Tensor) -> dict[str, bool | None]:
        return verdicts(claims(trained(*models)))

    assert verdicts_of(DIGONS, DIGONS, ALONE) == {"ADVTRAIN": True, "ADVTRAIN count": True}
    shorter = verdicts_of(DIGONS, 0.8 * DIGONS, 0.6 * DIGONS)
    assert shorter == {"ADVTRAIN": True, "ADVTRAIN count": False}
    shuffled = trained(DIGONS, DIGONS, ALONE).pick([2, 0, 1])
    assert set(verdicts(claims(shuffled)).values()) == {True}
    assert verdicts_of(ALONE, DIGONS, ALONE) == {"ADVTRAIN": False, "ADVTRAIN count": False}
    assert verdicts_of(DIGONS, DIGONS, DIGONS)["ADVTRAIN count"] is False
    without_budgets = replace(trained(ALONE, DIGONS, DIGONS), coordinates=({},) * 3)
    other = verdicts(claims(without_budgets))
    assert other == {"ADVTRAIN": None, "ADVTRAIN count": None}


@pytest.fixture
def attacked() -> Snapshot:
    world = data(grid={"budget": [0.0, 0.5], "seed": [0, 1]})
    return snapshot_of(world, 5, objective=Adversarial())


def test_it_draws_something(attacked: Snapshot) -> None:
    assert_draws(adversarial_training(attacked))
