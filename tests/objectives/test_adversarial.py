import torch

from tests._run import data, fitted
from toysuper.functional.noise import Purpose
from toysuper.models import ReLUOutputModel
from toysuper.objectives import Adversarial
from toysuper.objectives.adversarial import attack_by_turns


def prepared(world, **options) -> Adversarial:
    objective = Adversarial(**options)
    objective.prepare(world)
    return objective


def test_without_a_budget_it_is_the_expected_loss() -> None:
    world = data(grid={"seed": [0, 1]})
    plain = fitted(world)
    assert torch.equal(fitted(world, objective=Adversarial(0.0)).W, plain.W)
    assert not torch.equal(fitted(world, objective=Adversarial(0.1)).W, plain.W)


def test_each_sample_is_attacked_at_another_feature_or_with_the_other_sign() -> None:
    model = ReLUOutputModel(4, {"budget": [0.1, 0.5]}, hidden=2)
    attack = attack_by_turns(model, torch.arange(3, 13))
    assert attack.shape == (2, 4, 10)
    torch.testing.assert_close(attack.norm(dim=1), torch.ones(2, 10))
    torch.testing.assert_close(attack[..., 4:8], -attack[..., :4])
    torch.testing.assert_close(attack[..., 8:], attack[..., :2])
    assert not attack.requires_grad


def test_it_is_the_loss_of_attacked_inputs_against_clean_ones() -> None:
    world = data(n=4, density=0.5, grid={"budget": [0.1, 0.5]})
    model, objective = ReLUOutputModel(4, world.grid, hidden=2), prepared(world)
    clean = world.world(held_out=True)(0, Purpose.ANALYSIS).features
    torch.testing.assert_close(objective.length.flatten(), clean.norm(dim=1).mean(-1))
    batch = world.world()(5, Purpose.TRAIN)
    push = attack_by_turns(model, torch.arange(5, 21)) * objective.length
    push = push * torch.tensor([0.1, 0.5])[:, None, None]
    slow = (batch.features - model(batch.features + push)).square().sum(1).mean(-1)
    torch.testing.assert_close(objective(model, batch), slow)


def test_ranks_attack_as_one_process_does() -> None:
    """The mean of two halves' objectives is the whole batch's."""
    world = data(n=3, density=0.5)
    model, objective = ReLUOutputModel(3, world.grid, hidden=2), prepared(world, budget=0.8)
    whole = objective(model, world.world()(7, Purpose.TRAIN))
    halves = [world.world(rank=rank, ranks=2)(7, Purpose.TRAIN) for rank in range(2)]
    parts = torch.stack([objective(model, half) for half in halves])
    torch.testing.assert_close(parts.mean(0), whole)


def test_larger_attacks_leave_less_superposition() -> None:
    world = data(n=6, density=0.1, batch_size=64, grid={"budget": [0.0, 1.0], "seed": [0]})
    trained = fitted(world, 400, objective=Adversarial())
    plain, attacked = trained.W.square().sum((1, 2))
    assert attacked < 0.8 * plain
