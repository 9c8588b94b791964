"""Whatever Lightning accepts does as documented, or is refused: by numbers, against plain loops."""

import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import Callback, LightningModule, Trainer, callbacks, loggers
from lightning.pytorch.callbacks import (
    BasePredictionWriter,
    EMAWeightAveraging,
    LambdaCallback,
    LearningRateMonitor,
    ModelCheckpoint,
    SpikeDetection,
    ThroughputMonitor,
    Timer,
    TQDMProgressBar,
    WeightAveraging,
)
from lightning.pytorch.core.hooks import CheckpointHooks, DataHooks, ModelHooks
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.profilers import SimpleProfiler
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests._run import data, fitted, module, trainer
from toysuper.callbacks.saving import Checkpoints
from toysuper.data import SyntheticData
from toysuper.data.schedules import Linear
from toysuper.errors import UserError
from toysuper.models import ReLUOutputModel
from toysuper.objectives import ExpectedLoss
from toysuper.training.hook_contract import EXACT_HOOKS
from toysuper.training.lightning_contract import (
    EXACT_ARGUMENTS,
    EXACT_CALLBACKS,
    EXACT_LOGGERS,
    REFUSED_ARGUMENTS,
    REFUSED_CALLBACKS,
)
from toysuper.training.module import EnsembleModule

