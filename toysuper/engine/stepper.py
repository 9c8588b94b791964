"""Bursts of optimiser steps; on CUDA one recorded graph, replayed without Python."""

import warnings
from collections.abc import Callable

import torch
from torch import Tensor

from toysuper.engine.ensemble import Gradients

WARM_UP = 3
"""Steps before the recording, in which kernels and optimiser states are created."""


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
        """Take the steps ``start`` to ``stop - 1`` and return their mean losses, ``(inst,)``.

        Args:
            start: first step.
            stop: step after the last one.
            before: called with each step before it is taken.
        """
        self.at.fill_(start)
        self.total.zero_()
        take_step = self._recorded() if self.record else self._make_step()
        for step in range(start, stop):
            if before:
                before(step)
            take_step()
        return self.total / (stop - start)

    def _make_step(self) -> Callable[[], None]:
        losses = self.gradients.losses(self.at)

        def take_step() -> None:
            self.total.add_(next(losses))
            self.finish()
            self.at.add_(1)

        return take_step

    def _recorded(self) -> "Recorded":
        if self.gradients.changed(self.at) or self.recorded is None:
            self.recorded = Recorded(self._make_step())
        return self.recorded


class Recorded:
    """A function whose kernels are recorded after some calls and then replayed.

    Args:
        function: does the same at every call.
    """

    def __init__(self, function: Callable[[], None]) -> None:
        self.function, self.calls = function, 0
        self.graph: torch.cuda.CUDAGraph | None = None

    def __call__(self) -> None:
        """Call the function, or replay its kernels."""
        if self.calls == WARM_UP:
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
        except Exception as error:  # the user's optimiser may do anything
            reason = (str(error).strip() or repr(error)).splitlines()[0]
            warnings.warn(f"steps are not recorded: {reason}", stacklevel=2)
