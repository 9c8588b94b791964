"""The steps of a whole ensemble, in chunks of instances that fit the machine's fast memory."""

from collections.abc import Callable, Iterator, Sequence
from math import ceil
from typing import Any

import torch
from torch import Tensor

from toysuper.engine.allocator import keep_freed_memory
from toysuper.engine.products import is_small
from toysuper.engine.rows import is_large
from toysuper.engine.step import (
    BatchMetric,
    Compiled,
    Predictions,
    Step,
    Tensors,
    TrainingLoss,
    metrics_step,
    step_gradients,
)
from toysuper.errors import UserError

CACHE_NUMBERS = 1 << 18
"""Numbers in x for which a step fits into a core's cache: 1 MiB of float32."""
DEVICE_NUMBERS = 1 << 27
"""Numbers in x for which a step needs a few GiB of an accelerator's memory."""


class EnsembleFunction:
    """Evaluates a function of the whole ensemble, step by step.

    Args:
        module: holds ``model`` and ``world``, whose parameters and buffers lead with the instance
            axis, or with 1 if all instances share them.
        step: ``(parameters, buffers, step)`` to tensors that lead with the instance axis.
        jit: whether to compile the step.
        chunk: instances of one call; without, as many as fit the cache.

    Raises:
        UserError: a parameter or buffer leads with another axis.
    """

    def __init__(self, module: Any, step: Step, jit: bool = True, chunk: int | None = None) -> None:
        keep_freed_memory()
        self.module = module
        self.instances = len(module.world.density)
        self.tensors: dict[str, Tensor] = {}
        self.version = 0
        self.find_tensors()
        self.call: Step = Compiled(step) if jit else step
        self.seen = (0, 0)
        self.slices = _slices(
            self.instances, chunk or _instances_per_call(module.model, module.world)
        )

    def find_tensors(self) -> None:
        """Find parameters and buffers: somebody may have replaced or frozen one."""
        before = self.tensors
        parameters = dict(self.module.named_parameters())
        self.parameters = {k: p for k, p in parameters.items() if p.requires_grad}
        frozen = {k: p for k, p in parameters.items() if not p.requires_grad}
        self.buffers = {**dict(self.module.named_buffers()), **frozen}
        self.tensors = {**self.parameters, **self.buffers}
        is_same = [*before] == [*self.tensors]  # in this order, in which frozen ones come last
        if not is_same or any(before[name] is not self.tensors[name] for name in before):
            _check(self.tensors, self.instances)
            self.version += 1

    def steps(self, at: Tensor) -> Iterator[tuple[Tensor, ...]]:
        """Yield the function's values at step ``at`` without end; ``at`` is read in place.

        Parameters are read in place, too; nothing else may change between two steps. Needs
        ``torch.no_grad``.
        """
        self.find_tensors()
        bound = [self._bind(part, at) for part in self.slices]
        results = [result for _, result in bound]
        if len(bound) == 1:
            yield from self._repeat(bound[0][0], results[0])
        outputs = [t.new_empty(self.instances, *t.shape[1:]) for t in results[0]]
        parts = [t[part] for part in self.slices for t in outputs]
        while True:
            torch._foreach_copy_(parts, [t for result in results for t in result])
            yield tuple(outputs)
            results = [call() for call, _ in bound]

    def changed(self, at: Tensor) -> bool:
        """Whether a tensor, or Python state of the compiled step, is another than last time."""
        before, graphs = self.seen, 0
        self.find_tensors()
        if isinstance(self.call, Compiled):
            self._bind(self.slices[0], at)
            graphs = self.call.n_graphs
        self.seen = (self.version, graphs)
        return self.seen != before

    def _repeat(self, call: Callable, result: tuple[Tensor, ...]) -> Iterator[tuple[Tensor, ...]]:
        while True:
            yield result
            result = call()

    def _bind(self, part: slice, at: Tensor) -> tuple[Callable, tuple[Tensor, ...]]:
        parameters = {name: _cut(p.detach(), part) for name, p in self.parameters.items()}
        buffers = {name: _cut(b.detach(), part) for name, b in self.buffers.items()}
        if isinstance(self.call, Compiled):
            return self.call.bind_inputs(parameters, buffers, at)
        return lambda: self.call(parameters, buffers, at), self.call(parameters, buffers, at)


class Gradients(EnsembleFunction):
    """Computes the gradient of each parameter and the losses ``(inst,)``, step by step.

    A parameter that needs no gradient stays as it is.

    Args:
        model: the variant.
        objective: from the model and a batch to ``(inst,)``.
        world: gives the batch of a step.
        jit: whether to compile the step.
        chunk: instances of one call; without, as many as fit the cache.
    """

    def __init__(
        self, model: Any, objective: Any, world: Any, jit: bool = True, chunk: int | None = None
    ) -> None:
        loss = TrainingLoss(model, objective, world)
        super().__init__(loss, step_gradients(loss), jit, chunk)

    def assign(self, gradients: Sequence[Tensor]) -> None:
        """Set ``parameter.grad`` of each parameter.

        Args:
            gradients: those of a step.
        """
        for parameter, gradient in zip(self.parameters.values(), gradients, strict=True):
            parameter.grad = gradient


class EnsembleMetrics(EnsembleFunction):
    """Computes metrics of predictions and their batch, step by step.

    Args:
        model: the variant.
        world: gives the batch of a step.
        purpose: what the batches are for.
        metrics: functions of a prediction and its batch.
        objective: follows the metrics; from the model and a batch to ``(inst,)``.
        jit: whether to compile the step.
    """

    def __init__(
        self,
        model: Any,
        world: Any,
        purpose: int,
        metrics: Sequence[BatchMetric],
        objective: Any = None,
        jit: bool = True,
    ) -> None:
        predictions = Predictions(model, world, purpose, metrics, objective)
        super().__init__(predictions, metrics_step(predictions), jit)


def _cut(tensor: Tensor, part: slice) -> Tensor:
    return tensor if tensor.shape[0] == 1 else tensor[part]


def _check(tensors: Tensors, instances: int) -> None:
    for name, tensor in tensors.items():
        if tensor.shape[:1] not in ((1,), (instances,)):
            raise UserError(
                f"{name} has shape {tuple(tensor.shape)}; parameters and buffers lead with the "
                f"instance axis, here {instances}, or with 1 if all instances share them"
            )


def _instances_per_call(model: Any, world: Any) -> int:
    """Choose how many instances one call has."""
    features, cpu = world.density.shape[1], world.density.device.type == "cpu"
    if cpu and is_large(model.hidden, features, world.columns):
        return 1
    numbers = CACHE_NUMBERS if cpu else DEVICE_NUMBERS
    numbers *= 16 if is_small(model.hidden, features) else 1  # then only x and gradients are stored
    return max(1, numbers // (features * world.columns))


def _slices(instances: int, chunk: int) -> list[slice]:
    """Cut equal slices, which need one graph only; the last may overlap the one before it."""
    size = ceil(instances / ceil(instances / chunk))
    starts = [min(start, instances - size) for start in range(0, instances, size)]
    return [slice(start, start + size) for start in starts]
