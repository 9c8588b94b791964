"""Every objective against ten obvious lines, its laws, and what it refuses."""

import pytest
import torch

from tests import _laws
from tests._run import check, data, fitted, fitted_module
from toysuper.errors import UserError
from toysuper.models import ReLUHiddenModel, ReLUOutputModel, ToyModel
from toysuper.objectives import (
    ActiveFeaturesOnly,
    Adversarial,
    ExpectedLoss,
    L1Penalty,
    LpLoss,
    Objective,
)

ALL = [ActiveFeaturesOnly, Adversarial, ExpectedLoss, L1Penalty, LpLoss]


@pytest.mark.parametrize("law", [_laws.instances_do_not_see_each_other, _laws.the_seed_decides])
@pytest.mark.parametrize("objective", ALL)
def test_laws(law, objective) -> None:
    law(ReLUOutputModel, objective=objective())


def test_every_objective_is_listed() -> None:
    assert {*Objective.__subclasses__()} >= {*ALL}


def slow(model: ToyModel, batch, cost) -> torch.Tensor:
    """The mean over samples of a cost of error and input, feature by feature."""
    error = batch.target - model(batch.features)
    per_feature = cost(error, batch.features) * batch.importance[..., None]
    return per_feature.sum(1).mean(-1)


@pytest.mark.parametrize(
    ("objective", "cost"),
    [
        (ExpectedLoss(), lambda e, x: e**2),
        (ActiveFeaturesOnly(), lambda e, x: torch.where(x == 0, 0, e**2)),
        (LpLoss(4.0), lambda e, x: e**4),
        (LpLoss(1.0), lambda e, x: e.abs()),
    ],
)
def test_objectives_equal_their_formulas(objective, cost) -> None:
    world = data(density=0.3, importance=[1.0, 0.5, 2.0, 1.0])
    model = ReLUOutputModel(4, world.grid, hidden=2)
    batch = world.world()(0, 1)
    torch.testing.assert_close(objective(model, batch), slow(model, batch, cost))


def test_active_features_only_forgives_interference() -> None:
    """An antipodal pair without bias disturbs only features that are inactive, if one is active."""
    world = data(n=2, density=0.5)
    model = ReLUOutputModel(2, world.grid, hidden=1)
    model.W.data[:] = torch.tensor([[1.0, 1.0]])  # each answers the sum of both
    batch = world.world()(0, 1)
    one = (batch.features != 0).sum(1, keepdim=True) <= 1
    batch = batch.with_features(batch.features * one)
    batch.target = batch.features
    assert float(ExpectedLoss()(model, batch).detach()) > 0.01
    assert float(ActiveFeaturesOnly()(model, batch).detach()) == pytest.approx(0)


def test_an_axis_sets_the_exponent_of_each_instance() -> None:
    world = data(grid={"exponent": [1.0, 4.0]})
    model, objective = ReLUOutputModel(4, world.grid, hidden=2), LpLoss()
    objective.prepare(world)
    batch = world.world()(0, 1)
    error = (batch.target - model(batch.features)).abs()
    expected = torch.stack([error[0].sum(0).mean(), (error[1] ** 4).sum(0).mean()])
    torch.testing.assert_close(objective(model, batch), expected)


def test_a_power_below_1_is_refused() -> None:
    with pytest.raises(UserError, match=r"exponent is 0\.5; .* at least 1"):
        LpLoss(0.5)


def test_an_exact_fit_has_a_finite_gradient() -> None:
    """The derivative of |e|^q at e = 0 is 0."""
    world = data(n=2)
    model = ReLUOutputModel(2, world.grid, hidden=2)
    model.W.data[:] = torch.eye(2)
    for exponent in (1.0, 1.5, 4.0):
        LpLoss(exponent)(model, world.world()(0, 1)).sum().backward()
        assert bool(model.W.grad.isfinite().all())


def test_l1_penalises_the_hidden_layer() -> None:
    world = data(grid={"l1": [0.0, 2.0]})
    model, objective = ReLUHiddenModel(4, world.grid, hidden=2), L1Penalty()
    objective.prepare(world)
    batch = world.world()(0, 1)
    free, dear = objective(model, batch)
    loss = ExpectedLoss()(model, batch)
    activity = torch.relu(model.W[1] @ batch.features[1]).abs().sum(0).mean()
    torch.testing.assert_close(free, loss[0])
    torch.testing.assert_close(dear, loss[1] + 2 * activity)


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
@pytest.mark.parametrize(("objective", "name"), [(L1Penalty, "l1"), (Adversarial, "budget")])
def test_a_bad_argument_is_refused(objective, name: str, value: float) -> None:
    with pytest.raises(UserError, match=rf"objective\.{name} is .*; it must be finite and at"):
        objective(value)


def test_validation_measures_the_loss_and_beside_it_the_objective() -> None:
    world = data(grid={"l1": [0.0, 2.0]})
    module = fitted_module(world, objective=L1Penalty())
    snapshot = module.snapshot()
    loss = snapshot.loss.sum(-1)
    torch.testing.assert_close(snapshot.objective[0], loss[0])
    assert float(snapshot.objective[1]) > float(loss[1]) + 0.1
    assert {"val/loss", "val/objective"} <= {*module.trainer.callback_metrics}
    plain = fitted_module(data())
    assert plain.snapshot().objective is None
    assert "val/objective" not in plain.trainer.callback_metrics


def test_an_attack_needs_to_know_the_data() -> None:
    world = data()
    model = ReLUOutputModel(4, world.grid, hidden=2)
    with pytest.raises(UserError, match=r"call prepare\(data\) first"):
        Adversarial()(model, world.world()(0, 1))


def test_an_attack_needs_weights() -> None:
    class Deep(ReLUOutputModel):
        decoder = None

    world = data()
    with pytest.raises(UserError, match="Deep has no encoder or no decoder"):
        check(Deep(4, world.grid, hidden=2), world, objective=Adversarial())
    check(Deep(4, world.grid, hidden=2), world, objective=L1Penalty())


def test_an_axis_of_another_objective_is_refused() -> None:
    world = data(grid={"l1": [0.0, 1.0]})
    with pytest.raises(UserError, match=r"'l1' is known neither to the data nor to .*ExpectedLoss"):
        fitted(world)
