"""BurstRunner: the optimiser steps of a burst."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from toysuper.data.world import World
from toysuper.engine import Gradients, Stepper, clip, update_of
from toysuper.engine.schedules import is_constant
from toysuper.training.sharding import splits_batches


class BurstRunner:
    """Runs bursts: gradients, their mean over ranks, clipping per instance, update, learning rate.

    Args:
        module: an :class:`~toysuper.training.module.EnsembleModule` within ``fit``.
        world: gives the batch of a step.
    """

    def __init__(self, module: Any, world: World) -> None:
        self.module, self.world, self.trainer = module, world, module.trainer
        self.parameters = list(module.parameters())
        gradients = Gradients(module.variant, module.objective, world, module.jit)
        self.stepper = Stepper(gradients, self._finish_step, self._use_cuda_graph())

    def run(self, start: int, stop: int) -> Float[Tensor, " inst"]:
        """Take the steps ``start`` to ``stop - 1``; return the mean loss of each instance.

        Args:
            start: the first step.
            stop: the step after the last one.
        """
        self.update = update_of(self.trainer.optimizers[0])
        self.total = self.module.total_steps()
        self._set_rate(start)
        before = None if is_constant(self.module.schedule) else self._set_rate
        losses = self.stepper.run(start, stop, before)
        self._count(stop - start)
        return losses

    def _finish_step(self) -> None:
        """Average gradients over ranks, clip them, and step.

        Lightning's own wrapper of the optimiser would cost as much as the step of tiny models.
        """
        if splits_batches(self.trainer):
            for p in self.parameters:
                p.grad = self.trainer.strategy.reduce(p.grad)
        if self.module.clip:
            clip([p.grad for p in self.parameters if p.grad is not None], self.module.clip)
        self.update()

    def _set_rate(self, step: int) -> None:
        factor = self.module.schedule(step / self.total)
        groups = self.trainer.optimizers[0].param_groups
        for group, settings in zip(groups, self.module.settings, strict=True):
            rate = settings["initial_lr"] * factor
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate

    def _use_cuda_graph(self) -> bool:
        """Decide whether a CUDA graph takes the steps; the optimiser's numbers then live there."""
        optimizer: Any = self.trainer.optimizers[0]
        on_cuda = self.module.device.type == "cuda" and self.module.jit
        if splits_batches(self.trainer) or not (on_cuda and "capturable" in optimizer.defaults):
            return False
        for group in optimizer.param_groups:
            rate = torch.tensor(group["lr"], dtype=torch.float32, device=self.module.device)
            group.update(capturable=True, lr=rate)
        return True

    def _count(self, steps: int) -> None:
        """Count steps that Lightning did not see."""
        progress = self.trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress
        for tracker in (progress.total, progress.current):
            tracker.ready += steps
            tracker.completed += steps
        schedule: Any = self.module.lr_schedulers()
        schedule.last_epoch = self.trainer.global_step - 1
        schedule.step()
