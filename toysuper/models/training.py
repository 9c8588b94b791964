"""How every toy model trains: bursts of compiled steps, counted exactly."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from lightning.pytorch import LightningModule
from lightning.pytorch.cli import OptimizerCallable
from torch import Tensor

from toysuper.bursts import Burst
from toysuper.errors import UserError
from toysuper.models.engine import Step, clip, compiled, step_gradients
from toysuper.models.evaluation import log_at_step
from toysuper.schedules import Constant

CONSTANT = Constant()


def adamw(parameters: Any) -> torch.optim.Optimizer:
    """The authors' optimiser: AdamW with torch's defaults, every one written out."""
    return torch.optim.AdamW(
        parameters, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01, fused=True
    )


class Training(LightningModule):
    """The training half of a ToyModel, which sets the attributes below."""

    optimizer: OptimizerCallable
    schedule: Callable[[float], float]
    clip: float | None
    jit: bool
    b: Tensor
    step: Step

    def configure_optimizers(self) -> Any:
        """The optimiser, and the schedule counted in optimiser steps."""
        optimizer = self.optimizer(self.parameters())
        total = self.total_steps()
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
            factor = self.schedule(schedule.last_epoch / self.total_steps())
            group.update(configured, lr=configured["initial_lr"] * factor)

    def total_steps(self) -> float:
        """How many optimiser steps the whole training has; infinite without a limit."""
        trainer = self.trainer
        limits = (trainer.max_steps, (trainer.max_epochs or -1) * trainer.datamodule.epoch)
        return min((limit for limit in limits if limit > 0), default=torch.inf)

    def on_fit_start(self) -> None:
        """Choose the step function; gradients are ours, so DDP must not wait for its own."""
        gradients = step_gradients(self)
        self.step = compiled(gradients) if self.jit else gradients
        if hasattr(self.trainer.strategy.model, "require_backward_grad_sync"):
            self.trainer.strategy.model.require_backward_grad_sync = False

    def training_step(self, burst: Burst, _: int) -> None:
        """Run a burst of optimiser steps and log once."""
        loss = self.run_burst(burst)
        log_at_step(self, "train/loss", loss.mean())

    @torch.no_grad()
    def run_burst(self, burst: Burst) -> Float[Tensor, " inst"]:
        """Optimise for the burst's steps; the loss of each instance, averaged over them."""
        optimizer: Any = self.optimizers()
        schedule: Any = self.lr_schedulers()
        parameters = {name: p.detach() for name, p in self.named_parameters()}
        step = torch.tensor(burst.start, device=self.device)
        losses = torch.zeros(len(self.b), dtype=self.b.dtype, device=self.device)
        for _ in range(burst.start, burst.stop):
            gradients, loss = self.step(parameters, burst.world, step)
            self.apply_gradients(gradients)
            optimizer.step()
            schedule.step()
            step += 1
            losses += loss
        return losses / (burst.stop - burst.start)

    def apply_gradients(self, gradients: dict[str, Tensor]) -> None:
        """Average over ranks, clip per instance, and hand over to the optimiser."""
        if self.trainer.world_size > 1:
            gradients = {k: self.trainer.strategy.reduce(g) for k, g in gradients.items()}
        if self.clip:
            gradients = clip(gradients, self.clip)
        for name, parameter in self.named_parameters():
            parameter.grad = gradients[name]