GRID = {"density": [1.0, 0.3]}
BURSTS = pytest.mark.parametrize("burst", [1, 7, 1000])
pytestmark = [
    pytest.mark.filterwarnings("ignore:.* acts at every step:UserWarning"),
    pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`:UserWarning"),
]


def fit(burst: int = 7, steps: int = 20, own: Callable | None = None, **options: Any) -> Trainer:
    """Train a small ensemble with options of the Trainer."""
    world = data(grid=GRID, burst=burst)
    model = own(ReLUOutputModel(4, world.grid, hidden=2), jit=False) if own else module(world)
    run = trainer(**{"steps": steps, **options})
    run.fit(model, world)
    return run


def weights(run: Trainer) -> torch.Tensor:
    model: Any = run.lightning_module
    return model.variant.W.detach()


def plain_steps(steps: int = 20, rate: Callable[[int], float] = lambda _: 1e-3) -> Iterator[Any]:
    """Yield the model of ten obvious lines: with the gradient of each step, and after the step."""
    world: SyntheticData = data(grid=GRID)
    model, show = ReLUOutputModel(4, world.grid, hidden=2), world.world()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    for step in range(steps):
        batch = show(step, 1)
        optimizer.param_groups[0]["lr"] = rate(step)
        error = batch.importance[..., None] * (batch.target - model(batch.features)) ** 2
        optimizer.zero_grad()
        error.sum(1).mean(-1).sum().backward()
        yield "gradient", model
        optimizer.step()
        yield "weights", model


def plain_weights(**options: Any) -> list[torch.Tensor]:
    moments = [(what, model.W.detach().clone()) for what, model in plain_steps(**options)]
    return [W for what, W in moments if what == "weights"]


def close(a: torch.Tensor, b: torch.Tensor) -> None:
    torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)


# the tables


def test_every_argument_of_the_trainer_is_in_one_table() -> None:
    names = {*inspect.signature(Trainer.__init__).parameters} - {"self"}
    assert not EXACT_ARGUMENTS.keys() & REFUSED_ARGUMENTS.keys()
    assert EXACT_ARGUMENTS.keys() | REFUSED_ARGUMENTS.keys() == names


def test_every_callback_of_lightning_is_in_one_table() -> None:
    assert not EXACT_CALLBACKS.keys() & REFUSED_CALLBACKS.keys()
    assert EXACT_CALLBACKS.keys() | REFUSED_CALLBACKS.keys() == {*callbacks.__all__}


def test_every_logger_of_lightning_is_in_the_table() -> None:
    assert EXACT_LOGGERS.keys() == {*loggers.__all__}


def test_every_hook_of_lightning_is_in_the_table() -> None:
    kinds = (Callback, ModelHooks, DataHooks, CheckpointHooks)
    names = {name for kind in kinds for name, f in vars(kind).items() if callable(f)}
    steps = r"configure_\w+|optimizer_\w+|\w+_step|backward|clip_gradients"
    own = {name for name, f in vars(LightningModule).items() if callable(f)}
    names |= {name for name in own if re.fullmatch(steps, name)}
    assert EXACT_HOOKS.keys() == {name for name in names if name[0] != "_"}


class ByHand(EnsembleModule):
    automatic_optimization = False  # type: ignore[assignment]


def test_optimisation_by_hand_is_refused() -> None:
    with pytest.raises(UserError, match=r"automatic_optimization = False is refused: override"):
        fit(own=ByHand)


# hooks


class Watch(Callback):
    """Counts its hooks and keeps the gradients that it sees."""

    def __init__(self) -> None:
        self.calls, self.gradients, self.steps = Counter[str](), list[torch.Tensor](), list[int]()

    def on_train_batch_start(self, *_: Any) -> None:
        self.calls["on_train_batch_start"] += 1

    def on_before_zero_grad(self, *_: Any) -> None:
        self.calls["on_before_zero_grad"] += 1

    def on_before_backward(self, trainer: Any, module: Any, loss: torch.Tensor) -> None:
        assert module.variant.W.grad is None and loss.ndim == 0
        self.calls["on_before_backward"] += 1

    def on_after_backward(self, trainer: Any, module: Any) -> None:
        self.gradients.append(module.variant.W.grad.clone())
        self.calls["on_after_backward"] += 1

    def on_before_optimizer_step(self, trainer: Any, module: Any, optimizer: Any) -> None:
        self.steps.append(trainer.global_step)
        self.calls["on_before_optimizer_step"] += 1

    def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, *_: Any) -> None:
        assert outputs["loss"] > 0
        self.calls["on_train_batch_end"] += 1


@BURSTS
def test_hooks_see_every_step_and_its_gradient(burst: int) -> None:
    watch = Watch()
    fit(burst, callbacks=[watch])
    assert {*watch.calls.values()} == {20} and len(watch.calls) == 6
    assert watch.steps == [*range(20)]
    expected = [m.W.grad.clone() for what, m in plain_steps() if what == "gradient"]
    for ours, theirs in zip(watch.gradients, expected, strict=True):
        close(ours, theirs)


def test_a_hook_costs_speed_and_a_line_says_so() -> None:
    with pytest.warns(UserWarning, match=r"Watch\.on_\w+ acts at every step"):
        fit(callbacks=[Watch()])


def test_who_takes_bursts_is_called_at_their_ends() -> None:
    class Patient(Watch):
        takes_bursts = True

    watch = Patient()
    fit(10, callbacks=[watch])
    assert watch.calls["on_train_batch_end"] == 3, "the first step is a burst"


@BURSTS
def test_a_hook_may_change_gradients(burst: int) -> None:
    class Halve(Callback):
        def on_after_backward(self, trainer: Any, module: Any) -> None:
            for p in module.parameters():
                p.grad *= 0.5 if trainer.global_step >= 10 else 1

    expected = []
    for what, model in plain_steps():
        if what == "gradient" and len(expected) >= 10:
            for p in model.parameters():
                p.grad *= 0.5
        if what == "weights":
            expected.append(model.W.detach().clone())
    close(weights(fit(burst, callbacks=[Halve()])), expected[-1])


def test_hooks_made_of_functions_count() -> None:
    seen = []
    watch = LambdaCallback(on_before_optimizer_step=lambda run, *_: seen.append(run.global_step))
    fit(callbacks=[watch])
    assert seen == [*range(20)]


class Own(EnsembleModule):
    """Hooks of a module, of which some change what they get."""

    def on_before_optimizer_step(self, optimizer: Any) -> None:
        self.seen = [*getattr(self, "seen", []), self.trainer.global_step]

    def optimizer_step(self, epoch: int, index: int, optimizer: Any, closure: Any = None) -> None:
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 / (1 + self.trainer.global_step)
        super().optimizer_step(epoch, index, optimizer, closure)


@BURSTS
def test_hooks_of_a_module_are_called_at_every_step(burst: int) -> None:
    run = fit(burst, own=Own)
    assert run.lightning_module.seen == [*range(20)]
    close(weights(run), plain_weights(rate=lambda k: 1e-3 / (1 + k))[-1])


class Penalty(ExpectedLoss):
    def forward(self, model: Any, batch: Any) -> torch.Tensor:
        return super().forward(model, batch) + 0.1 * model.W.square().sum((1, 2))


class AddsToTheLoss(EnsembleModule):
    def training_step(self, burst: Any, index: int) -> torch.Tensor:
        return super().training_step(burst, index) + 0.1 * self.variant.W.square().sum()


class OwnStep(EnsembleModule):
    def training_step(self, burst: Any, index: int) -> Any:
        (batch,) = burst.batches()
        error = batch.importance[..., None] * (batch.target - self(batch.features)) ** 2
        return {"loss": error.sum(1).mean(-1).sum()}


@BURSTS
def test_a_training_step_of_ones_own(burst: int) -> None:
    world = data(grid=GRID)
    penalised = fitted(world, objective=Penalty()).W.detach()
    close(weights(fit(burst, own=AddsToTheLoss)), penalised)
    close(weights(fit(burst, own=OwnStep)), plain_weights()[-1])


class OwnOptimizer(EnsembleModule):
    def configure_optimizers(self) -> Any:
        groups = [{"params": [self.variant.W], "lr": 1e-3}, {"params": [self.variant.b], "lr": 0.0}]
        optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, 5, gamma=0.5)
        return [optimizer], [{"scheduler": schedule, "interval": "step"}]


@BURSTS
def test_a_modules_own_optimizer_and_schedule(burst: int) -> None:
    run = fit(burst, own=OwnOptimizer)
    assert run.optimizers[0].param_groups[0]["lr"] == 1e-3 * 0.5**4
    model: Any = run.lightning_module
    assert not model.variant.b.any() and model.variant.W.any()


def test_a_hook_of_a_parameter_changes_its_gradient() -> None:
    world = data(grid=GRID)
    model = module(world)
    model.variant.W.register_hook(lambda gradient: 0 * gradient)
    start = model.variant.W.detach().clone()
    decay = (1 - 1e-3 * 0.01) ** 20
    trainer(20).fit(model, world)
    close(model.variant.W.detach(), start * decay)


def test_a_frozen_parameter_stays() -> None:
    world = data(grid=GRID)
    model = module(world)
    model.variant.W.requires_grad_(False)
    start = model.variant.W.detach().clone()
    trainer(20).fit(model, world)
    assert torch.equal(model.variant.W, start) and model.variant.b.any()


def test_a_parameter_may_thaw_at_an_epoch() -> None:
    class Thaw(Callback):
        def on_train_epoch_start(self, trainer: Any, module: Any) -> None:
            module.variant.W.requires_grad_(trainer.current_epoch > 0)
            if trainer.current_epoch == 1:
                assert torch.equal(module.variant.W, start)

    world = data(grid=GRID)
    model = module(world)
    start = model.variant.W.detach().clone()
    trainer(20, callbacks=[Thaw()]).fit(model, world)
    assert not torch.equal(model.variant.W, start)


def test_a_callback_may_set_the_learning_rate() -> None:
    class Drop(Callback):
        def on_train_epoch_start(self, trainer: Any, module: Any) -> None:
            trainer.optimizers[0].param_groups[0]["lr"] = 1e-3 / (1 + trainer.current_epoch)

    expected = plain_weights(rate=lambda k: 1e-3 / (1 + k // 10))[-1]
    close(weights(fit(callbacks=[Drop()])), expected)


# Lightning's callbacks


@BURSTS
def test_averages_are_of_every_step(burst: int) -> None:
    moments = plain_weights()
    average = moments[0]
    for W in moments[1:]:
        average = 0.9 * average + 0.1 * W
    close(weights(fit(burst, callbacks=[EMAWeightAveraging(decay=0.9)])), average)
    mean = weights(fit(burst, callbacks=[WeightAveraging()]))
    close(mean, torch.stack(moments).mean(0))


def test_averages_may_be_rare() -> None:
    ema = EMAWeightAveraging(decay=0.9, update_every_n_steps=5)
    moments = plain_weights()
    average = moments[0]
    for k in (5, 10, 15):
        average = 0.9 * average + 0.1 * moments[k]
    close(weights(fit(1000, callbacks=[ema])), average)


def test_a_snapshot_has_the_weights_that_were_measured() -> None:
    run = fit(callbacks=[EMAWeightAveraging(decay=0.5)])
    model: Any = run.lightning_module
    snapshot = model.snapshot()
    assert torch.equal(snapshot.model.W, model.variant.W)
    batches = [run.datamodule.world(held_out=True)(k, 2) for k in range(2)]
    errors = [(b.target - snapshot.model(b.features)).square().mean(-1) for b in batches]
    close(snapshot.loss, torch.stack(errors).mean(0).detach())


def test_an_average_goes_on_after_a_resume(tmp_path: Path) -> None:
    straight = fit(steps=25, callbacks=[EMAWeightAveraging(decay=0.9)])
    world = data(grid=GRID, burst=7)
    saving = ModelCheckpoint(tmp_path, every_n_train_steps=14, save_top_k=-1, filename="{step}")
    options = {"callbacks": [EMAWeightAveraging(decay=0.9), saving], "enable_checkpointing": True}
    trainer(14, **options).fit(module(world), world)
    again, world = trainer(25, callbacks=[EMAWeightAveraging(decay=0.9)]), data(grid=GRID, burst=7)
    again.fit(module(world), world, ckpt_path=tmp_path / "step=14.ckpt", weights_only=True)
    assert torch.equal(weights(again), weights(straight))


@BURSTS
def test_checkpoints_at_exact_steps(burst: int, tmp_path: Path) -> None:
    saving = ModelCheckpoint(tmp_path, every_n_train_steps=3, save_top_k=-1, filename="{step}")
    fit(burst, callbacks=[saving], enable_checkpointing=True)
    steps = sorted(int(path.stem.split("=")[1]) for path in tmp_path.glob("*.ckpt"))
    assert steps == [3, 6, 9, 12, 15, 18]
    state = torch.load(tmp_path / "step=9.ckpt", weights_only=True)["state_dict"]
    close(state["variant.W"], plain_weights()[8])


def test_checkpoints_by_time(tmp_path: Path) -> None:
    saving = ModelCheckpoint(tmp_path, train_time_interval=timedelta(0), filename="{step}")
    fit(5, callbacks=[saving], enable_checkpointing=True)
    assert saving.best_model_path.endswith(".ckpt")


def events(folder: Path) -> EventAccumulator:
    return EventAccumulator(str(folder)).Reload()


@BURSTS
def test_rates_are_logged_at_their_steps(burst: int, tmp_path: Path) -> None:
    world = data(grid=GRID, burst=burst)
    logger = TensorBoardLogger(tmp_path, "", "")
    watch = LearningRateMonitor(logging_interval="step")
    run = trainer(20, logger=logger, callbacks=[watch], log_every_n_steps=5)
    run.fit(module(world, schedule=Linear()), world)
    rates = {e.step: e.value for e in events(tmp_path).Scalars("lr-AdamW")}
    assert rates == pytest.approx({k: 1e-3 * (1 - k / 20) for k in (4, 9, 14, 19)})


def test_spikes_are_found_at_their_step() -> None:
    class Spike(Callback):
        def on_train_batch_start(self, trainer: Any, module: Any, *_: Any) -> None:
            if trainer.global_step == 13:
                module.variant.b.data += 100

    found = SpikeDetection(warmup=3, window=3, exclude_batches_path="nowhere.json")
    found._handle_spike = lambda fabric, index: at.append(fabric.global_step)
    at: list[int] = []
    fit(callbacks=[Spike(), found])
    assert at[0] == 14


@pytest.mark.filterwarnings("ignore:When using the `ThroughputMonitor`:UserWarning")
def test_throughput_counts_steps(tmp_path: Path) -> None:
    monitor = ThroughputMonitor(batch_size_fn=lambda _: 16, window_size=5)
    logger = TensorBoardLogger(tmp_path, "", "")
    fit(logger=logger, callbacks=[monitor], log_every_n_steps=5)
    samples = [e.value for e in events(tmp_path).Scalars("train/samples")]
    assert samples == [80.0, 160.0, 240.0, 320.0]


def test_lightnings_bar_counts_steps() -> None:
    bar = TQDMProgressBar(refresh_rate=1)
    fit(callbacks=[bar], enable_progress_bar=True)
    assert bar.train_progress_bar.n == 10  # of the last epoch


@pytest.mark.filterwarnings("ignore:Couldn't infer the batch indices:UserWarning")
def test_each_batch_of_a_prediction_reaches_a_writer() -> None:
    class Writer(BasePredictionWriter):
        def __init__(self) -> None:
            super().__init__("batch")
            self.batches: list[int] = []

        def write_on_batch_end(self, trainer, module, prediction, indices, batch, index, _) -> None:
            self.batches.append(prediction["features"].shape[-1])

    writer, world = Writer(), data(grid=GRID, eval_batches=3)
    trainer(callbacks=[writer]).predict(module(world), world)
    assert writer.batches == [32, 32, 32]


def test_time_ends_a_run_between_bursts() -> None:
    run = fit(5, steps=-1, max_epochs=-1, callbacks=[Timer(timedelta(seconds=0.3))])
    assert run.global_step > 0 and run.global_step % 5 == 0


@pytest.mark.parametrize("name", REFUSED_CALLBACKS)
def test_refused_callbacks_name_the_setting(name: str) -> None:
    arguments = {
        "StochasticWeightAveraging": {"swa_lrs": 0.1},
        "GradientAccumulationScheduler": {"scheduling": {0: 2}},
        "ModelPruning": {"pruning_fn": "l1_unstructured"},
    }
    callback = getattr(callbacks, name)(**arguments.get(name, {}))
    with pytest.raises(UserError, match=f"callback {name} is refused: "):
        fit(callbacks=[callback])


def test_a_monitor_that_nobody_logs_is_named() -> None:
    with pytest.raises(UserError, match=r"EarlyStopping monitors 'val_loss'.*'val/loss'\?"):
        fit(callbacks=[callbacks.EarlyStopping("val_loss")])


class Logs(Callback):
    def on_validation_end(self, trainer: Any, module: Any) -> None:
        trainer.callback_metrics["mine"] = torch.tensor(1.0)


def test_a_monitor_of_ones_own_is_for_oneself_to_log() -> None:
    run = fit(callbacks=[Logs(), callbacks.EarlyStopping("mine", patience=1)], steps=100)
    assert run.global_step == 20  # which does not fall


# arguments of the Trainer


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("accumulate_grad_batches", 2),
        ("barebones", True),
        ("check_val_every_n_epoch", 2),
        ("gradient_clip_algorithm", "norm"),
        ("gradient_clip_val", 1.0),
        ("overfit_batches", 1),
        ("sync_batchnorm", True),
        ("val_check_interval", 2),
        ("limit_train_batches", 0.5),
        ("limit_val_batches", 0.5),
    ],
)
def test_refused_arguments_name_the_setting(option: str, value: Any) -> None:
    with pytest.raises(UserError, match=rf"trainer\.{option} is {value}; \w+"):
        if option == "barebones":
            Trainer(barebones=True, max_steps=5, accelerator="cpu").fit(module(data()), data())
        fit(**{option: value})


def val_steps(run: Trainer) -> list[int]:
    return run.lightning_module.seen_at


class Validated(EnsembleModule):
    def on_validation_end(self) -> None:
        sanity = [] if self.trainer.sanity_checking else [self.trainer.global_step]
        self.seen_at = [*getattr(self, "seen_at", []), *sanity]


@BURSTS
def test_a_limit_of_batches_is_one_of_steps(burst: int) -> None:
    run = fit(burst, limit_train_batches=3, own=Validated)
    assert val_steps(run) == [3, 6, 9, 12, 15, 18] and run.global_step == 20
    run = fit(burst, steps=-1, limit_train_batches=3, max_epochs=2, own=Validated)
    assert val_steps(run) == [3, 6] and run.global_step == 6
    assert torch.equal(weights(run), weights(fit(burst, steps=6)))


def test_a_limit_of_validation_is_one_of_batches() -> None:
    run = fit(limit_val_batches=1)
    batch = run.datamodule.world(held_out=True)(0, 2)
    model: Any = run.lightning_module
    error = (batch.target - model.variant(batch.features)).square().mean(-1)
    close(model.snapshot().loss, error.detach())


@BURSTS
def test_a_fast_run_takes_its_steps(burst: int) -> None:
    run = fit(burst, fast_dev_run=3, own=Validated)
    assert run.global_step == 3 and val_steps(run) == [3]


def test_a_check_before_training_sees_few_batches() -> None:
    seen = []

    class Count(Callback):
        def on_validation_batch_end(self, trainer: Any, *_: Any) -> None:
            seen.append(trainer.sanity_checking)

    fit(num_sanity_val_steps=1, callbacks=[Count()])
    assert seen == [True] + [False] * 4


@BURSTS
def test_losses_are_logged_every_n_steps(burst: int, tmp_path: Path) -> None:
    fit(burst, logger=TensorBoardLogger(tmp_path, "", ""), log_every_n_steps=6)
    assert [e.step for e in events(tmp_path).Scalars("train/loss")] == [6, 12, 18]


def test_a_logged_loss_is_that_of_its_step(tmp_path: Path) -> None:
    fit(logger=TensorBoardLogger(tmp_path, "", ""), log_every_n_steps=1)
    logged = [e.value for e in events(tmp_path).Scalars("train/loss")]
    world = data(grid=GRID)
    batch, models = world.world()(0, 1), ReLUOutputModel(4, world.grid, hidden=2)
    error = (batch.target - models(batch.features)).square().sum(1).mean(-1).mean()
    assert logged[0] == pytest.approx(error.item()) and len(logged) == 20


def test_what_changes_no_number() -> None:
    plain = weights(fit())
    options: list[dict[str, Any]] = [
        {"benchmark": True},
        {"detect_anomaly": True},
        {"enable_model_summary": True},
        {"inference_mode": False},
        {"min_epochs": 1},
        {"min_steps": 5},
        {"profiler": SimpleProfiler()},
        {"reload_dataloaders_every_n_epochs": 1},
        {"use_distributed_sampler": False},
        {"enable_autolog_hparams": False},
        {"max_time": {"hours": 1}},
        {"devices": 1, "num_nodes": 1, "strategy": "auto"},
    ]
    for option in options:
        assert torch.equal(weights(fit(**option)), plain), option


def test_determinism_is_switched_on() -> None:
    def look(*_: Any) -> None:
        assert torch.are_deterministic_algorithms_enabled()

    fit(deterministic=True, callbacks=[LambdaCallback(on_train_epoch_start=look)])
    torch.use_deterministic_algorithms(False)


# loggers and folders


def test_several_loggers_get_the_same_steps(tmp_path: Path) -> None:
    both = [TensorBoardLogger(tmp_path / "a", "", ""), CSVLogger(tmp_path / "b", "", "")]
    fit(logger=both, log_every_n_steps=5)
    lines = (tmp_path / "b" / "metrics.csv").read_text().splitlines()
    rows = [dict(zip(lines[0].split(","), line.split(","), strict=True)) for line in lines[1:]]
    theirs = [int(row["step"]) for row in rows if row["train/loss"]]
    assert theirs == [e.step for e in events(tmp_path / "a").Scalars("train/loss")]


def test_a_folder_with_a_run_is_refused(tmp_path: Path) -> None:
    def again(**options: Any) -> Trainer:
        logger = TensorBoardLogger(tmp_path, "x", "y")
        return fit(logger=logger, enable_checkpointing=True, log_every_n_steps=10, **options)

    again(callbacks=[Checkpoints()], steps=20)
    kept = sorted(tmp_path.rglob("*.ckpt"))
    with pytest.raises(UserError, match="holds the checkpoints of another run"):
        again(callbacks=[Checkpoints()], steps=10)
    assert sorted(tmp_path.rglob("*.ckpt")) == kept and len(kept) == 2


# nothing lost


@pytest.mark.parametrize("hook", ["on_train_batch_end", "on_before_optimizer_step"])
def test_an_error_leaves_the_last_weights(hook: str, tmp_path: Path, capsys: Any) -> None:
    def fail(run: Any, *_: Any) -> None:
        if run.global_step >= 13:
            raise RuntimeError("a fault")

    world = data(grid=GRID)
    run = trainer(20, enable_checkpointing=True, default_root_dir=tmp_path)
    run.callbacks += [LambdaCallback(**{hook: fail}), Checkpoints()]
    with pytest.raises(RuntimeError, match="a fault"):
        run.fit(module(world), world)
    path = next((tmp_path / "checkpoints").glob("*step=13.ckpt"))
    assert f"step 13 is saved; ckpt_path='{path}' goes on" in capsys.readouterr().err
    again, world = trainer(20), data(grid=GRID)
    again.fit(module(world), world, ckpt_path=path, weights_only=True)
    assert torch.equal(weights(again), weights(fit()))


@pytest.mark.parametrize("burst", [1, 4, 5])
def test_an_error_between_an_update_and_its_count_saves_nothing(burst: int, tmp_path: Path) -> None:
    """The weights would be those of the step after. Control: an error before the update saves."""

    class Fails(Callback):
        takes_bursts = True

        def on_train_start(self, trainer: Trainer, *_: Any) -> None:
            self.updates = 0
            trainer.optimizers[0].register_step_post_hook(self.count)

        def count(self, *_: Any) -> None:
            self.updates += 1
            if self.updates == 8:
                raise RuntimeError("a fault")

    world = data(grid=GRID, burst=burst)
    run = trainer(20, enable_checkpointing=True, default_root_dir=tmp_path)
    run.callbacks += [Fails(), Checkpoints()]
    with pytest.raises(RuntimeError, match="a fault"):
        run.fit(module(world), world)
    assert not list(tmp_path.rglob("*.ckpt"))


def test_a_run_without_validation_is_saved(tmp_path: Path) -> None:
    options = {"limit_val_batches": 0, "enable_checkpointing": True, "default_root_dir": tmp_path}
    fit(callbacks=[Checkpoints()], **options)
    assert [*tmp_path.rglob("*step=20.ckpt")]


def test_a_full_disk_while_an_error_is_saved_hides_no_error(tmp_path: Path, capsys: Any) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("a fault")

    run = trainer(20, enable_checkpointing=True, default_root_dir=tmp_path)
    run.callbacks += [LambdaCallback(on_train_batch_end=fail), Checkpoints()]
    (tmp_path / "checkpoints").write_text("a file where a folder should be")
    with pytest.raises(RuntimeError, match="a fault"):
        run.fit(module(data()), data())
    assert "step 1 could not be saved" in capsys.readouterr().err


def test_precisions_train_the_same_ensemble() -> None:
    assert torch.equal(weights(fit(precision="64-true")), fitted(data(grid=GRID)).W.detach())
    torch.set_default_dtype(torch.float32)
    single, mixed, half = (
        weights(fit(precision=name)) for name in ("32-true", "bf16-mixed", "bf16-true")
    )
    assert (single.dtype, mixed.dtype, half.dtype) == (torch.float32, torch.float32, torch.bfloat16)
    for W in (mixed, half.float()):
        assert 0 < (W - single).abs().max() < 0.02
