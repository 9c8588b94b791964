"""BurstRunner: the optimiser steps of a burst, of which Lightning takes the last."""

from math import inf
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from toysuper.data.world import World
from toysuper.engine import Gradients, Stepper, update_of
from toysuper.training.sharding import average_gradients, splits_batches


class BurstRunner:
    """Takes the steps of a burst but the last, which Lightning takes with all its hooks.

    A step is: gradients, their mean over ranks, clipping per instance, update, learning rate.
    Lightning's own optimiser step would cost as much as the step of tiny models.

    Args:
        module: an :class:`~toysuper.training.module.EnsembleModule` within ``fit``.
        world: gives the batch of a step.
    """

    def __init__(self, module: Any, world: World) -> None:
        self.module, self.trainer = module, module.trainer
        self.gradients = Gradients(module.variant, module.objective, world, module.jit)
        self.stepper = Stepper(self.gradients, self._finish_step, self._use_cuda_graph())
        self.last_gradients: tuple[Tensor, ...] = ()
        self.parts = (module.variant, module.objective, world)
        self.whole_from = 0.0
        self.latest = (0, 0)

    def is_for(self, world: World) -> bool:
        """Whether the steps are those of what the module now has.

        Args:
            world: gives the batches.
        """
        parts = (self.module.variant, self.module.objective, world)
        return all(mine is new for mine, new in zip(self.parts, parts, strict=True))

    @property
    def is_whole(self) -> bool:
        """Whether the weights are those after as many steps as are counted."""
        return self.trainer.global_step >= self.whole_from

    def begin_update(self) -> None:
        """Note that the weights are about to be those after the step that is counted next."""
        self.whole_from = self.trainer.global_step + 1

    def run(self, start: int, stop: int) -> Float[Tensor, " inst"]:
        """Take the steps ``start`` to ``stop - 2``, and compute the gradients of the last step.

        Args:
            start: the first step.
            stop: the step after the last one.

        Returns:
            The loss of each instance at the last step.
        """
        is_again = self.latest == (start, stop)
        self.latest = start, stop
        start = stop - 1 if is_again else start  # an optimiser may call its closure twice
        self.update = update_of(self.trainer.optimizers[0])
        self.total = self.module.total_steps()
        configs = self.trainer.lr_scheduler_configs
        self.schedules = [c.scheduler for c in configs if c.interval == "step"]
        sets_rate = self.module.scheduler in self.schedules
        sets_numbers = self.module.has_scheduled_numbers

        def before(step: int) -> None:
            if sets_rate and step > start:  # else it is set, or a callback has set another one
                set_rates(self.module, step)
            if sets_numbers:
                self._set_numbers(step)

        setter = before if sets_rate or sets_numbers else None
        try:
            losses, self.last_gradients = self.stepper.run(start, stop, setter)
        finally:  # an error may end a burst
            self._count(self.stepper.taken)
        return losses

    def attach_gradients(self, loss: Tensor) -> Tensor:
        """Return the loss with the gradients of the last step, for whatever a subclass makes of it.

        Args:
            loss: one number.
        """
        parameters = self.gradients.parameters.values()
        attached = _WithGradients.apply(loss, self.last_gradients, *parameters)
        assert isinstance(attached, Tensor)
        return attached

    def _finish_step(self) -> None:
        average_gradients(self.trainer, self.gradients.parameters.values())
        self.module.configure_gradient_clipping()
        self.whole_from = inf
        self.update()
        self.whole_from = 0.0

    def _set_numbers(self, step: int) -> None:
        for part in (self.module.variant, self.module.objective):
            part.set_progress(step / self.total)

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
        loop = self.trainer.fit_loop.epoch_loop
        progress = loop.automatic_optimization.optim_progress.optimizer.step
        for tracker in (progress.total, progress.current):
            tracker.ready += steps
            tracker.completed += steps
        loop._batches_that_stepped += steps  # the step axis of all loggers
        if self.module.scheduler in self.schedules:
            self.module.scheduler.last_epoch += steps
            self.module.scheduler._step_count += steps


def set_rates(module: Any, step: int) -> None:
    """Set the learning rates to those of a step by the schedule.

    Args:
        module: an :class:`~toysuper.training.module.EnsembleModule` within ``fit``.
        step: counted from the start of training.
    """
    factor = module.schedule(step / module.total_steps())
    groups = module.trainer.optimizers[0].param_groups
    for group, settings in zip(groups, module.settings, strict=True):
        rate = settings["initial_lr"] * factor
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate


class _WithGradients(torch.autograd.Function):
    """A number whose gradients are given."""

    @staticmethod
    def forward(ctx: Any, loss: Tensor, gradients: tuple[Tensor, ...], *_: Tensor) -> Tensor:
        ctx.gradients = gradients
        return loss.clone()

    @staticmethod
    def backward(ctx: Any, scale: Tensor) -> Any:
        return None, None, *(scale.to(g.dtype) * g for g in ctx.gradients)
