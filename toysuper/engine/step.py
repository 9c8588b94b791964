"""One optimiser step's gradients as a pure function, compiled into one graph where possible."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad

from toysuper.engine.products import Products
from toysuper.functional.noise import Purpose

Tensors = dict[str, Tensor]
Step = Callable[[Tensors, Tensors, Tensor], tuple[Tensor, ...]]
BatchMetric = Callable[[Tensor, Any], Tensor]

MAX_GRAPHS = 6
"""Most graphs of one step; torch itself gives up after eight."""
CHANGES = (
    "training eagerly: a number in Python that the step depends on changes again and again; make "
    "it a schedule, or compute it from batch.step"
)


class TrainingLoss(nn.Module):
    """The objective of every instance as a function of the step.

    Args:
        model: the variant.
        objective: from the model and a batch to ``(inst,)``.
        world: gives the batch of a step.
    """

    def __init__(self, model: nn.Module, objective: nn.Module, world: nn.Module) -> None:
        super().__init__()
        self.model, self.objective, self.world = model, objective, world

    def forward(self, step: Tensor) -> Tensor:
        """Compute the objective of each instance, ``(inst,)``."""
        return self.objective(self.model, self.world(step, Purpose.TRAIN))


class Predictions(nn.Module):
    """Metrics of the model's predictions as a function of the step.

    Args:
        model: the variant.
        world: gives the batch of a step.
        purpose: what the batches are for.
        metrics: functions of a prediction and its batch.
        objective: follows the metrics; from the model and a batch to ``(inst,)``.
    """

    def __init__(
        self,
        model: nn.Module,
        world: nn.Module,
        purpose: int,
        metrics: Sequence[BatchMetric],
        objective: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.model, self.world, self.purpose = model, world, purpose
        self.metrics, self.objective = tuple(metrics), objective

    def forward(self, step: Tensor) -> tuple[Tensor, ...]:
        """Compute the values of all metrics, and of the objective where there is one."""
        batch = self.world(step, self.purpose)
        prediction = self.model(batch.features)
        values = tuple(metric(prediction, batch) for metric in self.metrics)
        return values if self.objective is None else (*values, self.objective(self.model, batch))


def metrics_step(predictions: nn.Module) -> Step:
    """Make a function ``(parameters, buffers, step) -> (value of each metric, ...)``."""

    def values(parameters: Tensors, buffers: Tensors, step: Tensor) -> tuple[Tensor, ...]:
        return functional_call(predictions, {**parameters, **buffers}, (step,))

    return _recompiled_apart(values)


def step_gradients(loss: nn.Module) -> Step:
    """Make a function ``(parameters, buffers, step) -> (gradients ..., loss per instance)``.

    Instances share nothing, so the gradient of the sum is every instance's own gradient.
    Parameters must be detached: for attached ones torch builds a second graph in vain.
    """

    def call(parameters: Tensors, buffers: Tensors, step: Tensor) -> tuple[Tensor, ...]:
        def total(parameters: Tensors) -> tuple[Tensor, Tensor]:
            losses = functional_call(loss, {**parameters, **buffers}, (step,))
            return losses.sum(), losses

        gradients, losses = grad(total, has_aux=True)(parameters)
        return *(g.contiguous() for g in gradients.values()), losses  # fused optimisers need it

    return _recompiled_apart(call)


def _recompiled_apart(function: Step) -> Step:
    """Give a function its own code object, by which torch counts and limits recompilations."""
    function.__code__ = function.__code__.replace()
    return function


class Compiled:
    """A step compiled into one graph; if that is not possible, eager after one warning.

    At every call of a compiled function torch checks all Python state that the graph depends on.
    For a tiny ensemble this takes as long as the step. :meth:`bind_inputs` checks once and returns
    a function that computes on the same tensors without a check. Use it only while no other code
    runs.

    Args:
        step: a pure function of parameters, buffers and step.
    """

    def __init__(self, step: Step) -> None:
        self.eager = step
        self.compiled: Step | None = torch.compile(
            step, fullgraph=True, dynamic=False, backend=self._backend
        )
        self.has_run = False
        self.last_call: Callable[[], Any] | None = None
        self.verified = False
        self.n_graphs = 0

    def _backend(self, graph: torch.fx.GraphModule, inputs: Sequence[Tensor]) -> Callable:
        from torch._inductor.compile_fx import compile_fx  # slow to import

        patches = {"post_grad_custom_pre_pass": Products(), "cpp.threads": torch.get_num_threads()}
        inner: Any = compile_fx(graph, inputs, config_patches=patches)
        self.verified = False
        self.n_graphs += 1

        def call(*args: Tensor) -> Any:
            self.last_call = lambda: inner(*args)
            return inner(*args)

        return call

    def __call__(self, parameters: Tensors, buffers: Tensors, step: Tensor) -> tuple[Tensor, ...]:
        """Compute the step."""
        if self.compiled is None:
            return self.eager(parameters, buffers, step)
        try:
            result = self.compiled(parameters, buffers, step)
        except Exception as error:  # torch raises many kinds; a true fault comes again below
            if self.has_run:
                raise
            result, self.compiled = self.eager(parameters, buffers, step), None
            warnings.warn(
                f"training eagerly: torch.compile failed ({_reason(error)})", stacklevel=2
            )
        if self.n_graphs > MAX_GRAPHS:
            self.compiled = None
            warnings.warn(CHANGES, stacklevel=2)
        self.has_run = True
        return result

    def bind_inputs(
        self, parameters: Tensors, buffers: Tensors, step: Tensor
    ) -> tuple[Callable[[], Any], tuple[Tensor, ...]]:
        """Compute the step, and return a function for the next ones beside the result.

        Args:
            parameters: read in place at every call.
            buffers: read in place at every call.
            step: 0-dimensional, read in place at every call.

        Returns:
            The function, and the step's result.
        """
        self.last_call = None
        result = self(parameters, buffers, step)
        call_again = self.last_call
        if call_again is not None and not self.verified:
            # torch may have moved or dropped an output
            self.verified = _same(call_again(), result)
        if call_again is None or not self.verified:
            return lambda: self(parameters, buffers, step), result
        return call_again, result


def _reason(error: Exception) -> str:
    """Return the line of an error that says most; torch reads files as the locale says."""
    lines = (str(error).strip() or repr(error)).splitlines()
    line = next((line for line in lines if not line.endswith("raised:")), lines[0])
    return f"{line}; set PYTHONUTF8=1" if "UnicodeDecodeError" in line else line


def _same(a: Sequence[Tensor], b: Sequence[Tensor]) -> bool:
    def equal(x: Tensor, y: Tensor) -> bool:  # torch.equal is false for NaN
        return torch.allclose(x, y, rtol=0, atol=0, equal_nan=True)

    return len(a) == len(b) and all(map(equal, a, b))
