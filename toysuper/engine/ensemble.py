"""The steps of a whole ensemble, in chunks of instances that fit the machine's fast memory."""

from collections.abc import Callable, Iterator
from math import ceil
from typing import Any

import torch
from torch import Tensor

from toysuper.engine.products import is_small
from toysuper.engine.rows import is_large
from toysuper.engine.step import Compiled, Objective, Step, Tensors, step_gradients
from toysuper.errors import UserError

CACHE = 1 << 18
"""Numbers in x that keep a step within a core's cache: 1 MiB of float32."""
DEVICE = 1 << 27
"""Numbers in x that keep a step within a few GiB of an accelerator's memory."""


class Ensemble:
    """Computes an ensemble's gradients step by step.

    Args:
        model: parameters and buffers lead with the instance axis, or with 1 if all share them.
        world: ``world(step, purpose)`` gives the batch; its buffers lead likewise.
        jit: compile the step.
        chunk: instances of one call; chosen by size without.

    Raises:
        UserError: a parameter or buffer leads with another axis.
    """

    def __init__(self, model: Any, world: Any, jit: bool = True, chunk: int | None = None) -> None:
        self.world = world
        objective = Objective(model, world)
        self.parameters = dict(objective.named_parameters())
        self.buffers = dict(objective.named_buffers())
        self.instances, features = world.density.shape
        _check({**self.parameters, **self.buffers}, self.instances)
        step = step_gradients(objective)
        self.run: Step = Compiled(step) if jit else step
        chunk = chunk or _fitting(features, model.hidden, world.samples, world.density.device)
        self.slices = _slices(self.instances, chunk)

    def steps(self, at: Tensor) -> Iterator[Tensor]:
        """Endlessly: each ``parameter.grad`` at step ``at``, and the loss of every instance.

        ``at`` is read in place, and nothing else may change between two of these. Needs
        ``torch.no_grad``.
        """
        bound = [self._bind(part, at) for part in self.slices]
        results = [result for _, result in bound]
        if len(bound) == 1:
            yield from self._whole(bound[0][0], results[0])
        losses = torch.empty(self.instances, dtype=results[0][-1].dtype, device=at.device)
        gradients = [torch.empty_like(p) for p in self.parameters.values()]
        for p, gradient in zip(self.parameters.values(), gradients, strict=True):
            p.grad = gradient
        places = [t[part] for part in self.slices for t in (*gradients, losses)]
        while True:
            torch._foreach_copy_(places, [t for result in results for t in result])
            yield losses
            results = [call() for call, _ in bound]

    def _whole(self, call: Callable, result: tuple[Tensor, ...]) -> Iterator[Tensor]:
        while True:
            for p, gradient in zip(self.parameters.values(), result, strict=False):
                p.grad = gradient
            yield result[-1]
            result = call()

    def _bind(self, part: slice, at: Tensor) -> tuple[Callable, tuple[Tensor, ...]]:
        parameters = {name: _cut(p.detach(), part) for name, p in self.parameters.items()}
        buffers = {name: _cut(b, part) for name, b in self.buffers.items()}
        if isinstance(self.run, Compiled):
            return self.run.bind(parameters, buffers, at)
        return lambda: self.run(parameters, buffers, at), self.run(parameters, buffers, at)


def _cut(tensor: Tensor, part: slice) -> Tensor:
    return tensor if tensor.shape[0] == 1 else tensor[part]


def _check(tensors: Tensors, instances: int) -> None:
    for name, tensor in tensors.items():
        if tensor.shape[:1] not in ((1,), (instances,)):
            raise UserError(
                f"{name} has shape {tuple(tensor.shape)}; parameters and buffers lead with the "
                f"instance axis, here {instances}, or with 1 if all instances share them"
            )


def _fitting(features: int, hidden: int, samples: int, device: torch.device) -> int:
    """How many instances one call should have."""
    if device.type == "cpu" and is_large(hidden, features, samples):
        return 1
    room = CACHE if device.type == "cpu" else DEVICE
    room *= 16 if is_small(hidden, features) else 1  # then nothing but x and gradients is stored
    return max(1, room // (features * samples))


def _slices(instances: int, chunk: int) -> list[slice]:
    """Equal slices, so that one graph does for all; the last may overlap the one before it."""
    size = ceil(instances / ceil(instances / chunk))
    starts = [min(start, instances - size) for start in range(0, instances, size)]
    return [slice(start, start + size) for start in starts]
