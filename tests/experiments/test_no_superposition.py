import pytest
import torch

from tests._figures import assert_draws
from tests._run import data, snapshot_of
from tests._snapshots import assert_fails_without_weights, replace, snapshot, verdicts
from toysuper.experiments.no_superposition import claims, no_superposition
from toysuper.objectives import L1Penalty
from toysuper.snapshot import Snapshot


def with_penalties(lengths: list[float], losses: list[float]) -> Snapshot:
    """Two antipodal pairs at a penalty of 0, then two features alone."""
    alone = torch.eye(2, 4)
    W = torch.stack([alone - alone.roll(2, 1), alone, alone])
    W = W * torch.tensor(lengths)[:, None, None] / W.square().sum((1, 2), keepdim=True).sqrt()
    W = W * 2**0.5
    made = snapshot(W, torch.zeros(len(W), 4), [0.1] * len(W), "relu")
    coordinates = tuple({"l1": penalty} for penalty in (0.0, 0.1, 0.2)[: len(W)])
    return replace(made, coordinates=coordinates, loss=torch.tensor(losses)[:, None].expand(-1, 4))


def test_no_superposition() -> None:
    good = with_penalties([1.4, 1.2, 1.0], [0.1, 0.2, 0.3])
    assert verdicts(claims(good)) == {
        "L1": True,
        "L1 alone": True,
        "L1 loss": True,
    }
    stuck = with_penalties([1.4, 1.4, 1.4], [0.1, 0.1, 0.1])
    assert verdicts(claims(stuck)) == {
        "L1": False,
        "L1 alone": True,
        "L1 loss": False,
    }
    never = with_penalties([1.0, 1.0, 1.0], [0.1, 0.2, 0.3])
    assert verdicts(claims(never))["L1"] is False
    shared = replace(good, encoder=good.encoder[[0, 0, 0]], decoder=good.encoder[[0, 0, 0]])
    assert verdicts(claims(shared))["L1 alone"] is False


@pytest.fixture
def priced() -> Snapshot:
    world = data(grid={"l1": [0.0, 0.1, 1.0], "seed": [0, 1]})
    return snapshot_of(world, 5, objective=L1Penalty())


@pytest.mark.parametrize("fill", [0.0, torch.nan, 1e-3])
def test_no_claim_holds_for_models_that_do_nothing(fill: float) -> None:
    assert_fails_without_weights(claims, with_penalties([1.4, 1.2, 1.0], [0.1, 0.2, 0.3]), fill)


def test_it_draws_something(priced: Snapshot) -> None:
    assert_draws(no_superposition(priced))
