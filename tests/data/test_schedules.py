import pytest
import torch

from tests._run import data, fitted, module, trainer
from toysuper.data.schedules import Constant, Cosine, Linear
from toysuper.errors import UserError
from toysuper.models import ReLUOutputModel
from toysuper.objectives import L1Penalty
from toysuper.training.module import EnsembleModule


@pytest.mark.parametrize("schedule", [Constant, Linear, Cosine])
def test_warm_up_rises_to_one_and_never_exceeds_it(schedule) -> None:
    factors = [schedule(warmup=0.1)(k / 100) for k in range(100)]
    assert factors[0] == 0 and factors[5] == pytest.approx(0.5) and factors[10] == 1
    assert max(factors) == 1 and min(factors) >= 0


@pytest.mark.parametrize("warmup", [-0.1, 1.0])
def test_a_warm_up_is_a_fraction_of_training(warmup: float) -> None:
    with pytest.raises(UserError, match=r"a fraction of training in \[0, 1\)"):
        Cosine(warmup=warmup)


def test_nothing_rises_again_after_the_end() -> None:
    assert Linear()(1.7) == 0 and Cosine()(2.0) == pytest.approx(0)


def test_ends() -> None:
    assert Constant()(0.99) == 1
    assert Linear()(0.99) == pytest.approx(0.01)
    assert Cosine()(0.99) < 0.001


def test_a_schedule_leads_from_start_to_stop() -> None:
    for kind in (Linear, Cosine):
        schedule = kind(start=0.5, stop=2.0, warmup=0.2)
        values = [schedule(t) for t in (0.0, 0.1, 0.2, 0.6, 1.0, 1.5)]
        assert values == pytest.approx([0.0, 0.25, 0.5, 1.25, 2.0, 2.0])
    assert Constant(start=3.0)(0.7) == 3.0


@pytest.mark.parametrize("name", ["start", "stop"])
def test_the_ends_of_a_schedule_are_finite(name: str) -> None:
    with pytest.raises(UserError, match=rf"schedule\.{name} is inf; it must be finite"):
        Linear(**{name: float("inf")})


def l1_run(jit: bool, grid: dict, steps: int = 30, **options) -> EnsembleModule:
    world = data(grid=grid, epoch=10)
    model = module(world, objective=L1Penalty(Linear(start=0.0, stop=1.0)), jit=jit, **options)
    trainer(steps).fit(model, world)
    return model


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the compiler's own
@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_scheduled_number_is_that_of_each_step(jit: bool) -> None:
    """The axis multiplies the schedule; against a plain loop."""
    grid = {"l1": [0.1, 0.5]}
    machine = l1_run(jit, grid).variant
    world = data(grid=grid)
    plain, show = ReLUOutputModel(4, world.grid, hidden=2), world.world()
    optimizer = torch.optim.AdamW(plain.parameters(), lr=1e-3, weight_decay=0.01)
    for step in range(30):
        batch, l1 = show(step, 1), torch.tensor([0.1, 0.5]) * step / 30
        error = (batch.target - plain(batch.features)).square().sum(1).mean(-1)
        penalty = l1 * (plain.W @ batch.features).abs().sum(1).mean(-1)
        optimizer.zero_grad()
        (error + penalty).sum().backward()
        optimizer.step()
    torch.testing.assert_close(machine.W, plain.W, rtol=1e-10, atol=1e-12)


def test_held_out_objectives_use_the_number_of_their_step() -> None:
    model = l1_run(False, {"l1": [0.1, 0.5]})
    torch.testing.assert_close(model.objective.l1.flatten(), torch.tensor([0.1, 0.5]))


def test_a_scheduled_number_needs_an_end() -> None:
    world = data()
    model = module(world, objective=L1Penalty(Cosine()))
    with pytest.raises(UserError, match="a schedule needs an end"):
        trainer(-1, max_epochs=-1).fit(model, world)


def test_a_scheduled_number_is_never_negative() -> None:
    with pytest.raises(UserError, match=r"model\.objective\.l1 falls to -1; it must be at least 0"):
        L1Penalty(Linear(stop=-1.0))


def test_a_variants_number_may_be_a_schedule() -> None:
    class Noisy(ReLUOutputModel):
        def __init__(self, *args, **kwargs) -> None:
            super().__init__(*args, **kwargs)
            self.sigma = self.per_instance("sigma", Linear(start=0.5))

        def answer(self, batch):
            return self(batch.features + self.sigma * batch.normal(self.n))

    world = data()
    model = module(world, model=Noisy)
    start = float(model.variant.sigma)
    trainer(20).fit(model, world)
    assert start == 0.5 and float(model.variant.sigma) == 0
    assert torch.equal(model.variant.W, fitted(world, model=Noisy, jit=False).W)
