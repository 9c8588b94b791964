"""Checks that an optimiser steps from gradients alone, and treats every instance by itself."""

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from math import inf
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from toysuper.errors import UserError, first_line

STEPS = 3
"""Steps in which an optimiser shows whether it couples instances."""


def check_optimizer(module: Any) -> set[str]:
    """Check the optimiser that an ensemble is configured with, before it is made.

    Args:
        module: an :class:`~toysuper.training.module.EnsembleModule`.

    Returns:
        Names of what it keeps for each parameter.

    Raises:
        UserError: it cannot be made, or it is of another kind.
    """

    def make(parameters: Iterable[Tensor]) -> Optimizer:
        try:
            return module.optimizer(parameters)
        except (TypeError, ValueError, OverflowError) as error:
            raise UserError(f"model.optimizer cannot be made: {error}") from error

    make(module.parameters())
    instances = module.variant.grid.instances
    return _check(make, list(module.parameters()), instances, "model.optimizer")


def checks_optimizer(configure_optimizers: Callable) -> Callable:
    """Let a subclass's own ``configure_optimizers`` check the optimiser that it gives.

    Within it ``trainer.estimated_stepping_batches`` is the number of optimiser steps, which
    Lightning by itself takes from the length of a loader.

    Args:
        configure_optimizers: a method of an :class:`~toysuper.training.module.EnsembleModule`.
    """

    @wraps(configure_optimizers)
    def checked(self: Any) -> Any:
        total, loop = self.total_steps(), self.trainer.fit_loop.epoch_loop
        limit, loop.max_steps = loop.max_steps, -1 if total == inf else int(total)
        try:
            result = configure_optimizers(self)
        finally:
            loop.max_steps = limit
        _check_result(result, self.variant.grid.instances)
        return result

    checked.checks = configure_optimizers
    return checked


def _check_result(result: Any, instances: int) -> None:
    if isinstance(result, dict) and "lr_scheduler" in result:
        plan = result["lr_scheduler"]
        if plan is None or (isinstance(plan, dict) and plan.get("scheduler", plan) is None):
            raise UserError("configure_optimizers gives None as lr_scheduler; leave the key out")
    optimizers = _optimizers(result)
    if len(optimizers) > 1:
        raise UserError(
            f"configure_optimizers gives {len(optimizers)} optimisers; give one, with a group of "
            "parameters for each part"
        )
    for optimizer in optimizers:
        _check_given(optimizer, instances)


def _check_given(optimizer: Optimizer, instances: int) -> None:
    kind, known = type(optimizer), inspect.signature(type(optimizer)).parameters
    options = {name: value for name, value in optimizer.defaults.items() if name in known}
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    try:
        kind([nn.Parameter(torch.zeros(1))], **options)
    except Exception:  # one around another cannot be made from its options
        return
    _check(lambda small: kind(small, **options), parameters, instances, "the optimiser")


def _optimizers(result: Any) -> list[Optimizer]:
    if isinstance(result, list | tuple):
        return [optimizer for item in result for optimizer in _optimizers(item)]
    if isinstance(result, dict):
        return _optimizers(result.get("optimizer"))
    return [result] if isinstance(result, Optimizer) else []


def _check(
    make: Callable[[Iterable[Tensor]], Optimizer],
    parameters: list[Tensor],
    instances: int,
    place: str,
) -> set[str]:
    shapes = [p.shape for p in parameters]
    name = f"{place} {type(make(_small(shapes, 1))).__name__}"
    alone, keys = _probe(make, name, shapes, 1)
    beside, _ = _probe(make, name, shapes, 2)
    is_shared = any(shape[:1] != (instances,) for shape in shapes)
    pairs = zip(alone, beside, strict=True)
    if not is_shared and not all(torch.allclose(a[0], b[0], rtol=1e-4) for a, b in pairs):
        raise UserError(
            f"{name} couples the instances of an ensemble: one would train differently beside "
            "others; use an optimiser that treats each number by itself, such as AdamW or SGD"
        )
    return keys


def _probe(
    make: Callable[[Iterable[Tensor]], Optimizer],
    name: str,
    shapes: list[torch.Size],
    instances: int,
) -> tuple[list[Tensor], set[str]]:
    """Optimise small parameters, of which the first instance has the same gradients each time."""
    parameters = _small(shapes, instances)
    optimizer = make(parameters)
    try:
        for step in range(STEPS):
            for p in parameters:
                angles = (torch.arange(1.0, 1 + p[0].numel()) + step).view(p[0].shape)
                p.grad = torch.stack([angles.sin(), 1000 * angles.square().cos()][:instances])
            optimizer.step()
    except Exception as error:  # an optimiser may do anything
        raise UserError(
            f"{name} does not step from gradients alone ({first_line(error)}); "
            "use an optimiser such as AdamW or SGD"
        ) from error
    return [p.detach() for p in parameters], {key for s in optimizer.state.values() for key in s}


def _small(shapes: list[torch.Size], instances: int) -> list[nn.Parameter]:
    ends = [torch.Size(min(size, 3) for size in shape[1:]) for shape in shapes]
    start = torch.tensor([1.0, 10.0])[:instances]
    return [nn.Parameter(torch.stack([x * torch.ones(end) for x in start])) for end in ends]
