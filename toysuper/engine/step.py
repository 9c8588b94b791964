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
Measure = Callable[[Tensor, Any], Tensor]


class Objective(nn.Module):
    """The loss of every instance at a step; its state is the model's and the world's together."""

    def __init__(self, model: nn.Module, world: nn.Module) -> None:
        super().__init__()
        self.model, self.world = model, world

    def forward(self, step: Tensor) -> Tensor:
        """``(inst,)``."""
        model: Any = self.model
        return model.objective(self.world(step, Purpose.TRAIN))


class Answers(nn.Module):
    """Functions of what the model answers to the batch of a step, and of that batch."""

    def __init__(
        self, model: nn.Module, world: nn.Module, purpose: int, measures: Sequence[Measure]
    ) -> None:
        super().__init__()
        self.model, self.world, self.purpose = model, world, purpose
        self.measures = tuple(measures)

    def forward(self, step: Tensor) -> tuple[Tensor, ...]:
        """The values of all functions."""
        batch = self.world(step, self.purpose)
        prediction = self.model(batch.features)
        return tuple(measure(prediction, batch) for measure in self.measures)


def measured(answers: nn.Module) -> Step:
    """``(parameters, buffers, step) -> (value of each function …)``."""

    def values(parameters: Tensors, buffers: Tensors, step: Tensor) -> tuple[Tensor, ...]:
        return functional_call(answers, {**parameters, **buffers}, (step,))

    values.__code__ = values.__code__.replace()  # see below
    return values


def step_gradients(objective: nn.Module) -> Step:
    """``(parameters, buffers, step) -> (gradient of each parameter …, loss per instance)``.

    Instances share nothing, so the gradient of the sum is every instance's own gradient. Give it
    detached parameters: attached ones make torch build a second graph that nobody uses.
    """

    def gradients(parameters: Tensors, buffers: Tensors, step: Tensor) -> tuple[Tensor, ...]:
        def total(parameters: Tensors) -> tuple[Tensor, Tensor]:
            losses = functional_call(objective, {**parameters, **buffers}, (step,))
            return losses.sum(), losses

        found, losses = grad(total, has_aux=True)(parameters)
        return *(g.contiguous() for g in found.values()), losses  # fused optimisers need it

    # torch counts recompilations by code object, which all models of a process would share
    gradients.__code__ = gradients.__code__.replace()
    return gradients


class Compiled:
    """A step as one graph; eager, after one warning, where that is not possible.

    torch guards every call of a compiled function: it looks at all Python state that went into
    the graph, which for a tiny ensemble takes as long as the step. :meth:`bind` pays that once
    and gives a call on the same tensors without it, to be used while no other code runs.
    """

    def __init__(self, step: Step) -> None:
        self.eager = step
        self.fast: Step | None = torch.compile(
            step, fullgraph=True, dynamic=False, backend=self._backend
        )
        self.tried = False
        self.last: Callable[[], Any] | None = None
        self.trusted = False
        self.graphs = 0

    def _backend(self, graph: torch.fx.GraphModule, inputs: Sequence[Tensor]) -> Callable:
        from torch._inductor.compile_fx import compile_fx  # slow to import

        patches = {"post_grad_custom_pre_pass": Products(), "cpp.threads": torch.get_num_threads()}
        inner: Any = compile_fx(graph, inputs, config_patches=patches)
        self.trusted = False
        self.graphs += 1

        def call(*args: Tensor) -> Any:
            self.last = lambda: inner(*args)
            return inner(*args)

        return call

    def __call__(self, parameters: Tensors, buffers: Tensors, step: Tensor) -> tuple[Tensor, ...]:
        """The step's result."""
        if self.fast is None:
            return self.eager(parameters, buffers, step)
        try:
            result = self.fast(parameters, buffers, step)
        except Exception as error:  # torch raises many kinds; a true fault comes again below
            if self.tried:
                raise
            result, self.fast = self.eager(parameters, buffers, step), None
            reason = (str(error).strip() or repr(error)).splitlines()[0]
            warnings.warn(f"training eagerly: torch.compile failed ({reason})", stacklevel=2)
        self.tried = True
        return result

    def bind(
        self, parameters: Tensors, buffers: Tensors, step: Tensor
    ) -> tuple[Callable[[], Any], tuple[Tensor, ...]]:
        """``(call, result)``: the step's result, and the same call again for the next steps."""
        self.last = None
        result = self(parameters, buffers, step)
        again = self.last
        if again is not None and not self.trusted:  # torch may have moved or dropped an output
            self.trusted = _same(again(), result)
        if again is None or not self.trusted:
            return lambda: self(parameters, buffers, step), result
        return again, result


def _same(a: Sequence[Tensor], b: Sequence[Tensor]) -> bool:
    def equal(x: Tensor, y: Tensor) -> bool:  # torch.equal would never trust a diverged instance
        return torch.allclose(x, y, rtol=0, atol=0, equal_nan=True)

    return len(a) == len(b) and all(map(equal, a, b))
