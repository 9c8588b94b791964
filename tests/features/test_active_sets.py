import pytest
import torch

from tests._run import data, fitted
from toysuper.errors import UserError
from toysuper.features import ActiveSets, SparseUniform
from toysuper.functional.losses import expected_loss
from toysuper.functional.noise import Purpose
from toysuper.functional.theory import linear_loss
from toysuper.models import LinearModel, ReLUOutputModel


def loss(features, n: int, model=ReLUOutputModel, step: int = 0, **options) -> torch.Tensor:
    grid = {"density": [1.0, 0.5, 0.1], "importance[0]": [1.0, 3.0]}
    world = data(n=n, grid=grid, features=features, **options)
    untrained = model(n, world.grid, hidden=max(1, n // 2), seed=5)
    batch = world.world()(step, Purpose.TRAIN)
    target = batch.features.abs() if getattr(features, "signed", False) else batch.target
    return expected_loss(untrained(batch.features), target, batch.importance, batch.weight)


def sampled_loss(features: SparseUniform, n: int) -> torch.Tensor:
    """The mean loss of 2^20 samples, in batches that fit into the cache."""
    losses = [loss(features, n, step=step, batch_size=1 << 14) for step in range(64)]
    return torch.stack(losses).mean(0)


@pytest.mark.parametrize(("n", "nodes"), [(1, 3), (2, 3), (3, 3)])
def test_a_linear_models_loss_is_exact(n: int, nodes: int) -> None:
    """The loss is a quadratic, which two nodes integrate without error."""
    grid = {"density": [1.0, 0.5, 0.1]}
    world = data(n=n, grid=grid, features=ActiveSets(nodes=nodes))
    toy = LinearModel(n, world.grid, hidden=1)
    torch.nn.init.normal_(toy.b, generator=torch.Generator().manual_seed(0))
    batch = world.world()(0, Purpose.TRAIN)
    actual = expected_loss(toy(batch.features), batch.target, batch.importance, batch.weight)
    exact = linear_loss(toy.W, toy.b, batch.importance, world.density)
    torch.testing.assert_close(actual, exact, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("signed", [False, True])
def test_the_expectation_agrees_with_samples(signed: bool) -> None:
    exact, mean = loss(ActiveSets(15, signed=signed), 3), sampled_loss(SparseUniform(signed), 3)
    torch.testing.assert_close(exact, mean, rtol=0.01, atol=0)


def test_an_antipodal_pair_costs_p_squared_over_six() -> None:
    world = data(n=2, grid={"density": [1.0, 0.1]}, features=ActiveSets(31))
    toy = ReLUOutputModel(2, world.grid, hidden=1)
    with torch.no_grad():
        toy.W.copy_(torch.tensor([1.0, -1.0]))
    batch = world.world()(0, Purpose.TRAIN)
    actual = expected_loss(toy(batch.features), batch.target, batch.importance, batch.weight)
    torch.testing.assert_close(actual, 2 * torch.tensor([1.0, 0.01]) / 6, rtol=1e-3, atol=0)


def test_up_to_three_features_nothing_is_random() -> None:
    assert torch.equal(loss(ActiveSets(3), 3, step=0), loss(ActiveSets(3), 3, step=1))
    assert not torch.equal(loss(ActiveSets(3), 4, step=0), loss(ActiveSets(3), 4, step=1))


def test_stratified_samples_have_the_right_mean_and_less_noise() -> None:
    """Compare with as many samples of SparseUniform; sparser features have a larger exact part."""
    steps = range(100)
    strata = torch.stack([loss(ActiveSets(7), 5, step=k, batch_size=64) for k in steps])
    plain = torch.stack([loss(SparseUniform(), 5, step=k, batch_size=64) for k in steps])
    error = (strata.mean(0) - sampled_loss(SparseUniform(), 5)).abs()
    assert (error < 5 * strata.std(0) / 100**0.5 + 0.003 * strata.mean(0)).all()
    assert (strata.std(0)[-2:] < plain.std(0)[-2:] / 20).all()


def test_any_model_trains_on_it() -> None:
    grid = {"density": [0.5], "seed": [0, 1]}
    toy = fitted(data(n=3, grid=grid, features=ActiveSets(7)), 200)
    assert (loss_of(toy, 3) < loss_of(ReLUOutputModel(3, toy.grid, hidden=2), 3)).all()


def test_larger_sets_train_too() -> None:
    """Sixteen sets of five features are random; the check before a run needs a column for each."""
    fitted(data(n=5, density=0.5, features=ActiveSets(3)), 2)


def loss_of(toy: ReLUOutputModel, n: int) -> torch.Tensor:
    world = data(n=n, grid=dict(toy.grid.blocks[0]), features=ActiveSets(15)).world()
    batch = world(0, Purpose.TEST)
    return expected_loss(toy(batch.features), batch.target, batch.importance, batch.weight).detach()


@pytest.mark.parametrize(
    ("n", "options", "sentence"),
    [
        (2, {"nodes": 0}, "features.nodes is 0"),
        (20, {}, "of n=20 features needs more than 32768 columns; lower nodes"),
        (6, {"exact": 6}, "sets of up to 6 of n=6 features needs more"),
        (6, {"nodes": 3}, "16 samples for 42 sets; raise data.batch_size"),
    ],
)
def test_too_many_columns_are_refused(n: int, options: dict, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        data(n=n, features=ActiveSets(**options)).world()
