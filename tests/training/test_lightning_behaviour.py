"""What users of Lightning do to modules, callbacks, trainers: by numbers, against straight runs."""

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import Callback
from lightning.pytorch.callbacks import EarlyStopping, LambdaCallback, ModelCheckpoint
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    ExponentialLR,
    LinearLR,
    OneCycleLR,
    ReduceLROnPlateau,
)

from tests._run import data, module, trainer
from toysuper.callbacks.saving import Checkpoints
from toysuper.data.schedules import Linear
from toysuper.objectives import L1Penalty
from toysuper.training.module import EnsembleModule

GRID = {"seed": [0, 1]}
pytestmark = [
    pytest.mark.filterwarnings("ignore:.* acts at every step:UserWarning"),
    pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`:UserWarning"),
]


def trained(kind: type[EnsembleModule], steps: int, burst: int = 4, **options: Any) -> Any:
    """The module and its trainer, after a fit or the rest of one."""
    path, own = options.pop("ckpt_path", None), options.pop("own", {})
    world = data(grid=GRID, burst=burst, epoch=options.pop("epoch", 10))
    toy = kind(module(world).variant, **{"jit": False, "lr": 1e-2, **own})
    run = trainer(steps, **options)
    run.fit(toy, world, ckpt_path=path, weights_only=True if path else None)
    return toy, run


def weights(toy: Any) -> torch.Tensor:
    return toy.variant.W.detach()


@pytest.mark.parametrize("options", [{}, {"save_weights_only": True}, {"filename": "mine-{step}"}])
def test_files_of_a_model_checkpoint_are_its_own(options: Any, tmp_path: Path) -> None:
    theirs = ModelCheckpoint(every_n_train_steps=7, save_top_k=-1, **options)
    saving = {"enable_checkpointing": True, "default_root_dir": tmp_path}
    trained(EnsembleModule, 30, callbacks=[theirs, Checkpoints()], **saving)
    names = [path.stem for path in (tmp_path / "checkpoints").glob("*.ckpt")]
    steps = sorted(int(name.split("step=")[1].split("-")[0]) for name in names)
    assert steps == [7, 14, 20, 21, 28, 30]


class Scheduled(EnsembleModule):
    def configure_optimizers(self) -> Any:
        optimizer = super().configure_optimizers()
        schedule = ExponentialLR(optimizer, 0.9)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class Momentum(EnsembleModule):
    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)


class Waiting(EnsembleModule):
    """The rate falls wherever the loss does not: at once, as nothing counts as better."""

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        schedule = ReduceLROnPlateau(optimizer, factor=0.5, patience=0, threshold=1.0)
        return {"optimizer": optimizer, "lr_scheduler": schedule, "monitor": "val/loss"}


class Chained(EnsembleModule):
    """A schedule of schedules, whose state counts no steps itself."""

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        both = [LinearLR(optimizer, 0.1, total_iters=10), ExponentialLR(optimizer, 0.99)]
        return [optimizer], [{"scheduler": ChainedScheduler(both), "interval": "step"}]


class Alternating(EnsembleModule):
    """A schedule that acts at every second batch of an epoch."""

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        schedule = {"scheduler": ExponentialLR(optimizer, 0.9), "interval": "step", "frequency": 2}
        return {"optimizer": optimizer, "lr_scheduler": schedule}


class Raises(Callback):
    takes_bursts = True

    def on_train_epoch_start(self, run: Any, *_: Any) -> None:
        if run.current_epoch == 1:
            run.optimizers[0].param_groups[0]["lr"] = 0.03


@pytest.mark.parametrize("kind", [EnsembleModule, Scheduled, Momentum, Waiting, Chained])
@pytest.mark.parametrize("stop", [14, 20])
def test_a_resumed_run_is_the_straight_one(
    kind: type[EnsembleModule], stop: int, tmp_path: Path
) -> None:
    straight, _ = trained(kind, 40, callbacks=[Raises()])
    saving = {"enable_checkpointing": True, "default_root_dir": tmp_path}
    trained(kind, stop, callbacks=[Raises(), Checkpoints()], **saving)
    (path,) = tmp_path.rglob(f"*step={stop}.ckpt")
    path = path.rename(tmp_path / "it.ckpt")
    resumed, run = trained(kind, 40, callbacks=[Raises(), Checkpoints()], ckpt_path=path, **saving)
    assert torch.equal(weights(resumed), weights(straight))
    run.validate(resumed, data(grid=GRID), ckpt_path=path, weights_only=True, verbose=False)


class Interrupts(Callback):
    def __init__(self, step: int) -> None:
        self.step, self.ends = step, []

    def on_train_batch_end(self, run: Any, *_: Any) -> None:
        if run.global_step == self.step:
            raise ValueError("mine")

    def on_validation_end(self, run: Any, *_: Any) -> None:
        self.ends.append(run.global_step)


@pytest.mark.parametrize("step", [13, 14])
@pytest.mark.parametrize("kind", [Waiting, Chained, Alternating])
def test_a_run_goes_on_after_an_error(
    kind: type[EnsembleModule], step: int, tmp_path: Path
) -> None:
    """Within an epoch of 7 steps, and after its last step, before its validation."""
    straight, _ = trained(kind, 30, epoch=7)
    saving = {"enable_checkpointing": True, "default_root_dir": tmp_path}
    before, after = Interrupts(step), Interrupts(0)
    with pytest.raises(ValueError, match="mine"):
        trained(kind, 30, epoch=7, callbacks=[before, Checkpoints()], **saving)
    (path,) = tmp_path.rglob(f"*step={step}.ckpt")
    resumed, _ = trained(kind, 30, epoch=7, callbacks=[after], ckpt_path=path)
    assert torch.equal(weights(resumed), weights(straight))
    assert before.ends + after.ends == [7, 14, 21, 28, 30]


def test_batches_are_counted_anew_after_an_error_without_a_validation(tmp_path: Path) -> None:
    common = {"epoch": 7, "limit_val_batches": 0}
    straight, _ = trained(Alternating, 30, **common)
    saving = {"enable_checkpointing": True, "default_root_dir": tmp_path}
    with pytest.raises(ValueError, match="mine"):
        trained(Alternating, 30, callbacks=[Interrupts(14), Checkpoints()], **saving, **common)
    (path,) = tmp_path.rglob("*step=14.ckpt")
    resumed, _ = trained(Alternating, 30, ckpt_path=path, **common)
    assert torch.equal(weights(resumed), weights(straight))


def test_early_stopping_goes_on_after_a_resume(tmp_path: Path) -> None:
    def stopping() -> EarlyStopping:
        return EarlyStopping("val/loss", min_delta=1, patience=4)

    _, straight = trained(EnsembleModule, 200, callbacks=[stopping()])
    saving = {"enable_checkpointing": True, "default_root_dir": tmp_path}
    trained(EnsembleModule, 20, callbacks=[stopping(), Checkpoints()], **saving)
    (path,) = tmp_path.rglob("*step=20.ckpt")
    both = [stopping(), Checkpoints()]
    _, run = trained(EnsembleModule, 200, callbacks=both, ckpt_path=path, **saving)
    assert run.global_step == straight.global_step == 50


@pytest.mark.parametrize("burst", [1, 7, 100])
def test_min_steps_are_exact(burst: int) -> None:
    stopping = EarlyStopping("val/loss", patience=0, stopping_threshold=10.0)
    _, run = trained(EnsembleModule, 200, burst, callbacks=[stopping], min_steps=25)
    assert run.global_step == 25


class Logs(EnsembleModule):
    def validation_step(self, burst: Any, index: int) -> None:
        super().validation_step(burst, index)
        self.log("mean", float(index))


def test_a_validation_step_logs_means() -> None:
    _, run = trained(Logs, 10)
    assert run.callback_metrics["mean"] == 0.5, "of two batches"


class KeepsTheRate(EnsembleModule):
    def lr_scheduler_step(self, *_: Any) -> None: ...


class Accumulates(EnsembleModule):
    def optimizer_zero_grad(self, *_: Any) -> None: ...


class Halves(EnsembleModule):
    def training_step(self, burst: Any, index: int) -> torch.Tensor:
        return 0.5 * super().training_step(burst, index)


def test_hooks_have_the_last_word() -> None:
    """Control: without them the weights are others."""
    sgd = {"optimizer": lambda p: torch.optim.SGD(p, lr=1e-2)}
    plain, _ = trained(EnsembleModule, 20, own=sgd)
    kept, run = trained(KeepsTheRate, 20, own={**sgd, "schedule": "linear"})
    assert run.optimizers[0].param_groups[0]["lr"] == 1e-2
    assert torch.equal(weights(kept), weights(plain))
    halved, _ = trained(Halves, 20, own=sgd)
    slower, _ = trained(EnsembleModule, 20, own={**sgd, "lr": 5e-3})
    torch.testing.assert_close(weights(halved), weights(slower), rtol=1e-12, atol=1e-14)
    accumulated, _ = trained(Accumulates, 20, own=sgd)
    assert (weights(accumulated) - weights(plain)).abs().max() > 1e-3


class Twice(torch.optim.SGD):
    def step(self, closure: Any = None) -> Any:
        if closure:
            closure()
        return super().step(closure)


def test_a_closure_may_be_called_twice() -> None:
    plain, _ = trained(EnsembleModule, 20, own={"optimizer": torch.optim.SGD})
    twice, run = trained(EnsembleModule, 20, own={"optimizer": Twice})
    assert run.global_step == 20
    torch.testing.assert_close(weights(twice), weights(plain), rtol=1e-12, atol=1e-14)


def test_a_snapshot_is_of_these_weights_and_these_data() -> None:
    toy, _ = trained(EnsembleModule, 10)
    before = toy.snapshot()
    assert before.measured and not toy.snapshot(data(density=0.1, grid=GRID)).measured
    trainer(10, limit_val_batches=0).fit(toy, data(grid=GRID))
    assert torch.equal(toy.snapshot().W, weights(toy)) and not toy.snapshot().measured
    assert not torch.equal(before.W, weights(toy)), "control"
    toy.load_state_dict({k: 0 * v for k, v in toy.state_dict().items()})
    assert not toy.snapshot().W.any()


class Skipping(EnsembleModule):
    def optimizer_step(self, epoch: int, index: int, optimizer: Any, closure: Any) -> None:
        closure() if index == 5 else optimizer.step(closure)


class Silent(EnsembleModule):
    def training_step(self, burst: Any, index: int) -> Any:
        return None if index == 5 else super().training_step(burst, index)


class Clearing(EnsembleModule):
    def on_before_optimizer_step(self, *_: Any) -> None:
        if self.trainer.global_step % 10 == 5:
            self.zero_grad()


@pytest.mark.filterwarnings("ignore:`training_step` returned `None`")
def test_a_step_may_be_left_out() -> None:
    """Lightning counts it, and goes on with the next batch."""
    (a, run), (b, _), (c, _) = (trained(kind, 20) for kind in (Skipping, Silent, Clearing))
    assert run.global_step == 20
    assert torch.equal(weights(a), weights(b)) and torch.equal(weights(a), weights(c))
    assert not torch.equal(weights(a), weights(trained(EnsembleModule, 20)[0]))


class EndsEarly(EnsembleModule):
    def on_train_batch_start(self, *_: Any) -> int | None:
        return -1 if self.trainer.global_step == 13 and self.trainer.current_epoch == 1 else None


def test_an_epoch_may_end_early() -> None:
    """The next one ends where it had to: validations come at multiples of ``data.epoch``."""
    ends = []
    epochs = LambdaCallback(on_train_epoch_end=lambda run, _: ends.append(run.global_step))
    early, run = trained(EndsEarly, 40, callbacks=[epochs])
    assert torch.equal(weights(early), weights(trained(EnsembleModule, 40)[0]))
    assert run.global_step == 40 and ends == [10, 13, 20, 30, 40]


@pytest.mark.parametrize(
    ("limits", "steps"),
    [
        ({"max_steps": 25}, 25),
        ({"max_steps": -1, "max_epochs": 3}, 30),
        ({"max_steps": 25, "max_epochs": 3}, 25),
        ({"max_steps": 35, "max_epochs": 3}, 30),
        ({"max_steps": -1, "max_epochs": 3, "limit_train_batches": 5}, 15),
    ],
)
def test_the_number_of_steps_is_known_where_a_schedule_is_made(limits: Any, steps: int) -> None:
    class OneCycle(EnsembleModule):
        def configure_optimizers(self) -> Any:
            optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
            self.total = self.trainer.estimated_stepping_batches
            return [optimizer], [OneCycleLR(optimizer, 0.1, self.total)]

    world, run = data(grid=GRID), trainer(**{"steps": limits["max_steps"], **_others(limits)})
    toy = OneCycle(module(world).variant, jit=False)
    run.fit(toy, world)
    assert toy.total == run.global_step == steps
    assert run.max_steps == limits["max_steps"]


def _others(limits: dict[str, int]) -> dict[str, int]:
    return {name: limit for name, limit in limits.items() if name != "max_steps"}


@pytest.mark.parametrize("burst", [1, 3, 10])
def test_a_logged_loss_does_not_depend_on_bursts(burst: int) -> None:
    """Whatever watches it does the same with other callbacks beside."""
    seen = []
    epochs = LambdaCallback(
        on_train_epoch_end=lambda run, _: seen.append(float(run.callback_metrics["train/loss"]))
    )
    trained(EnsembleModule, 30, burst, callbacks=[epochs])
    world = data(grid=GRID)
    expected, toy = [], module(world, lr=1e-2)
    trainer(30, callbacks=[Losses(expected)]).fit(toy, world)
    assert seen == pytest.approx(expected[9::10], rel=1e-12)


class Losses(Callback):
    """The loss of each step, computed by hand before it."""

    def __init__(self, losses: list[float]) -> None:
        self.losses = losses

    def on_train_batch_start(self, run: Any, own: Any, burst: Any, _: int) -> None:
        (batch,) = burst.batches()
        self.losses.append(own.objective(own.variant, batch).mean().item())


STARTS = ("setup", "on_fit_start", "on_train_start", "on_train_epoch_start")


@pytest.mark.parametrize("hook", STARTS)
def test_a_gradient_hook_acts_at_every_step(hook: str) -> None:
    def freeze(_: Any, own: Any, **__: Any) -> None:
        if not own.variant.W._backward_hooks:
            own.variant.W.register_hook(lambda gradient: gradient * 0)

    callback = LambdaCallback(**{hook: freeze})
    untrained, own = module(data(grid=GRID)).variant, {"optimizer": torch.optim.SGD}
    toy, _ = trained(EnsembleModule, 20, 10, callbacks=[callback], own=own)
    assert torch.equal(weights(toy), untrained.W)


def test_a_callback_that_joins_later_is_called_at_every_step() -> None:
    calls = []
    late = LambdaCallback(on_train_batch_end=lambda run, *_: calls.append(run.global_step))

    def join(run: Any, *_: Any) -> None:
        if late not in run.callbacks:
            run.callbacks.append(late)

    trained(EnsembleModule, 20, 10, callbacks=[LambdaCallback(on_train_epoch_start=join)])
    assert calls == [*range(1, 21)]


def penalised(steps: int, folder: Path) -> tuple[Any, Any, Any]:
    """Trained with a penalty that grows, and a checkpoint of every ten steps."""
    world, saves = data(grid=GRID), ModelCheckpoint(folder, "{step}", save_top_k=-1)
    toy = module(world, objective=L1Penalty(Linear(0, 1)))
    run = trainer(steps, callbacks=[saves], enable_checkpointing=True, default_root_dir=folder)
    run.fit(toy, world)
    return toy, run, world


def test_steps_are_those_behind_the_weights(tmp_path: Path) -> None:
    """Of the training that goes on, or of the checkpoint that was loaded last."""
    toy, run, world = penalised(40, tmp_path)
    assert toy.snapshot().step == 40
    early = {"ckpt_path": tmp_path / "step=10.ckpt", "weights_only": True, "verbose": False}
    (measured,) = run.validate(toy, world, **early)
    other, at = module(data(grid=GRID), objective=L1Penalty(Linear(0, 1))), []
    (expected,) = trainer(40).validate(other, data(grid=GRID), **early)
    assert measured == expected and toy.snapshot().step == other.snapshot().step == 10
    watch = LambdaCallback(on_validation_end=lambda _, own: at.append(own.snapshot().step))
    trainer(30, callbacks=[watch]).fit(toy, data(grid=GRID))
    assert at == [10, 20, 30], "a training of its own counts from 0"
    (after,) = trainer(30).validate(toy, data(grid=GRID), verbose=False)
    assert after["step"] == 30


class Replaces(Callback):
    """Sets a price from the second epoch on, in one of several ways."""

    takes_bursts = True

    def __init__(self, how: str) -> None:
        self.how = how

    def on_train_epoch_start(self, run: Any, own: Any) -> None:
        price = torch.full_like(own.objective.l1, 0.5 if run.current_epoch else 0.0)
        if self.how == "in place":
            own.objective.l1.copy_(price)
        elif self.how == "buffer":
            own.objective.l1 = price
        elif run.current_epoch == 1:
            own.objective = L1Penalty(0.5)
            own.objective.prepare(run.datamodule)


@pytest.mark.parametrize("burst", [1, 4])
def test_what_a_callback_replaces_is_used(burst: int) -> None:
    def priced(how: str) -> tuple[Any, Any]:
        own = {"objective": L1Penalty(0.0)}
        return trained(EnsembleModule, 30, burst, callbacks=[Replaces(how)], own=own)

    expected, _ = priced("in place")
    assert not torch.equal(weights(expected), weights(trained(EnsembleModule, 30)[0]))
    for how in ("buffer", "objective"):
        toy, run = priced(how)
        assert torch.equal(weights(toy), weights(expected)), how
    (after,) = trainer().validate(toy, data(grid=GRID), verbose=False)
    assert after["val/objective"] == float(run.callback_metrics["val/objective"])


class NewWeights(Callback):
    takes_bursts = True

    def on_train_epoch_start(self, run: Any, own: Any) -> None:
        if run.current_epoch == 1:
            own.variant.W = torch.nn.Parameter(own.variant.W.detach() / 2)
            run.optimizers = [own.configure_optimizers()]


def test_a_parameter_may_be_replaced() -> None:
    (toy, run), (other, _) = (
        trained(EnsembleModule, 30, burst, callbacks=[NewWeights()]) for burst in (1, 4)
    )
    assert torch.equal(weights(toy), weights(other))
    (after,) = trainer().validate(toy, data(grid=GRID), verbose=False)
    assert after["val/loss"] == float(run.callback_metrics["val/loss"])


def test_a_snapshot_is_of_the_weights_as_they_are() -> None:
    toy, _ = trained(EnsembleModule, 20)
    first, again = toy.snapshot(), toy.snapshot()
    assert first.model is again.model and torch.equal(first.loss, again.loss)
    with torch.no_grad():
        toy.variant.W.zero_()
    assert not toy.snapshot().W.any()
    toy.variant.load_state_dict(first.model.state_dict())
    assert torch.equal(toy.snapshot().W, first.W)


def test_module_and_data_may_be_pickled_after_a_training() -> None:
    toy, run = trained(EnsembleModule, 20)
    copy, world = pickle.loads(pickle.dumps((toy, run.datamodule)))
    (theirs,), (mine,) = (
        trainer().validate(m, data(grid=GRID), verbose=False) for m in (copy, toy)
    )
    assert theirs["val/loss"] == mine["val/loss"]
    trainer(5).fit(copy, world)


class Rates(Callback):
    """The rate of a step beside a schedule, which acts after the step."""

    takes_bursts = True

    def on_train_epoch_start(self, run: Any, *_: Any) -> None:
        if run.current_epoch == 1:
            run.optimizers[0].param_groups[0]["lr"] = 0.5


@pytest.mark.parametrize("burst", [2, 4])
def test_a_rate_beside_a_schedule_lasts_one_step(burst: int) -> None:
    def scheduled(burst: int, *callbacks: Callback) -> torch.Tensor:
        own = {"schedule": "linear"}
        return weights(trained(EnsembleModule, 30, burst, callbacks=[*callbacks], own=own)[0])

    assert torch.equal(scheduled(1, Rates()), scheduled(burst, Rates()))
    assert not torch.equal(scheduled(1, Rates()), scheduled(1))


@pytest.mark.filterwarnings("ignore:.*ckpt_path=.best:UserWarning")
def test_best_is_what_a_model_checkpoint_says(tmp_path: Path) -> None:
    def tested(*callbacks: Any) -> Any:
        folder = tmp_path / str(len(callbacks))
        saving = {"enable_checkpointing": True, "default_root_dir": folder}
        toy, run = trained(EnsembleModule, 20, callbacks=list(callbacks), **saving)
        return run.test(toy, run.datamodule, ckpt_path="best", weights_only=True, verbose=False)

    theirs = ModelCheckpoint(tmp_path, "{step}", monitor="val/loss")
    (seen,) = tested(Checkpoints(), theirs)
    assert seen["step"] == 20 and Path(theirs.best_model_path).name == "step=20.ckpt"
    with pytest.raises(ValueError, match="not configured to save the best model"):
        tested(Checkpoints())
