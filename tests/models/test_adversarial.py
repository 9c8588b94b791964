import pytest
import torch

from tests import _laws
from tests._run import data, fitted
from toysuper.errors import UserError
from toysuper.functional.noise import Purpose
from toysuper.models import AdversarialModel, ReLUOutputModel


@pytest.mark.parametrize("law", [*_laws.ALL, _laws.tied_weights_are_one_parameter])
def test_laws(law) -> None:
    law(AdversarialModel)


def test_without_a_budget_it_is_the_main_model() -> None:
    world = data(grid={"seed": [0, 1]})
    plain = fitted(world)
    assert torch.equal(fitted(world, model=AdversarialModel, budget=0.0).W, plain.W)
    assert not torch.equal(fitted(world, model=AdversarialModel, budget=0.1).W, plain.W)


def test_each_sample_is_attacked_at_another_feature_or_with_the_other_sign() -> None:
    model = AdversarialModel(4, {"budget": [0.1, 0.5]}, hidden=2)
    found = model.attack(torch.arange(3, 13))
    assert found.shape == (2, 4, 10)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(2, 10))
    torch.testing.assert_close(found[..., 4:8], -found[..., :4])
    torch.testing.assert_close(found[..., 8:], found[..., :2])
    assert not found.requires_grad


def test_the_objective_is_the_loss_of_attacked_inputs_against_clean_ones() -> None:
    world = data(n=4, density=0.5, grid={"budget": [0.1, 0.5]})
    model = AdversarialModel(4, world.grid, hidden=2)
    model.rehearse(world)
    clean = world.world(held_out=True)(0, Purpose.ANALYSIS).features
    torch.testing.assert_close(model.length.flatten(), clean.norm(dim=1).mean(-1))
    batch = world.world()(5, Purpose.TRAIN)
    push = model.attack(torch.arange(5, 21)) * model.length
    push = push * torch.tensor([0.1, 0.5])[:, None, None]
    slow = (batch.features - model(batch.features + push)).square().sum(1).mean(-1)
    torch.testing.assert_close(model.objective(batch), slow)


def test_ranks_attack_as_one_process_does() -> None:
    """The mean of two halves' objectives is the whole batch's."""
    world = data(n=3, density=0.5)
    model = AdversarialModel(3, world.grid, hidden=2, budget=0.8)
    model.rehearse(world)
    whole = model.objective(world.world()(7, Purpose.TRAIN))
    halves = [model.objective(world.world(rank=r, ranks=2)(7, Purpose.TRAIN)) for r in range(2)]
    torch.testing.assert_close(torch.stack(halves).mean(0), whole)


def test_larger_attacks_leave_less_superposition() -> None:
    world = data(n=6, density=0.1, batch_size=64, grid={"budget": [0.0, 1.0], "seed": [0]})
    trained = fitted(world, 400, model=AdversarialModel)
    plain, attacked = trained.W.square().sum((1, 2))
    assert attacked < 0.8 * plain


def test_a_negative_budget_is_refused() -> None:
    with pytest.raises(UserError, match=r"model\.budget is -0\.1; it must be finite"):
        AdversarialModel(4, None, hidden=2, budget=-0.1)


def test_held_out_loss_is_of_clean_inputs() -> None:
    world = data(n=4)
    strong = AdversarialModel(4, world.grid, hidden=2, budget=2.0)
    weak = ReLUOutputModel(4, world.grid, hidden=2)
    x = world.world()(0, Purpose.VAL).features
    assert torch.equal(strong(x), weak(x))
