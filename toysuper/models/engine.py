"""One optimiser step's gradients as a pure function, compiled into one graph where possible."""

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad

from toysuper.functional.noise import Purpose
from toysuper.types import Batch
from toysuper.world import World

Gradients = dict[str, Tensor]
Step = Callable[[dict[str, Tensor], World, Tensor], tuple[Gradients, Tensor]]


class _Objective(nn.Module):
    """``functional_call`` reaches a module's forward only; this makes the objective one."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Batch) -> Tensor:
        objective: Any = self.model.objective
        return objective(batch)


def step_gradients(model: nn.Module) -> Step:
    """``(parameters, world, step) -> (gradients, loss per instance)``.

    Instances share nothing, so the gradient of the sum is every instance's own gradient. Give it
    detached parameters: attached ones make torch build a second graph that nobody uses.
    """
    objective = _Objective(model)

    def gradients(
        parameters: dict[str, Tensor], world: World, step: Tensor
    ) -> tuple[Gradients, Tensor]:
        batch = world(step, Purpose.TRAIN)

        def total(parameters: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
            named = {f"model.{name}": value for name, value in parameters.items()}
            losses = functional_call(objective, named, (batch,))
            return losses.sum(), losses

        return grad(total, has_aux=True)(parameters)

    # torch counts recompilations by code object, which all models of a process would share
    gradients.__code__ = gradients.__code__.replace()
    return gradients


def compiled(step: Step) -> Step:
    """The same function as one graph; eager, after one warning, where that is not possible."""
    fast: Step = torch.compile(step, fullgraph=True)
    chosen: Step | None = None

    def run(parameters: dict[str, Tensor], world: World, at: Tensor) -> tuple[Gradients, Tensor]:
        nonlocal chosen
        if chosen is not None:
            return chosen(parameters, world, at)
        try:
            result, chosen = fast(parameters, world, at), fast
        except Exception as error:  # torch raises many kinds; a true fault comes again below
            result, chosen = step(parameters, world, at), step
            reason = (str(error).strip() or repr(error)).splitlines()[0]
            warnings.warn(f"training eagerly: torch.compile failed ({reason})", stacklevel=2)
        return result

    return run


def clip(gradients: Gradients, limit: float) -> Gradients:
    """Scale each instance's gradient, all parameters together, to a norm of at most ``limit``."""
    squares = [g.square().flatten(1).sum(1) for g in gradients.values()]
    norm = torch.stack(squares).sum(0).sqrt()
    scale = (limit / norm.clamp(min=torch.finfo(norm.dtype).tiny)).clamp(max=1)
    return {name: g * scale.view(-1, *[1] * (g.ndim - 1)) for name, g in gradients.items()}
