"""EnsembleModule: trains and evaluates any variant with Lightning."""

from typing import Any

import torch
from jaxtyping import Float
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.cli import OptimizerCallable
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR
from torchmetrics import Metric

from toysuper.data.bursts import Burst
from toysuper.data.datamodule import SyntheticData
from toysuper.data.schedules import Schedule, is_constant, schedule_of
from toysuper.data.world import World
from toysuper.engine import clip
from toysuper.errors import UserError
from toysuper.functional.losses import feature_losses, finite_mean
from toysuper.functional.noise import Purpose
from toysuper.models.base import ToyModel
from toysuper.objectives.base import ExpectedLoss, Objective
from toysuper.snapshot import Snapshot
from toysuper.training.burst_runner import BurstRunner
from toysuper.training.checks import check_model
from toysuper.training.held_out import HeldOut
from toysuper.training.kept_hooks import keep_hook, keep_hooks, kept
from toysuper.training.latest_snapshot import LatestSnapshot
from toysuper.training.lightning_contract import check_trainer
from toysuper.training.optimizer_checks import check_optimizer, checks_optimizer
from toysuper.training.resume import Resume
from toysuper.training.sharding import average_gradients, gather_instances


def adamw(parameters: Any) -> torch.optim.Optimizer:
    """Make the authors' optimiser: AdamW with torch's defaults, every one written out."""
    return torch.optim.AdamW(
        parameters, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01, fused=True
    )


def count_steps(trainer: Trainer, data: SyntheticData) -> float:
    """Count the optimiser steps of a whole training; infinite without a limit.

    Args:
        trainer: has limits in steps and in epochs.
        data: say how long an epoch is.
    """
    limits = (trainer.max_steps, (trainer.max_epochs or -1) * data.epoch_steps(trainer))
    return min((limit for limit in limits if limit > 0), default=torch.inf)


