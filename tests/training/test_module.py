from pathlib import Path

import pytest
import torch

from tests._run import check, data, fitted, fitted_module, module, trainer
from toysuper import models
from toysuper.data.schedules import BY_NAME, Cosine, Linear
from toysuper.errors import UserError
from toysuper.models import LinearModel, ReLUOutputModel, ToyModel
from toysuper.training.checks import check_axes
from toysuper.training.module import EnsembleModule, adamw

DENSITIES = {"density": [1.0, 0.3]}


def test_default_optimiser_is_the_notebooks() -> None:
    parameter = torch.nn.Parameter(torch.zeros(1))
    ours, theirs = adamw([parameter]), torch.optim.AdamW([parameter])
    same = {k: v for k, v in ours.defaults.items() if k != "fused"}
    assert same == {k: v for k, v in theirs.defaults.items() if k != "fused"}


def test_training_equals_a_plain_loop() -> None:
    """The whole machine against ten obvious lines."""
    world = data(grid=DENSITIES)
    machine = fitted(world, 15, schedule=Linear())
    plain = ReLUOutputModel(world.n, world.grid, hidden=2)
    show = world.world()
    optimizer = torch.optim.AdamW(plain.parameters(), lr=1e-3, weight_decay=0.01)
    for step in range(15):
        optimizer.param_groups[0]["lr"] = 1e-3 * (1 - step / 15)
        batch = show(step, 1)
        error = batch.importance[..., None] * (batch.target - plain(batch.features)) ** 2
        optimizer.zero_grad()
        error.sum(1).mean(-1).sum().backward()
        optimizer.step()
    torch.testing.assert_close(machine.W, plain.W, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(machine.b, plain.b, rtol=1e-12, atol=1e-14)


def test_burst_length_changes_nothing() -> None:
    runs = [fitted(data(burst=burst, grid=DENSITIES), schedule=Cosine()) for burst in (1, 7, 1000)]
    assert all(torch.equal(runs[0].W, run.W) for run in runs[1:])


@pytest.mark.parametrize("stop", [10, 14, 16])
def test_resume_equals_the_straight_run(stop: int, tmp_path: Path) -> None:
    """At an epoch's end, within an epoch, and at a burst's end within one."""
    straight = fitted(data(grid=DENSITIES), 25)
    first, world = trainer(stop), data(grid=DENSITIES)
    first.fit(module(world), world)
    first.save_checkpoint(tmp_path / "x.ckpt")
    again, world = trainer(25), data(grid=DENSITIES)
    model = module(world)
    again.fit(model, world, ckpt_path=tmp_path / "x.ckpt", weights_only=True)
    assert again.global_step == 25
    assert torch.equal(model.variant.W, straight.W)
    assert torch.equal(model.variant.b, straight.b)


def test_resume_goes_on_with_the_configs_learning_rate(tmp_path: Path) -> None:
    def sgd(lr):
        return lambda parameters: torch.optim.SGD(parameters, lr=lr)

    first, world = trainer(10), data()
    first.fit(module(world, optimizer=sgd(0.1)), world)
    first.save_checkpoint(tmp_path / "x.ckpt")
    model = module(world, optimizer=sgd(0.0))
    trainer(20).fit(model, data(), ckpt_path=tmp_path / "x.ckpt", weights_only=True)
    state = torch.load(tmp_path / "x.ckpt", weights_only=True)["state_dict"]
    assert torch.equal(model.variant.W, state["variant.W"])  # a rate of zero moves nothing


def test_a_finished_checkpoint_says_so(tmp_path: Path) -> None:
    first, world = trainer(10), data()
    first.fit(module(world), world)
    first.save_checkpoint(tmp_path / "x.ckpt")
    model = module(world)
    with pytest.raises(UserError, match=r"at step 10 and trainer\.max_steps is 10; raise it"):
        trainer(10).fit(model, data(), ckpt_path=tmp_path / "x.ckpt", weights_only=True)


def test_the_earlier_of_two_limits_ends_the_schedule() -> None:
    world, seen = data(), []
    run = trainer(10_000, max_epochs=2)
    run.fit(
        module(world, schedule=lambda t: seen.append(t) or 1),
        world,
    )
    assert run.global_step == 20 and max(seen) == 1.0


def test_a_schedule_without_an_end_is_refused() -> None:
    world = data()
    model = module(world, schedule=Linear())
    with pytest.raises(UserError, match="a schedule needs an end"):
        trainer(-1, max_epochs=-1).fit(model, world)


def test_model_and_data_must_share_their_grid() -> None:
    with pytest.raises(UserError, match="another n or grid than the data's"):
        check(ReLUOutputModel(4, {"seed": [0, 1]}, hidden=2), data())


def test_a_forward_of_another_shape_fails_before_training() -> None:
    class Short(ReLUOutputModel):
        def forward(self, x):
            return super().forward(x)[:, :2]

    with pytest.raises(UserError, match=r"Short\.forward answers .*they must agree"):
        check(Short(4, None, hidden=2), data())


def test_a_checkpoint_loads_into_a_variant_of_the_same_shape(tmp_path: Path) -> None:
    run, world = trainer(5), data(grid=DENSITIES)
    model = module(world, activation="gelu")
    run.fit(model, world)
    run.save_checkpoint(tmp_path / "x.ckpt")
    variant = ReLUOutputModel(world.n, world.grid, hidden=2, activation="gelu")
    loaded = EnsembleModule.load_from_checkpoint(
        tmp_path / "x.ckpt", weights_only=True, variant=variant
    )
    assert torch.equal(loaded.variant.W, model.variant.W) and loaded.variant is variant


def test_foreign_checkpoints_are_refused() -> None:
    world = data()
    model = module(world)
    with pytest.raises(UserError, match="not written by toysuper"):
        model.on_load_checkpoint({"state_dict": {}})
    other = EnsembleModule(LinearModel(6, world.grid, hidden=2)).state_dict()
    with pytest.raises(UserError, match=r"\(1, 2, 6\).*\(1, 2, 4\)"):
        model.on_load_checkpoint({"state_dict": other, "toysuper": {}, "global_step": 0})


def test_clipping_is_per_instance() -> None:
    """A limit that binds for one instance leaves the other where it would have been."""

    def sgd(parameters):
        return torch.optim.SGD(parameters, lr=0.1)

    grid = {"importance": [1e-3, 100.0]}
    free = fitted(data(grid=grid), 3, optimizer=sgd)
    clipped = fitted(data(grid=grid), 3, optimizer=sgd, clip=1.0)
    assert torch.equal(free.W[0], clipped.W[0])
    start = ReLUOutputModel(4, data(grid=grid).grid, hidden=2)
    moved = torch.cat([(clipped.W - start.W)[1].flatten(), (clipped.b - start.b)[1]])
    assert 0 < float(moved.detach().norm()) <= 3 * 0.1 + 1e-12


def test_official_init_depends_on_the_ensemble_and_xavier_does_not() -> None:
    big = {"seed": [float(k) for k in range(100)]}
    for init, instances in (("xavier", 1), ("official", 100)):
        model = ReLUOutputModel(50, big, hidden=20, init=init)
        expected = (2 / 70) ** 0.5 if init == "xavier" else (2 / (20 * 150)) ** 0.5
        assert float(model.W.detach().std()) == pytest.approx(expected, rel=0.02), instances


def test_metrics_of_the_user_are_updated() -> None:
    from toysuper.metrics import FeatureMean

    class Mean(FeatureMean):
        def of(self, prediction, batch):
            return (batch.features * batch.weight[:, None]).sum(-1)

    world = data(eval_batches=16, eval_batch_size=4096)
    model = fitted_module(world, 2, metrics=[Mean()])
    mean = model.held_out.metrics["Mean"].compute()
    torch.testing.assert_close(mean, torch.full((1, 4), 0.5), atol=0.01, rtol=0)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"hidden": 0}, r"model\.variant\.hidden is 0"),
        ({"hidden": 9}, r"model\.variant\.hidden is 9 but there are 4 features"),
        ({"clip": -1.0}, r"model\.clip is -1\.0"),
        ({"lr": 0.0}, r"model\.lr is 0\.0; it must be finite and above 0"),
        ({"schedule": "cosinus"}, r"model\.schedule is 'cosinus'.*Did you mean 'cosine'"),
        ({"init": "xaver"}, "init 'xaver'.*Did you mean 'xavier'"),
        ({"grid": {"desity": [0.1]}}, "'desity' is known neither.*'density'"),
    ],
)
def test_bad_arguments_get_one_sentence(options: dict, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        world = data(grid=options.pop("grid", None))
        check_axes(module(world, **options), world)


def test_the_learning_rate_is_the_optimisers_whichever_it_is() -> None:
    def sgd(parameters):
        return torch.optim.SGD(parameters, lr=123.0)

    ours, theirs = (
        fitted(data(), optimizer=sgd, lr=0.1),
        fitted(data(), optimizer=lambda p: torch.optim.SGD(p, lr=0.1)),
    )
    assert torch.equal(ours.W, theirs.W)
    default = fitted(data(), lr=1e-3)
    assert torch.equal(default.W, fitted(data()).W)


@pytest.mark.parametrize("name", ["constant", "linear", "cosine"])
def test_schedules_have_names(name: str) -> None:
    by_name, by_class = fitted(data(), schedule=name), fitted(data(), schedule=BY_NAME[name]())
    assert torch.equal(by_name.W, by_class.W)


def test_a_subclass_owes_little_and_stands_on_the_base_alone() -> None:
    assert ToyModel.__abstractmethods__ == {"forward"}
    shipped = [getattr(models, name) for name in models.__all__ if name != "ToyModel"]
    assert all(model.__bases__ == (ToyModel,) for model in shipped)


def test_max_epochs_count_epochs_of_the_data() -> None:
    world = data()
    run = trainer(-1, max_epochs=2)
    run.fit(module(world), world)
    assert run.global_step == 20


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("seeds", [1, 2])
@pytest.mark.parametrize("hidden", [1, 2])
def test_the_smallest_ensembles_are_measured(n: int, seeds: int, hidden: int) -> None:
    world = data(n=n, grid={"seed": list(range(seeds))})
    snapshot = fitted_module(world, hidden=min(n, hidden)).snapshot()
    assert snapshot.loss.shape == (seeds, n) and snapshot.measured
