"""Bursts of optimiser steps, on CUDA as one recorded graph that no step of Python slows."""

import warnings
from collections.abc import Callable

import torch
from torch import Tensor

from toysuper.engine.ensemble import Gradients

WARM = 3
"""Steps before the recording, in which kernels and optimiser states are made."""


class Stepper:
    """Takes optimiser steps of an ensemble.

    Args:
        gradients: of the ensemble.
        finish: what follows the gradients of a step: clip, optimiser.
        record: replay one recorded CUDA graph; ``finish`` must then be the same for every step.
    """

    def __init__(
        self, gradients: Gradients, finish: Callable[[], object], record: bool = False
    ) -> None:
        self.gradients, self.finish, self.record = gradients, finish, record
        parameter = next(iter(gradients.parameters.values()))
        self.at = torch.zeros((), dtype=torch.int64, device=parameter.device)
        self.total = torch.zeros(
            gradients.instances, dtype=parameter.dtype, device=parameter.device
        )
        self.recorded: Recorded | None = None

    @torch.no_grad()
    def run(self, start: int, stop: int, before: Callable[[int], None] | None = None) -> Tensor:
        """Take steps ``start`` … ``stop - 1``, each after ``before(step)``; their mean losses."""
        self.at.fill_(start)
        self.total.zero_()
        once = self._recorded() if self.record else self._once()
        for step in range(start, stop):
            if before:
                before(step)
            once()
        return self.total / (stop - start)

    def _once(self) -> Callable[[], None]:
        losses = self.gradients.losses(self.at)

        def once() -> None:
            self.total.add_(next(losses))
            self.finish()
            self.at.add_(1)

        return once

    def _recorded(self) -> "Recorded":
        if self.gradients.changed(self.at) or self.recorded is None:
            self.recorded = Recorded(self._once())
        return self.recorded


class Recorded:
    """A function whose kernels are recorded after some calls and then replayed."""

    def __init__(self, function: Callable[[], None]) -> None:
        self.function, self.calls = function, 0
        self.graph: torch.cuda.CUDAGraph | None = None

    def __call__(self) -> None:
        """Call the function, or what it was seen to do."""
        if self.calls == WARM:
            self._capture()
        self.calls += 1
        if self.graph is None:
            self.function()
        else:
            self.graph.replay()

    def _capture(self) -> None:
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph):
                self.function()
            self.graph = graph
        except Exception as error:  # whatever the user's optimiser does that cannot be recorded
            reason = (str(error).strip() or repr(error)).splitlines()[0]
            warnings.warn(f"steps are not recorded: {reason}", stacklevel=2)
