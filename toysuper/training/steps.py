"""How every toy model trains: bursts of compiled steps, counted exactly."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.cli import OptimizerCallable
from torch import Tensor

from toysuper.data.bursts import Burst
from toysuper.data.datamodule import SyntheticData
from toysuper.engine import Gradients, Stepper, clip, update_of
from toysuper.engine.schedules import Constant
from toysuper.errors import UserError
from toysuper.functional.losses import finite_mean
from toysuper.training.evaluation import log_at_step
from toysuper.training.sharding import splits_batches, whole

CONSTANT = Constant()


def adamw(parameters: Any) -> torch.optim.Optimizer:
    """The authors' optimiser: AdamW with torch's defaults, every one written out."""
    return torch.optim.AdamW(
        parameters, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01, fused=True
    )


def steps_of(trainer: Trainer, data: SyntheticData) -> float:
    """The optimiser steps that a trainer would take; infinite without a limit."""
    limits = (trainer.max_steps, (trainer.max_epochs or -1) * data.epoch)
    return min((limit for limit in limits if limit > 0), default=torch.inf)


class Training(LightningModule):
    """The training half of a ToyModel, which sets the attributes below."""

    optimizer: OptimizerCallable
    schedule: Callable[[float], float]
    clip: float | None
    jit: bool
    b: Tensor
    stepper: Stepper | None
    update: Callable[[], Any]

    def configure_optimizers(self) -> Any:
        """The optimiser, and the schedule counted in optimiser steps."""
        optimizer = self.optimizer(self.parameters())
        self.total = total = self.total_steps()
        if total == torch.inf and self.schedule != CONSTANT:
            raise UserError("a schedule needs an end; set trainer.max_steps or trainer.max_epochs")
        factor = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: self.schedule(k / total))
        self.configured = [
            {k: v for k, v in g.items() if k != "params"} for g in optimizer.param_groups
        ]
        return [optimizer], [factor]

    def on_train_start(self) -> None:
        """After a resume the checkpoint's state goes on with the config's settings."""
        optimizer: Any = self.optimizers()
        schedule: Any = self.lr_schedulers()
        schedule.base_lrs = [group["initial_lr"] for group in self.configured]
        for group, configured in zip(optimizer.param_groups, self.configured, strict=True):
            group.update(configured)

    def total_steps(self) -> float:
        """How many optimiser steps the whole training has; infinite without a limit."""
        return steps_of(self.trainer, self.trainer.datamodule)

    def on_fit_start(self) -> None:
        """Gradients are ours, so DDP must not wait for its own."""
        if hasattr(self.trainer.strategy.model, "require_backward_grad_sync"):
            self.trainer.strategy.model.require_backward_grad_sync = False
        self.stepper = None

    def training_step(self, burst: Burst, _: int) -> None:
        """Run a burst of optimiser steps and log once."""
        loss = self.run_burst(burst)
        log_at_step(self, "train/loss", finite_mean(whole(self.trainer, loss)))

    def run_burst(self, burst: Burst) -> Float[Tensor, " inst"]:
        """Optimise for the burst's steps; the loss of each instance, averaged over them."""
        if self.stepper is None or self.stepper.gradients.module.world is not burst.world:
            gradients = Gradients(self, burst.world, self.jit)
            self.stepper = Stepper(gradients, self.finish_step, self.recordable())
        self.update = update_of(self.trainer.optimizers[0])
        self.set_rate(burst.start)
        before = None if self.schedule == CONSTANT else self.set_rate
        losses = self.stepper.run(burst.start, burst.stop, before)
        self.count(burst.stop - burst.start)
        return losses

    def recordable(self) -> bool:
        """Whether a CUDA graph can take the steps; the optimiser's numbers then live there."""
        optimizer: Any = self.optimizers()
        recordable = self.device.type == "cuda" and self.jit and "capturable" in optimizer.defaults
        if splits_batches(self.trainer) or not recordable:
            return False
        for group in optimizer.param_groups:
            rate = torch.tensor(group["lr"], dtype=torch.float32, device=self.device)
            group.update(capturable=True, lr=rate)
        return True

    def finish_step(self) -> None:
        """Average gradients over ranks, clip them per instance, and step.

        Lightning's own wrapper of the optimiser would cost as much as the step of tiny models.
        """
        if splits_batches(self.trainer):
            for p in self.parameters():
                p.grad = self.trainer.strategy.reduce(p.grad)
        if self.clip:
            clip([p.grad for p in self.parameters() if p.grad is not None], self.clip)
        self.update()

    def set_rate(self, step: int) -> None:
        """The learning rate of one step."""
        factor = self.schedule(step / self.total)
        for group, configured in zip(
            self.trainer.optimizers[0].param_groups, self.configured, strict=True
        ):
            rate = configured["initial_lr"] * factor
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate

    def count(self, steps: int) -> None:
        """Tell Lightning of steps that it did not see."""
        progress = self.trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress
        for tracker in (progress.total, progress.current):
            tracker.ready += steps
            tracker.completed += steps
        schedule: Any = self.lr_schedulers()
        schedule.last_epoch = self.trainer.global_step - 1
        schedule.step()
