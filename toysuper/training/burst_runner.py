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
        self.module, self.world, self.trainer = module, world, module.trainer
        self.gradients = Gradients(module.variant, module.objective, world, module.jit)
        self.stepper = Stepper(self.gradients, self._finish_step, self._use_cuda_graph())
        self.last_gradients: tuple[Tensor, ...] = ()
        self.trainable = trainable(module)
        self.whole_from = 0.0

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
            The mean loss of each instance over all steps, the last one included.
        """
        self.update = update_of(self.trainer.optimizers[0])
        self.total = self.module.total_steps()
        self.schedules = [c.scheduler for c in self.trainer.lr_scheduler_configs]
        sets_rate = self.module.scheduler in self.schedules
        sets_numbers = self.module.has_scheduled_numbers
        setters = [*[self._set_rate] * sets_rate, *[self._set_numbers] * sets_numbers]

        def before(step: int) -> None:
            for set_values in setters:
                set_values(step)

        try:
            losses, self.last_gradients = self.stepper.run(start, stop, before if setters else None)
        finally:  # an error may end a burst
            self._count(self.stepper.taken)
        return losses

    def set_gradients(self) -> None:
        """Set the gradients of the last step as ``backward`` would, with the hooks of tensors."""
        gradients, self.last_gradients = self.last_gradients, ()
        for p, gradient in zip(self.gradients.parameters.values(), gradients, strict=False):
            for hook in (p._backward_hooks or {}).values():
                changed = hook(gradient)
                gradient = gradient if changed is None else changed
            p.grad = gradient
            for hook in (p._post_accumulate_grad_hooks or {}).values():
                hook(p)

    def _finish_step(self) -> None:
        average_gradients(self.trainer, self.gradients.parameters.values())
        self.module.configure_gradient_clipping()
        self.whole_from = inf
        self.update()
        self.whole_from = 0.0

    def _set_numbers(self, step: int) -> None:
        for part in (self.module.variant, self.module.objective):
            part.set_progress(step / self.total)

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
        loop = self.trainer.fit_loop.epoch_loop
        progress = loop.automatic_optimization.optim_progress.optimizer.step
        for tracker in (progress.total, progress.current):
            tracker.ready += steps
            tracker.completed += steps
        loop._batches_that_stepped += steps  # the step axis of all loggers
        if self.module.scheduler in self.schedules:
            self.module.scheduler.last_epoch += steps


def trainable(module: Any) -> list[bool]:
    """List which parameters of a module need a gradient; a callback may freeze some."""
    return [p.requires_grad for p in module.parameters()]