class EnsembleModule(LightningModule):
    """Trains a variant on :class:`~toysuper.data.datamodule.SyntheticData`, burst by burst.

    Lightning's global step, limits, schedules and checkpoints count optimiser steps.

    Args:
        variant: the toy models.
        objective: what training makes small; without, the expected loss.
        lr: learning rate; without, the optimiser's own.
        optimizer: makes the optimiser of the parameters; AdamW by default.
        schedule: factor of the learning rate over training progress in [0, 1): ``constant``,
            ``linear``, ``cosine``, a dotted path, or a function.
        clip: largest norm of an instance's gradient; without, any.
        jit: whether training and evaluation are compiled.
        metrics: torchmetrics of held-out batches, besides loss and firing rate: one that is derived
            from :class:`~toysuper.metrics.streaming.FeatureMean`, or any that takes predictions and
            targets, which gets those of all instances together.

    Raises:
        UserError: a number is out of range, or there is no such schedule.

    >>> from lightning.pytorch import Trainer
    >>> from toysuper.models import ReLUOutputModel
    >>> data = SyntheticData(n=5, grid={"density": [1.0, 0.1]})
    >>> module = EnsembleModule(ReLUOutputModel(data.n, data.grid, hidden=2), lr=3e-3, jit=False)
    >>> quiet = dict.fromkeys(["enable_progress_bar", "enable_model_summary", "logger"], False)
    >>> Trainer(max_steps=10, enable_checkpointing=False, **quiet).fit(module, data)
    >>> module.snapshot().step
    10
    """

    def __init__(
        self,
        variant: ToyModel,
        objective: Objective | None = None,
        lr: float | None = None,
        optimizer: OptimizerCallable = adamw,
        schedule: Schedule | str = "constant",
        clip: float | None = None,
        jit: bool = True,
        metrics: list[Metric] | None = None,
    ) -> None:
        super().__init__()
        for name, value in (("lr", lr), ("clip", clip)):
            if value is not None and not 0 < value < torch.inf:
                raise UserError(f"model.{name} is {value}; it must be finite and above 0")
        self.variant, self.objective = variant, objective or ExpectedLoss()
        self.lr, self.optimizer, self.clip, self.jit = lr, optimizer, clip, jit
        self.schedule = schedule_of(schedule)
        self.held_out = HeldOut(self, metrics or [])
        self.runner: BurstRunner | None = None
        self.scheduler: Any = None
        self.prepared_for: SyntheticData | None = None
        self.settings: list[dict[str, Any]] = []
        self.history: list[Snapshot] = []
        self.resume, self.latest = Resume(self), LatestSnapshot(self)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        keep_hooks(cls)
        own: Any = cls.configure_optimizers
        if own is not EnsembleModule.configure_optimizers and not hasattr(own, "checks"):
            cls.configure_optimizers = checks_optimizer(own)  # type: ignore[method-assign]

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is compiled for the use at hand."""
        return {**super().__getstate__(), "runner": None}

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, keep_hook(self, name, value))

    def forward(self, x: Float[Tensor, "inst feat batch"]) -> Float[Tensor, "inst feat batch"]:
        """Compute the models' answers to features x."""
        return self.variant(x)

    @kept
    def setup(self, stage: str) -> None:
        """Prepare for the data, in the precision in which the models compute."""
        check_trainer(self.trainer, self)  # has the callbacks of a subclass by now
        data = self.trainer.datamodule
        if data is None or self.prepared_for is not data:
            self.prepare(data)
        self.prepared_for = None  # whoever changes something before the next use gets new checks
        self.resume.forget()
        self.trainer.precision_plugin.convert_module(self)  # else float64 is restored as float32

    def prepare(self, data: Any) -> None:
        """Take from the data what the objective needs, and check that model and data fit.

        Raises:
            UserError: they do not.
        """
        if not isinstance(data, SyntheticData):
            raise UserError(
                "an EnsembleModule takes no other data than SyntheticData; pass it as datamodule"
            )
        if self._compiler_ctx:
            raise UserError(
                "leave torch.compile out and pass the module itself: jit=True compiles its steps"
            )
        self.objective.prepare(data)
        check_model(self, data)
        if type(self).configure_optimizers is EnsembleModule.configure_optimizers:
            self.resume.optimizer_keys = check_optimizer(self)
        self.prepared_for = data

    @kept
    def configure_callbacks(self) -> list[Any]:
        """Refuse what of the trainer another setting is for, before a callback begins."""
        check_trainer(self.trainer, self)
        return []

    @property
    def logged(self) -> set[str]:
        """Names that the module logs in ``fit``."""
        held_out = [f"val/{name}" for name in self.held_out.metrics if name != "FeatureLoss"]
        return {"train/loss", "val/loss", "val/objective", "val/diverged", "step", *held_out}

    # training

    def configure_optimizers(self) -> Any:
        """Make the optimiser, and the schedule counted in optimiser steps."""
        optimizer = self.optimizer(self.parameters())
        if self.lr is not None:
            for group in optimizer.param_groups:
                group["lr"] = self.lr
        total, constant = self.total_steps(), is_constant(self.schedule)
        if total == torch.inf and (self.has_scheduled_numbers or not constant):
            raise UserError("a schedule needs an end; set trainer.max_steps or trainer.max_epochs")
        self.scheduler = None  # where it is constant, so that a callback may set the rate
        if not constant:
            self.scheduler = LambdaLR(optimizer, lambda k: self.schedule(k / total))
        groups = optimizer.param_groups
        self.settings = [{k: v for k, v in group.items() if k != "params"} for group in groups]
        if constant:
            return optimizer
        return [optimizer], [{"scheduler": self.scheduler, "interval": "step"}]

    def total_steps(self) -> float:
        """Count the optimiser steps of the whole training; infinite without a limit."""
        return count_steps(self.trainer, self.trainer.datamodule)

    @property
    def has_scheduled_numbers(self) -> bool:
        """Whether a number of the variant or of the objective changes over training."""
        return bool(self.variant.schedules or self.objective.schedules)

    @kept
    def on_fit_start(self) -> None:
        """Begin a training of its own."""
        self._forget()
        ddp: Any = self.trainer.strategy.model
        if hasattr(ddp, "require_backward_grad_sync"):
            ddp.require_backward_grad_sync = False  # gradients are ours to average
        if hasattr(self.trainer.precision_plugin, "scaler"):
            self.trainer.precision_plugin.scaler = None  # ours are no gradients of a scaled loss
        self.runner, self.history = None, []

    @kept
    def on_train_start(self) -> None:
        """Go on with the settings of the checkpoint after a resume, but for changed ones."""
        if self.scheduler is not None:
            self.scheduler.base_lrs = [group["initial_lr"] for group in self.settings]
        self.resume.restore()

    def training_step(self, burst: Burst, _: int) -> Tensor:
        """Take the steps of a burst but the last; Lightning takes the last by its loss."""
        runner = self.runner
        if runner is None or not runner.is_for(burst.world):
            self.runner = runner = BurstRunner(self, burst.world)
        losses = runner.run(burst.start, burst.stop)
        loss = finite_mean(gather_instances(self.trainer, losses))
        self.log_at_step("train/loss", loss, burst.stop)
        return runner.attach_gradients(loss)

    def backward(self, loss: Tensor, *args: Any, **kwargs: Any) -> None:
        """Compute gradients, of which those of the base's loss are known already."""
        super().backward(loss, *args, **kwargs)
        average_gradients(self.trainer, self.parameters())

    def configure_gradient_clipping(self, *_: Any, **__: Any) -> None:
        """Clip the gradient of each instance by itself."""
        if self.clip:
            clip([p.grad for p in self.parameters() if p.grad is not None], self.clip)
        if self.runner:
            self.runner.begin_update()

    @kept
    def on_train_batch_end(self, *_: Any) -> None:
        """Remember how many steps are behind the weights, for evaluations after training."""
        self.resume.steps = self.trainer.global_step

    @kept
    def on_train_epoch_end(self) -> None:
        """Update a schedule that waits for a metric, which Lightning leaves out after a resume."""
        epochs = self.trainer.fit_loop
        is_whole = self.steps % self.trainer.datamodule.epoch_steps(self.trainer) == 0
        if epochs.restarting and is_whole:
            epochs.epoch_loop.update_lr_schedulers("epoch", update_plateau_schedulers=True)

    # evaluation

    @kept
    def on_validation_epoch_start(self) -> None:
        """Forget earlier measurements."""
        self._forget()
        for part in (self.variant, self.objective) if self.has_scheduled_numbers else ():
            part.set_progress(self.steps / self.total_steps())
        self.latest.begin_measurement()

    on_test_epoch_start = on_validation_epoch_start

    def validation_step(self, burst: Burst, _: int) -> None:
        """Measure the models on held-out batches."""
        self.held_out.update(burst)

    test_step = validation_step

    @kept
    def on_validation_epoch_end(self) -> None:
        """Log the mean loss of the ensemble."""
        self.held_out.log("val")

    @kept
    def on_test_epoch_end(self) -> None:
        """Log the mean loss of the ensemble."""
        self.held_out.log("test")

    def predict_step(self, burst: Burst, _: int) -> dict[str, Tensor]:
        """Collect features and answers, ``(inst, feat, batch)``."""
        x = torch.cat([batch.features for batch in burst.batches()], -1)
        return {"features": x, "reconstruction": self(x)}

    @torch.no_grad()
    def losses_of_one_batch(self, world: World) -> Float[Tensor, "inst feat"]:
        """Compute the loss of each feature on one held-out batch, the same at every step."""
        batch = world(0, Purpose.ANALYSIS)
        answer = self(batch.features)
        losses = feature_losses(answer, batch.target, batch.importance, batch.weight)
        return gather_instances(self._trainer, losses)

    # Snapshots

    def load_state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """Load weights, of which nothing is measured."""
        self._forget()
        return super().load_state_dict(*args, **kwargs)

    def _forget(self) -> None:
        self.held_out.reset()
        self.latest.forget()

    @property
    def steps(self) -> int:
        """Optimiser steps behind the weights, of this training or of a checkpoint loaded since."""
        trains = self._trainer and self._trainer.state.fn == "fit"
        return self.trainer.global_step if trains else self.resume.steps

    def snapshot(self, data: SyntheticData | None = None) -> Snapshot:
        """Freeze the ensemble as it is at this step; one Snapshot serves all who ask.

        Args:
            data: what the models were shown; without, the trainer's. Losses are of the trainer's.
        """
        return self.latest.take(data)

    # checkpoints and logs

    @kept
    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Write whose checkpoint it is."""
        self.resume.save(checkpoint)

    @kept
    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse a checkpoint of something else, or one that leaves nothing to train."""
        self.resume.load(checkpoint)

    def log_at_step(self, name: str, value: Tensor, step: int | None = None) -> None:
        """Log a value at an optimiser step; Lightning by itself would count from 0.

        Args:
            name: its tag.
            value: one number, the same on all ranks.
            step: steps behind the value; without, those behind the weights.
        """
        self.log(name, value, batch_size=1, sync_dist=True)
        self.log("step", float(step or self.steps), batch_size=1, sync_dist=True)
