"""What users of Lightning do to modules, callbacks, trainers: by numbers, against straight runs."""

from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import Callback
from lightning.pytorch.callbacks import EarlyStopping, LambdaCallback, ModelCheckpoint
from torch.optim.lr_scheduler import ExponentialLR, OneCycleLR, ReduceLROnPlateau

from tests._run import data, module, trainer
from toysuper.callbacks.saving import Checkpoints
from toysuper.training.module import EnsembleModule

GRID = {"seed": [0, 1]}
pytestmark = [
    pytest.mark.filterwarnings("ignore:.* acts at every step:UserWarning"),
    pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`:UserWarning"),
]


def trained(kind: type[EnsembleModule], steps: int, burst: int = 4, **options: Any) -> Any:
    """The module and its trainer, after a fit or the rest of one."""
    path, own = options.pop("ckpt_path", None), options.pop("own", {})
    world = data(grid=GRID, burst=burst)
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


class Raises(Callback):
    takes_bursts = True

    def on_train_epoch_start(self, run: Any, *_: Any) -> None:
        if run.current_epoch == 1:
            run.optimizers[0].param_groups[0]["lr"] = 0.03


@pytest.mark.parametrize("kind", [EnsembleModule, Scheduled, Momentum, Waiting])
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
    takes_bursts = True

    def on_train_batch_end(self, run: Any, *_: Any) -> None:
        if run.global_step in (14, 16):
            raise ValueError("mine")


@pytest.mark.parametrize("kind", [Scheduled, Waiting])
def test_a_run_goes_on_after_an_error_within_an_epoch(
    kind: type[EnsembleModule], tmp_path: Path
) -> None:
    straight, _ = trained(kind, 40)
    saving = {"enable_checkpointing": True, "default_root_dir": tmp_path}
    with pytest.raises(ValueError, match="mine"):
        trained(kind, 40, callbacks=[Interrupts(), Checkpoints()], **saving)
    path = max(tmp_path.rglob("*step=1[46].ckpt"))
    resumed, _ = trained(kind, 40, callbacks=[Checkpoints()], ckpt_path=path, **saving)
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
